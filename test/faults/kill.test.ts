import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../torture/servers/ports.ts'
import { createClient } from '../support/server/client.ts'
import { allArrived, makeQueue } from '../support/server/cluster.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, type ServerProcess, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { rounds } from '../support/thorough.ts'
import { waitFor } from '../support/wait-for.ts'

const CONNECTIONS = 16
const KILLS = rounds({ quick: 2, long: 4 })
const MOST_BETWEEN_KILLS = rounds({ quick: 300, long: 1_500 })
const timeout = 120_000

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
  const moreAccepted = (count: number) => waitFor('accepted messages', () => accepted.size, accepted.size + count)
  for (let kill = 0; kill < KILLS; kill++) {
    await moreAccepted(CONNECTIONS + Math.random() * MOST_BETWEEN_KILLS)
    await server.end('SIGKILL')
    server = await startServerProcess(env)
  }
  await moreAccepted(CONNECTIONS)
  posting.stop = true
  await Promise.all(posters)
  await allArrived(receivers, accepted)
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
    await waitFor('ends of the server', () => codes.length, stop + 1)
    server = await startServerProcess(env)
  }
  await allArrived([receiver], accepted)
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
