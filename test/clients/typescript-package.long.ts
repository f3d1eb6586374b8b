import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startServer } from '../../src/embedded.ts'
import { makeFolder } from '../support/server/server-process.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const { version } = JSON.parse(readFileSync(join(ROOT, 'clients/typescript/package.json'), 'utf8'))
const PACKED = join(ROOT, 'build', `discue-client-${version}.tgz`)

test('the package of the client installs, is typed, and does what its page says', { timeout: 900_000 }, async (t) => {
  const app = makeFolder()
  t.after(() => app[Symbol.dispose]())
  await run(process.execPath, ['scripts/package-client.mjs'], { cwd: ROOT })
  writeFileSync(join(app.path, 'package.json'), '{ "name": "app", "private": true, "type": "module" }')
  await run('npm', ['install', '--no-audit', '--no-fund', PACKED], { cwd: app.path })
  // The first block of the page, then the second: what sends, and what goes wrong.
  const blocks = readFileSync(join(ROOT, 'clients/typescript/README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)
  const [send, fail] = [...blocks].map(([, text]) => text!)
  await using server = await startServer({ logLevel: 'silent' })
  const program = `${send}\n${fail}`.replace('http://127.0.0.1:3000', server.url)
  writeFileSync(join(app.path, 'app.ts'), program)
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--target', 'esnext']
  const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types'), '--module', 'nodenext']
  const compiled = run(join(ROOT, 'node_modules/.bin/tsc'), [...strict, ...types, 'app.ts'], { cwd: app.path })
  await compiled.catch((error) => assert.fail(error.stdout))
  const env = { ...process.env, DISCUE_API_KEY: server.rootKey }
  const { stdout } = await run(process.execPath, ['app.js'], { cwd: app.path, env })
  assert.match(stdout, /path: '\/name'/)
})

test('the package of the client reads well for the tools of its users', { timeout: 900_000 }, async (t) => {
  const checkers = makeFolder()
  t.after(() => checkers[Symbol.dispose]())
  cpSync(join(ROOT, 'test/package/checkers'), checkers.path, { recursive: true })
  await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: checkers.path })
  await run('npx', ['publint', PACKED, '--strict'], { cwd: checkers.path })
  const judged = run('npx', ['attw', PACKED, '--profile', 'esm-only'], { cwd: checkers.path })
  await judged.catch((error) => assert.fail(error.stdout))
})
