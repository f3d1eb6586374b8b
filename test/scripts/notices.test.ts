import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bundledIn, headingOf } from '../../scripts/release/notices.mjs'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('the notices name each part that is brought along, in the version of the lock files, and no other', () => {
  const locks = ['package-lock.json', 'dashboard/package-lock.json'].map((path) => JSON.parse(read(path)))
  const expected = locks.flatMap(bundledIn).map(headingOf)
  const named = read('THIRD_PARTY_NOTICES.md').match(/^## .* \(.*\)$/gm) ?? []
  assert.deepEqual(named, expected, 'write them anew: npm run notices')
})

test('what is only a tool is not brought along', () => {
  const part = { version: '1.0.0', license: 'MIT' }
  const packages = {
    '': part,
    'node_modules/b': part,
    'node_modules/a': part,
    'node_modules/b/node_modules/a': part,
    'node_modules/tool': { ...part, dev: true },
  }
  assert.deepEqual(
    bundledIn({ packages }).map(({ name }) => name),
    ['a', 'b'],
  )
})
