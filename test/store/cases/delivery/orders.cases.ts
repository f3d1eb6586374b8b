import assert from 'node:assert/strict'
import type { LeasedDelivery } from '../../../../src/core/delivery/delivery.ts'
import type { DeliverySettings, Listener } from '../../../../src/core/delivery/listener.ts'
import type { Message } from '../../../../src/core/delivery/message.ts'
import type { Queue } from '../../../../src/core/delivery/queue.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  claim,
  claimedOne,
  commit,
  idsOf,
  MISSED,
  pendingCount,
  settled,
  settlementOf,
  stored,
  storedListener,
  storedOrganization,
  storedQueue,
  withMessage,
} from '../../fixture.ts'
import type { Given, StoreCase } from '../../suite.ts'

const NOTHING = { deliveries: [], nextDueAt: null }

/** A queue with one listener that wants an order. */
async function ordered(given: Given, settings: Partial<DeliverySettings>) {
  const queue = await storedQueue(given, await storedOrganization(given))
  const listener = await storedListener(given, queue, settings)
  return { queue, listener, listenerId: listener.id }
}

async function posted(given: Given, queue: Queue, count: number, what: Partial<Message> = {}): Promise<Message[]> {
  const messages: Message[] = []
  for (let i = 0; i < count; i++) messages.push(await accepted(given, queue, what))
  return messages
}

/** The messages that a claim gives, as numbers in the order of their acceptance. */
async function claimedOf(given: Given, listenerId: string, messages: readonly { id: string }[]): Promise<number[]> {
  const { deliveries } = await claim(given, { listenerId })
  return deliveries.map(({ message }) => messages.findIndex(({ id }) => id === message.id))
}

function changed({ store, now }: Given, listener: Listener, settings: Partial<DeliverySettings>) {
  return store.listeners.update({ ...idsOf(listener), changes: { settings }, now })
}

async function releasedAll({ store, now }: Given, limit: number): Promise<string[]> {
  const freed: string[] = []
  for (;;) {
    const { looked, freedListenerIds } = await store.orders.release({ limit, now })
    if (looked === 0) return freed
    freed.push(...freedListenerIds)
  }
}

const serialQueue: StoreCase[] = [
  {
    name: 'with one order for the queue each message waits until the one before is acknowledged',
    async run(given) {
      const { queue, listenerId } = await ordered(given, { ordering: 'queue' })
      const messages = await posted(given, queue, 3)
      assert.equal(await pendingCount(given, queue), 3)
      for (const [index, message] of messages.entries()) {
        const delivery = await claimedOne(given, { listenerId })
        assert.deepEqual([delivery.message.id, delivery.orderNumber], [message.id, index + 1])
        assert.deepEqual(await claim(given, { listenerId }), NOTHING)
        const next = messages[index + 1]
        assert.deepEqual(
          await settled(given, delivery, ACKNOWLEDGED),
          next === undefined ? 'settled' : { nextDueAt: next.deliverAt },
        )
      }
      assert.equal(await pendingCount(given, queue), 0)
    },
  },
  {
    name: 'messages of one key take turns, different keys go side by side, and one without a key waits for nobody',
    async run(given) {
      const { queue, listenerId } = await ordered(given, { ordering: 'key' })
      const messages: Message[] = []
      for (const key of ['a', 'a', 'b', null, 'b', null]) messages.push(await accepted(given, queue, { key }))
      const { deliveries } = await claim(given, { listenerId })
      assert.deepEqual(
        deliveries.map(({ message }) => messages.indexOf(messages.find(({ id }) => id === message.id)!)),
        [0, 2, 3, 5],
      )
      assert.deepEqual(
        deliveries.map(({ orderNumber }) => orderNumber),
        [1, 3, 4, 6],
      )
      assert.equal(await settled(given, deliveries[2]!, ACKNOWLEDGED), 'settled')
      await settled(given, deliveries[1]!, ACKNOWLEDGED)
      assert.deepEqual(await claimedOf(given, listenerId, messages), [4])
    },
  },
  {
    name: 'what waits for its turn is pending, is not leased when it is accepted, and has no time of its own',
    async run(given) {
      const { queue, listenerId } = await ordered(given, { ordering: 'queue' })
      const accept = await acceptFor(given, queue, { leased: true })
      const second = withMessage(accept, given.make.message(queue))
      const { accepts } = await commit(given, { accepts: [accept, second] })
      const results = accepts.flatMap((it) => (it.outcome === 'accepted' ? it.messages : []))
      assert.deepEqual(
        results.map(({ places }) => places),
        [[{ number: 1, held: false }], [{ number: 2, held: true }]],
      )
      assert.deepEqual(
        results.map(({ leases }) => leases[0] === null),
        [false, true],
      )
      const waits = { listenerId, status: 'pending', attempts: 0, lastAttemptAt: null, nextAttemptAt: null }
      assert.deepEqual((await stored(given, second.messages[0]!.message)).deliveries, [waits])
    },
  },
  {
    name: 'a message that is tried again keeps its turn and its number',
    async run(given) {
      const { queue, listenerId } = await ordered(given, { ordering: 'queue' })
      await posted(given, queue, 2)
      const delivery = await claimedOne(given, { listenerId })
      assert.equal(await settled(given, delivery, { state: 'pending', dueAt: given.now + 500 }), 'settled')
      assert.deepEqual(await claim(given, { listenerId }), { deliveries: [], nextDueAt: given.now + 500 })
      const again = await claimedOne(given, { listenerId, now: given.now + 500 })
      assert.deepEqual([again.message.id, again.orderNumber], [delivery.message.id, 1])
    },
  },
  {
    name: 'a scheduled message holds its place, and is due at its time also where it had to wait',
    async run(given) {
      const { queue, listenerId } = await ordered(given, { ordering: 'queue' })
      const first = await accepted(given, queue)
      const later = await accepted(given, queue, { deliverAt: given.now + 1_000 })
      await accepted(given, queue)
      const delivery = await claimedOne(given, { listenerId })
      assert.equal(delivery.message.id, first.id)
      assert.deepEqual(await settled(given, delivery, ACKNOWLEDGED), { nextDueAt: given.now + 1_000 })
      assert.deepEqual(await claim(given, { listenerId }), { deliveries: [], nextDueAt: given.now + 1_000 })
      const due = await claimedOne(given, { listenerId, now: given.now + 1_000 })
      assert.deepEqual([due.message.id, due.attempts], [later.id, 0])
    },
  },
  {
    name: 'what was decided when a message was accepted holds when the listener wants another order',
    async run(given) {
      const { queue, listener, listenerId } = await ordered(given, { ordering: 'queue' })
      const messages = await posted(given, queue, 2)
      await changed(given, listener, { ordering: 'none' })
      messages.push(...(await posted(given, queue, 2)))
      const { deliveries } = await claim(given, { listenerId })
      assert.deepEqual(
        deliveries.map(({ message, orderNumber }) => [messages.findIndex(({ id }) => id === message.id), orderNumber]),
        [
          [0, 1],
          [2, null],
          [3, null],
        ],
      )
      await changed(given, listener, { ordering: 'key' })
      await settled(given, deliveries[0]!, ACKNOWLEDGED)
      assert.deepEqual(await claimedOf(given, listenerId, messages), [1])
      const [keyed] = await posted(given, queue, 1, { key: 'k' })
      assert.deepEqual((await claimedOne(given, { listenerId })).orderNumber, 3)
      assert.ok(keyed)
    },
  },
  {
    name: 'numbers have no gap, also where a commit in between stored nothing',
    async run(given) {
      const { queue, listenerId } = await ordered(given, { ordering: 'key' })
      const accept = await acceptFor(given, queue)
      await commit(given, { accepts: [accept] })
      const broken = withMessage(accept, given.make.message(queue, { data: null as never }))
      await assert.rejects(commit(given, { accepts: [withMessage(accept, given.make.message(queue)), broken] }))
      await commit(given, { accepts: [{ ...withMessage(accept, given.make.message(queue)), queueVersion: 0 }] })
      await accepted(given, queue)
      const { deliveries } = await claim(given, { listenerId })
      assert.deepEqual(
        deliveries.map(({ orderNumber }) => orderNumber),
        [1, 2],
      )
    },
  },
  {
    name: 'ten thousand keys wait side by side, and each goes on by itself',
    async run(given) {
      const { queue, listenerId } = await ordered(given, { ordering: 'key' })
      const [keys, atOnce] = [10_000, 1_000]
      const accept = await acceptFor(given, queue)
      for (let round = 0; round < 2; round++) {
        for (let first = 0; first < keys; first += atOnce) {
          const messages = Array.from({ length: atOnce }, (_, i) => ({
            ...accept.messages[0]!,
            message: given.make.message(queue, { key: `key-${first + i}` }),
          }))
          await commit(given, { accepts: [{ ...accept, messages }] })
        }
      }
      let sent = 0
      for (;;) {
        const { deliveries } = await claim(given, { listenerId })
        if (deliveries.length === 0) break
        assert.equal(new Set(deliveries.map(({ message }) => message.key)).size, deliveries.length)
        await commit(given, { settlements: deliveries.map((it) => settlementOf(given, it, ACKNOWLEDGED)) })
        sent += deliveries.length
      }
      assert.equal(sent, keys * 2)
    },
  },
]

const missed: StoreCase[] = [
  {
    name: 'after a missed message the next one follows where the listener wants to continue',
    async run(given) {
      const { queue, listenerId } = await ordered(given, { ordering: 'queue', onMissed: 'continue' })
      const messages = await posted(given, queue, 2)
      await settled(given, await claimedOne(given, { listenerId }), MISSED)
      assert.deepEqual(await claimedOf(given, listenerId, messages), [1])
    },
  },
  {
    name: 'a missed message blocks those of its key, and no others, until it is deleted',
    async run(given) {
      const { queue, listenerId } = await ordered(given, { ordering: 'key', onMissed: 'block' })
      const messages = [
        ...(await posted(given, queue, 2, { key: 'a' })),
        ...(await posted(given, queue, 2, { key: 'b' })),
      ]
      const { deliveries } = await claim(given, { listenerId })
      const [a, b] = deliveries as [LeasedDelivery, LeasedDelivery]
      assert.equal(await settled(given, a, MISSED), 'settled')
      await settled(given, b, ACKNOWLEDGED)
      assert.deepEqual(await claimedOf(given, listenerId, messages), [3])
      messages.push(await accepted(given, queue, { key: 'a' }))
      assert.deepEqual(await claim(given, { listenerId }), NOTHING)
      const deleted = await given.store.messages.delete({ ...idsOf(messages[0]!), now: given.now })
      assert.deepEqual(deleted, { listenerIds: [], freedListenerIds: [listenerId] })
      assert.deepEqual(await claimedOf(given, listenerId, messages), [1])
    },
  },
  {
    name: 'a missed message that blocks others is kept for as long as it does',
    async run(given) {
      const { queue, listenerId } = await ordered(given, { ordering: 'queue', onMissed: 'block' })
      const [first] = await posted(given, queue, 2)
      await settled(given, await claimedOne(given, { listenerId }), MISSED)
      const expired = await given.store.removals.expire({ now: given.now, before: given.now * 2, after: 0, limit: 100 })
      assert.equal(expired.removed, 0)
      assert.equal((await stored(given, first!)).deliveries[0]!.status, 'missed')
    },
  },
  {
    name: 'a listener that does not want to be blocked any more goes on with every key, a few at a time',
    async run(given) {
      const { queue, listener, listenerId } = await ordered(given, { ordering: 'key', onMissed: 'block' })
      const messages: Message[] = []
      for (let i = 0; i < 14; i++) messages.push(await accepted(given, queue, { key: `key-${i % 7}` }))
      for (const delivery of (await claim(given, { listenerId })).deliveries) await settled(given, delivery, MISSED)
      assert.deepEqual(await releasedAll(given, 3), [])
      await changed(given, listener, { onMissed: 'continue' })
      await changed(given, listener, { onMissed: 'block' })
      assert.deepEqual(await releasedAll(given, 3), [])
      await changed(given, listener, { onMissed: 'continue' })
      assert.deepEqual(await releasedAll(given, 3), [listenerId, listenerId, listenerId])
      assert.deepEqual(await claimedOf(given, listenerId, messages), [7, 8, 9, 10, 11, 12, 13])
    },
  },
]

const gone: StoreCase[] = [
  {
    name: 'a message that is deleted while it waits leaves the others in their order',
    async run(given) {
      const { queue, listenerId } = await ordered(given, { ordering: 'queue' })
      const messages = await posted(given, queue, 3)
      const deleted = await given.store.messages.delete({ ...idsOf(messages[1]!), now: given.now })
      assert.deepEqual(deleted, { listenerIds: [listenerId], freedListenerIds: [] })
      await settled(given, await claimedOne(given, { listenerId }), ACKNOWLEDGED)
      assert.deepEqual(await claimedOf(given, listenerId, messages), [2])
      assert.equal(await pendingCount(given, queue), 1)
    },
  },
  {
    name: 'the next one follows a message that is deleted while it is on the wire, whose answer then comes too late',
    async run(given) {
      const { queue, listenerId } = await ordered(given, { ordering: 'queue' })
      const messages = await posted(given, queue, 3)
      const delivery = await claimedOne(given, { listenerId })
      const deleted = await given.store.messages.delete({ ...idsOf(messages[0]!), now: given.now })
      assert.deepEqual(deleted, { listenerIds: [listenerId], freedListenerIds: [listenerId] })
      assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'lost')
      assert.deepEqual(await claimedOf(given, listenerId, messages), [1])
      assert.equal(await pendingCount(given, queue), 2)
    },
  },
  {
    name: 'with a listener goes all that it had waiting, and with a queue as well',
    async run(given) {
      const { queue, listener } = await ordered(given, { ordering: 'queue' })
      const other = await storedListener(given, queue, { ordering: 'key' })
      await posted(given, queue, 5, { key: 'k' })
      await given.store.listeners.delete({ ...idsOf(listener), now: given.now })
      while ((await given.store.removals.sweep({ limit: 2 })) > 0);
      assert.equal(await pendingCount(given, queue), 5)
      const delivery = await claimedOne(given, { listenerId: other.id })
      assert.deepEqual(await settled(given, delivery, ACKNOWLEDGED), { nextDueAt: delivery.dueAt + 1 })
      const { organizationId, id } = queue
      await given.store.queues.delete({ organizationId, id, now: given.now })
      while ((await given.store.removals.sweep({ limit: 2 })) > 0);
      assert.equal(await given.store.queues.isDeleting({ organizationId, id }), false)
    },
  },
]

export const orderCases = [...serialQueue, ...missed, ...gone]
