import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type Json, OTHER_OWNER_KEY, OWNER_KEY, startApi, type TestApi } from '../../../support/server/api.ts'

/** Timers that fire when the test says so. */
interface Timers {
  /** Runs what is waiting, once, and lets it come to rest. */
  fire(): Promise<void>
}

async function start(t: TestContext): Promise<{ api: TestApi; timers: Timers }> {
  let waiting: (() => void)[] = []
  const after = (_delayMs: number, run: () => void) => {
    waiting.push(run)
    return () => {
      waiting = waiting.filter((one) => one !== run)
    }
  }
  const api = await startApi({ wrap: ({ runtime }) => ({ runtime: { ...runtime, after, upkeep: after } }) })
  t.after(() => api.app.close())
  const fire = async () => {
    api.clock.now += 1_000
    for (const run of waiting.splice(0)) run()
    await rest()
  }
  return { api, timers: { fire } }
}

async function rest(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await turn()
}

interface Stream {
  status: number
  headers: Record<string, unknown>
  /** Everything so far. */
  text(): string
  /** Data of the events `usage` so far. */
  eventDigests(): Json[]
  ended(): boolean
}

async function follow(
  api: TestApi,
  { key = OWNER_KEY, lastId }: { key?: string; lastId?: string } = {},
): Promise<Stream> {
  const headers = { 'x-api-key': key, accept: 'text/event-stream', ...(lastId && { 'last-event-id': lastId }) }
  const response = await api.app.inject({ method: 'GET', url: '/v1/events/stream', headers, payloadAsStream: true })
  const stream = response.stream()
  let text = ''
  let ended = false
  stream.setEncoding('utf8').on('data', (more: string) => {
    text += more
  })
  stream.once('end', () => {
    ended = true
  })
  await rest()
  const eventDigests = () => [...text.matchAll(/^event: usage\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data!))
  const { statusCode: status } = response
  return { status, headers: response.headers, text: () => text, eventDigests, ended: () => ended }
}

async function addQueue(api: TestApi, name: string, key = OWNER_KEY): Promise<string> {
  const { status, body } = await api.call('POST', '/v1/queues', { name }, key)
  assert.equal(status, 200)
  return body.queue.id
}

async function post(api: TestApi, queueId: string, messages: number): Promise<void> {
  const body = { messages: Array.from({ length: messages }, () => ({ data: 'x' })) }
  assert.equal((await api.call('POST', `/v1/queues/${queueId}/messages/batch`, body)).status, 200)
}

test('a stream greets, and tells once a second what happened since', async (t) => {
  const { api, timers } = await start(t)
  const queue = await addQueue(api, 'before')
  const stream = await follow(api)
  assert.equal(stream.status, 200)
  assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8')
  assert.equal(stream.headers['cache-control'], 'no-store')
  assert.equal(stream.text(), 'retry: 2000\nevent: hello\ndata: {}\n\n')
  await post(api, queue, 2)
  await timers.fire()
  await timers.fire()
  const [eventDigest, ...more] = stream.eventDigests()
  assert.deepEqual(more, [])
  assert.deepEqual(eventDigest.counts, { message_added: 2 })
  assert.deepEqual([eventDigest.events.length, eventDigest.omitted, eventDigest.gap], [2, 0, false])
  assert.equal(eventDigest.events[0].type, 'message_added')
  assert.ok(stream.text().includes(`id: ${eventDigest.events[0].id}\nevent: usage\n`))
})

test('however much happens, a second costs an SSE client at most 50 events, and every one is counted', async (t) => {
  const { api, timers } = await start(t)
  const queue = await addQueue(api, 'busy')
  const stream = await follow(api)
  for (let round = 0; round < 3; round++) {
    await post(api, queue, 700)
    await timers.fire()
  }
  await timers.fire()
  const eventDigests = stream.eventDigests()
  const sum = (read: (eventDigest: Json) => number) =>
    eventDigests.reduce((total, eventDigest) => total + read(eventDigest), 0)
  assert.equal(
    sum(({ counts }) => counts.message_added),
    2_100,
  )
  assert.ok(eventDigests.every(({ events }) => events.length <= 50))
  assert.equal(
    sum(({ events, omitted }) => events.length + omitted),
    2_100,
  )
})

test('a stream tells of its own organization, and of what its key may see', async (t) => {
  const { api, timers } = await start(t)
  const [shown, hidden] = [await addQueue(api, 'shown'), await addQueue(api, 'hidden')]
  const scopes = [{ resource: 'events', access: 'read', targets: [shown] }]
  const narrow = (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
  const [all, some, other] = [
    await follow(api),
    await follow(api, { key: narrow }),
    await follow(api, { key: OTHER_OWNER_KEY }),
  ]
  await post(api, shown, 1)
  await post(api, hidden, 5)
  await timers.fire()
  assert.equal(all.eventDigests()[0].counts.message_added, 6)
  assert.deepEqual(
    some.eventDigests().map(({ counts, events }) => [counts, events.length]),
    [[{ message_added: 1 }, 1]],
  )
  assert.deepEqual(other.eventDigests(), [])
})

test('SSE clients of one organization share one reading of the store', async (t) => {
  const { api, timers } = await start(t)
  const queue = await addQueue(api, 'watched')
  const streams = await Promise.all(Array.from({ length: 300 }, () => follow(api)))
  let reads = 0
  const list = api.store.events.list
  api.store.events.list = (ask) => {
    reads += 1
    return list(ask)
  }
  await post(api, queue, 1)
  await timers.fire()
  assert.equal(reads, 1)
  assert.ok(streams.every((stream) => stream.eventDigests().length === 1))
})

test('Last-Event-ID continues where a stream before ended, and says where more may be missing', async (t) => {
  const { api, timers } = await start(t)
  const queue = await addQueue(api, 'resumed')
  const first = await follow(api)
  await post(api, queue, 1)
  await timers.fire()
  const lastId = first.eventDigests()[0].events[0].id
  await post(api, queue, 3)
  await timers.fire()
  const second = await follow(api, { lastId })
  const told = second.eventDigests().map(({ counts, events, gap }) => [counts, events.length, gap])
  assert.deepEqual(told, [[{ message_added: 3 }, 3, false]])
  await post(api, queue, 200)
  await timers.fire()
  const third = await follow(api, { lastId })
  assert.deepEqual([third.eventDigests()[0].events.length, third.eventDigests()[0].gap], [50, true])
  assert.equal((await follow(api, { lastId: 'nonsense' })).text(), 'retry: 2000\nevent: hello\ndata: {}\n\n')
})

test('nothing is read for SSE clients that have left', async (t) => {
  const { api, timers } = await start(t)
  const queue = await addQueue(api, 'left')
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 })
  const hungUp = new Promise((resolve) => {
    api.app.server.once('connection', (socket) => socket.once('close', resolve))
  })
  const caller = get(`${url}/v1/events/stream`, { headers: { 'x-api-key': OWNER_KEY }, agent: false })
  const [response] = await once(caller, 'response')
  assert.match(String((await once(response, 'data'))[0]), /event: hello/)
  let reads = 0
  const { ofOrganization } = api.store.stats
  api.store.stats.ofOrganization = (ask) => {
    reads += 1
    return ofOrganization(ask)
  }
  await timers.fire()
  assert.equal(reads, 1)
  response.destroy()
  await hungUp
  await rest()
  await post(api, queue, 1)
  await timers.fire()
  assert.equal(reads, 1)
})

test('a stream ends with its key, and nothing is told after that', async (t) => {
  const { api, timers } = await start(t)
  const queue = await addQueue(api, 'guarded')
  const { api_key: key, id } = (await api.call('POST', '/v1/api_keys', {})).body
  const stream = await follow(api, { key })
  assert.equal((await api.call('DELETE', `/v1/api_keys/${id}`)).status, 200)
  await post(api, queue, 1)
  await timers.fire()
  assert.deepEqual(stream.eventDigests(), [])
  assert.ok(stream.ended())
})

test('a store that cannot be read for a while costs SSE clients nothing but time', async (t) => {
  const { api, timers } = await start(t)
  const queue = await addQueue(api, 'away')
  const stream = await follow(api)
  const { ofOrganization } = api.store.stats
  api.store.stats.ofOrganization = async () => Promise.reject(new Error('away'))
  await post(api, queue, 4)
  await timers.fire()
  assert.deepEqual(stream.eventDigests(), [])
  api.store.stats.ofOrganization = ofOrganization
  await timers.fire()
  assert.equal(stream.eventDigests()[0].counts.message_added, 4)
  assert.ok(!stream.ended())
})

test('streams end when the server closes', async (t) => {
  const { api } = await start(t)
  const stream = await follow(api)
  await api.app.close()
  await rest()
  assert.ok(stream.ended())
})

test('a stream needs a key with the scope, and a caller who accepts it; HEAD is over at once', async (t) => {
  const { api } = await start(t)
  const scopes = [{ resource: 'stats', access: 'read', targets: '*' }]
  const lacking = (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
  const ask = (method: 'GET' | 'HEAD' | 'POST', headers: Record<string, string>) =>
    api.inject({ method, url: '/v1/events/stream', headers })
  assert.equal((await ask('GET', {})).statusCode, 401)
  assert.equal((await ask('GET', { 'x-api-key': lacking })).statusCode, 403)
  const refused = await ask('GET', { 'x-api-key': OWNER_KEY, accept: 'application/json' })
  assert.equal(refused.statusCode, 406)
  assert.match(refused.json().detail, /text\/event-stream/)
  const head = await ask('HEAD', { 'x-api-key': OWNER_KEY })
  assert.deepEqual([head.statusCode, head.body], [200, ''])
  assert.equal((await ask('POST', { 'x-api-key': OWNER_KEY })).statusCode, 405)
})
