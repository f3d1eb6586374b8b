import assert from 'node:assert/strict'
import { DEFAULT_SETTINGS, type DeliverySettings, type Listener } from '../../../../src/core/delivery/listener.ts'
import type { LeaseEnd, Receipt } from '../../../../src/core/delivery/pull.ts'
import type { Queue } from '../../../../src/core/delivery/queue.ts'
import type { SettleResult } from '../../../../src/store/commit/batch.ts'
import type { LeaseSettlement, PullAsk, Pulled, PulledDelivery } from '../../../../src/store/pulls.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  claim,
  commit,
  idsOf,
  pendingCount,
  settled,
  settlementOf,
  stored,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../../fixture.ts'
import type { Given, StoreCase } from '../../suite.ts'

const LEASE_MS = 30_000
const ACK: LeaseEnd = { how: 'acknowledged' }
const RETRY = { maxAttempts: 3, initialDelayMs: 1_000, maxDelayMs: 60_000, multiplier: 4 }

interface PullFixture {
  queue: Queue
  listener: Listener
}

/** A queue with one listener that pulls. */
async function fixture(given: Given, settings: Partial<DeliverySettings> = {}): Promise<PullFixture> {
  const queue = await storedQueue(given, await storedOrganization(given))
  return { queue, listener: await puller(given, queue, settings) }
}

async function puller({ store, make }: Given, queue: Queue, settings: Partial<DeliverySettings> = {}) {
  const listener = make.listener(queue, {
    notifyUrl: null,
    livenessUrl: null,
    settings: { ...DEFAULT_SETTINGS, retry: RETRY, ...settings },
  })
  assert.equal(await store.listeners.create(listener), 'created')
  return listener
}

function pull({ store, now }: Given, { id }: Listener, ask: Partial<PullAsk> & { now?: number } = {}): Promise<Pulled> {
  const { now: at = now, ...rest } = ask
  const asks = [{ listenerId: id, limit: 10, maxBytes: 1e9, leaseMs: LEASE_MS, ...rest }]
  return store.pulls.pull({ now: at, asks }).then((pulled) => pulled[0]!)
}

async function pulled(given: Given, listener: Listener, ask: Partial<PullAsk> & { now?: number } = {}) {
  const result = await pull(given, listener, ask)
  assert.ok(result.outcome === 'pulled')
  return result.deliveries
}

async function pulledOne(given: Given, listener: Listener, ask: { now?: number } = {}): Promise<PulledDelivery> {
  const deliveries = await pulled(given, listener, ask)
  assert.equal(deliveries.length, 1)
  return deliveries[0]!
}

function receiptOf({ message, leaseUntil, attempt }: PulledDelivery): Receipt {
  return { messageId: message.id, leaseUntil, attempt }
}

async function end(
  given: Given,
  { id, queueId }: Pick<Listener, 'id' | 'queueId'>,
  receipt: Receipt,
  how: LeaseSettlement['end'],
  at = given.now,
): Promise<SettleResult> {
  const settlement = { listenerId: id, queueId, receipt, end: how, random: 0.5 }
  const { leaseSettlements } = await commit(given, { now: at, leaseSettlements: [settlement] })
  assert.equal(leaseSettlements.length, 1)
  return leaseSettlements[0]!
}

async function attemptsOf({ store }: Given, message: { organizationId: string; queueId: string; id: string }) {
  const attempts = await store.messages.attempts(idsOf(message))
  assert.ok(attempts)
  return attempts.map(({ attempt }) => [attempt.number, attempt.status, attempt.error, attempt.durationMs]).reverse()
}

async function countersOf({ store }: Given, listener: Listener) {
  const found = await store.listeners.get(idsOf(listener))
  assert.ok(found)
  const { acknowledgedCount, missedCount, lastSuccessAt, lastFailureAt } = found
  return { acknowledgedCount, missedCount, lastSuccessAt, lastFailureAt }
}

const taken: StoreCase[] = [
  {
    name: 'what is due is pulled, oldest first, with its first attempt, and leased until the end of its lease',
    async run(given) {
      const { queue, listener } = await fixture(given)
      const messages = [await accepted(given, queue), await accepted(given, queue, { name: 'second', data: '🙂' })]
      const deliveries = await pulled(given, listener)
      assert.deepEqual(
        deliveries.map(({ message, leaseUntil, attempt, orderNumber }) => ({
          ...{ message, leaseUntil, attempt, orderNumber },
        })),
        messages.map(({ deliveries: _, ...message }) => ({
          ...{ message, leaseUntil: given.now + LEASE_MS, attempt: 1, orderNumber: null },
        })),
      )
      assert.deepEqual(await pulled(given, listener), [])
    },
  },
  {
    name: 'a pull takes no more than it asks for, and says when the next one is due',
    async run(given) {
      const { queue, listener } = await fixture(given)
      for (let i = 0; i < 3; i++) await accepted(given, queue)
      await accepted(given, queue, { deliverAt: given.now + 5_000 })
      const first = await pull(given, listener, { limit: 2 })
      assert.ok(first.outcome === 'pulled' && first.deliveries.length === 2)
      assert.ok(first.nextDueAt !== null && first.nextDueAt <= given.now)
      const second = await pull(given, listener, { limit: 2 })
      assert.ok(second.outcome === 'pulled' && second.deliveries.length === 1)
      assert.equal(second.nextDueAt, given.now + 5_000)
      const third = await pull(given, listener)
      assert.deepEqual(third, { outcome: 'pulled', deliveries: [], nextDueAt: given.now + 5_000 })
    },
  },
  {
    name: 'a pull takes no more data than it asks for, but for its first message',
    async run(given) {
      const { queue, listener } = await fixture(given)
      for (const data of ['x'.repeat(60), 'ü'.repeat(30), 'x'.repeat(500)]) await accepted(given, queue, { data })
      const sizes = async () =>
        (await pulled(given, listener, { maxBytes: 110 })).map(({ message }) => message.data.length)
      assert.deepEqual(await sizes(), [60])
      assert.deepEqual(await sizes(), [30])
      assert.deepEqual(await sizes(), [500])
    },
  },
  {
    name: 'what nobody pulled yet is not sent to anybody, and what is sent to others cannot be pulled',
    async run(given) {
      const { queue, listener } = await fixture(given)
      const pushed = await storedListener(given, queue)
      await accepted(given, queue)
      const waiting = await given.store.deliveries.waiting({ node: 'a', after: null, limit: 9, now: given.now })
      assert.deepEqual(
        waiting.map(({ listenerId }) => listenerId),
        [pushed.id],
      )
      assert.deepEqual(await pull(given, pushed), { outcome: 'gone' })
      assert.equal((await pulled(given, listener)).length, 1)
    },
  },
  {
    name: 'a listener that is gone, or never was, has nothing to pull',
    async run(given) {
      const { store, make, now } = given
      const { queue, listener } = await fixture(given)
      await accepted(given, queue)
      assert.deepEqual(await pull(given, { ...listener, id: make.id() }), { outcome: 'gone' })
      await store.listeners.delete({ ...idsOf(listener), now })
      assert.deepEqual(await pull(given, listener), { outcome: 'gone' })
    },
  },
  {
    name: 'a paused queue and a disabled listener have nothing to pull now, and leases go on meanwhile',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given)
      await accepted(given, queue)
      const delivery = await pulledOne(given, listener)
      await accepted(given, queue)
      const nothing = { outcome: 'pulled', deliveries: [], nextDueAt: null }
      const { organizationId, id } = queue
      await store.queues.update({ organizationId, id, changes: { paused: true }, now })
      assert.deepEqual(await pull(given, listener), nothing)
      assert.equal(await end(given, listener, receiptOf(delivery), ACK), 'settled')
      await store.queues.update({ organizationId, id, changes: { paused: false }, now })
      await store.listeners.update({ ...idsOf(listener), changes: { settings: { status: 'disabled' } }, now })
      assert.deepEqual(await pull(given, listener), nothing)
      await store.listeners.update({ ...idsOf(listener), changes: { settings: { status: 'enabled' } }, now })
      assert.equal((await pulled(given, listener)).length, 1)
    },
  },
  {
    name: 'pulls of one transaction share nothing',
    async run(given) {
      const { queue, listener } = await fixture(given)
      for (let i = 0; i < 5; i++) await accepted(given, queue)
      const ask = { listenerId: listener.id, limit: 2, maxBytes: 1e9, leaseMs: LEASE_MS }
      const all = await given.store.pulls.pull({ now: given.now, asks: [ask, ask, ask] })
      const ids = all.flatMap((it) => (it.outcome === 'pulled' ? it.deliveries.map(({ message }) => message.id) : []))
      assert.equal(ids.length, 5)
      assert.equal(new Set(ids).size, 5)
    },
  },
]

const ended: StoreCase[] = [
  {
    name: 'an acknowledged message is delivered: an attempt with 200, counted, never to be had again',
    async run(given) {
      const { now } = given
      const { queue, listener } = await fixture(given)
      const message = await accepted(given, queue)
      const delivery = await pulledOne(given, listener)
      const settlement = await end(given, listener, receiptOf(delivery), ACK, now + 250)
      assert.equal(settlement, 'settled')
      assert.deepEqual(await attemptsOf(given, message), [[1, 200, null, 250]])
      assert.deepEqual(await countersOf(given, listener), {
        acknowledgedCount: 1,
        missedCount: 0,
        lastSuccessAt: now + 250,
        lastFailureAt: null,
      })
      assert.equal(await pendingCount(given, queue), 0)
      assert.equal((await stored(given, message)).deliveries[0]!.status, 'delivered')
      assert.deepEqual(await pulled(given, listener, { now: now + 10 * LEASE_MS }), [])
      assert.deepEqual(await end(given, listener, receiptOf(delivery), ACK), 'lost')
    },
  },
  {
    name: 'a returned message comes again after the delay of the retry policy, or after its own',
    async run(given) {
      const { now } = given
      const { queue, listener } = await fixture(given)
      const message = await accepted(given, queue)
      const first = receiptOf(await pulledOne(given, listener))
      const byPolicy = await end(given, listener, first, { how: 'returned', delayMs: null }, now + 100)
      assert.deepEqual(byPolicy, { nextDueAt: now + 1_100 })
      assert.deepEqual(await pulled(given, listener, { now: now + 1_099 }), [])
      const again = await pulledOne(given, listener, { now: now + 1_100 })
      assert.equal(again.attempt, 2)
      const own = await end(given, listener, receiptOf(again), { how: 'returned', delayMs: 7 }, now + 1_200)
      assert.deepEqual(own, { nextDueAt: now + 1_207 })
      assert.equal((await pulledOne(given, listener, { now: now + 1_207 })).attempt, 3)
      assert.deepEqual(await attemptsOf(given, message), [
        [1, null, 'returned', 100],
        [2, null, 'returned', 100],
      ])
    },
  },
  {
    name: 'a lease that runs out counts as an attempt, and its message can be had at once, by a later pull alone',
    async run(given) {
      const { now } = given
      const { queue, listener } = await fixture(given)
      const message = await accepted(given, queue)
      const first = await pulledOne(given, listener)
      assert.deepEqual(await pulled(given, listener, { now: now + LEASE_MS - 1 }), [])
      const second = await pulledOne(given, listener, { now: now + LEASE_MS })
      assert.deepEqual([second.attempt, second.leaseUntil], [2, now + 2 * LEASE_MS])
      assert.deepEqual(await attemptsOf(given, message), [[1, null, 'lease_expired', LEASE_MS]])
      // The first holder wakes up late: the lease is another's by now.
      assert.deepEqual(await end(given, listener, receiptOf(first), ACK, now + LEASE_MS + 1), 'lost')
      assert.equal(await end(given, listener, receiptOf(second), ACK, now + LEASE_MS + 2), 'settled')
    },
  },
  {
    name: 'after its last attempt a message is missed, whether it was returned, its lease ran out, or nobody pulls any more',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given, { retry: { ...RETRY, maxAttempts: 1 } })
      const messages = [await accepted(given, queue), await accepted(given, queue), await accepted(given, queue)]
      const [returned, , pulledAgain] = await pulled(given, listener)
      await end(given, listener, receiptOf(returned!), { how: 'returned', delayMs: 0 })
      const { freed, nextAt } = await store.pulls.expire({ now: now + LEASE_MS, limit: 1 })
      assert.deepEqual([freed, nextAt], [[], now + LEASE_MS])
      assert.deepEqual(await pulled(given, listener, { now: now + LEASE_MS }), [])
      for (const message of messages) assert.equal((await stored(given, message)).deliveries[0]!.status, 'missed')
      assert.equal((await countersOf(given, listener)).missedCount, 3)
      assert.equal(await pendingCount(given, queue), 0)
      assert.deepEqual(await end(given, listener, receiptOf(pulledAgain!), ACK), 'lost')
    },
  },
  {
    name: 'leases that have run out are ended by themselves, a few at a time, and each of them once',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given)
      const messages = await Promise.all([1, 2, 3].map(() => accepted(given, queue)))
      await pulled(given, listener)
      const expire = (at: number, limit = 10) => store.pulls.expire({ now: at, limit })
      assert.deepEqual(await expire(now + LEASE_MS - 1), { freed: [], nextAt: now + LEASE_MS })
      assert.equal((await expire(now + LEASE_MS, 2)).freed.length, 2)
      const rest = await expire(now + LEASE_MS + 5)
      assert.deepEqual(rest, { freed: [{ listenerId: listener.id, dueAt: now + LEASE_MS }], nextAt: null })
      assert.deepEqual(await expire(now + 9 * LEASE_MS), { freed: [], nextAt: null })
      for (const message of messages) assert.equal((await attemptsOf(given, message)).length, 1)
      const again = await pulled(given, listener, { now: now + LEASE_MS + 5 })
      assert.deepEqual(
        again.map(({ attempt }) => attempt),
        [2, 2, 2],
      )
    },
  },
  {
    name: 'the time of the last failure does not go back to that of a lease which was found to have run out later',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given)
      await accepted(given, queue)
      await accepted(given, queue)
      await pulled(given, listener, { limit: 1, leaseMs: 40_000 })
      const second = receiptOf((await pulled(given, listener, { leaseMs: 600_000 }))[0]!)
      await end(given, listener, second, { how: 'returned', delayMs: 0 }, now + 50_000)
      assert.equal((await countersOf(given, listener)).lastFailureAt, now + 50_000)
      await store.pulls.expire({ now: now + 60_000, limit: 9 })
      assert.equal((await countersOf(given, listener)).lastFailureAt, now + 50_000)
    },
  },
  {
    name: 'what nobody has seen is handed back without an attempt',
    async run(given) {
      const { now } = given
      const { queue, listener } = await fixture(given)
      const message = await accepted(given, queue)
      const delivery = await pulledOne(given, listener)
      assert.deepEqual(await end(given, listener, receiptOf(delivery), { how: 'unseen' }, now + 5), {
        nextDueAt: now + 5,
      })
      assert.deepEqual(await attemptsOf(given, message), [])
      assert.equal((await pulledOne(given, listener, { now: now + 5 })).attempt, 1)
      assert.deepEqual(await end(given, listener, receiptOf(delivery), { how: 'unseen' }, now + 6), 'lost')
    },
  },
  {
    name: 'a receipt is good for its own listener, queue, lease and attempt, and once',
    async run(given) {
      const { make } = given
      const { queue, listener } = await fixture(given)
      const neighbour = await puller(given, queue)
      await accepted(given, queue)
      const receipt = receiptOf(await pulledOne(given, listener))
      const wrong: [Pick<Listener, 'id' | 'queueId'>, Receipt][] = [
        [neighbour, receipt],
        [{ ...listener, queueId: make.id() }, receipt],
        [listener, { ...receipt, messageId: make.id() }],
        [listener, { ...receipt, leaseUntil: receipt.leaseUntil + 1 }],
        [listener, { ...receipt, attempt: 2 }],
      ]
      for (const [whose, which] of wrong) assert.deepEqual(await end(given, whose, which, ACK), 'lost')
      const settlement = { listenerId: listener.id, queueId: queue.id, receipt, end: ACK, random: 0 }
      const both = await commit(given, { leaseSettlements: [settlement, settlement] })
      assert.deepEqual(both.leaseSettlements, ['settled', 'lost'])
      assert.equal((await countersOf(given, listener)).acknowledgedCount, 1)
    },
  },
  {
    name: 'of a deleted message, listener or queue every receipt is lost',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given)
      const message = await accepted(given, queue)
      await accepted(given, queue)
      const [first, second] = await pulled(given, listener)
      await store.messages.delete({ ...idsOf(message), now })
      assert.deepEqual(await end(given, listener, receiptOf(first!), ACK), 'lost')
      assert.equal(await pendingCount(given, queue), 1)
      await store.listeners.delete({ ...idsOf(listener), now })
      assert.deepEqual(await end(given, listener, receiptOf(second!), ACK), 'lost')
      assert.deepEqual((await store.pulls.expire({ now: now + LEASE_MS, limit: 9 })).freed, [])
    },
  },
]

const together: StoreCase[] = [
  {
    name: 'every lease that ended is an event and is counted, as with those who are sent things',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given)
      for (let i = 0; i < 3; i++) await accepted(given, queue)
      const [first, second] = await pulled(given, listener)
      await end(given, listener, receiptOf(first!), ACK)
      await end(given, listener, receiptOf(second!), { how: 'returned', delayMs: 0 })
      await store.pulls.expire({ now: now + LEASE_MS, limit: 9 })
      const { organizationId } = queue
      const ask = { organizationId, categories: ['messages' as const], only: null, since: 0, after: null, limit: 99 }
      const types = (await store.events.list(ask)).events.map(({ type }) => type)
      assert.deepEqual(types.filter((type) => type !== 'message_added').toSorted(), [
        'message_published_not_ok',
        'message_published_not_ok',
        'message_published_ok',
      ])
    },
  },
  {
    name: 'in an order the next message can be had once the one before is done with',
    async run(given) {
      const { now } = given
      const { queue, listener } = await fixture(given, { ordering: 'queue' })
      const messages = [await accepted(given, queue), await accepted(given, queue)]
      const first = await pulledOne(given, listener)
      assert.deepEqual([first.message.id, first.orderNumber], [messages[0]!.id, 1])
      const settlement = await end(given, listener, receiptOf(first), ACK)
      assert.ok(typeof settlement === 'object' && settlement.nextDueAt <= now)
      const second = await pulledOne(given, listener)
      assert.deepEqual([second.message.id, second.orderNumber], [messages[1]!.id, 2])
    },
  },
  {
    name: 'in an order a lease that ran out for the last time makes way for the next message',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given, { ordering: 'queue', retry: { ...RETRY, maxAttempts: 1 } })
      await accepted(given, queue)
      const second = await accepted(given, queue)
      await pulledOne(given, listener)
      const { freed } = await store.pulls.expire({ now: now + LEASE_MS, limit: 9 })
      assert.deepEqual(
        freed.map(({ listenerId }) => listenerId),
        [listener.id],
      )
      assert.equal((await pulledOne(given, listener, { now: now + LEASE_MS })).message.id, second.id)
    },
  },
  {
    name: 'in an order a pull that ends the last lease of a message says that the next one can be had now',
    async run(given) {
      const { now } = given
      const { queue, listener } = await fixture(given, { ordering: 'queue', retry: { ...RETRY, maxAttempts: 1 } })
      await accepted(given, queue)
      const second = await accepted(given, queue)
      await pulledOne(given, listener)
      const at = now + LEASE_MS
      const ending = await pull(given, listener, { now: at })
      assert.deepEqual(ending, { outcome: 'pulled', deliveries: [], nextDueAt: at })
      assert.equal((await pulledOne(given, listener, { now: at })).message.id, second.id)
    },
  },
  {
    name: 'a pull goes past leases that ran out for the last time, however many they are, and takes what it asks for',
    async run(given) {
      const { now } = given
      const { queue, listener } = await fixture(given, { retry: { ...RETRY, maxAttempts: 1 } })
      for (let i = 0; i < 7; i++) await accepted(given, queue)
      assert.equal((await pulled(given, listener)).length, 7)
      const rest = [await accepted(given, queue, { deliverAt: now + LEASE_MS }), await accepted(given, queue)]
      const at = now + LEASE_MS
      await pulled(given, listener, { limit: 1, leaseMs: 10 })
      const [taken, ...more] = await pulled(given, listener, { now: at, limit: 2 })
      assert.deepEqual([taken?.message.id, more.length], [rest[0]!.id, 0])
      const { missedCount } = await countersOf(given, listener)
      assert.equal(missedCount, 8)
      assert.equal(await pendingCount(given, queue), 1)
    },
  },
  {
    name: 'pulls of several listeners share a transaction, each with what is its own',
    async run(given) {
      const { now } = given
      const { queue, listener } = await fixture(given)
      const [other, pushed] = [await puller(given, queue, { ordering: 'queue' }), await storedListener(given, queue)]
      const messages = [await accepted(given, queue), await accepted(given, queue, { data: 'a longer text' })]
      const common = { limit: 1, maxBytes: 1e9, leaseMs: LEASE_MS }
      const listenerIds = [listener.id, pushed.id, other.id, given.make.id(), listener.id, other.id]
      const asks = listenerIds.map((listenerId, index) => ({ ...common, listenerId, leaseMs: LEASE_MS + index }))
      const all = await given.store.pulls.pull({ now, asks })
      const first = messages.map(({ id }) => id)
      assert.deepEqual(
        all.map((it) =>
          it.outcome === 'gone'
            ? it.outcome
            : it.deliveries.map(({ message, leaseUntil, orderNumber }) => [message.id, leaseUntil - now, orderNumber]),
        ),
        [
          [[first[0], LEASE_MS, null]],
          'gone',
          [[first[0], LEASE_MS + 2, 1]],
          'gone',
          [[first[1], LEASE_MS + 4, null]],
          // It waits for its turn in the order.
          [],
        ],
      )
    },
  },
  {
    name: 'what is said of many leases of several listeners is written together, each with its own result',
    async run(given) {
      const { now } = given
      const { queue, listener } = await fixture(given)
      const other = await puller(given, queue, { ordering: 'queue' })
      const messages = []
      for (let i = 0; i < 4; i++) messages.push(await accepted(given, queue))
      const own = await pulled(given, listener)
      const [ordered] = await pulled(given, other)
      const say = ({ id }: Listener, delivery: PulledDelivery, how: LeaseEnd | { how: 'unseen' }) => {
        return { listenerId: id, queueId: queue.id, receipt: receiptOf(delivery), end: how, random: 0.5 }
      }
      const { leaseSettlements } = await commit(given, {
        leaseSettlements: [
          say(listener, own[0]!, ACK),
          say(other, ordered!, ACK),
          say(listener, own[1]!, { how: 'returned', delayMs: 700 }),
          say(listener, own[0]!, ACK),
          say(listener, own[2]!, { how: 'unseen' }),
          say(other, own[3]!, ACK),
          say(listener, own[3]!, { how: 'returned', delayMs: null }),
        ],
        accepts: [await acceptFor(given, queue)],
      })
      assert.deepEqual(leaseSettlements, [
        'settled',
        // The next in the order, due with its message.
        { nextDueAt: messages[1]!.deliverAt },
        { nextDueAt: now + 700 },
        'lost',
        { nextDueAt: now },
        'lost',
        { nextDueAt: now + 1_000 },
      ])
      assert.equal((await countersOf(given, listener)).acknowledgedCount, 1)
      assert.equal((await countersOf(given, other)).acknowledgedCount, 1)
      assert.equal(await pendingCount(given, queue), 8)
    },
  },
  {
    name: 'what a listener pulled is not sent to it before the lease ends, where it gets a notify_url meanwhile',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given)
      await accepted(given, queue)
      const delivery = await pulledOne(given, listener)
      await store.listeners.update({ ...idsOf(listener), changes: { notifyUrl: 'http://127.0.0.1:9/' }, now })
      assert.deepEqual((await claim(given, { listenerId: listener.id })).deliveries, [])
      assert.deepEqual((await claim(given, { listenerId: listener.id, now: now + LEASE_MS })).deliveries, [])
      await store.pulls.expire({ now: now + LEASE_MS, limit: 9 })
      const { deliveries } = await claim(given, { listenerId: listener.id, now: now + LEASE_MS })
      assert.equal(deliveries.length, 1)
      assert.equal(deliveries[0]!.attempts, 1)
      assert.deepEqual(await end(given, listener, receiptOf(delivery), ACK), 'lost')
    },
  },
  {
    name: 'what is on the wire to a listener cannot be pulled, where it loses its notify_url meanwhile',
    async run(given) {
      const { store, now } = given
      const queue = await storedQueue(given, await storedOrganization(given))
      const listener = await storedListener(given, queue)
      await store.deliveries.renew({ node: 'a', until: now + 60_000 })
      const { deliveries } = await accepted(given, queue, { leased: true })
      await accepted(given, queue)
      await store.listeners.update({ ...idsOf(listener), changes: { notifyUrl: null }, now })
      assert.equal((await pulled(given, listener)).length, 1)
      assert.equal(await settled(given, deliveries[0]!, { state: 'pending', dueAt: now }), 'settled')
      assert.equal((await pulledOne(given, listener)).attempt, 2)
    },
  },
  {
    name: 'a message that somebody has pulled has started, and cannot be moved to another time',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given)
      const message = await accepted(given, queue)
      const delivery = await pulledOne(given, listener)
      const changes = { deliverAt: now + 60_000 }
      assert.equal(await store.messages.update({ ...idsOf(message), changes, now, ifMatch: null }), 'started')
      assert.equal(await end(given, listener, receiptOf(delivery), ACK), 'settled')
    },
  },
  {
    name: 'a redelivery of what somebody holds leaves it to the holder, and begins the retries anew',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given, { retry: { ...RETRY, maxAttempts: 2 } })
      const message = await accepted(given, queue)
      await end(given, listener, receiptOf(await pulledOne(given, listener)), { how: 'returned', delayMs: 0 })
      const second = await pulledOne(given, listener)
      await store.redeliveries.ofMessage({ ...idsOf(message), listenerIds: [listener.id], immediately: true, now })
      assert.deepEqual(await pulled(given, listener, { now: now + 1 }), [])
      const returned = await end(given, listener, receiptOf(second), { how: 'returned', delayMs: 0 }, now + 2)
      assert.deepEqual(returned, { nextDueAt: now + 2 })
      const third = await pulledOne(given, listener, { now: now + 2 })
      assert.equal(third.attempt, 3)
      assert.equal(await end(given, listener, receiptOf(third), ACK, now + 3), 'settled')
      await store.redeliveries.ofMessage({
        ...idsOf(message),
        listenerIds: [listener.id],
        immediately: false,
        now: now + 4,
      })
      assert.equal((await pulledOne(given, listener, { now: now + 4 })).attempt, 4)
    },
  },
  {
    name: 'a message that one listener pulls stays as it is for another',
    async run(given) {
      const { queue, listener } = await fixture(given)
      const pushed = await storedListener(given, queue)
      const message = await accepted(given, queue)
      const delivery = await pulledOne(given, listener)
      const [sent] = (await claim(given, { listenerId: pushed.id })).deliveries
      const result = await commit(given, { settlements: [settlementOf(given, sent!, ACKNOWLEDGED)] })
      assert.deepEqual(result.settlements, ['settled'])
      assert.deepEqual(
        (await stored(given, message)).deliveries.map(({ listenerId, status }) => [listenerId, status]),
        [
          [listener.id, 'pending'],
          [pushed.id, 'delivered'],
        ],
      )
      assert.equal(await end(given, listener, receiptOf(delivery), ACK), 'settled')
    },
  },
]

const extended: StoreCase[] = [
  {
    name: 'a lease that is extended begins anew, longer or shorter, and its first receipt stays good, as one attempt',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given)
      const message = await accepted(given, queue)
      const receipt = receiptOf(await pulledOne(given, listener))
      const until = now + 20_000 + 2 * LEASE_MS
      assert.deepEqual(await end(given, listener, receipt, extendedBy(2 * LEASE_MS), now + 20_000), {
        nextDueAt: until,
      })
      assert.deepEqual(await store.pulls.expire({ now: until - 1, limit: 10 }), { freed: [], nextAt: until })
      assert.deepEqual(await pulled(given, listener, { now: until - 1 }), [])
      const sooner = await end(given, listener, receipt, extendedBy(1_000), now + 30_000)
      assert.deepEqual(sooner, { nextDueAt: now + 31_000 })
      // A client that makes a receipt up, of when the lease ends now, has none.
      assert.equal(await end(given, listener, { ...receipt, leaseUntil: now + 31_000 }, ACK, now + 30_000), 'lost')
      assert.deepEqual(await attemptsOf(given, message), [])
      assert.equal(await end(given, listener, receipt, ACK, now + 30_500), 'settled')
      assert.deepEqual(await attemptsOf(given, message), [[1, 200, null, 30_500]])
      assert.equal(await end(given, listener, receipt, extendedBy(1_000), now + 30_600), 'lost')
    },
  },
  {
    name: 'an extended lease that runs out is a failed attempt from its pull on, and the next one has a receipt of its own',
    async run(given) {
      const { now } = given
      const { queue, listener } = await fixture(given)
      const message = await accepted(given, queue)
      const first = receiptOf(await pulledOne(given, listener))
      await end(given, listener, first, extendedBy(LEASE_MS), now + 10_000)
      const second = await pulledOne(given, listener, { now: now + 10_000 + LEASE_MS })
      assert.equal(second.attempt, 2)
      assert.deepEqual(await attemptsOf(given, message), [[1, null, 'lease_expired', 10_000 + LEASE_MS]])
      for (const how of [extendedBy(LEASE_MS), ACK]) {
        assert.equal(await end(given, listener, first, how, now + 50_000), 'lost')
      }
      const returned = { how: 'returned', delayMs: 5 } as const
      await end(given, listener, receiptOf(second), extendedBy(LEASE_MS), now + 50_000)
      assert.deepEqual(await end(given, listener, receiptOf(second), returned, now + 51_000), {
        nextDueAt: now + 51_005,
      })
      assert.equal(await end(given, listener, receiptOf(second), extendedBy(LEASE_MS), now + 51_001), 'lost')
      assert.equal((await pulledOne(given, listener, { now: now + 51_005 })).attempt, 3)
    },
  },
  {
    name: 'one that has run out is extended as long as no client and no node has ended it',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given)
      await accepted(given, queue)
      await accepted(given, queue)
      const [one, other] = (await pulled(given, listener)).map(receiptOf)
      const late = now + LEASE_MS + 5
      assert.deepEqual(await end(given, listener, one!, extendedBy(1_000), late), { nextDueAt: late + 1_000 })
      assert.equal((await store.pulls.expire({ now: late, limit: 10 })).freed.length, 1)
      assert.equal(await end(given, listener, other!, extendedBy(1_000), late), 'lost')
    },
  },
  {
    name: 'many leases are extended together, one twice where it is named twice, also where the same commit ends them',
    async run(given) {
      const { now } = given
      const { queue, listener } = await fixture(given)
      const other = await puller(given, queue)
      for (let i = 0; i < 3; i++) await accepted(given, queue)
      const [first, second, third] = (await pulled(given, listener)).map(receiptOf)
      const theirs = receiptOf((await pulled(given, other))[0]!)
      const say = ({ id, queueId }: Listener, receipt: Receipt, how: LeaseSettlement['end']): LeaseSettlement => {
        return { listenerId: id, queueId, receipt, end: how, random: 0 }
      }
      const { leaseSettlements } = await commit(given, {
        leaseSettlements: [
          say(listener, first!, extendedBy(50_000)),
          say(listener, second!, extendedBy(60_000)),
          say(listener, second!, ACK),
          say(listener, third!, extendedBy(70_000)),
          say(listener, third!, extendedBy(70_000)),
          say(other, theirs, extendedBy(80_000)),
          say(listener, { ...first!, attempt: 2 }, extendedBy(1_000)),
        ],
      })
      assert.deepEqual(leaseSettlements, [
        { nextDueAt: now + 50_000 },
        { nextDueAt: now + 60_000 },
        'settled',
        { nextDueAt: now + 70_000 },
        { nextDueAt: now + 70_000 },
        { nextDueAt: now + 80_000 },
        'lost',
      ])
    },
  },
  {
    name: 'of a deleted message, listener or queue no lease is extended',
    async run(given) {
      const { store, now } = given
      const { queue, listener } = await fixture(given)
      const message = await accepted(given, queue)
      const receipt = receiptOf(await pulledOne(given, listener))
      assert.equal(await end(given, { id: listener.id, queueId: '0'.repeat(21) }, receipt, extendedBy(9_000)), 'lost')
      await store.messages.delete({ ...idsOf(message), now })
      assert.equal(await end(given, listener, receipt, extendedBy(9_000)), 'lost')
      await accepted(given, queue)
      const next = receiptOf(await pulledOne(given, listener))
      await store.listeners.delete({ ...idsOf(listener), now })
      assert.equal(await end(given, listener, next, extendedBy(9_000)), 'lost')
    },
  },
]

function extendedBy(leaseMs: number): LeaseSettlement['end'] {
  return { how: 'extended', leaseMs }
}

export const pullCases: StoreCase[] = [...taken, ...ended, ...together, ...extended]
