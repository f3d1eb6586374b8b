import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../torture/servers/ports.ts'
import { createClient } from '../support/server/client.ts'
import { makeFolder, startServerProcess, TEST_ROOT_KEY } from '../support/server/server-process.ts'
import { rounds } from '../support/thorough.ts'
import { waitFor } from '../support/wait-for.ts'

const CLIENTS = 12
const KILLS = rounds({ quick: 2, long: 5 })
const MOST_BETWEEN_KILLS = rounds({ quick: 150, long: 500 })
const RETRY_AFTER_MS = 10

interface Answer {
  message?: { id: string }
  messages?: { id: string }[]
}

test('a client that repeats each request until it is answered has each effect once, however often the server is killed', async (t) => {
  using folder = makeFolder()
  const env = {
    DISCUE_PORT: String(await freePort()),
    DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}`,
    DISCUE_ROOT_API_KEY: TEST_ROOT_KEY,
  }
  let server = await startServerProcess(env)
  // A test that fails leaves no server behind, which would keep the run from ending.
  t.after(() => server.end('SIGKILL'))
  const client = createClient(() => server.url)
  const queueId = (await client.call('POST', '/queues', { name: 'orders' })).body.queue.id
  const answered = new Map<string, string[]>()
  const posting = { stop: false, repeats: 0, replays: 0 }

  async function post(path: string, key: string, body: object): Promise<Response | null> {
    const headers = { 'x-api-key': TEST_ROOT_KEY, 'content-type': 'application/json', 'idempotency-key': key }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    return fetch(`${server.url}/v1/queues/${queueId}/messages${path}`, init).catch(() => null)
  }

  /** Every third request is a batch. Each is repeated with its key until it is answered, and then once more. */
  async function requires(name: string, index: number): Promise<void> {
    const isBatch = index % 3 === 0
    const body = isBatch ? { messages: [{ data: `${name} a` }, { data: `${name} b` }] } : { data: name }
    const read = async () => {
      const response = await post(isBatch ? '/batch' : '', name, body)
      if (response?.status !== 200) return null
      if (response.headers.get('idempotency-replayed') === 'true') posting.replays += 1
      const answer = (await response.json().catch(() => null)) as Answer | null
      return answer === null ? null : (answer.messages ?? [answer.message!])
    }
    let messages = await read()
    for (; messages === null; messages = await read()) {
      posting.repeats += 1
      await sleep(RETRY_AFTER_MS)
    }
    const ids = messages.map(({ id }) => id)
    answered.set(name, ids)
    const again = await read()
    if (again !== null)
      assert.deepEqual(
        again.map(({ id }) => id),
        ids,
      )
  }

  async function work(lane: number): Promise<void> {
    for (let index = 0; !posting.stop; index++) await requires(`${lane}-${index}`, index)
  }

  const workers = Array.from({ length: CLIENTS }, (_, lane) => work(lane))
  // By progress and not by time, so that a slow machine is killed just as often in the middle of its work.
  const moreAnswered = (count: number) => waitFor('answered requests', () => answered.size, answered.size + count)
  for (let kill = 0; kill < KILLS; kill++) {
    await moreAnswered(CLIENTS + Math.random() * MOST_BETWEEN_KILLS)
    await server.end('SIGKILL')
    server = await startServerProcess(env)
  }
  await moreAnswered(CLIENTS)
  posting.stop = true
  await Promise.all(workers)
  const stored = await everyId()
  const expected = [...answered.values()].flat()
  assert.equal(stored.length, new Set(stored).size)
  assert.deepEqual(stored.sort(), expected.sort(), 'each request has its messages exactly once')
  assert.ok(posting.repeats > 0, 'no request was ever cut short')
  assert.ok(posting.replays > 0)
  assert.equal(await server.end('SIGTERM'), 0)

  async function everyId(): Promise<string[]> {
    const ids: string[] = []
    let path: string | undefined = `/queues/${queueId}/messages`
    while (path !== undefined) {
      const { body }: Awaited<ReturnType<typeof client.call>> = await client.call('GET', path)
      ids.push(...body.messages.map((message: { id: string }) => message.id))
      path = body._links.next?.href.slice(`${server.url}/v1`.length)
    }
    return ids
  }
})
