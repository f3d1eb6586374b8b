import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt } from '../../../../src/core/delivery/attempt.ts'
import type { Next } from '../../../../src/core/delivery/delivery.ts'
import { type Json, OTHER_OWNER_KEY, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
let queues = 0

interface Place {
  queueId: string
  listenerId: string
  path: string
}

async function addPlace(listener: object = {}): Promise<Place> {
  queues += 1
  const { queue } = (await api.call('POST', '/v1/queues', { name: `waits-${queues}` })).body
  const given = { name: 'shop', notify_url: 'http://example.com', ...listener }
  const answer = await api.call('POST', `/v1/queues/${queue.id}/listeners`, given)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  const listenerId = answer.body.listener.id
  return { queueId: queue.id, listenerId, path: `/v1/queues/${queue.id}/listeners/${listenerId}` }
}

async function post({ queueId }: Place, message: object = {}): Promise<string> {
  const { status, body } = await api.call('POST', `/v1/queues/${queueId}/messages`, { data: 'x', ...message })
  assert.equal(status, 200, JSON.stringify(body))
  api.clock.now += 1_000
  return body.message.id
}

/** Ends an attempt at the first delivery that is due. */
async function tried({ listenerId }: Place, next: Next, what: Partial<Attempt>): Promise<void> {
  const now = api.clock.now
  const ask = { node: 'n', listenerId, limit: 1, maxBytes: 1e6, now }
  const [delivery] = (await api.store.deliveries.claimDue(ask)).deliveries
  assert.ok(delivery)
  const { message, attempts, dueAt, lease, firstSentAt, attemptsBefore } = delivery
  const reference = { listenerId, sequence: message.sequence, dueAt, lease, firstSentAt, attemptsBefore }
  const attempt = { startedAt: now, durationMs: 5, status: 200, error: null, response: '', ...what }
  const settlement = { delivery: reference, attempt: { ...attempt, number: attempts + 1 }, next }
  const batch = { node: 'n', now, accepts: [], settlements: [settlement], keyUses: [] }
  assert.deepEqual((await api.store.commit(batch)).settlements.length, 1)
  api.clock.now += 1_000
}

async function read(place: Place, rest: string): Promise<Json> {
  const { status, body } = await api.call('GET', `${place.path}/${rest}`)
  assert.equal(status, 200, JSON.stringify(body))
  return body
}

/** Follows `next` to the end, as a client would. */
async function everything(place: Place, rest: string, collection: string): Promise<Json[]> {
  const entries: Json[] = []
  let url: string | undefined = `${place.path}/${rest}`
  for (let pages = 0; url !== undefined; pages++) {
    assert.ok(pages < 50, 'the listing does not end')
    const { status, body } = await api.call('GET', url)
    assert.equal(status, 200, JSON.stringify(body))
    entries.push(...body[collection])
    url = body._links.next?.href.replace('http://localhost:80', '')
  }
  return entries
}

const ACKNOWLEDGED: Next = { state: 'acknowledged' }
const MISSED: Next = { state: 'missed', reason: 'retries_used_up' }
const later = (): Next => ({ state: 'pending', dueAt: api.clock.now + 60_000 })

/** Four attempts: one that was acknowledged, two failures of another message, and a timeout. */
async function withAttempts() {
  const place = await addPlace()
  const good = await post(place, { name: 'good' })
  await tried(place, ACKNOWLEDGED, { status: 204 })
  const bad = await post(place, { name: 'bad' })
  await tried(place, { state: 'pending', dueAt: api.clock.now }, { status: 503, response: 'later' })
  await tried(place, MISSED, { status: 404 })
  const slow = await post(place)
  await tried(place, later(), { status: null, error: 'timeout', response: 'no answer in time' })
  return { place, good, bad, slow }
}

test('the attempts at a listener are told newest first, each with its message', async () => {
  const { place, good, bad, slow } = await withAttempts()
  const { attempts, _links } = await read(place, 'attempts')
  assert.deepEqual(
    attempts.map((it: Json) => [it.message, it.number, it.status, it.error, it.response]),
    [
      [{ id: slow, name: slow }, 1, undefined, 'timeout', 'no answer in time'],
      [{ id: bad, name: 'bad' }, 2, 404, undefined, ''],
      [{ id: bad, name: 'bad' }, 1, 503, undefined, 'later'],
      [{ id: good, name: 'good' }, 1, 204, undefined, ''],
    ],
  )
  assert.deepEqual(Object.keys(_links), ['self'])
})

test('attempts are filtered by outcome, status, class of status, error and time', async () => {
  const { place } = await withAttempts()
  const found = async (query: string) =>
    (await read(place, `attempts?${query}`)).attempts.map((it: Json) => it.status ?? it.error)
  const all = await read(place, 'attempts')
  const [newest, second] = all.attempts
  assert.deepEqual(await found('outcome=failed'), ['timeout', 404, 503])
  assert.deepEqual(await found('outcome=ok'), [204])
  assert.deepEqual(await found('status=503'), [503])
  assert.deepEqual(await found('status=5xx'), [503])
  assert.deepEqual(await found('status=2xx'), [204])
  assert.deepEqual(await found('error=timeout'), ['timeout'])
  assert.deepEqual(await found(`since=${newest.started_at}`), ['timeout'])
  assert.deepEqual(await found(`until=${second.started_at}`), [404, 503, 204])
  assert.deepEqual(await found('outcome=failed&status=404'), [404])
})

test('pages of attempts follow each other without a gap or a repetition, whatever their size', async () => {
  const { place } = await withAttempts()
  const all = (await read(place, 'attempts')).attempts
  for (const size of [1, 2, 3]) {
    assert.deepEqual(await everything(place, `attempts?per_page=${size}`, 'attempts'), all)
    const failed = await everything(place, `attempts?outcome=failed&per_page=${size}`, 'attempts')
    assert.equal(failed.length, 3)
  }
})

test('a status that is none, and a cursor that was made up, are refused', async () => {
  const place = await addPlace()
  for (const query of ['status=teapot', 'status=5xxx', 'outcome=maybe', 'cursor=AAAA']) {
    assert.equal((await api.call('GET', `${place.path}/attempts?${query}`)).status, 400, query)
  }
  for (const query of ['status=gone', 'cursor=AAAA']) {
    assert.equal((await api.call('GET', `${place.path}/deliveries?${query}`)).status, 400, query)
  }
})

test('what waits is told with what it waits for', async () => {
  const place = await addPlace()
  await post(place, { name: 'failed' })
  await tried(place, later(), { status: 503, response: 'later' })
  await post(place, { name: 'now' })
  await post(place, { name: 'scheduled', delay: 3_600_000 })
  const { deliveries } = await read(place, 'deliveries')
  assert.deepEqual(
    deliveries.map((it: Json) => [it.message.name, it.status, it.waits_for, it.attempts, it.last_attempt?.status]),
    [
      ['now', 'pending', 'sending', 0, undefined],
      ['failed', 'pending', 'retry', 1, 503],
      ['scheduled', 'pending', 'due', 0, undefined],
    ],
  )
  assert.ok(deliveries[1].next_attempt_at > api.clock.now)
  await api.call('PUT', `/v1/queues/${place.queueId}`, { paused: true })
  const paused = (await read(place, 'deliveries?status=pending')).deliveries
  assert.deepEqual(new Set(paused.map((it: Json) => it.waits_for)), new Set(['paused']))
  await api.call('PUT', place.path, { status: 'disabled' })
  const disabled = (await read(place, 'deliveries')).deliveries
  assert.deepEqual(new Set(disabled.map((it: Json) => it.waits_for)), new Set(['disabled']))
})

test('what waits in an order names the message before it, page by page', async () => {
  const place = await addPlace({ ordering: 'key' })
  const heads: Record<string, string> = {}
  for (const key of ['a', 'ü', 'z']) {
    heads[key] = await post(place, { key, name: `${key}-head`.replace('ü', 'u') })
    await post(place, { key })
  }
  for (const size of [1, 2, 100]) {
    const all = await everything(place, `deliveries?per_page=${size}`, 'deliveries')
    assert.equal(all.length, 6)
    const held = all.filter((it) => it.waits_for === 'order')
    assert.deepEqual(
      held.map((it) => [it.key, it.behind]),
      ['a', 'z', 'ü'].map((key) => [key, { message_id: heads[key], missed: false }]),
    )
  }
})

test('what was missed is told with its reason, and what was delivered with its last attempt', async () => {
  const { place, good, bad } = await withAttempts()
  const [missed, ...others] = await everything(place, 'deliveries?status=missed&per_page=1', 'deliveries')
  assert.deepEqual(
    [missed?.message.id, missed?.reason, missed?.attempts, missed?.last_attempt.status],
    [bad, 'retries_used_up', 2, 404],
  )
  assert.ok(missed?.missed_at > 0)
  assert.deepEqual(others, [])
  const delivered = await everything(place, 'deliveries?status=delivered&per_page=1', 'deliveries')
  assert.deepEqual(
    delivered.map((it) => [it.message.id, it.status, it.last_attempt.status, it.next_attempt_at]),
    [[good, 'delivered', 204, null]],
  )
})

test('a listener of another queue, or of another organization, does not exist', async () => {
  const [place, other] = [await addPlace(), await addPlace()]
  for (const what of ['attempts', 'deliveries', 'deliveries?status=missed', 'deliveries?status=delivered']) {
    const elsewhere = `/v1/queues/${other.queueId}/listeners/${place.listenerId}/${what}`
    assert.equal((await api.call('GET', elsewhere)).status, 404, what)
    assert.equal((await api.call('GET', `${place.path}/${what}`, undefined, OTHER_OWNER_KEY)).status, 404, what)
  }
})

test('a key needs to be allowed to read the messages of the queue', async () => {
  const [place, other] = [await addPlace(), await addPlace()]
  const scoped = async (targets: string[]) => {
    const scopes = [{ resource: 'messages', access: 'read', targets }]
    return (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
  }
  const allowed = await scoped([place.queueId])
  const refused = await scoped([other.queueId])
  for (const what of ['attempts', 'deliveries']) {
    assert.equal((await api.call('GET', `${place.path}/${what}`, undefined, allowed)).status, 200)
    assert.equal((await api.call('GET', `${place.path}/${what}`, undefined, refused)).status, 403)
  }
})
