import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../torture/servers/ports.ts'
import { createClient } from '../support/server/client.ts'
import { startReceiver } from '../support/server/receiver.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { rounds } from '../support/thorough.ts'
import { waitFor } from '../support/wait-for.ts'

const KILLS = rounds({ quick: 2, long: 3 })
const KEYS = 8
const MOST_BETWEEN_KILLS = rounds({ quick: 150, long: 500 })
const timeout = 120_000

test('a server that is killed again and again keeps the order of each key, and its numbers have no gap', {
  timeout,
}, async () => {
  using folder = makeFolder()
  const env = {
    DISCUE_PORT: String(await freePort()),
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
  }
  const receiver = await startReceiver((_, response) => {
    if (Math.random() < 0.2) response.statusCode = 500
    response.end()
  })
  let server = await startServerProcess(env)
  const client = createClient(() => server.url)
  const { body } = await client.call('POST', '/queues', { name: 'orders' })
  const path = `/queues/${body.queue.id}`
  const retry = { max_attempts: 100, initial_delay: 10, max_delay: 50, multiplier: 2 }
  const listener = { name: 'ordered', notify_url: `${receiver.url}/hook`, ordering: 'key', retry }
  assert.equal((await client.call('POST', `${path}/listeners`, listener)).status, 200)
  const accepted = new Set<string>()
  const posting = { stop: false }
  const posters = Array.from({ length: KEYS }, (_, key) => post(key))

  // One poster a key, so that what it posts is accepted in the order of its index; a post that got no answer may have
  // been accepted all the same.
  async function post(key: number): Promise<void> {
    for (let index = 0; !posting.stop; index++) {
      const data = JSON.stringify({ key, index })
      const answer = await client.call('POST', `${path}/messages`, { data, key: `key-${key}` }).catch(() => null)
      if (answer?.status === 200) accepted.add(data)
      else await sleep(5)
    }
  }

  // By progress and not by time, so that a slow machine is killed just as often in the middle of its work.
  const moreAccepted = (count: number) => waitFor('accepted messages', () => accepted.size, accepted.size + count)
  for (let kill = 0; kill < KILLS; kill++) {
    await moreAccepted(KEYS + Math.random() * MOST_BETWEEN_KILLS)
    await server.end('SIGKILL')
    server = await startServerProcess(env)
  }
  await moreAccepted(KEYS)
  posting.stop = true
  await Promise.all(posters)
  // What was stored without an answer has its number too, and must arrive before the numbers are looked at.
  const pending = async () => (await client.call('GET', path)).body.queue.pending_count
  await waitFor('a queue without pending messages', async () => (await pending()) === 0)
  const seen = new Set(receiver.received.filter(({ status }) => status === 200).map(({ body: data }) => data))
  assert.deepEqual(
    [...accepted].filter((data) => !seen.has(data)),
    [],
  )
  assert.equal(await server.end('SIGTERM'), 0)
  await receiver.close()

  const newest = new Map<number, number>()
  for (const { body: data } of receiver.received) {
    const { key, index } = JSON.parse(data) as { key: number; index: number }
    // A repetition of the one before is what a kill between its answer and the note of it makes; nothing older.
    assert.ok(index >= (newest.get(key) ?? 0), `key ${key}: ${index} came after ${newest.get(key)}`)
    newest.set(key, index)
  }
  const numbers = new Map(
    receiver.received.map(({ headers }) => [Number(headers['discue-sequence']), headers['webhook-id']]),
  )
  assert.equal(new Set(numbers.values()).size, numbers.size, 'a message came with two numbers')
  assert.deepEqual(
    [...numbers.keys()].sort((a, b) => a - b),
    Array.from({ length: numbers.size }, (_, index) => index + 1),
  )
})
