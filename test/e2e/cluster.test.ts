import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { testDatabase } from '../support/postgres/postgres.ts'
import { createClient } from '../support/server/client.ts'
import { startCluster } from '../support/server/cluster.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

const database = await testDatabase()
// Both at once, on an empty database.
const cluster = await startCluster([database.url, database.url], { DISCUE_TRUSTED_PROXIES: '127.0.0.1' })
after(() => Promise.all(cluster.nodes.map(({ kill }) => kill())))
const [first, second] = cluster.nodes.map(({ client }) => client) as [typeof cluster.client, typeof cluster.client]
const urlOf = (node: number) => cluster.nodes[node]!.server.url

/** What is changed on one node is so on the other within two seconds, which is promised. */
const PROMISED = { withinMs: 2_000, everyMs: 20 }

test('what is made on one node is there on the other, and is delivered whichever takes it', async () => {
  const receiver = await startReceiver()
  const queue = (await first.call('POST', '/queues', { name: 'orders' })).body.queue.id
  const listener = { name: 'shop', notify_url: `${receiver.url}/hook` }
  assert.equal((await second.call('POST', `/queues/${queue}/listeners`, listener)).status, 200)
  for (let i = 0; i < 20; i++) {
    const answer = await cluster.client.call('POST', `/queues/${queue}/messages`, { data: String(i) })
    assert.equal(answer.status, 200)
  }
  await receiver.until(20)
  await receiver.close()
})

test('a key that is disabled on one node stops working on the other within two seconds', async () => {
  const made = (await first.call('POST', '/api_keys', { name: 'worker' })).body
  const other = createClient(() => urlOf(1), made.api_key)
  assert.equal((await other.call('GET', '/queues')).status, 200)
  await first.call('PUT', `/api_keys/${made.id}`, { status: 'disabled' })
  const refused = async () => (await other.call('GET', '/queues')).status === 401
  await waitFor('the key is refused', refused, 1, PROMISED)
})

test('a queue that is paused on one node stores on the other, and delivers once it is resumed there', async () => {
  const receiver = await startReceiver()
  const queue = (await first.call('POST', '/queues', { name: 'paused' })).body.queue.id
  await first.call('POST', `/queues/${queue}/listeners`, { name: 'shop', notify_url: `${receiver.url}/hook` })
  await first.call('PUT', `/queues/${queue}`, { paused: true })
  assert.equal((await second.call('POST', `/queues/${queue}/messages`, { data: 'later' })).status, 200)
  assert.equal((await first.call('GET', `/queues/${queue}`)).body.queue.pending_count, 1)
  assert.equal(receiver.received.length, 0)
  await second.call('PUT', `/queues/${queue}`, { paused: false })
  await receiver.until(1)
  await receiver.close()
})

test('a schema that is set on one node is kept by the other', async () => {
  const queue = (await first.call('POST', '/queues', { name: 'strict' })).body.queue.id
  assert.equal((await second.call('POST', `/queues/${queue}/messages`, { data: '{"a":"x"}' })).status, 200)
  await first.call('PUT', `/queues/${queue}`, { schema: { a: { type: 'number' } } })
  assert.equal((await second.call('POST', `/queues/${queue}/messages`, { data: '{"a":"x"}' })).status, 422)
  const taken = async () => (await second.call('POST', `/queues/${queue}/messages`, { data: '{"a":1}' })).status === 200
  await waitFor('the schema is kept', taken, 1, PROMISED)
})

test('a request that is repeated on the other node has its effect once', async () => {
  const queue = (await first.call('POST', '/queues', { name: 'once' })).body.queue.id
  const post = async (node: number): Promise<string> => {
    const headers = { 'x-api-key': TEST_ROOT_KEY, 'content-type': 'application/json', 'idempotency-key': 'k' }
    const init = { method: 'POST', headers, body: JSON.stringify({ data: 'x' }) }
    const response = await fetch(`${urlOf(node)}/v1/queues/${queue}/messages`, init)
    // The other one is not done yet: to be repeated.
    if (response.status === 409) return post(node)
    assert.equal(response.status, 200)
    return ((await response.json()) as { message: { id: string } }).message.id
  }
  const [mine, theirs] = await Promise.all([post(0), post(1)])
  assert.equal(mine, theirs)
  assert.equal((await first.call('GET', `/queues/${queue}/messages`)).body.messages.length, 1)
})

test('a limit of requests holds over both nodes', async () => {
  const made = (await first.call('POST', '/api_clients', { name: 'limited' })).body
  await first.call('PUT', `/api_clients/${made.api_client.id}`, { limits: { requests_per_minute: 20 } })
  const clients = [0, 1].map((node) => createClient(() => urlOf(node), made.api_key))
  const leftMs = 60_000 - (Date.now() % 60_000)
  if (leftMs < 5_000) await sleep(leftMs + 50)
  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => clients[i % 2]!.call('GET', '/queues')))
  const granted = answers.filter(({ status }) => status === 200).length
  assert.ok(granted >= 18 && granted <= 20, `${granted} of 20`)
})

test('an address that tries wrong keys on one node is kept out by the other', async () => {
  const tried = async (node: number) => {
    const headers = { 'x-api-key': 'wrong', 'x-forwarded-for': '192.0.2.7' }
    return (await fetch(`${urlOf(node)}/v1/queues`, { headers })).status
  }
  for (let i = 0; i < 10; i++) assert.equal(await tried(0), 401)
  await waitFor('the address is locked out', async () => (await tried(1)) === 403, 1, PROMISED)
})
