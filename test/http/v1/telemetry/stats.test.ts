import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVENT_TYPES } from '../../../../src/core/telemetry/event.ts'
import { type Json, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const organizationId = api.organizations.first
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Noon of a day on which nothing has happened yet. */
function anotherDay(): void {
  api.clock.now = (Math.floor(api.clock.now / DAY_MS) + 3) * DAY_MS + DAY_MS / 2
}

async function stats(query = '', key?: string): Promise<Json> {
  const { status, body } = await api.call('GET', `/v1/stats/messages${query}`, undefined, key)
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

/** Only the types that happened. */
function shown(counts: Json): Json {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0))
}

async function addQueue(name: string, listenerNames: string[] = []): Promise<{ id: string; listenerIds: string[] }> {
  const { queue } = (await api.call('POST', '/v1/queues', { name })).body
  const listenerIds: string[] = []
  for (const listener of listenerNames) {
    const body = { name: listener, notify_url: 'http://example.com' }
    listenerIds.push((await api.call('POST', `/v1/queues/${queue.id}/listeners`, body)).body.listener.id)
  }
  return { id: queue.id, listenerIds }
}

/** Posts a message and has each listener answer it after so long. */
async function delivered(queue: { id: string }, ...answers: { status: number; afterMs: number }[]): Promise<void> {
  const now = api.clock.now
  assert.equal((await api.call('POST', `/v1/queues/${queue.id}/messages`, { data: 'x' })).status, 200)
  const route = (await api.store.queues.route({ organizationId, id: queue.id }))!
  for (const [index, { status, afterMs }] of answers.entries()) {
    const listenerId = route.listeners[index]!.id
    const claim = await api.store.deliveries.claimDue({ node: 'n', listenerId, limit: 1, maxBytes: 1e6, now })
    const { dueAt, lease, firstSentAt, message } = claim.deliveries[0]!
    const delivery = { listenerId, dueAt, lease, firstSentAt, attemptsBefore: 0, sequence: message.sequence }
    const attempt = { number: 1, startedAt: now, durationMs: afterMs, status, error: null, response: '' }
    const next = status === 200 ? ({ state: 'acknowledged' } as const) : ({ state: 'missed', reason: 'x' } as const)
    const settlements = [{ delivery, attempt, next }]
    const result = await api.store.commit({ node: 'n', now, accepts: [], settlements, keyUses: [] })
    assert.deepEqual(result.settlements, ['settled'])
  }
}

test('the twelve types are counted for the last day, the last hour and today', async () => {
  anotherDay()
  const windows = async () => (await stats()).aggregated_api_usage_events
  const none = Object.fromEntries(EVENT_TYPES.map((type) => [type, 0]))
  assert.equal(EVENT_TYPES.length, 12)
  assert.deepEqual(await windows(), { last_24_hours: none, last_1_hours: none, today_so_far: none })
  await addQueue('counted', ['one'])
  const counts = { queue_added: 1, listener_added: 1 }
  const inWindows = async () =>
    Object.fromEntries(Object.entries(await windows()).map(([name, of]) => [name, shown(of)]))
  assert.deepEqual(await inWindows(), { last_24_hours: counts, last_1_hours: counts, today_so_far: counts })
  api.clock.now += HOUR_MS
  assert.deepEqual(await inWindows(), { last_24_hours: counts, last_1_hours: counts, today_so_far: counts })
  api.clock.now += 5 * MINUTE_MS
  assert.deepEqual(await inWindows(), { last_24_hours: counts, last_1_hours: {}, today_so_far: counts })
  api.clock.now += 12 * HOUR_MS
  assert.deepEqual(await inWindows(), { last_24_hours: counts, last_1_hours: {}, today_so_far: {} })
  api.clock.now += 12 * HOUR_MS
  assert.deepEqual(await inWindows(), { last_24_hours: {}, last_1_hours: {}, today_so_far: {} })
})

test('a day begins at midnight in UTC', async () => {
  anotherDay()
  api.clock.now = Math.ceil(api.clock.now / DAY_MS) * DAY_MS - 1
  await addQueue('before-midnight')
  const today = async () => shown((await stats()).aggregated_api_usage_events.today_so_far)
  assert.deepEqual(await today(), { queue_added: 1 })
  api.clock.now += 1
  assert.deepEqual(await today(), {})
  await addQueue('after-midnight')
  assert.deepEqual(await today(), { queue_added: 1 })
})

test('without series there is nothing but the sums and a link', async () => {
  anotherDay()
  await addQueue('brief')
  const body = await stats()
  assert.deepEqual(Object.keys(body), ['aggregated_api_usage_events', '_links'])
  assert.equal(body._links.self.href, 'http://localhost:80/v1/stats/messages')
})

test('series adds the counts of every five minutes of a day, which add up to it', async () => {
  anotherDay()
  const start = api.clock.now
  const queue = await addQueue('series')
  for (let i = 0; i < 3; i++) {
    await delivered(queue)
    api.clock.now += 4 * MINUTE_MS
  }
  const { series, aggregated_api_usage_events: windows } = await stats('?series')
  assert.equal(series.length, 289)
  assert.deepEqual(
    series.map((it: Json) => it.start - series[0].start),
    series.map((_: Json, index: number) => index * 5 * MINUTE_MS),
  )
  assert.deepEqual(
    series
      .filter((it: Json) => it.counts.message_added > 0)
      .map((it: Json) => [it.start - start, it.counts.message_added]),
    [
      [0, 2],
      [5 * MINUTE_MS, 1],
    ],
  )
  for (const type of EVENT_TYPES) {
    const sum = series.reduce((total: number, it: Json) => total + it.counts[type], 0)
    assert.equal(sum, windows.last_24_hours[type], type)
  }
})

test('series adds counts and delivery latencies of each queue and listener', async () => {
  anotherDay()
  const queue = await addQueue('parts', ['quick', 'slow'])
  for (let i = 1; i <= 100; i++) {
    api.clock.now += 1
    await delivered(queue, { status: 200, afterMs: 10 * i }, { status: i > 90 ? 500 : 200, afterMs: 20_000 })
  }
  const { queues, listeners } = await stats('?series=true')
  const find = (list: Json[], id: string) => list.find((it) => it.id === id)
  const own = find(queues, queue.id)
  assert.equal(own.name, 'parts')
  assert.deepEqual(shown(own.counts), {
    queue_added: 1,
    listener_added: 2,
    message_added: 100,
    message_published_ok: 190,
    message_published_not_ok: 10,
  })
  const quick = find(listeners, queue.listenerIds[0]!)
  assert.deepEqual([quick.name, quick.queue_id], ['quick', queue.id])
  assert.deepEqual(shown(quick.counts), { listener_added: 1, message_published_ok: 100 })
  assert.equal(quick.delivery_latency.count, 100)
  assertClose(quick.delivery_latency, { p50: 500, p95: 950, p99: 990 })
  assertClose(find(listeners, queue.listenerIds[1]!).delivery_latency, { p50: 20_000, p95: 20_000, p99: 20_000 })
  assert.equal(own.delivery_latency.count, 190)
  assertClose(own.delivery_latency, { p50: 950, p95: 20_000, p99: 20_000 })
})

test('the figures of one queue or listener are its own, over time, with the latency of each five minutes', async () => {
  anotherDay()
  const queue = await addQueue('one-of', ['quick', 'slow'])
  const other = await addQueue('not-of', ['other'])
  await delivered(other, { status: 200, afterMs: 1 })
  await delivered(queue, { status: 200, afterMs: 100 }, { status: 500, afterMs: 9_000 })
  api.clock.now += 10 * MINUTE_MS
  await delivered(queue, { status: 200, afterMs: 300 }, { status: 200, afterMs: 9_000 })
  const filled = (series: Json[]) => series.filter(({ counts }) => Object.keys(shown(counts)).length > 0)
  const ofQueue = await stats(`?series&of=${queue.id}`)
  assert.deepEqual(shown(ofQueue.aggregated_api_usage_events.last_24_hours), {
    queue_added: 1,
    listener_added: 2,
    message_added: 2,
    message_published_ok: 3,
    message_published_not_ok: 1,
  })
  assert.deepEqual([ofQueue.queues.length, ofQueue.listeners.length], [1, 2])
  const { series, queues, listeners } = await stats(`?series&of=${queue.listenerIds[0]}`)
  assert.deepEqual([queues, listeners.map(({ name }: Json) => name)], [[], ['quick']])
  const [first, second, ...more] = filled(series)
  assert.deepEqual(more, [])
  assert.deepEqual(shown(first.counts), { listener_added: 1, message_published_ok: 1 })
  assertClose(first.delivery_latency, { p50: 100, p99: 100 })
  assertClose(second.delivery_latency, { p50: 300 })
  assert.equal(second.start - first.start, 10 * MINUTE_MS)
})

test('what a key may not see has no figures for it, as if it were not there', async () => {
  anotherDay()
  const [seen, unseen] = [await addQueue('of-seen', ['a']), await addQueue('of-unseen', ['b'])]
  await delivered(unseen, { status: 200, afterMs: 5 })
  const scopes = [{ resource: 'stats', access: 'read', targets: [seen.id] }]
  const key = (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
  for (const id of [unseen.id, unseen.listenerIds[0], 'nobody']) {
    const { queues, listeners, aggregated_api_usage_events: windows } = await stats(`?series&of=${id}`, key)
    assert.deepEqual([queues, listeners, shown(windows.last_24_hours)], [[], [], {}])
  }
  const theirs = await stats(`?of=${unseen.id}`, 'owner-key-of-the-other-organization')
  assert.deepEqual(shown(theirs.aggregated_api_usage_events.last_24_hours), {})
})

function assertClose(latency: Json, exact: Record<string, number>): void {
  for (const [name, ms] of Object.entries(exact)) {
    assert.ok(Math.abs(latency[name] - ms) <= ms / 10, `${name}: ${latency[name]} instead of ${ms}`)
  }
}

test('a queue that did nothing has counts of zero and no latency', async () => {
  anotherDay()
  const queue = await addQueue('idle', ['idle'])
  api.clock.now += 2 * DAY_MS
  const { queues } = await stats('?series')
  const own = queues.find((it: Json) => it.id === queue.id)
  assert.deepEqual(shown(own.counts), {})
  assert.deepEqual(own.delivery_latency, { count: 0, p50: null, p95: null, p99: null })
})

test('a key for some queues gets the figures of those, and one without the scope none', async () => {
  anotherDay()
  const queue = await addQueue('figures-seen', ['seen'])
  const other = await addQueue('figures-unseen', ['unseen'])
  for (const it of [queue, queue, other]) await delivered(it, { status: 200, afterMs: 5 })
  const keyFor = async (resource: string, targets: string[]) =>
    (await api.call('POST', '/v1/api_keys', { scopes: [{ resource, access: 'read', targets }] })).body.api_key
  const limited = await stats('?series', await keyFor('stats', [queue.id]))
  const counts = { queue_added: 1, listener_added: 1, message_added: 2, message_published_ok: 2 }
  assert.deepEqual(shown(limited.aggregated_api_usage_events.last_24_hours), counts)
  assert.deepEqual(
    limited.queues.map((it: Json) => it.id),
    [queue.id],
  )
  assert.deepEqual(
    limited.listeners.map((it: Json) => it.id),
    queue.listenerIds,
  )
  const ofListener = await stats('', await keyFor('stats', queue.listenerIds))
  const own = { listener_added: 1, message_published_ok: 2 }
  assert.deepEqual(shown(ofListener.aggregated_api_usage_events.last_24_hours), own)
  const path = '/v1/stats/messages'
  assert.equal((await api.call('GET', path, undefined, await keyFor('events', ['*']))).status, 403)
})

test("another organization's figures are its own, and a bad parameter is a 400", async () => {
  anotherDay()
  await addQueue('not-theirs')
  const theirs = await stats('?series', 'owner-key-of-the-other-organization')
  assert.deepEqual(shown(theirs.aggregated_api_usage_events.last_24_hours), {})
  assert.deepEqual([theirs.queues, theirs.listeners], [[], []])
  assert.equal((await api.call('GET', '/v1/stats/messages?series=yes')).status, 400)
})
