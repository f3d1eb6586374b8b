import assert from 'node:assert/strict'
import { type ClientRequest, request } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { freePort } from '../../torture/servers/ports.ts'
import { createClient } from '../support/server/client.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'

const LEASE_MS = 60_000

/** A server with a queue whose listener pulls, on a database that stays. */
async function open(t: TestContext) {
  const folder = makeFolder()
  t.after(() => folder[Symbol.dispose]())
  const env = {
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
    DISCUE_PORT: String(await freePort()),
  }
  let server = await startServerProcess(env)
  const client = createClient(() => server.url)
  const queue = (await client.call('POST', '/queues', { name: 'q' })).body.queue.id
  const listener = (await client.call('POST', `/queues/${queue}/listeners`, { name: 'l' })).body.listener.id
  const at = `/queues/${queue}/listeners/${listener}`
  return {
    client,
    at,
    end: (signal: NodeJS.Signals) => server.end(signal),
    async restart() {
      server = await startServerProcess(env)
    },
    url: () => server.url,
    post: async (data = 'x') => (await client.call('POST', `/queues/${queue}/messages`, { data })).body.message.id,
    pull: async (body: object = {}) => (await client.call('POST', `${at}/pull`, { lease: LEASE_MS, ...body })).body,
    attempts: async (id: string) =>
      (await client.call('GET', `/queues/${queue}/messages/${id}/attempts`)).body.attempts.length,
  }
}

test('a lease outlives the server, killed or ended in order: nobody else gets the message, and its holder can settle it', async (t) => {
  const { client, at, end, restart, post, pull } = await open(t)
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const id = await post()
    const [message] = (await pull()).messages
    assert.equal(message.id, id)
    await end(signal)
    await restart()
    assert.deepEqual((await pull()).messages, [])
    const { body } = await client.call('POST', `${at}/ack`, { receipts: [message.receipt] })
    assert.deepEqual([body.acknowledged, body.lost], [1, []])
    assert.deepEqual((await pull()).messages, [])
  }
  assert.equal(await end('SIGTERM'), 0)
})

test('what was acknowledged stays acknowledged, whenever the server is killed', async (t) => {
  const { client, at, end, restart, post, pull } = await open(t)
  for (let i = 0; i < 20; i++) await post()
  const { messages } = await pull({ max: 20 })
  const acks = messages.map(async ({ id, receipt }: { id: string; receipt: string }, index: number) => {
    // In the middle of it.
    if (index === 10) void end('SIGKILL')
    const answer = await client.call('POST', `${at}/ack`, { receipts: [receipt] }).catch(() => null)
    return answer?.body.acknowledged === 1 ? id : null
  })
  const acknowledged = new Set((await Promise.all(acks)).filter((id) => id !== null))
  await restart()
  const receipts = messages.map(({ receipt }: { receipt: string }) => receipt)
  const { body } = await client.call('POST', `${at}/ack`, { receipts })
  const again = messages.filter(({ receipt }: { receipt: string }) => !body.lost.includes(receipt))
  for (const { id } of again) assert.ok(!acknowledged.has(id), 'it was acknowledged twice')
  assert.equal((await client.call('GET', at)).body.listener.messages.acknowledged_count, 20)
  assert.equal(await end('SIGTERM'), 0)
})

test('a server that stops answers those who wait with nothing, and does not wait for them', async (t) => {
  const { end, pull } = await open(t)
  const waiting = Array.from({ length: 20 }, () => pull({ wait: 30_000 }))
  // Answered before them, so that they have arrived.
  await pull()
  assert.equal(await end('SIGTERM'), 0)
  for (const { messages } of await Promise.all(waiting)) assert.deepEqual(messages, [])
})

/** A poll over a connection of its own. */
function poll(url: string): ClientRequest {
  const headers = { 'x-api-key': TEST_ROOT_KEY, 'content-type': 'application/json' }
  const poll = request(`${url}/pull`, { method: 'POST', headers, agent: false })
  // It is going to be cut off.
  poll.on('error', () => {})
  poll.end(JSON.stringify({ wait: 30_000, lease: LEASE_MS }))
  return poll
}

test('a client that hangs up while it waits loses no message', async (t) => {
  const { at, end, url, post, pull, attempts } = await open(t)
  const polls = Array.from({ length: 3 }, () => poll(`${url()}/v1${at}`))
  await Promise.all(polls.map((one) => new Promise<void>((resolve) => one.once('finish', resolve))))
  await pull()
  for (const one of polls) {
    const closed = new Promise<void>((resolve) => one.once('close', resolve))
    one.destroy()
    await closed
  }
  const id = await post()
  const { messages } = await pull({ wait: 30_000 })
  assert.deepEqual(
    messages.map((message: { id: string; attempt: number }) => [message.id, message.attempt]),
    [[id, 1]],
  )
  assert.equal(await attempts(id), 0)
  assert.equal(await end('SIGTERM'), 0)
})
