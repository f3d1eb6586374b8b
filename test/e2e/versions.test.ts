import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { encodeReceipt } from '../../src/core/delivery/pull.ts'
import { testDatabase } from '../support/postgres/postgres.ts'
import { createClient } from '../support/server/client.ts'
import { startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

const database = await testDatabase()
const server = await startServerProcess({ DISCUE_DATABASE_URL: database.url, DISCUE_ROOT_API_KEY: TEST_ROOT_KEY })
after(() => server.end('SIGKILL'))
const { call } = createClient(() => server.url)

/** As a node of an older version does it, which says nothing of what it knows. */
const oldNodeLives = () =>
  database.query(
    `insert into discue.nodes as n (node, alive_until)
     values ('old-node', (extract(epoch from clock_timestamp()) * 1000)::bigint + 600000)
     on conflict (node) do update set alive_until = excluded.alive_until`,
  )

/** What can be asked for only once each node on the database knows it, and where the fault is in the body. */
const ASKS: { name: string; path: string; ask(queue: string): Promise<{ status: number; body: Answer }> }[] = [
  {
    name: 'a lease that is extended',
    path: '/lease',
    async ask(queue) {
      const { body } = await call('GET', `${queue}/listeners`)
      const ask = {
        receipts: [encodeReceipt({ messageId: body.listeners[0].id, leaseUntil: 1, attempt: 1 })],
        lease: 60_000,
      }
      return call('POST', `${queue}/listeners/${body.listeners[0].id}/extend`, ask)
    },
  },
  {
    name: 'a message that expires',
    path: '/expires_in',
    ask: (queue) => call('POST', `${queue}/messages`, { data: 'x', expires_in: 60_000 }),
  },
  {
    name: 'headers of a message',
    path: '/headers',
    ask: (queue) => call('POST', `${queue}/messages`, { data: 'x', headers: { 'x-order': '17' } }),
  },
  {
    name: 'headers of one message of many',
    path: '/messages/1/headers',
    ask: (queue) =>
      call('POST', `${queue}/messages/batch`, { messages: [{ data: 'x' }, { data: 'y', headers: { a: 'b' } }] }),
  },
  {
    name: 'authentication',
    path: '/auth',
    ask: (queue) =>
      call('POST', `${queue}/listeners`, { ...PUSHED, name: nextName(), auth: { type: 'bearer', token: 'x' } }),
  },
  {
    name: 'a name for TLS',
    path: '/tls',
    ask: (queue) => call('POST', `${queue}/listeners`, { ...PUSHED, name: nextName(), tls: { server_name: 'a.test' } }),
  },
  {
    name: 'another method',
    path: '/method',
    ask: (queue) => call('POST', `${queue}/listeners`, { ...PUSHED, name: nextName(), method: 'PUT' }),
  },
  {
    name: 'no circuit breaker',
    path: '/circuit_breaker',
    ask: (queue) => call('POST', `${queue}/listeners`, { ...PUSHED, name: nextName(), circuit_breaker: false }),
  },
  {
    name: 'a look at a calendar period',
    path: '/every',
    ask: () => call('POST', '/schedules/preview', { every: 'P2W' }),
  },
  {
    name: 'a calendar period',
    path: '/every',
    ask: (queue) => call('POST', `${queue}/schedules`, { name: nextName(), data: 'x', every: 'P2W' }),
  },
  ...Object.entries({
    key: 'customer-17',
    headers: { 'x-a': '1' },
    expires_in: 1_000,
    overlap: 'skip',
    jitter: 1_000,
  }).map(([option, value]) => ({
    name: `a schedule with ${option}`,
    path: `/${option}`,
    ask: (queue: string) =>
      call('POST', `${queue}/schedules`, { name: nextName(), every: 60_000, data: '{}', [option]: value }),
  })),
]

const PUSHED = { notify_url: 'http://127.0.0.1:9/', status: 'disabled' }
let names = 0
function nextName(): string {
  names += 1
  return `name-${names}`
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the tests, each with its own idea of them
type Answer = any

test('what a node of an older version does not know is a 422 that names it, and is taken once that node is gone', async () => {
  const { body } = await call('POST', '/queues', { name: 'orders' })
  const queue = `/queues/${body.queue.id}`
  await call('POST', `${queue}/listeners`, { name: 'puller' })
  for (const { name, ask } of ASKS) assert.equal((await ask(queue)).status, 200, name)
  await oldNodeLives()
  for (const { name, path, ask } of ASKS) {
    await waitFor(`a refusal of ${name}`, async () => (await ask(queue)).status === 422, 1, { everyMs: 100 })
    const { errors } = (await ask(queue)).body
    assert.deepEqual([errors.length, errors[0].path], [1, path])
    assert.match(errors[0].message, /the node old-node runs a version that does not know it/)
  }
  assert.equal((await call('POST', `${queue}/messages`, { data: 'what it knows' })).status, 200)
  await database.query(`delete from discue.nodes where node = 'old-node'`)
  for (const { name, ask } of ASKS)
    await waitFor(name, async () => (await ask(queue)).status === 200, 1, { everyMs: 100 })
})
