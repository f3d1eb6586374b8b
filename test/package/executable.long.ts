import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeFolder } from '../support/server/server-process.ts'
import { startServerBy } from '../support/server/started.ts'
import { expectAMessageToArrive } from './delivered.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PATIENCE = { timeout: 900_000 }

describe('the single file', PATIENCE, () => {
  const folder = makeFolder()
  after(() => folder[Symbol.dispose]())
  const file = join(folder.path, 'discue')
  /** Nothing of this machine's Node.js, npm or checkout. */
  const alone = { cwd: folder.path, env: { PATH: '' } }
  before(async () => {
    await run(process.execPath, ['scripts/executable.mjs'], { cwd: ROOT })
    copyFileSync(join(ROOT, 'build', 'discue'), file)
  })

  test('tells its version', async () => {
    const { stdout } = await run(file, ['--version'], alone)
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  })

  test('starts a server that delivers and stops, and its commands reach it', async () => {
    const server = await startServerBy(file, ['serve', '--port', '0'], alone)
    await expectAMessageToArrive(server)
    const env = { ...alone.env, DISCUE_URL: server.url, DISCUE_API_KEY: server.rootKey }
    const { stdout } = await run(file, ['ledger'], { ...alone, env })
    assert.match(stdout, /in all .* 1 +1 +0 /)
    assert.equal(await server.stop(), 0)
    await run(file, ['verify', 'data/discue.db'], alone)
  })

  test('says in one line what is wrong with a setting', async () => {
    const failure = await run(file, ['--prot', '1'], alone).catch((error) => error)
    assert.equal(failure.code, 2)
    assert.match(failure.stderr, /^discue: --prot is unknown[^\n]*\n$/)
  })
})
