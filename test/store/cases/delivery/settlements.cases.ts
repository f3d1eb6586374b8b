import assert from 'node:assert/strict'
import type { Next } from '../../../../src/core/delivery/delivery.ts'
import type { Listener } from '../../../../src/core/delivery/listener.ts'
import {
  ACKNOWLEDGED,
  accepted,
  claim,
  claimedOne,
  commit,
  idsOf,
  MISSED,
  pendingCount,
  settled,
  settlementOf,
  stored,
  storedFixture,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

const NOTHING_CLAIMED = { deliveries: [], nextDueAt: null }

/** One message for one listener, claimed. */
async function claimed(given: Given) {
  const { queue, listeners } = await storedFixture(given)
  const message = await accepted(given, queue)
  const listener = listeners[0]!
  const delivery = await claimedOne(given, { listenerId: listener.id })
  return { queue, listener, listenerId: listener.id, message, delivery }
}

async function countersOf({ store }: Given, listener: Listener) {
  const found = await store.listeners.get(idsOf(listener))
  assert.ok(found)
  const { acknowledgedCount, lastSuccessAt, lastFailureAt, missedCount, missedMessageIds } = found
  return { acknowledgedCount, lastSuccessAt, lastFailureAt, missedCount, missedMessageIds }
}

function later(given: Given, ms: number): Next {
  return { state: 'pending', dueAt: given.now + ms }
}

const done: StoreCase[] = [
  {
    name: 'an acknowledged delivery is never claimed again, and shows as delivered',
    async run(given) {
      const { queue, listenerId, message, delivery } = await claimed(given)
      assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'settled')
      for (const node of ['a', 'b']) {
        assert.deepEqual(await claim(given, { node, listenerId, now: given.now + 1e9 }), NOTHING_CLAIMED)
      }
      assert.deepEqual((await stored(given, message)).deliveries, [
        { listenerId, status: 'delivered', attempts: 1, lastAttemptAt: given.now, nextAttemptAt: null },
      ])
      assert.equal(await pendingCount(given, queue), 0)
    },
  },
  {
    name: 'a delivery that starts anew keeps its attempts, and none of them counts any more',
    async run(given) {
      const { listenerId, message, delivery } = await claimed(given)
      const anew: Next = { state: 'pending', dueAt: given.now + 5, anew: true }
      assert.equal(await settled(given, delivery, anew), 'settled')
      assert.deepEqual(await claim(given, { listenerId }), { deliveries: [], nextDueAt: given.now + 5 })
      const again = await claimedOne(given, { listenerId, now: given.now + 5 })
      assert.deepEqual([again.attempts, again.attemptsBefore, again.firstSentAt], [1, 1, given.now])
      assert.equal((await stored(given, message)).deliveries[0]?.attempts, 1)
      assert.equal(await settled(given, delivery, anew), 'lost')
    },
  },
  {
    name: 'an acknowledgement counts for its listener',
    async run(given) {
      const { listener, delivery } = await claimed(given)
      await settled(given, delivery, ACKNOWLEDGED)
      const none = { lastFailureAt: null, missedCount: 0, missedMessageIds: [] }
      assert.deepEqual(await countersOf(given, listener), { acknowledgedCount: 1, lastSuccessAt: given.now, ...none })
    },
  },
  {
    name: 'a missed delivery is never claimed again, and shows as missed',
    async run(given) {
      const { queue, listenerId, message, delivery } = await claimed(given)
      assert.equal(await settled(given, delivery, MISSED), 'settled')
      assert.deepEqual(await claim(given, { listenerId, now: given.now + 1e9 }), NOTHING_CLAIMED)
      assert.deepEqual((await stored(given, message)).deliveries, [
        { listenerId, status: 'missed', attempts: 1, lastAttemptAt: given.now, nextAttemptAt: null },
      ])
      assert.equal(await pendingCount(given, queue), 0)
    },
  },
  {
    name: 'a missed delivery counts for its listener and names its message',
    async run(given) {
      const { listener, message, delivery } = await claimed(given)
      await settled(given, delivery, MISSED)
      const missed = { missedCount: 1, missedMessageIds: [message.id] }
      const counters = { acknowledgedCount: 0, lastSuccessAt: null, lastFailureAt: given.now, ...missed }
      assert.deepEqual(await countersOf(given, listener), counters)
    },
  },
  {
    name: 'of many missed messages all are counted and the newest 100 named, newest first',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const ids: string[] = []
      for (let i = 0; i < 103; i++) ids.unshift((await accepted(given, queue)).id)
      const { deliveries } = await claim(given, { listenerId: listeners[0]!.id })
      const settlements = deliveries.map((delivery) => settlementOf(given, delivery, MISSED))
      await commit(given, { settlements })
      const { missedCount, missedMessageIds } = await countersOf(given, listeners[0]!)
      assert.equal(missedCount, 103)
      assert.deepEqual(missedMessageIds, ids.slice(0, 100))
    },
  },
]

const again: StoreCase[] = [
  {
    name: 'a failed delivery is due again at its time and not before, for any node, with its history',
    async run(given) {
      const { now } = given
      const { queue, listenerId, message, delivery } = await claimed(given)
      assert.equal(await settled(given, delivery, later(given, 500), { startedAt: now - 30 }), 'settled')
      for (const node of ['a', 'b']) {
        const early = await claim(given, { node, listenerId, now: now + 499 })
        assert.deepEqual(early, { deliveries: [], nextDueAt: now + 500 })
      }
      assert.equal(await pendingCount(given, queue), 1)
      assert.deepEqual((await stored(given, message)).deliveries, [
        { listenerId, status: 'pending', attempts: 1, lastAttemptAt: now - 30, nextAttemptAt: now + 500 },
      ])
      const { lease, ...retried } = await claimedOne(given, { node: 'b', listenerId, now: now + 500 })
      assert.notEqual(lease, delivery.lease)
      const history = { dueAt: now + 500, attempts: 1, attemptsBefore: 0, firstSentAt: now - 30, orderNumber: null }
      assert.deepEqual(retried, { listenerId, message: delivery.message, ...history })
    },
  },
  {
    name: 'the time of the first attempt is kept through every retry',
    async run(given) {
      const { now } = given
      let { listenerId, delivery } = await claimed(given)
      for (let i = 1; i <= 4; i++) {
        await settled(given, delivery, later(given, i), { startedAt: now + i })
        delivery = await claimedOne(given, { listenerId, now: now + i })
        assert.deepEqual([delivery.attempts, delivery.firstSentAt], [i, now + 1])
      }
    },
  },
  {
    name: 'a failure that is tried again shows in the figures only as the last failure',
    async run(given) {
      const { now } = given
      const { listener, listenerId, delivery } = await claimed(given)
      await settled(given, delivery, later(given, 5))
      const none = { acknowledgedCount: 0, lastSuccessAt: null, missedCount: 0, missedMessageIds: [] }
      assert.deepEqual(await countersOf(given, listener), { ...none, lastFailureAt: now })
      await settled(given, await claimedOne(given, { listenerId, now: now + 5 }), ACKNOWLEDGED, { startedAt: now + 5 })
      const success = { acknowledgedCount: 1, lastSuccessAt: now + 5, lastFailureAt: now }
      assert.deepEqual(await countersOf(given, listener), { ...none, ...success })
    },
  },
  {
    name: 'a retry joins the others in the order of due times',
    async run(given) {
      const { now } = given
      const { queue, listenerId, message, delivery } = await claimed(given)
      const [sooner, after] = [
        await accepted(given, queue, { deliverAt: now + 10 }),
        await accepted(given, queue, { deliverAt: now + 30 }),
      ]
      await settled(given, delivery, later(given, 20))
      const { deliveries } = await claim(given, { listenerId, now: now + 30 })
      assert.deepEqual(
        deliveries.map((found) => found.message.id),
        [sooner.id, message.id, after.id],
      )
    },
  },
]

const lost: StoreCase[] = [
  {
    name: 'settling twice is lost the second time, later or in the same batch, and counts once',
    async run(given) {
      for (const next of [ACKNOWLEDGED, MISSED, later(given, 5)]) {
        const { listener, message, delivery } = await claimed(given)
        const settlement = settlementOf(given, delivery, next)
        const { settlements } = await commit(given, { settlements: [settlement, settlement] })
        assert.deepEqual(settlements, ['settled', 'lost'], next.state)
        assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'lost', next.state)
        assert.equal((await given.store.messages.attempts(idsOf(message)))?.length, 1)
        const { acknowledgedCount, missedCount } = await countersOf(given, listener)
        const expected = [next.state === 'acknowledged' ? 1 : 0, next.state === 'missed' ? 1 : 0]
        assert.deepEqual([acknowledgedCount, missedCount], expected)
      }
    },
  },
  {
    name: 'settling twice in a batch is lost the second time, though the delivery stays due at the same time',
    async run(given) {
      const { message, delivery } = await claimed(given)
      const settlement = settlementOf(given, delivery, { state: 'pending', dueAt: delivery.dueAt })
      assert.deepEqual((await commit(given, { settlements: [settlement, settlement] })).settlements, [
        'settled',
        'lost',
      ])
      assert.equal((await given.store.messages.attempts(idsOf(message)))?.length, 1)
    },
  },
  {
    name: 'a settlement after its message was deleted is lost and brings nothing back',
    async run(given) {
      const { queue, listener, message, delivery } = await claimed(given)
      await given.store.messages.delete({ ...idsOf(message), now: NOW })
      const before = await countersOf(given, listener)
      for (const next of [later(given, 5), MISSED, ACKNOWLEDGED])
        assert.equal(await settled(given, delivery, next), 'lost')
      assert.equal(await given.store.messages.get(idsOf(message)), null)
      assert.deepEqual(await countersOf(given, listener), before)
      assert.equal(await pendingCount(given, queue), 0)
    },
  },
  {
    name: 'a settlement after its listener was deleted is lost and writes no attempt',
    async run(given) {
      const { queue, listener, message, delivery } = await claimed(given)
      await given.store.listeners.delete({ ...idsOf(listener), now: NOW })
      for (const next of [later(given, 5), MISSED, ACKNOWLEDGED])
        assert.equal(await settled(given, delivery, next), 'lost')
      assert.deepEqual(await given.store.messages.attempts(idsOf(message)), [])
      assert.equal(await pendingCount(given, queue), 0)
    },
  },
  {
    name: 'a settlement after its queue was deleted is lost, and its neighbours in the batch are not',
    async run(given) {
      const { queue, delivery } = await claimed(given)
      const other = await claimed(given)
      await given.store.queues.delete({ organizationId: queue.organizationId, id: queue.id, now: NOW })
      const settlements = [delivery, other.delivery].map((found) => settlementOf(given, found, ACKNOWLEDGED))
      assert.deepEqual((await commit(given, { settlements })).settlements, ['lost', 'settled'])
    },
  },
]

const counted: StoreCase[] = [
  {
    name: 'the pending count of a queue is right through all that happens to its deliveries',
    async run(given) {
      const { store } = given
      const { queue, listeners } = await storedFixture(given, 3)
      const [first, second, third] = listeners.map((listener) => listener.id)
      const counts: number[] = []
      const note = async () => counts.push(await pendingCount(given, queue))
      await note()
      const message = await accepted(given, queue)
      await accepted(given, queue, { deliverAt: given.now + 60_000 })
      await note()
      const delivery = await claimedOne(given, { listenerId: first! })
      await note()
      await settled(given, delivery, later(given, 5))
      await note()
      const retried = await claimedOne(given, { listenerId: first!, now: given.now + 5 })
      await settled(given, retried, ACKNOWLEDGED)
      await note()
      await settled(given, await claimedOne(given, { listenerId: second! }), MISSED)
      await note()
      await store.messages.delete({ ...idsOf(message), now: NOW })
      await note()
      await store.listeners.delete({ ...idsOf(listeners[2]!), id: third!, now: NOW })
      await note()
      assert.deepEqual(counts, [0, 6, 6, 6, 5, 4, 3, 2])
      while ((await store.removals.sweep({ limit: 100 })) > 0);
      assert.equal(await pendingCount(given, queue), 2)
    },
  },
]

export const settlementCases = [...done, ...again, ...lost, ...counted]
