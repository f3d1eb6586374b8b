import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { createClient } from '../../support/server/client.ts'
import {
  makeFolder,
  type ServerProcess,
  startServerProcess,
  TEST_ROOT_KEY,
} from '../../support/server/server-process.ts'

const folder = makeFolder()
after(() => folder[Symbol.dispose]())
const file = join(folder.path, 'discue.db')
const env = { DISCUE_DATABASE_URL: `sqlite:${file}`, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY }

let server: ServerProcess
const client = createClient(() => server.url)
const post = (path: string, body?: unknown) => client.call('POST', path, body)

/** Pull listeners, by copies of the first one: creating them one by one would take longer than the whole test. */
const COPY = `
  with recursive copies (n) as (values (:from) union all select n + 1 from copies where n < :to)
  insert into listeners (id, organization_id, queue_id, name, notify_url, liveness_url, secret, settings, created_at, updated_at)
  select substr(id, 1, 16) || printf('%05d', n), organization_id, queue_id, 'copy-' || n, null, null, secret, settings,
         created_at, updated_at
    from listeners, copies where queue_id = :queueId and name = 'original'`

/** A queue with so many listeners, in the database of a server that is stopped meanwhile. */
async function crowd(queueId: string, from: number, to: number): Promise<void> {
  assert.equal(await server.end('SIGTERM'), 0)
  const db = new DatabaseSync(file)
  db.prepare(COPY).run({ queueId, from, to })
  db.close()
  server = await startServerProcess(env)
}

before(async () => {
  server = await startServerProcess(env)
})
after(() => server.end('SIGKILL'))

test('a queue has at most 10,000 listeners, and a request makes at most 10,000 deliveries', async () => {
  const queueId: string = (await post('/queues', { name: 'crowded' })).body.queue.id
  const other: string = (await post('/queues', { name: 'other' })).body.queue.id
  const first = await post(`/queues/${queueId}/listeners`, { name: 'original' })
  assert.equal(first.status, 200, JSON.stringify(first.body))
  const wanted = { name: 'hourly', data: '{}', every: 3_600_000 }
  const schedule = (await post(`/queues/${queueId}/schedules`, wanted)).body.schedule
  await crowd(queueId, 2, 10_000)

  const full = await post(`/queues/${queueId}/listeners`, { name: 'one-more' })
  assert.equal(full.status, 422)
  assert.match(full.body.detail, /the queue has 10000 listeners, and may have no more/)

  const batch = { messages: [{ data: 'a' }, { data: 'b' }] }
  const tooMany = await post(`/queues/${queueId}/messages/batch`, batch)
  assert.equal(tooMany.status, 422)
  assert.match(tooMany.body.detail, /2 messages to 10000 listeners would make 20000 deliveries, and at most 10000 /)
  const [most, beside] = await Promise.all([
    post(`/queues/${queueId}/messages`, { data: 'a' }),
    post(`/queues/${other}/messages`, { data: 'b' }),
  ])
  assert.deepEqual([most.status, beside.status], [200, 200])

  // As older versions may have left it: what there is stays, and takes no messages.
  await crowd(queueId, 10_001, 10_001)
  for (const path of [`/queues/${queueId}/messages`, `/queues/${queueId}/schedules/${schedule.id}/run`]) {
    const refused = await post(path, path.endsWith('run') ? undefined : { data: 'a' })
    assert.equal(refused.status, 422, path)
    assert.match(refused.body.detail, /1 message to 10001 listeners would make 10001 deliveries/)
  }
  const { body } = await client.call('GET', `/queues/${queueId}/messages`)
  assert.equal(body.messages.length, 1, 'nothing of what was refused is stored')
})
