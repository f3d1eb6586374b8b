import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, OWNER_KEY, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
let fixtures = 0

/** A queue with a listener and one message, which is pending. */
async function fixture() {
  const queue = (await api.call('POST', '/v1/queues', { name: `queue-${++fixtures}` })).body.queue
  const path = `/v1/queues/${queue.id}`
  const listener = await addListener(path, 'early')
  const message = (await api.call('POST', `${path}/messages`, { data: 'x' })).body.message
  return { queue, path, listener, message, messagePath: `${path}/messages/${message.id}` }
}

async function addListener(path: string, name: string): Promise<Json> {
  const body = { name, notify_url: 'http://example.com' }
  const answer = await api.call('POST', `${path}/listeners`, body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.listener
}

/** Ends the message's delivery. */
async function settle(listener: Json, status: number): Promise<void> {
  const { now } = api.clock
  const ask = { node: 'n', listenerId: listener.id, limit: 1, maxBytes: 1e6, now }
  const { dueAt, lease, firstSentAt, attempts, attemptsBefore, message } = (await api.store.deliveries.claimDue(ask))
    .deliveries[0]!
  const delivery = { listenerId: listener.id, dueAt, lease, firstSentAt, attemptsBefore, sequence: message.sequence }
  const attempt = { number: attempts + 1, startedAt: now, durationMs: 1, status, error: null, response: '' }
  const next = status === 200 ? ({ state: 'acknowledged' } as const) : ({ state: 'missed', reason: 'x' } as const)
  const batch = { node: 'n', now, accepts: [], settlements: [{ delivery, attempt, next }], keyUses: [] }
  assert.deepEqual((await api.store.commit(batch)).settlements, ['settled'])
}

test('a message that was missed is pending again, to all its listeners where none is named, and its lane is told', async () => {
  const { listener, messagePath } = await fixture()
  await settle(listener, 500)
  assert.equal((await api.call('GET', messagePath)).body.message.status, 'missed')
  api.carried.length = 0
  const answer = await api.call('POST', `${messagePath}/redeliver`, {})
  assert.equal(answer.status, 200)
  const { status, deliveries } = answer.body.message
  assert.deepEqual([status, deliveries], ['pending', (await api.call('GET', messagePath)).body.message.deliveries])
  assert.deepEqual([deliveries[0].attempts, deliveries[0].next_attempt_at], [1, api.clock.now])
  assert.deepEqual(api.carried, [{ due: listener.id, dueAt: api.clock.now }])
})

test('a listener that the message was not accepted for is refused, and the fault says which one and why', async () => {
  const { path, listener, messagePath } = await fixture()
  const later = await addListener(path, 'later')
  const known = [listener.id, later.id]
  const refused = await api.call('POST', `${messagePath}/redeliver`, { listener_ids: known })
  assert.equal(refused.status, 422)
  assert.deepEqual(refused.body.errors, [
    { path: '/listener_ids/1', message: 'is the id of a listener that was made after the message was accepted' },
  ])
  const unknown = await api.call('POST', `${messagePath}/redeliver`, { listener_ids: [listener.id, 'nobody'] })
  assert.equal(unknown.status, 422)
  assert.deepEqual(unknown.body.errors, [
    { path: '/listener_ids/1', message: 'is not the id of a listener of this queue' },
  ])
  assert.equal((await api.call('POST', `${messagePath}/redeliver`, { listener_ids: [] })).status, 422)
  assert.equal((await api.call('POST', `${path}/messages/${listener.id}/redeliver`, {})).status, 404)
})

test('many are redelivered in the background, and the progress can be read', async () => {
  const { path, listener, messagePath } = await fixture()
  await settle(listener, 500)
  api.carried.length = 0
  const url = `${path}/listeners/${listener.id}/redeliver`
  const { status, body } = await api.call('POST', url, { status: 'missed', since: 1 })
  assert.equal(status, 200)
  assert.deepEqual(api.carried, ['redelivery'])
  const { id, created_at: _, ...rest } = body.redelivery
  assert.deepEqual(rest, { matched: 0, done: false, since: 1, status: 'missed', now: false })
  await api.store.redeliveries.step({ limit: 10, now: api.clock.now })
  const read = await api.call('GET', `${path}/listeners/${listener.id}/redeliveries/${id}`)
  assert.deepEqual([read.body.redelivery.matched, read.body.redelivery.done], [1, true])
  assert.equal(read.body._links.self.href, body._links.self.href)
  assert.equal((await api.call('GET', messagePath)).body.message.status, 'pending')
  assert.equal((await api.call('POST', url, { status: 'scheduled' })).status, 422)
  assert.equal((await api.call('GET', `${path}/listeners/${listener.id}/redeliveries/${listener.id}`)).status, 404)
  assert.equal((await api.call('POST', `${path}/listeners/${id}/redeliver`, {})).status, 404)
})

test('each needs the scope of what it is about', async () => {
  const { path, listener, messagePath } = await fixture()
  for (const [resource, allowed, other] of [
    ['messages', `${messagePath}/redeliver`, `${path}/listeners/${listener.id}/redeliver`],
    ['listeners', `${path}/listeners/${listener.id}/redeliver`, `${messagePath}/redeliver`],
  ] as const) {
    const scopes = [{ resource, access: 'write', targets: '*' }]
    const key = (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
    assert.equal((await api.call('POST', allowed, {}, key)).status, 200)
    assert.equal((await api.call('POST', other, {}, key)).status, 403)
  }
})

test('a repetition under the same Idempotency-Key begins nothing', async () => {
  const { path, listener } = await fixture()
  const url = `${path}/listeners/${listener.id}/redeliver`
  const headers = { 'x-api-key': OWNER_KEY, 'idempotency-key': 'once', 'content-type': 'application/json' }
  const [first, second] = [1, 2].map(() => api.inject({ method: 'POST', url, headers, payload: '{}' }))
  const one = (await first!).json().redelivery.id
  await second
  const again = await api.inject({ method: 'POST', url, headers, payload: '{}' })
  assert.equal(again.headers['idempotency-replayed'], 'true')
  assert.equal(again.json().redelivery.id, one)
})

test('a time that no store could hold is refused, and nothing begins', async () => {
  const { path, listener } = await fixture()
  for (const [name, value] of [
    ['since', -1],
    ['since', -2.4e20],
    ['until', 1e20],
    ['until', 253_402_300_799_001],
  ] as const) {
    const { status, body } = await api.call('POST', `${path}/listeners/${listener.id}/redeliver`, { [name]: value })
    assert.deepEqual([status, body.errors?.[0].path], [422, `/${name}`], String(value))
  }
})

test('what a redelivery would begin can be counted before, in as many answers as it takes', async () => {
  const { path, listener, messagePath } = await fixture()
  const url = `${path}/listeners/${listener.id}/redeliver`
  // More than one answer looks at.
  const [batch, batches] = [1_000, 11]
  const messages = Array.from({ length: batch }, () => ({ data: 'x' }))
  for (let at = 0; at < batches; at++) await api.call('POST', `${path}/messages/batch`, { messages })
  const counts: number[] = []
  let next: string | undefined = `${url}?status=pending&since=1`
  while (next !== undefined) {
    const { status, body }: Json = await api.call('GET', next)
    assert.equal(status, 200, JSON.stringify(body))
    counts.push(body.count.matched)
    next = body._links.next?.href
    if (next !== undefined) assert.match(next, /status=pending/)
  }
  assert.deepEqual(counts, [10_000, batch * batches + 1 - 10_000])
  assert.equal((await api.call('GET', `${url}?status=missed`)).body.count.matched, 0)
  assert.equal((await api.call('GET', messagePath)).body.message.deliveries[0].attempts, 0)
})

test('a count goes on only by a cursor of its own, and only for who may see the listener', async () => {
  const { path, listener } = await fixture()
  const url = `${path}/listeners/${listener.id}/redeliver`
  for (const query of ['cursor=x', 'status=scheduled', 'since=-1', `status=missed&cursor=${btoa(listener.id)}`]) {
    assert.equal((await api.call('GET', `${url}?${query}`)).status, 400, query)
  }
  assert.equal((await api.call('GET', `${path}/listeners/${'0'.repeat(21)}/redeliver`)).status, 404)
  const scopes = [{ resource: 'messages', access: 'write', targets: '*' }]
  const key = (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
  assert.equal((await api.call('GET', url, undefined, key)).status, 403)
})

test('a redelivery means what was missed, unless it is told otherwise, and counts the same', async () => {
  const { path, listener } = await fixture()
  await settle(listener, 500)
  await api.call('POST', `${path}/messages`, { data: 'pending' })
  const url = `${path}/listeners/${listener.id}/redeliver`
  for (const [asked, shown, matched] of [
    [undefined, 'missed', 1],
    ['pending', 'pending', 1],
    ['delivered', 'delivered', 0],
    ['all', 'all', 2],
  ] as const) {
    const query = asked === undefined ? '' : `?status=${asked}`
    assert.equal((await api.call('GET', `${url}${query}`)).body.count.matched, matched, shown)
    const { status, body } = await api.call('POST', url, asked && { status: asked })
    assert.deepEqual([status, body.redelivery.status], [200, shown])
  }
})

test('what is scheduled keeps its time when it is redelivered, one or many, unless the request says now', async () => {
  const { path, listener } = await fixture()
  const { message } = (await api.call('POST', `${path}/messages`, { data: 'x', delay: 60_000 })).body
  const url = `${path}/messages/${message.id}`
  const dueAt = async () => (await api.call('GET', url)).body.message.deliveries[0].next_attempt_at
  const later = api.clock.now + 60_000
  assert.equal((await api.call('POST', `${url}/redeliver`)).status, 200)
  assert.equal(await dueAt(), later)
  const all = async (body: object) => {
    const answer = await api.call('POST', `${path}/listeners/${listener.id}/redeliver`, { status: 'all', ...body })
    while ((await api.store.redeliveries.step({ limit: 10, now: api.clock.now })).looked > 0);
    return answer.body.redelivery.now
  }
  assert.deepEqual([await all({ now: false }), await dueAt()], [false, later])
  assert.deepEqual([await all({ now: true }), await dueAt()], [true, api.clock.now])
  const again = (await api.call('POST', `${path}/messages`, { data: 'x', delay: 60_000 })).body.message
  const { body } = await api.call('POST', `${path}/messages/${again.id}/redeliver`, { now: true })
  assert.equal(body.message.deliveries[0].next_attempt_at, api.clock.now)
  assert.equal((await api.call('POST', `${url}/redeliver`, { now: 1 })).status, 422)
})

test('a message that was for no listener, or for none that is left, cannot be redelivered', async () => {
  const { path, listener, messagePath } = await fixture()
  await api.call('DELETE', `${path}/listeners/${listener.id}`)
  const { id } = (await api.call('POST', `${path}/messages`, { data: 'x' })).body.message
  for (const url of [messagePath, `${path}/messages/${id}`]) {
    const { status, body } = await api.call('POST', `${url}/redeliver`)
    assert.deepEqual([status, body.errors[0].path], [422, '/listener_ids'])
  }
})
