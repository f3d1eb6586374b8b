import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const DAY_MS = 24 * 3_600_000
const BASE = 'http://localhost:80'

/** Moves on by more than a day, so that a test begins with nothing to tell. */
function fromNowOn(): number {
  api.clock.now += 2 * DAY_MS
  return api.clock.now
}

async function get(path: string, key?: string): Promise<{ status: number; body: Json }> {
  return api.call('GET', path, undefined, key)
}

async function events(query = '', key?: string): Promise<Json[]> {
  const { status, body } = await get(`/v1/events${query}`, key)
  assert.equal(status, 200, JSON.stringify(body))
  return body.events
}

async function post(path: string, body: object): Promise<Json> {
  const answer = await api.call('POST', `/v1${path}`, body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}

async function addQueue(name: string): Promise<Json> {
  return (await post('/queues', { name })).queue
}

async function addListener(queue: Json, name: string): Promise<Json> {
  return (await post(`/queues/${queue.id}/listeners`, { name, notify_url: 'http://example.com' })).listener
}

test('each creation, change and deletion by the API is exactly one event', async () => {
  fromNowOn()
  const step = async (method: string, path: string, body?: object) => {
    api.clock.now += 1
    assert.equal((await api.call(method, `/v1${path}`, body)).status, 200)
  }
  const key = await post('/api_keys', { name: 'one-key' })
  await step('PUT', `/api_keys/${key.id}`, { name: 'one-key-2' })
  await step('DELETE', `/api_keys/${key.id}`)
  const queue = await addQueue('one-queue')
  await step('PATCH', `/queues/${queue.id}`, { name: 'one-queue-2' })
  const listener = await addListener(queue, 'one-listener')
  await step('PUT', `/queues/${queue.id}/listeners/${listener.id}`, { name: 'one-listener-2' })
  await step('DELETE', `/queues/${queue.id}/listeners/${listener.id}`)
  const { message } = await post(`/queues/${queue.id}/messages`, { data: 'x', name: 'm' })
  await step('PUT', `/queues/${queue.id}/messages/${message.id}`, { name: 'm2' })
  await step('DELETE', `/queues/${queue.id}/messages/${message.id}`)
  await step('DELETE', `/queues/${queue.id}`)
  const told = (await events()).map(({ type, api_key, queue, listener, message }) => {
    return `${type} ${(message ?? api_key ?? queue ?? listener).name}`
  })
  const expected = [
    'api_key_added one-key',
    'api_key_updated one-key-2',
    'api_key_deleted one-key-2',
    'queue_added one-queue',
    'queue_updated one-queue-2',
    'listener_added one-listener',
    'listener_updated one-listener-2',
    'listener_deleted one-listener-2',
    'message_added m',
    'queue_deleted one-queue-2',
  ]
  assert.deepEqual(told.toSorted(), expected.toSorted())
})

test('an event of a message names its queue, and its listener where it was sent to one, as they are called now', async () => {
  fromNowOn()
  const queue = await addQueue('placed')
  const listener = await addListener(queue, 'placed-listener')
  const { message } = await post(`/queues/${queue.id}/messages`, { data: 'x', name: 'm' })
  const { now } = api.clock
  const ask = { node: 'n', listenerId: listener.id, limit: 1, maxBytes: 1e6, now }
  const { lease, dueAt, firstSentAt, attemptsBefore } = (await api.store.deliveries.claimDue(ask)).deliveries[0]!
  const { sequence } = (await api.store.messages.get({
    ...{ organizationId: api.organizations.first, queueId: queue.id, id: message.id },
  }))!.message
  const delivery = { listenerId: listener.id, dueAt, lease, firstSentAt, attemptsBefore, sequence }
  const attempt = { number: 1, startedAt: now, durationMs: 1, status: 500, error: null, response: '' }
  const settlements = [{ delivery, attempt, next: { state: 'pending' as const, dueAt: now + 1_000 } }]
  await api.store.commit({ node: 'n', now, accepts: [], settlements, keyUses: [] })
  await api.call('PATCH', `/v1/queues/${queue.id}`, { name: 'placed-anew' })
  const about = async () =>
    (await events('?events=messages')).map(({ type, queue, listener }) => [type, queue, listener])
  const placed = { id: queue.id, name: 'placed-anew' }
  const sentTo = { id: listener.id, name: 'placed-listener' }
  assert.deepEqual(await about(), [
    ['message_published_not_ok', placed, sentTo],
    ['message_added', placed, undefined],
  ])
  await api.call('DELETE', `/v1/queues/${queue.id}/listeners/${listener.id}`)
  assert.deepEqual((await about())[0], ['message_published_not_ok', placed, { id: listener.id, name: listener.id }])
})

test('an event is listed in full, with the client and the thing that it is about', async () => {
  const now = fromNowOn()
  const queue = await addQueue('full-form')
  const { body } = await get('/v1/events')
  assert.match(body.events[0].id, /^[0-9A-Za-z]{21}$/)
  assert.deepEqual(body, {
    events: [
      {
        id: body.events[0].id,
        type: 'queue_added',
        stored_at: now,
        client: { id: api.organizations.first },
        queue: { id: queue.id, name: 'full-form' },
      },
    ],
    _links: { self: { href: `${BASE}/v1/events` } },
  })
})

test('a message and a key without a name have their id as name in their events too', async () => {
  fromNowOn()
  const queue = await addQueue('nameless')
  const { message } = await post(`/queues/${queue.id}/messages`, { data: 'x' })
  const key = await post('/api_keys', {})
  assert.deepEqual((await events('?events=messages'))[0].message, { id: message.id, name: message.id })
  assert.deepEqual((await events('?events=api_keys'))[0].api_key, { id: key.id, name: key.id })
})

test('events can be restricted to categories, one or several', async () => {
  fromNowOn()
  const queue = await addQueue('categories')
  await addListener(queue, 'l')
  await post(`/queues/${queue.id}/messages`, { data: 'x' })
  const types = async (query: string) => (await events(query)).map(({ type }) => type).sort()
  assert.deepEqual(await types('?events=queues'), ['queue_added'])
  assert.deepEqual(await types('?events=listeners,messages'), ['listener_added', 'message_added'])
  assert.deepEqual(await types('?events=all'), ['listener_added', 'message_added', 'queue_added'])
  assert.deepEqual(await types('?events=api_keys'), [])
})

test('events are paged by the cursor of _links.next, which stays right while new ones arrive', async () => {
  fromNowOn()
  const queue = await addQueue('paged')
  for (let i = 0; i < 9; i++) {
    if (i % 3 === 0) api.clock.now += 1
    await post(`/queues/${queue.id}/messages`, { data: 'x' })
  }
  const all = await events()
  assert.equal(all.length, 10)
  assert.deepEqual(
    all.map(({ id }) => id),
    all
      .map(({ id }) => id)
      .toSorted()
      .reverse(),
  )
  const seen: Json[] = []
  for (let next: string | undefined = '/v1/events?limit=4'; next !== undefined; ) {
    const { body } = await get(next)
    seen.push(...body.events)
    next = body._links.next?.href.slice(BASE.length)
    await addQueue(`meanwhile-${seen.length}`)
  }
  assert.deepEqual(seen, all)
})

const after = ({ stored_at, id }: Json) => `startAfter=${stored_at}&startAfterId=${id}`

test('what was stored after an entry is told oldest first, to who polls with the last one it has', async () => {
  fromNowOn()
  const queue = await addQueue('followed')
  let last: Json = (await events())[0]
  const seen: Json[] = []
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < round; i++) await post(`/queues/${queue.id}/messages`, { data: 'x' })
    if (round === 3) await addListener(queue, 'followed')
    api.clock.now += round % 2
    const fresh = await events(`?${after(last)}`)
    seen.push(...fresh)
    last = fresh.at(-1) ?? last
  }
  assert.equal(seen.length, 11)
  assert.deepEqual(seen, (await events()).slice(0, -1).reverse())
  assert.deepEqual(await events(`?${after(last)}`), [])
  assert.deepEqual(await events(`?events=listeners&${after(seen[0])}`), [
    seen.find(({ type }) => type === 'listener_added'),
  ])
})

test('who follows goes on by the cursor of _links.next, and an entry that is kept no longer still is a place', async () => {
  const at = fromNowOn()
  await addQueue('gone')
  const [gone] = await events()
  api.clock.now = at + DAY_MS + 1
  const queue = await addQueue('upwards')
  for (let i = 0; i < 6; i++) await post(`/queues/${queue.id}/messages`, { data: 'x' })
  const seen: Json[] = []
  for (let next: string | undefined = `/v1/events?limit=3&${after(gone)}`; next !== undefined; ) {
    const { body } = await get(next)
    seen.push(...body.events)
    const link: URL | undefined = body._links.next && new URL(body._links.next.href)
    if (link !== undefined) assert.deepEqual([...link.searchParams.keys()], ['limit', 'cursor'])
    next = link && link.pathname + link.search
  }
  assert.equal(seen.length, 7)
  assert.deepEqual(seen, (await events()).reverse())
})

test('half of a place to go on from has no effect', async () => {
  fromNowOn()
  for (const name of ['half-1', 'half-2']) await addQueue(name)
  const all = await events()
  const [{ id, stored_at }] = all
  for (const half of [`startAfter=${stored_at}`, `startAfterId=${id}`, 'startAfterId=x', 'startAfter=0']) {
    assert.deepEqual(await events(`?${half}`), all)
  }
})

test('events can be paged by number as well', async () => {
  fromNowOn()
  for (let i = 0; i < 5; i++) await addQueue(`numbered-${i}`)
  const all = await events()
  const { body } = await get('/v1/events?page=2&per_page=2')
  assert.deepEqual(body.events, all.slice(2, 4))
  assert.deepEqual(Object.keys(body._links), ['self', 'first', 'prev', 'next'])
  assert.deepEqual((await get(body._links.next.href.slice(BASE.length))).body.events, all.slice(4))
})

test('a page by number can lie anywhere, for a key that sees some queues only as well', async () => {
  fromNowOn()
  const [queue, other] = [await addQueue('far'), await addQueue('far-other')]
  for (let i = 0; i < 12; i++) {
    api.clock.now += 60_000
    await post(`/queues/${queue.id}/messages/batch`, { messages: Array.from({ length: 1_000 }, () => ({ data: 'x' })) })
    await post(`/queues/${other.id}/messages`, { data: 'x' })
  }
  const last = (await get('/v1/events?page=121&per_page=100')).body
  assert.deepEqual(
    last.events.map((event: Json) => event.type),
    [...Array(12).fill('message_added'), 'queue_added', 'queue_added'],
  )
  assert.deepEqual(Object.keys(last._links), ['self', 'first', 'prev'])
  assert.deepEqual((await get('/v1/events?page=122&per_page=100')).body.events, [])
  assert.deepEqual((await get('/v1/events?page=1000000000&per_page=100')).body.events, [])
  const scopes = [{ resource: 'events', access: 'read', targets: [queue.id] }]
  const { api_key: key } = await post('/api_keys', { scopes })
  const seen = await get('/v1/events?page=121&per_page=100&events=messages', key)
  assert.deepEqual(seen.body.events, [])
  const before = await get('/v1/events?page=120&per_page=100&events=messages', key)
  assert.equal(before.body.events.length, 100)
  assert.equal('next' in before.body._links, false)
})

test('a query that is not valid is a 400 that says why', async () => {
  fromNowOn()
  await addQueue('badly-asked')
  const [{ id, stored_at }] = await events()
  const faults: [string, string][] = [
    ['events=nothing', 'events'],
    ['events=queues,', 'events'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=x', 'limit'],
    [`startAfter=${stored_at + 1}&startAfterId=${id}`, 'startAfter'],
    [`startAfter=${stored_at}&startAfterId=x`, 'startAfterId'],
    [`startAfter=${stored_at}&startAfterId=${id}&page=2`, 'startAfter'],
    ['cursor=x', 'cursor'],
    [`cursor=${Buffer.from(`oldest ${'~'.repeat(21)}`).toString('base64url')}`, 'cursor'],
    [`cursor=${Buffer.from(`oldest ${'z'.repeat(21)}`).toString('base64url')}`, 'cursor'],
    [`cursor=${Buffer.from(`newest ${id}`).toString('base64url')}&page=2`, 'cursor'],
    ['page=0', 'page'],
    ['page=1000000001', 'page'],
  ]
  for (const [query, path] of faults) {
    const { status, body } = await get(`/v1/events?${query}`)
    assert.equal(status, 400, query)
    assert.deepEqual(
      body.errors.map((error: Json) => error.path),
      [path],
      query,
    )
  }
})

test('what happened more than a day ago is not listed, pruned or not', async () => {
  const at = fromNowOn()
  await addQueue('yesterday')
  api.clock.now = at + DAY_MS
  assert.equal((await events()).length, 1)
  api.clock.now += 1
  assert.deepEqual(await events(), [])
})

test('a key for some queues sees what happened to them, and one without the scope nothing', async () => {
  fromNowOn()
  const queue = await addQueue('seen')
  const listener = await addListener(queue, 'seen')
  const other = await addQueue('unseen')
  await addListener(other, 'unseen')
  const { message } = await post(`/queues/${queue.id}/messages`, { data: 'x' })
  await post(`/queues/${other.id}/messages`, { data: 'x' })
  const keyFor = async (resource: string, targets: string[]) =>
    (await post('/api_keys', { scopes: [{ resource, access: 'read', targets }] })).api_key
  const limited = await events('', await keyFor('events', [queue.id]))
  assert.deepEqual(
    limited.map((event) => (event.message ?? event.listener ?? event.queue).id).sort(),
    [queue.id, listener.id, message.id].sort(),
  )
  assert.equal((await get('/v1/events', await keyFor('queues', ['*']))).status, 403)
})

test("another organization's events are its own", async () => {
  fromNowOn()
  await addQueue('ours')
  assert.deepEqual(await events('', 'owner-key-of-the-other-organization'), [])
})
