import assert from 'node:assert/strict'
import { emptyTally } from '../../../../src/core/delivery/ledger.ts'
import type { Listener } from '../../../../src/core/delivery/listener.ts'
import type { Message } from '../../../../src/core/delivery/message.ts'
import type { Queue } from '../../../../src/core/delivery/queue.ts'
import { ANY_MESSAGE, type MessageFilter } from '../../../../src/core/search/message-filter.ts'
import {
  ACKNOWLEDGED,
  acceptFor,
  claim,
  commit,
  idsOf,
  leavingOut,
  MISSED,
  pendingCount,
  settled,
  stored,
  storedFixture,
  storedListener,
  storedMessage,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

interface What extends Partial<Message> {
  leased?: boolean
}

/** Stores a message that does not fit the listeners at these places. */
async function acceptedWithout(given: Given, queue: Queue, out: number[], what: What = {}) {
  const accept = leavingOut(await acceptFor(given, queue, what), (place) => out.includes(place))
  const { accepts } = await commit(given, { accepts: [accept] })
  return storedMessage(accept, accepts[0])
}

async function claimedIds(given: Given, { id }: { id: string }): Promise<string[]> {
  return (await claim(given, { listenerId: id })).deliveries.map(({ message }) => message.id)
}

async function leftOutOf({ store }: Given, message: Parameters<typeof idsOf>[0]): Promise<readonly string[]> {
  const found = await store.messages.get(idsOf(message))
  assert.ok(found)
  return found.leftOut
}

async function recipientsOf(given: Given, message: Parameters<typeof idsOf>[0]): Promise<string[]> {
  return (await stored(given, message)).deliveries.map(({ listenerId }) => listenerId)
}

async function talliesOf({ store, now }: Given, { organizationId }: Queue, listeners: readonly Listener[]) {
  const ledger = await store.ledger.read({ organizationId, only: null, since: null, until: null, now })
  assert.deepEqual(ledger.unaccounted, [])
  const of = new Map(ledger.queues.flatMap((queue) => queue.listeners.map(({ id, tally }) => [id, tally] as const)))
  return listeners.map(({ id }) => of.get(id) ?? emptyTally())
}

async function found(given: Given, queue: Queue, filter: Partial<MessageFilter>): Promise<string[]> {
  const { entries } = await given.store.messages.search({
    ...{ organizationId: queue.organizationId, queueId: queue.id, only: null, filter: { ...ANY_MESSAGE, ...filter } },
    ...{ from: '', before: '~', limit: 10, examine: 100, examineBytes: 1e6, now: NOW },
  })
  return entries.map(({ message }) => message.id)
}

export const leftOutCases: StoreCase[] = [
  {
    name: 'a listener that a message does not fit has no delivery of it, and is told as left out',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 3)
      const [a, b, c] = listeners as [Listener, Listener, Listener]
      const message = await acceptedWithout(given, queue, [1])
      assert.deepEqual(await recipientsOf(given, message), [a.id, c.id])
      assert.deepEqual(await leftOutOf(given, message), [b.id])
      assert.equal(await pendingCount(given, queue), 2)
      assert.deepEqual(await claimedIds(given, b), [])
      assert.deepEqual([await claimedIds(given, a), await claimedIds(given, c)], [[message.id], [message.id]])
    },
  },
  {
    name: 'messages that leave out others, or none, share what says whom the queue had',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 9)
      const ids = listeners.map(({ id }) => id)
      for (const out of [[0], [], [8], [0, 1, 2, 3, 4, 5, 6, 7, 8], [7, 8], []]) {
        const message = await acceptedWithout(given, queue, out)
        assert.deepEqual(
          await leftOutOf(given, message),
          ids.filter((_, place) => out.includes(place)),
        )
        assert.deepEqual(
          await recipientsOf(given, message),
          ids.filter((_, place) => !out.includes(place)),
        )
      }
    },
  },
  {
    name: 'the ledger counts a message for those alone that it fits, also once it was delivered, deleted or forgotten',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const delivered = await acceptedWithout(given, queue, [1], { leased: true })
      await settled(given, delivered.deliveries[0]!, ACKNOWLEDGED)
      const missed = await acceptedWithout(given, queue, [0], { leased: true })
      await settled(given, missed.deliveries[0]!, MISSED)
      await acceptedWithout(given, queue, [1])
      await acceptedWithout(given, queue, [0, 1])
      const [a, b] = await talliesOf(given, queue, listeners)
      assert.deepEqual(a, { ...emptyTally(), accepted: 2, delivered: 1, pending: 1 })
      assert.deepEqual(b, { ...emptyTally(), accepted: 1, missed: 1 })
      const deleted = await acceptedWithout(given, queue, [0])
      await given.store.messages.delete({ ...idsOf(deleted), now: NOW })
      assert.deepEqual((await talliesOf(given, queue, listeners))[1], { ...b, accepted: 2, deleted: 1 })
      const later = { ...given, now: NOW + 1e9 }
      await given.store.removals.expire({ now: later.now, before: later.now - 1, after: 0, limit: 100 })
      const [, forgotten] = await talliesOf(later, queue, listeners)
      assert.deepEqual(forgotten, { ...emptyTally(), accepted: 1, retention: 1 })
    },
  },
  {
    name: 'a message that fits no listener is unrouted, found as such, and forgotten when its time is over',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const { id } = await acceptedWithout(given, queue, [0])
      const message = await acceptedWithout(given, queue, [0, 1])
      assert.deepEqual((await stored(given, message)).deliveries, [])
      assert.deepEqual(await found(given, queue, { status: 'unrouted' }), [message.id])
      assert.deepEqual(await found(given, queue, { listenerId: listeners[1]!.id }), [id])
      assert.deepEqual(await found(given, queue, { listenerId: listeners[0]!.id }), [])
      const expired = await given.store.removals.expire({ now: NOW + 1e9, before: NOW + 1e8, after: 0, limit: 100 })
      assert.equal(expired.removed, 1)
      assert.equal(await given.store.messages.get(idsOf(message)), null)
    },
  },
  {
    name: 'a redelivery to a listener that the message did not fit is refused, and one to all leaves it out',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const [a, b] = listeners as [Listener, Listener]
      const message = await acceptedWithout(given, queue, [1], { leased: true })
      await settled(given, message.deliveries[0]!, ACKNOWLEDGED)
      const redeliver = (listenerIds: string[] | null, of = message) =>
        given.store.redeliveries.ofMessage({ ...idsOf(of), listenerIds, immediately: false, now: NOW })
      assert.deepEqual(await redeliver([b.id]), { refused: 'left_out', listenerId: b.id })
      assert.deepEqual(await redeliver([a.id, b.id]), { refused: 'left_out', listenerId: b.id })
      const outcome = await redeliver(null)
      assert.ok(typeof outcome === 'object' && 'listenerIds' in outcome)
      assert.deepEqual(outcome.listenerIds, [a.id])
      assert.equal(await redeliver(null, await acceptedWithout(given, queue, [0, 1])), 'nothing')
    },
  },
  {
    name: 'a redelivery of many messages of a listener means none that it did not fit',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const b = listeners[1]!
      await acceptedWithout(given, queue, [1])
      const fitting = await acceptedWithout(given, queue, [0], { leased: true })
      await settled(given, fitting.deliveries[0]!, ACKNOWLEDGED)
      for (const status of [null, 'delivered', 'pending', 'missed'] as const) {
        const ask = { organizationId: queue.organizationId, queueId: queue.id, listenerId: b.id, status }
        const counted = await given.store.redeliveries.count({
          ...ask,
          since: null,
          until: null,
          after: '',
          limit: 10,
          now: NOW,
        })
        assert.ok(typeof counted === 'object')
        assert.equal(counted.matched, status === null || status === 'delivered' ? 1 : 0, String(status))
      }
    },
  },
  {
    name: 'the order of a listener counts the messages alone that it gets',
    async run(given) {
      const { queue } = await storedFixture(given, 1)
      const ordered = await storedListener(given, queue, { ordering: 'queue' })
      const first = await acceptedWithout(given, queue, [0])
      await acceptedWithout(given, queue, [1])
      await acceptedWithout(given, queue, [])
      const { deliveries } = await claim(given, { listenerId: ordered.id })
      assert.deepEqual(
        deliveries.map(({ message, orderNumber }) => [message.id, orderNumber]),
        [[first.id, 1]],
      )
      await settled(given, deliveries[0]!, ACKNOWLEDGED)
      const next = await claim(given, { listenerId: ordered.id })
      assert.deepEqual(
        next.deliveries.map(({ orderNumber }) => orderNumber),
        [2],
      )
    },
  },
  {
    name: 'a listener that was deleted is still told as left out, and counts for nothing',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const b = listeners[1]!
      const message = await acceptedWithout(given, queue, [1], { leased: true })
      assert.equal(await given.store.listeners.delete({ ...idsOf(b), now: NOW }), 'deleted')
      assert.deepEqual(await leftOutOf(given, message), [b.id])
      assert.deepEqual(
        (await stored(given, message)).deliveries.map(({ status }) => status),
        ['pending'],
      )
      assert.deepEqual(await talliesOf(given, queue, [b]), [emptyTally()])
    },
  },
  {
    name: 'a message that expires is discarded for those alone that it fits',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const message = await acceptedWithout(given, queue, [0], { expiresAt: NOW + 1_000 })
      const step = await given.store.expiries.step({ node: 'a', now: NOW + 1_000, limit: 10, afterOrganization: null })
      assert.equal(step.discarded, 1)
      assert.deepEqual(
        (await stored(given, message)).deliveries.map(({ listenerId, status }) => [listenerId, status]),
        [[listeners[1]!.id, 'expired']],
      )
      const [a, b] = await talliesOf({ ...given, now: NOW + 2_000 }, queue, listeners)
      assert.deepEqual([a, b], [emptyTally(), { ...emptyTally(), accepted: 1, expired: 1 }])
    },
  },
]
