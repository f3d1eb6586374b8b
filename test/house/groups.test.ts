import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { filesIn, GROUPS } from '../support/one-process.ts'
import { bareSource, importsOf } from '../support/source/source-reader.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const grouped = Object.values(GROUPS).flatMap((folders) => filesIn(folders).map((path) => `test/${path}`))

test('npm test runs every file of tests, and each once', () => {
  const script: string = JSON.parse(read('package.json')).scripts.test
  const patterns = Array.from(script.matchAll(/"(test\/[^"]+)"/g), ([, pattern]) => pattern!)
  const started = patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT })).sort()
  const groups = Object.keys(GROUPS).map((name) => `test/groups/${name}.ts`)
  for (const group of groups) assert.ok(started.includes(group), group)
  const run = [...started.filter((path) => !groups.includes(path)), ...grouped]
  assert.deepEqual(run.sort(), globSync('test/**/*.test.ts', { cwd: ROOT }).sort())
})

test('what the files of a group import has no hooks of its own, which would be those of the first file alone', () => {
  const seen = new Set<string>()
  const open = [...grouped]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const edges = importsOf(bareSource(read(path))).map(({ specifier }) => specifier)
    for (const specifier of edges) {
      const target = specifier?.startsWith('.') ? join(dirname(path), specifier) : ''
      if (!target.startsWith('test/') || !target.endsWith('.ts') || seen.has(target)) continue
      seen.add(target)
      open.push(target)
    }
  }
  assert.ok(seen.has('test/support/server/api.ts'))
  const hooked = [...seen].filter((path) =>
    /^(before|after|beforeEach|afterEach)\(|^const \w+ = await testDatabase/m.test(read(path)),
  )
  assert.deepEqual(hooked, [])
})
