import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt } from '../../../../src/core/delivery/attempt.ts'
import { type Json, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const organizationId = api.organizations.first
const queue = (await api.call('POST', '/v1/queues', { name: 'tried' })).body.queue
const listeners: Json[] = []
for (const name of ['a', 'b']) {
  const body = { name, notify_url: 'http://example.com' }
  listeners.push((await api.call('POST', `/v1/queues/${queue.id}/listeners`, body)).body.listener)
}

/** Stores a message that was tried `count` times for each listener, one attempt a second. */
async function triedMessage(count: number): Promise<string> {
  const now = api.clock.now
  const id = api.deps.runtime.newId()
  const route = (await api.store.queues.route({ organizationId, id: queue.id }))!
  const message = {
    id,
    organizationId,
    queueId: queue.id,
    name: null,
    key: null,
    data: 'x',
    createdAt: now,
    deliverAt: now,
    expiresAt: null,
    headers: null,
    mediaType: null,
  }
  const deliveries = route.listeners.map((listener) => ({ listenerId: listener.id, leased: true }))
  const nothing = { node: 'n', now, accepts: [], settlements: [], keyUses: [] }
  const accepts = [{ queueVersion: route.queue.version, messages: [{ message, deliveries }], answer: null }]
  const accepted = (await api.store.commit({ ...nothing, accepts })).accepts[0]!
  assert.ok(accepted.outcome === 'accepted')
  const { sequence, leases } = accepted.messages[0]!
  let dueAt = now
  for (let number = 1; number <= count; number++) {
    const startedAt = now + number * 1000
    for (const [index, { listenerId }] of deliveries.entries()) {
      const delivery = {
        listenerId,
        sequence,
        dueAt,
        lease: leases[index]!,
        firstSentAt: now + 1000,
        attemptsBefore: 0,
      }
      const settlement = {
        delivery,
        attempt: attemptOf(number, startedAt),
        next: { state: 'pending' as const, dueAt: startedAt },
      }
      assert.deepEqual((await api.store.commit({ ...nothing, settlements: [settlement] })).settlements, ['settled'])
      const ask = { node: 'n', listenerId, limit: 100, maxBytes: 1e6, now: startedAt }
      const claimed = (await api.store.deliveries.claimDue(ask)).deliveries
      leases[index] = claimed.find((claim) => claim.message.id === id)!.lease
    }
    dueAt = startedAt
  }
  return id
}

function attemptOf(number: number, startedAt: number): Attempt {
  const failed = number % 2 === 0
  return {
    number,
    startedAt,
    durationMs: 5,
    status: failed ? null : 500,
    error: failed ? 'timeout' : null,
    response: failed ? '' : 'no',
  }
}

test('attempts are listed in full, newest first, with a status or an error', async () => {
  const now = api.clock.now
  const id = await triedMessage(2)
  const { status, body } = await api.call('GET', `/v1/queues/${queue.id}/messages/${id}/attempts`)
  assert.equal(status, 200)
  const [a, b] = listeners.map((listener) => listener.id).sort()
  const second = { number: 2, started_at: now + 2000, duration: 5, error: 'timeout', response: '' }
  const first = { number: 1, started_at: now + 1000, duration: 5, status: 500, response: 'no' }
  assert.deepEqual(body.attempts, [
    { listener_id: a, ...second },
    { listener_id: b, ...second },
    { listener_id: a, ...first },
    { listener_id: b, ...first },
  ])
  assert.deepEqual(Object.keys(body._links), ['self'])
  const full = (await api.call('GET', `/v1/queues/${queue.id}/messages/${id}`)).body.message
  assert.deepEqual(
    full.deliveries.map((delivery: Json) => delivery.attempts),
    [2, 2],
  )
})

test('attempts are paged by cursor and by page', async () => {
  const id = await triedMessage(3)
  const path = `/v1/queues/${queue.id}/messages/${id}/attempts`
  const all = (await api.call('GET', path)).body.attempts
  const seen: Json[] = []
  let next: string | undefined = `${path}?per_page=4`
  while (next !== undefined) {
    const { body }: Json = await api.call('GET', next)
    seen.push(...body.attempts)
    next = body._links.next?.href.slice('http://localhost:80'.length)
  }
  assert.equal(all.length, 6)
  assert.deepEqual(seen, all)
  assert.deepEqual((await api.call('GET', `${path}?page=2&per_page=4`)).body.attempts, all.slice(4))
  assert.equal((await api.call('GET', `${path}?cursor=x`)).status, 400)
})

test('a page that lies too far is refused, and says how to get there', async () => {
  const path = `/v1/queues/${queue.id}/messages/${'0'.repeat(21)}/attempts`
  const { status, body } = await api.call('GET', `${path}?page=102&per_page=100`)
  assert.deepEqual([status, body.errors[0].path], [400, 'page'])
  assert.match(body.errors[0].message, /^must be at most 101; go further by _links\.next/)
  assert.equal((await api.call('GET', `${path}?page=101&per_page=100`)).status, 404)
})

test('attempts of a message that is not there are a 404', async () => {
  assert.equal((await api.call('GET', `/v1/queues/${queue.id}/messages/${'0'.repeat(21)}/attempts`)).status, 404)
})
