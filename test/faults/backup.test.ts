import assert from 'node:assert/strict'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { createClient } from '../support/server/client.ts'
import { runCommand } from '../support/server/command.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

const folder = makeFolder()
after(() => folder[Symbol.dispose]())
const path = (name: string) => join(folder.path, name)
const configured = (name: string) => ({
  DISCUE_DATABASE_URL: `sqlite:${path(name)}`,
  DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
})
const backUp = (from: string, to: string) => runCommand(['backup', path(to)], { env: configured(from) })

test('a backup of a server under load holds what was acknowledged before it, and a server runs on it', async () => {
  const receiver = await startReceiver()
  const server = await startServerProcess(configured('live.db'))
  const client = createClient(() => server.url)
  const { body } = await client.call('POST', '/queues', { name: 'orders' })
  const listeners = `/queues/${body.queue.id}/listeners`
  await client.call('POST', listeners, { name: 'shop', notify_url: receiver.url })
  const messages = `/queues/${body.queue.id}/messages`
  const acknowledged: string[] = []
  let loading = true
  const post = async () => {
    while (loading) {
      const { status, body } = await client.call('POST', messages, { data: 'x'.repeat(2_000) })
      assert.equal(status, 200)
      acknowledged.push(body.message.id)
    }
  }
  const load = Promise.all(Array.from({ length: 8 }, post))
  await waitFor('acknowledged posts', () => acknowledged.length, 500)

  const before = [...acknowledged]
  const { code, stderr } = await backUp('live.db', 'copy.db')
  assert.equal(code, 0, stderr)
  assert.ok(acknowledged.length > before.length, 'the server went on while the copy was made')
  loading = false
  await load
  await server.end('SIGKILL')

  assert.equal(statSync(path('copy.db')).mode & 0o777, 0o600)
  for (const left of ['.partial', '-wal', '-shm', '.partial-wal']) assert.ok(!existsSync(path(`copy.db${left}`)), left)
  const copy = new DatabaseSync(path('copy.db'), { readOnly: true })
  assert.equal(copy.prepare('pragma integrity_check').get()?.integrity_check, 'ok')
  copy.close()
  const verified = await runCommand(['verify', path('copy.db')])
  assert.equal(verified.code, 0, verified.stdout + verified.stderr)
  assert.match(verified.stdout, /, 0 unaccounted$/m)
  const restored = await startServerProcess(configured('copy.db'))
  const again = createClient(() => restored.url)
  // Both ends and some between: reading each would take long, and a hole would be a range.
  const samples = before.filter((_, at) => at % 50 === 0 || at === before.length - 1)
  for (const id of samples) assert.equal((await again.call('GET', `${messages}/${id}`)).status, 200)
  const expected = new Set(before)
  const delivered = () => expected.intersection(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])))
  await receiver.until(expected.size, () => delivered().size)
  assert.equal(await restored.end('SIGTERM'), 0)
})

test('a backup is made of a database that no server has open, too', async () => {
  const server = await startServerProcess(configured('idle.db'))
  await server.end('SIGTERM')
  assert.equal((await backUp('idle.db', 'idle-copy.db')).code, 0)
})

test('nothing is written over, and nothing is left where it fails', async () => {
  const server = await startServerProcess(configured('source.db'))
  await server.end('SIGTERM')
  writeFileSync(path('taken.db'), 'precious')
  const taken = await backUp('source.db', 'taken.db')
  assert.equal(taken.code, 1)
  assert.match(taken.stderr, /^discue: \S+taken.db exists already; nothing was written\n$/)
  assert.equal(statSync(path('taken.db')).size, 'precious'.length)

  writeFileSync(path('notes.db'), 'these are notes, and no database, however long they may become. '.repeat(100))
  for (const [from, says] of [
    ['nowhere.db', /there is no database at/],
    ['notes.db', /the backup failed: file is not a database/],
  ] as const) {
    const failed = await backUp(from, 'failed.db')
    assert.equal(failed.code, 1)
    assert.match(failed.stderr, says)
    assert.ok(!existsSync(path('failed.db')) && !existsSync(path('failed.db.partial')))
  }
  const nowhere = await backUp('source.db', 'no/such/folder/copy.db')
  assert.equal(nowhere.code, 1)
})
