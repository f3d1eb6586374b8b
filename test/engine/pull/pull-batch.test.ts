// Which of the waiting pulls one transaction serves, and how much data each may be given: whatever waits, what it is given
// has room, nothing that has room is refused, and no organization waits for more than its turn.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_DATA_BYTES } from '../../../src/core/delivery/message.ts'
import { Problem } from '../../../src/core/problem.ts'
import { FairPlaces } from '../../../src/core/sharing/fair-places.ts'
import { FairQueue } from '../../../src/core/sharing/fair-queue.ts'
import { refusalOf, takeBatch, type WaitingPull } from '../../../src/engine/pull/pull-batch.ts'

const ALL = 64 * MAX_DATA_BYTES
const MOST_OF_ONE = 4 * 1024 * 1024
const ORGANIZATIONS = ['a', 'b', 'c']

/** Room that organizations share as answers do. */
function roomOf(places: FairPlaces, organizationId: string): NonNullable<WaitingPull['room']> {
  return {
    take: (bytes) => places.take(organizationId, bytes),
    keep: () => places.give(organizationId, MAX_DATA_BYTES),
    refusal: () => new Problem(places.takenBy(organizationId) > 0 ? 'too_many_answers' : 'overloaded'),
  }
}

function waitingPull(places: FairPlaces, organizationId: string, limit: number): WaitingPull {
  const ask = { listenerId: 'l', limit, leaseMs: 30_000 }
  return { organizationId, ask, room: roomOf(places, organizationId) }
}

test('what is served has room for a message at least, and nothing that has room without the others is refused', () => {
  const pull = fc.record({ organizationId: fc.constantFrom(...ORGANIZATIONS), limit: fc.integer({ min: 1, max: 100 }) })
  const unread = fc.array(fc.integer({ min: 0, max: ALL }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(fc.array(pull, { minLength: 1, maxLength: 60 }), unread, (pulls, held) => {
      const places = new FairPlaces(ALL)
      for (const [index, bytes] of held.entries()) places.take(ORGANIZATIONS[index]!, bytes)
      const before = places.used
      const waiting = new FairQueue<WaitingPull>()
      for (const { organizationId, limit } of pulls)
        waiting.push(organizationId, waitingPull(places, organizationId, limit))
      const couldTake = new Set(ORGANIZATIONS.filter((it) => fits(places, it)))
      const { served, aside } = takeBatch(waiting)
      assert.ok(served.length + aside.length > 0, 'it goes on')
      assert.equal(served.length + aside.length + waiting.length, pulls.length)
      const given = served.reduce((sum, { ask }) => sum + ask.maxBytes, 0)
      assert.equal(places.used, before + given)
      assert.ok(places.used <= ALL)
      for (const { ask } of served) {
        assert.ok(Number.isInteger(ask.maxBytes) && ask.maxBytes >= MAX_DATA_BYTES, 'any message may be the first')
        assert.ok(ask.maxBytes <= Math.min(MOST_OF_ONE, ask.limit * MAX_DATA_BYTES))
      }
      for (const { pull: it, ask } of served) places.give(it.organizationId, ask.maxBytes)
      for (const it of aside) assert.equal(refusalOf(it) === null, couldTake.has(it.organizationId))
    }),
  )
})

function fits(places: FairPlaces, organizationId: string): boolean {
  if (!places.take(organizationId, MAX_DATA_BYTES)) return false
  places.give(organizationId, MAX_DATA_BYTES)
  return true
}

test('an organization that leaves all unread is refused at once, and the pulls of another are served together', () => {
  const places = new FairPlaces(ALL)
  for (let taken = true; taken; ) taken = places.take('greedy', MAX_DATA_BYTES)
  const waiting = new FairQueue<WaitingPull>()
  for (let n = 0; n < 20; n++) {
    waiting.push('greedy', waitingPull(places, 'greedy', 100))
    waiting.push('honest', waitingPull(places, 'honest', 1))
  }
  const { served, aside } = takeBatch(waiting)
  assert.deepEqual([...new Set(served.map(({ pull }) => pull.organizationId))], ['honest'])
  for (const { pull, ask } of served) places.give(pull.organizationId, ask.maxBytes)
  assert.deepEqual([...new Set(aside.map(({ organizationId }) => organizationId))], ['greedy'])
  for (const it of aside) assert.equal(refusalOf(it)?.code, 'too_many_answers')
  assert.ok(served.length >= 10, `${served.length} are served together`)
})

test('five hundred pulls of one message each, of as many organizations, are all served in a few transactions', () => {
  const places = new FairPlaces(ALL)
  const waiting = new FairQueue<WaitingPull>()
  for (let n = 0; n < 500; n++) waiting.push(`o${n}`, waitingPull(places, `o${n}`, 100))
  let transactions = 0
  for (; waiting.length > 0; transactions++) {
    const { served, aside } = takeBatch(waiting)
    for (const { pull, ask } of served) places.give(pull.organizationId, ask.maxBytes)
    for (const it of aside) {
      assert.equal(refusalOf(it), null)
      waiting.push(it.organizationId, it)
    }
  }
  assert.ok(transactions <= 20, `${transactions} transactions`)
})
