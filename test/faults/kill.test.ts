import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '../support/server/client.ts'
import { type Receiver, startReceiver } from '../support/server/receiver.ts'
import {
  freePort,
  makeFolder,
  type ServerProcess,
  startServerProcess,
  TEST_ROOT_KEY,
} from '../support/server/server-process.ts'

const CONNECTIONS = 16
const KILLS = 4
const MOST_BETWEEN_KILLS = 1_500
/** Waiting for a message that was lost would take for ever. */
const timeout = 120_000
const RETRY = { max_attempts: 100, initial_delay: 20, max_delay: 200, multiplier: 2 }

test('a server that is killed again and again delivers everything that it answered 200 to every listener', {
  timeout,
}, async () => {
  using folder = makeFolder()
  const env = {
    DISCUE_PORT: String(await freePort()),
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
  }
  const receivers = [await startReceiver(), await startReceiver(failHalf), await startReceiver()]
  let server = await startServerProcess(env)
  const client = createClient(() => server.url)
  const queueId = await makeQueue(client, receivers)
  const accepted = new Set<string>()
  const posting = { stop: false }
  const posters = Array.from({ length: CONNECTIONS }, (_, lane) => post(lane))

  // Posts until told to stop; while the server is away, its answer is an error, and nothing is expected of that post.
  async function post(lane: number): Promise<void> {
    for (let index = 0; !posting.stop; index++) {
      const data = JSON.stringify({ lane, index })
      const answer = await client.call('POST', `/queues/${queueId}/messages`, { data }).catch(() => null)
      if (answer?.status === 200) accepted.add(data)
      else await sleep(5)
    }
  }

  // By progress and not by time, so that a slow machine is killed just as often in the middle of its work.
  const moreAccepted = async (count: number) => {
    for (const enough = accepted.size + count; accepted.size < enough; ) await sleep(1)
  }
  for (let kill = 0; kill < KILLS; kill++) {
    await moreAccepted(CONNECTIONS + Math.random() * MOST_BETWEEN_KILLS)
    await server.end('SIGKILL')
    server = await startServerProcess(env)
  }
  await moreAccepted(CONNECTIONS)
  posting.stop = true
  await Promise.all(posters)
  await Promise.all(receivers.map((receiver) => receiver.until(() => missing(receiver, accepted).length === 0)))
  assert.equal(await server.end('SIGTERM'), 0)
  await Promise.all(receivers.map((receiver) => receiver.close()))
})

test('a stop by SIGTERM loses nothing, exits 0, and makes no duplicate', { timeout }, async () => {
  using folder = makeFolder()
  const env = {
    DISCUE_PORT: String(await freePort()),
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
  }
  // Slow answers keep many deliveries on the wire at the moment of each stop.
  const receiver = await startReceiver((_, response) => setTimeout(() => response.end(), 30))
  let server: ServerProcess = await startServerProcess(env)
  const client = createClient(() => server.url)
  const queueId = await makeQueue(client, [receiver])
  const accepted = new Set<string>()
  const codes: (number | null)[] = []
  for (let stop = 0; stop < 3; stop++) {
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const data = JSON.stringify({ stop, index })
        const answer = await client.call('POST', `/queues/${queueId}/messages`, { data }).catch(() => null)
        if (answer?.status === 200) accepted.add(data)
        if (index === 100) server.end('SIGTERM').then((code) => codes.push(code))
      }),
    )
    while (codes.length <= stop) await sleep(5)
    server = await startServerProcess(env)
  }
  await receiver.until(() => missing(receiver, accepted).length === 0)
  assert.equal(await server.end('SIGTERM'), 0)
  assert.deepEqual(codes, [0, 0, 0])
  const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
  assert.equal(ids.length - new Set(ids).size, 0, 'a message arrived twice')
  assert.ok(accepted.size > 0)
  await receiver.close()
})

function failHalf(_: unknown, response: { statusCode: number; end(): void }): void {
  if (Math.random() < 0.5) response.statusCode = 500
  response.end()
}

/** What was accepted and has not been acknowledged by this receiver, by its body. */
function missing(receiver: Receiver, accepted: Set<string>): string[] {
  const seen = new Set(receiver.received.filter(({ status }) => status === 200).map(({ body }) => body))
  return [...accepted].filter((data) => !seen.has(data))
}

async function makeQueue(client: ReturnType<typeof createClient>, receivers: Receiver[]): Promise<string> {
  const { body } = await client.call('POST', '/queues', { name: 'orders' })
  for (const [index, receiver] of receivers.entries()) {
    const listener = { name: `listener-${index}`, notify_url: `${receiver.url}/hook`, retry: RETRY }
    const answer = await client.call('POST', `/queues/${body.queue.id}/listeners`, listener)
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
  }
  return body.queue.id
}
