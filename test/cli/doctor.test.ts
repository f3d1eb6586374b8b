import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { clockFinding, diskFinding, fileLimitFinding, lineOf, versionFinding } from '../../src/cli/doctor/finding.ts'
import { createClient } from '../support/server/client.ts'
import { sharedCommand } from '../support/server/command.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const GIB = 1024 ** 3
const run = sharedCommand()

describe('a finding', () => {
  test('of a clock is worse the further it is off, and a Date header knows whole seconds', () => {
    const verdicts = [0, 999, 2_900, 5_000, 59_000, 120_000].map((off) => clockFinding(1e12 + off, 1e12).verdict)
    assert.deepEqual(verdicts, ['ok', 'ok', 'ok', 'warn', 'warn', 'bad'])
    assert.equal(clockFinding(1e12 - 120_000, 1e12).found, 'this machine and the server are 119 s apart')
    assert.equal(clockFinding(1, null).verdict, 'warn')
  })

  test('of a disk or a file limit is worse the less there is, and says what to do', () => {
    assert.deepEqual(
      [10 * GIB, GIB, GIB / 4].map((free) => diskFinding('/data', free).verdict),
      ['ok', 'warn', 'bad'],
    )
    const limits = (soft: string) =>
      fileLimitFinding(`Max open files            ${soft}                 524288    files`)
    assert.deepEqual(
      ['1024', '65536', 'unlimited'].map((soft) => limits(soft).verdict),
      ['warn', 'ok', 'ok'],
    )
    assert.equal(fileLimitFinding(null).verdict, 'ok')
    assert.match(lineOf(diskFinding('/data', 0)), /^bad +disk +0\.0 GiB are free in \/data → make room/)
  })

  test('of versions warns where they differ', () => {
    assert.deepEqual(
      ['1.0', '2.0', null].map((server) => versionFinding('1.0', server).verdict),
      ['ok', 'warn', 'ok'],
    )
  })
})

test('each listener has its line, with what to do where it failed, and then the exit code is 1', async (t) => {
  const folder = makeFolder()
  const env = { DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}` }
  const server = await startServerProcess({ ...env, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
  const receiver = await startReceiver()
  t.after(async () => {
    await server.end('SIGTERM')
    await receiver.close()
    folder[Symbol.dispose]()
  })
  const client = createClient(() => server.url)
  const { queue } = (await client.call('POST', '/queues', { name: 'orders' })).body
  const add = (body: object) => client.call('POST', `/queues/${queue.id}/listeners`, body)
  const doctor = (...more: string[]) => run(['doctor', ...more], { url: server.url, env })
  await add({ name: 'well', notify_url: receiver.url })
  await add({ name: 'pulling' })
  const well = await doctor()
  assert.equal(well.code, 0, well.stdout + well.stderr)
  for (const line of [
    /^ok +server +\S+ is ready/m,
    /^ok +clock /m,
    /^ok +version /m,
    /^ok +API key /m,
    /^ok +store +SQLite, /m,
    /^\w+ +disk /m,
    /^ok +targets +deliveries go to /m,
    /^ok +listener +orders \/ well answered 200$/m,
    /^ok +listener +orders \/ pulling pulls$/m,
  ]) {
    assert.match(well.stdout, line)
  }
  await add({ name: 'away', notify_url: 'http://127.0.0.1:9/' })
  const ill = await doctor()
  assert.equal(ill.code, 1)
  assert.match(ill.stdout, /^bad +listener +orders \/ away: connect failed: .* → start the receiver/m)
  assert.match(ill.stderr, /^discue: 1 of \d+ checks failed\n$/)
  assert.equal((await doctor('--listeners', '0')).code, 0)
  const some = JSON.parse((await doctor('--listeners', '1', '--json')).stdout)
  assert.ok(some.some(({ found }: { found: string }) => found.startsWith('more than 1')))
})

test('a server that is not there, a key that is wrong and a setting that is unknown are said, and all the rest', async () => {
  const { code, stdout } = await run(['doctor'], { url: 'http://127.0.0.1:9', env: { DISCUE_PROT: '1' } })
  assert.equal(code, 1)
  assert.match(stdout, /^bad +server +nothing answers at http:\/\/127\.0\.0\.1:9 → start it/m)
  assert.match(stdout, /^bad +settings +DISCUE_PROT is unknown; did you mean DISCUE_PORT\?/m)
  assert.match(stdout, /file limit/)
})
