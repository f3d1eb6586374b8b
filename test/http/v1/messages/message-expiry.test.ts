import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, sharedApi } from '../../../support/server/api.ts'

const DAY_MS = 86_400_000
const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'short' })).body.queue
const base = `/v1/queues/${queue.id}/messages`
const listeners = `/v1/queues/${queue.id}/listeners`
const listener = (await api.call('POST', listeners, { name: 'l', notify_url: 'http://example.com' })).body.listener

const read = async (id: string): Promise<Json> => (await api.call('GET', `${base}/${id}`)).body.message

async function post(body: object): Promise<Json> {
  const answer = await api.call('POST', base, { data: 'x', ...body })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return read(answer.body.message.id)
}

/** As the engine's loop does. */
async function expire(): Promise<void> {
  let looked = 1
  while (looked > 0) ({ looked } = await api.store.expiries.step({ ...STEP, now: api.clock.now }))
}
const STEP = { node: 'upkeep', limit: 100, afterOrganization: null }

test('a message expires at a time, or so long after it is due, and shows when', async () => {
  const { now } = api.clock
  for (const [what, expiresAt] of [
    [{ expires_at: now + 5_000 }, now + 5_000],
    [{ expires_in: 5_000 }, now + 5_000],
    [{ expires_in: 5_000, delay: 60_000 }, now + 65_000],
    [{ expires_in: 366 * DAY_MS, deliver_at: now + 366 * DAY_MS }, now + 732 * DAY_MS],
    [{ expires_at: now + 60_001, deliver_at: now + 60_000 }, now + 60_001],
    [{}, undefined],
  ] as const) {
    assert.equal((await post(what)).expires_at, expiresAt)
  }
})

test('once its time is over it says so, with each of its deliveries, and so do listings and the ledger', async () => {
  const message = await post({ expires_in: 1_000 })
  assert.equal(message.status, 'pending')
  api.clock.now += 1_000
  await expire()
  const { status, deliveries } = await read(message.id)
  assert.equal(status, 'expired')
  assert.deepEqual(deliveries, [
    { listener_id: listener.id, status: 'expired', attempts: 0, last_attempt_at: null, next_attempt_at: null },
  ])
  const found = await api.call('GET', `${base}?status=expired`)
  assert.ok(found.body.messages.some(({ id }: { id: string }) => id === message.id))
  const { body } = await api.call('GET', '/v1/ledger')
  const ledger = body.ledger.queues.find(({ id }: { id: string }) => id === queue.id).listeners[0]
  assert.equal(ledger.unaccounted, 0)
  assert.ok(ledger.discarded.expired >= 1)
})

const WRONG: [string, (now: number) => object, string, RegExp][] = [
  ['both', (now) => ({ expires_in: 1, expires_at: now + 5 }), '/expires_in', /expires_at; send one/],
  ['a time in seconds', (now) => ({ expires_at: Math.floor(now / 1_000) + 60 }), '/expires_at', /is in seconds/],
  ['a time that is over', (now) => ({ expires_at: now }), '/expires_at', /later than now/],
  ['a time before it is due', (now) => ({ expires_at: now + 5, delay: 5 }), '/expires_at', /later than .* due/],
  ['too late', (now) => ({ expires_at: now + 366 * DAY_MS + 1 }), '/expires_at', /at most 366 days/],
  ['too long', () => ({ expires_in: 366 * DAY_MS + 1 }), '/expires_in', /at most 31622400000/],
  ['nothing', () => ({ expires_in: 0 }), '/expires_in', /at least 1/],
  ['half a millisecond', () => ({ expires_in: 1.5 }), '/expires_in', /whole number/],
]
for (const [what, wrong, path, message] of WRONG) {
  test(`${what} is refused, by itself and in a batch, and nothing is stored`, async () => {
    const body = { data: '1', ...wrong(api.clock.now) }
    const one = await api.call('POST', base, body)
    assert.deepEqual([one.status, one.body.errors?.[0]?.path], [422, path], JSON.stringify(one.body))
    assert.match(one.body.errors[0].message, message)
    const many = await api.call('POST', `${base}/batch`, { messages: [{ data: '1' }, body] })
    assert.deepEqual([many.status, many.body.errors[0].path], [422, `/messages/1${path}`])
  })
}

test('a message cannot be moved to a time at which it has expired, and keeps when it expires', async () => {
  const { now } = api.clock
  const message = await post({ delay: 60_000, expires_in: 60_000 })
  const moved = await api.call('PUT', `${base}/${message.id}`, { deliver_at: now + 120_000 })
  assert.deepEqual([moved.status, moved.body.errors[0].path], [422, '/deliver_at'])
  assert.match(moved.body.errors[0].message, /earlier than expires_at/)
  const answer = await api.call('PUT', `${base}/${message.id}`, { ...message, deliver_at: now + 119_999 })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  assert.deepEqual([answer.body.message.deliver_at, answer.body.message.expires_at], [now + 119_999, now + 120_000])
})

test('a message that has expired cannot be redelivered, which says why', async () => {
  const message = await post({ expires_in: 1_000 })
  assert.equal((await api.call('POST', `${base}/${message.id}/redeliver`, {})).status, 200)
  api.clock.now += 1_000
  const answer = await api.call('POST', `${base}/${message.id}/redeliver`, {})
  assert.deepEqual([answer.status, answer.body.title], [422, 'Unprocessable Entity'])
  assert.match(answer.body.detail, /has expired/)
})
