import assert from 'node:assert/strict'
import type { Attempt } from '../../../../src/core/delivery/attempt.ts'
import type { MessageStore } from '../../../../src/store/messages.ts'
import {
  ACKNOWLEDGED,
  accepted,
  claim,
  claimedOne,
  idsOf,
  MISSED,
  pendingCount,
  settled,
  stored,
  storedFixture,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

const UNUSUAL = [
  '',
  ' ',
  'a\u0000b\u0000',
  'zażółć 🙂 👩‍👩‍👧 \u{10FFFF}',
  `'"\\\`--;/*%_$1 ? :name {} drop table messages`,
  '\r\n\t\u0001\u001f\u007f\u2028\ufeff',
  'true',
  '9007199254740993',
  'x'.repeat(256 * 1024),
  '🙂'.repeat(64 * 1024),
]

type ListAsk = Partial<Parameters<MessageStore['list']>[0]>

async function listed({ store }: Given, organization: { id: string }, ask: ListAsk = {}): Promise<string[]> {
  const everything = { queueId: null, only: null, before: null, offset: 0, limit: 100, full: false }
  const page = await store.messages.list({ organizationId: organization.id, ...everything, ...ask })
  return page.map((entry) => entry.message.id)
}

const found: StoreCase[] = [
  {
    name: 'a message comes back as it was accepted, pending with each listener',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const { deliveries: _, ...message } = await accepted(given, queue, { name: 'order' })
      const details = await stored(given, message)
      assert.deepEqual(details.message, message)
      const untouched = { status: 'pending', attempts: 0, lastAttemptAt: null, nextAttemptAt: message.deliverAt }
      const byId = details.deliveries.toSorted((a, b) => (a.listenerId < b.listenerId ? -1 : 1))
      assert.deepEqual(
        byId,
        listeners.map(({ id }) => ({ listenerId: id, ...untouched })),
      )
      assert.deepEqual(await given.store.messages.attempts(idsOf(message)), [])
    },
  },
  {
    name: 'of messages that are named, those are counted that the queue has, until they, or the queue, are deleted',
    async run(given) {
      const { store, now } = given
      const organization = await storedOrganization(given)
      const queue = await storedQueue(given, organization)
      const other = await storedQueue(given, organization)
      const [one, two] = [await accepted(given, queue), await accepted(given, queue)]
      const { organizationId, id: queueId } = queue
      const ids = [one.id, two.id, (await accepted(given, other)).id, '0'.repeat(21)]
      const count = (ask: Partial<Parameters<MessageStore['countOf']>[0]> = {}) =>
        store.messages.countOf({ organizationId, queueId, ids, ...ask })
      assert.equal(await count(), 2)
      assert.deepEqual([await count({ ids: [] }), await count({ queueId: other.id })], [0, 1])
      assert.equal(await count({ organizationId: '0'.repeat(21) }), 0)
      await store.messages.delete({ ...idsOf(one), now })
      assert.equal(await count(), 1)
      await store.queues.delete({ organizationId, id: queueId, now })
      assert.equal(await count(), 0)
    },
  },
  {
    name: "another organization's message, another queue's, and one that never was are not found",
    async run(given) {
      const { store, make } = given
      const { organization, queue } = await storedFixture(given)
      const stranger = await storedFixture(given)
      const neighbour = await storedQueue(given, organization)
      const message = await accepted(given, queue)
      const before = await stored(given, message)
      const asks = [
        { ...idsOf(message), organizationId: stranger.organization.id },
        { ...idsOf(message), organizationId: stranger.organization.id, queueId: stranger.queue.id },
        { ...idsOf(message), queueId: neighbour.id },
        { ...idsOf(message), queueId: make.id() },
        { ...idsOf(message), id: make.id() },
      ]
      for (const ask of asks) {
        assert.equal(await store.messages.get(ask), null)
        assert.equal(await store.messages.attempts(ask), null)
        assert.equal(await store.messages.update({ ...ask, changes: { name: 'mine' }, now: given.now }), 'not_found')
        assert.equal(await store.messages.delete({ ...ask, now: NOW }), 'not_found')
      }
      assert.deepEqual(await stored(given, message), before)
    },
  },
  {
    name: 'a message is located by its id alone, in its own organization, until it or its queue is gone',
    async run(given) {
      const { store } = given
      const { queue } = await storedFixture(given)
      const [first, second] = [await accepted(given, queue), await accepted(given, queue)]
      const { organizationId } = first
      const located = (id: string) => store.messages.locate({ organizationId, id })
      assert.equal(await located(first.id), queue.id)
      assert.equal(await store.messages.locate({ organizationId: queue.id, id: first.id }), null)
      for (const id of [queue.id, 'x', '']) assert.equal(await located(id), null)
      await store.messages.delete({ ...idsOf(first), now: NOW })
      assert.equal(await located(first.id), null)
      await store.queues.delete({ organizationId, id: queue.id, now: NOW })
      assert.equal(await located(second.id), null)
    },
  },
  {
    name: 'unusual data comes back identical, when it is read and when it is claimed',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      for (const data of UNUSUAL) {
        const message = await accepted(given, queue, { data })
        assert.ok((await stored(given, message)).message.data === data, JSON.stringify(data.slice(0, 40)))
        const delivery = await claimedOne(given, { listenerId: listeners[0]!.id })
        assert.ok(delivery.message.data === data, JSON.stringify(data.slice(0, 40)))
      }
    },
  },
]

const listings: StoreCase[] = [
  {
    name: 'a listing has the messages of one queue or of the organization, newest first',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const other = await storedQueue(given, organization)
      const stranger = await storedFixture(given)
      const ids: string[] = []
      for (const place of [queue, queue, other, queue, other, other, queue])
        ids.unshift((await accepted(given, place)).id)
      const theirs = await accepted(given, stranger.queue)
      const ofQueue = [0, 3, 5, 6].map((i) => ids[i]!)
      assert.deepEqual(await listed(given, organization), ids)
      assert.deepEqual(await listed(given, organization, { queueId: queue.id }), ofQueue)
      assert.deepEqual(await listed(given, organization, { queueId: stranger.queue.id }), [])
      assert.deepEqual(await listed(given, organization, { queueId: given.make.id() }), [])
      assert.deepEqual(await listed(given, stranger.organization), [theirs.id])
    },
  },
  {
    name: 'a page begins before an id, passes over what the offset says, and ends at the limit',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const other = await storedQueue(given, organization)
      const ids: string[] = []
      for (let i = 0; i < 6; i++) ids.unshift((await accepted(given, i % 2 === 0 ? queue : other)).id)
      assert.deepEqual(await listed(given, organization, { limit: 2 }), ids.slice(0, 2))
      assert.deepEqual(await listed(given, organization, { offset: 4 }), ids.slice(4))
      assert.deepEqual(await listed(given, organization, { before: ids[1]! }), ids.slice(2))
      assert.deepEqual(await listed(given, organization, { before: ids[1]!, offset: 1, limit: 2 }), ids.slice(3, 5))
      assert.deepEqual(await listed(given, organization, { before: ids[5]! }), [])
      const ofQueue = { queueId: queue.id, before: ids[1]!, offset: 1, limit: 1 }
      assert.deepEqual(await listed(given, organization, ofQueue), [ids[5]])
    },
  },
  {
    name: 'a page that begins before an id stays right while messages come and that one goes',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const messages = []
      for (let i = 0; i < 4; i++) messages.unshift(await accepted(given, queue))
      await accepted(given, queue)
      await given.store.messages.delete({ ...idsOf(messages[1]!), now: NOW })
      const rest = [messages[2]!.id, messages[3]!.id]
      assert.deepEqual(await listed(given, organization, { before: messages[1]!.id }), rest)
      assert.deepEqual(await listed(given, organization, { before: messages[1]!.id, queueId: queue.id }), rest)
    },
  },
  {
    name: 'a listing can be restricted to ids of messages and of queues',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const other = await storedQueue(given, organization)
      const stranger = await storedFixture(given)
      const ids: string[] = []
      for (const place of [queue, queue, other, other]) ids.unshift((await accepted(given, place)).id)
      const theirs = await accepted(given, stranger.queue)
      const only = (...allowed: string[]) => listed(given, organization, { only: allowed })
      assert.deepEqual(await only(ids[3]!, ids[0]!, given.make.id()), [ids[0], ids[3]])
      assert.deepEqual(await only(queue.id), [ids[2], ids[3]])
      assert.deepEqual(await only(queue.id, ids[0]!), [ids[0], ids[2], ids[3]])
      assert.deepEqual(await only(theirs.id, stranger.queue.id), [])
      assert.deepEqual(await only(), [])
      const inOther = { queueId: other.id, only: [queue.id, ids[1]!] }
      assert.deepEqual(await listed(given, organization, inOther), [ids[1]])
    },
  },
  {
    name: 'a full listing shows each message as it shows itself, and otherwise without its deliveries',
    async run(given) {
      const { organization, queue, listeners } = await storedFixture(given, 2)
      const messages = [await accepted(given, queue), await accepted(given, queue)]
      const { deliveries } = await claim(given, { listenerId: listeners[0]!.id })
      await settled(given, deliveries[0]!, ACKNOWLEDGED)
      const alone = [await stored(given, messages[1]!), await stored(given, messages[0]!)]
      for (const queueId of [queue.id, null]) {
        const part = { only: null, before: null, offset: 0, limit: 10 }
        const ask = { organizationId: organization.id, queueId, ...part }
        assert.deepEqual(await given.store.messages.list({ ...ask, full: true }), alone)
        const bare = alone.map(({ message }) => ({ message, deliveries: [] }))
        assert.deepEqual(await given.store.messages.list({ ...ask, full: false }), bare)
      }
    },
  },
]

const changed: StoreCase[] = [
  {
    name: 'a message can be renamed, also to a name that another one has',
    async run(given) {
      const { queue } = await storedFixture(given)
      const [first, second] = [await accepted(given, queue, { name: 'order' }), await accepted(given, queue)]
      const before = await stored(given, second)
      const renaming = { ...idsOf(second), changes: { name: 'order' }, now: given.now }
      assert.deepEqual(await given.store.messages.update(renaming), { movedListenerIds: [] })
      const renamed = { ...before, message: { ...before.message, name: 'order' } }
      assert.deepEqual(await stored(given, second), renamed)
      assert.equal((await stored(given, first)).message.name, 'order')
    },
  },
  {
    name: 'a deleted message is gone, with what was waiting, and names the listeners that still waited',
    async run(given) {
      const { store, now } = given
      const { organization, queue, listeners } = await storedFixture(given, 4)
      const [done, retried, missed, untouched] = listeners.map((listener) => listener.id)
      const message = await accepted(given, queue)
      await settled(given, await claimedOne(given, { listenerId: done! }), ACKNOWLEDGED)
      const later = { state: 'pending', dueAt: now + 1_000 } as const
      await settled(given, await claimedOne(given, { listenerId: retried! }), later)
      await settled(given, await claimedOne(given, { listenerId: missed! }), MISSED)
      const answer = await store.messages.delete({ ...idsOf(message), now: NOW })
      assert.ok(typeof answer === 'object')
      assert.deepEqual(answer.listenerIds.sort(), [retried, untouched])
      assert.equal(await store.messages.get(idsOf(message)), null)
      assert.equal(await store.messages.attempts(idsOf(message)), null)
      assert.deepEqual(await listed(given, organization), [])
      assert.equal(await pendingCount(given, queue), 0)
      assert.deepEqual(await store.deliveries.waiting({ node: 'a', after: null, limit: 10, now }), [])
      const ask = { listenerId: retried!, now: now + 2_000 }
      assert.deepEqual(await claim(given, ask), { deliveries: [], nextDueAt: null })
      assert.equal(await store.messages.delete({ ...idsOf(message), now: NOW }), 'not_found')
    },
  },
  {
    name: 'a deleted message leaves the others alone',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const [gone, kept] = [await accepted(given, queue), await accepted(given, queue)]
      assert.deepEqual(await given.store.messages.delete({ ...idsOf(gone), now: NOW }), {
        listenerIds: [listeners[0]!.id],
        freedListenerIds: [],
      })
      assert.equal(await pendingCount(given, queue), 1)
      assert.equal((await claimedOne(given, { listenerId: listeners[0]!.id })).message.id, kept.id)
    },
  },
  {
    name: 'a deleted message does not name a listener that went before it',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given, 2)
      const message = await accepted(given, queue)
      const delivery = await claimedOne(given, { listenerId: listeners[0]!.id })
      await settled(given, delivery, { state: 'pending', dueAt: now + 1_000 })
      await store.listeners.delete({ ...idsOf(listeners[0]!), now: NOW })
      assert.deepEqual(await store.messages.delete({ ...idsOf(message), now: NOW }), {
        listenerIds: [listeners[1]!.id],
        freedListenerIds: [],
      })
      assert.equal(await pendingCount(given, queue), 0)
    },
  },
]

const history: StoreCase[] = [
  {
    name: 'the attempts of a message are listed by listener, newest first, in full',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const message = await accepted(given, queue)
      const made: Attempt[] = [
        { number: 1, startedAt: given.now, durationMs: 7, status: 503, error: null, response: '🙂 "busy"\u0000' },
        { number: 2, startedAt: given.now + 10, durationMs: 15_000, status: null, error: 'timeout', response: '' },
        { number: 3, startedAt: given.now + 20, durationMs: 0, status: 204, error: null, response: '' },
      ]
      for (const { id } of listeners) {
        for (const [i, attempt] of made.entries()) {
          const at = given.now + i * 10
          const delivery = await claimedOne(given, { listenerId: id, now: at })
          const next = i === 2 ? ACKNOWLEDGED : ({ state: 'pending', dueAt: at + 10 } as const)
          assert.equal(await settled(given, delivery, next, attempt), 'settled')
        }
      }
      const attempts = await given.store.messages.attempts(idsOf(message))
      for (const limit of [1, 2, 4, 5]) {
        const parts: typeof attempts = []
        for (let found = parts; parts.length < 6; parts.push(...found)) {
          const last = parts.at(-1)
          const after = last === undefined ? null : { listenerId: last.listenerId, number: last.attempt.number }
          found = (await given.store.messages.attempts({ ...idsOf(message), part: { after, limit } }))!
          assert.equal(found.length, Math.min(limit, 6 - parts.length))
        }
        assert.deepEqual(parts, attempts)
      }
      for (const { id } of listeners) {
        const own = attempts?.filter((entry) => entry.listenerId === id).map((entry) => entry.attempt)
        assert.deepEqual(own, made.toReversed())
      }
      // By listener: each one's attempts stand together.
      const [first, fourth] = [attempts?.[0], attempts?.[3]]
      assert.deepEqual(
        attempts?.map((entry) => entry.listenerId),
        [...Array(3).fill(first?.listenerId), ...Array(3).fill(fourth?.listenerId)],
      )
    },
  },
  {
    name: 'a message shows only the listeners that it was accepted for',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const message = await accepted(given, queue)
      await storedListener(given, queue)
      const { deliveries } = await stored(given, message)
      assert.deepEqual(
        deliveries.map((delivery) => delivery.listenerId),
        [listeners[0]!.id],
      )
    },
  },
]

const moves: StoreCase[] = [
  {
    name: 'a message that waits can be moved: its deliveries are due at the new time, and found and cancelled there',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const message = await accepted(given, queue, { deliverAt: NOW + 60_000 })
      const ids = listeners.map(({ id }) => id).toSorted()
      for (const deliverAt of [NOW + 1_000, NOW + 90_000, NOW + 5_000]) {
        const outcome = await given.store.messages.update({ ...idsOf(message), changes: { deliverAt }, now: NOW })
        assert.ok(typeof outcome === 'object')
        assert.deepEqual(outcome.movedListenerIds.toSorted(), ids)
        const details = await stored(given, message)
        assert.equal(details.message.deliverAt, deliverAt)
        assert.deepEqual(
          details.deliveries.map((delivery) => [delivery.status, delivery.attempts, delivery.nextAttemptAt]),
          Array(2).fill(['pending', 0, deliverAt]),
        )
        const early = await claim(given, { listenerId: ids[0]!, now: deliverAt - 1 })
        assert.deepEqual(early, { deliveries: [], nextDueAt: deliverAt })
      }
      const delivery = await claimedOne(given, { listenerId: ids[0]!, now: NOW + 5_000 })
      assert.deepEqual([delivery.dueAt, delivery.message.deliverAt], [NOW + 5_000, NOW + 5_000])
      assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'settled')
      assert.equal(await pendingCount(given, queue), 1)
      const deleted = await given.store.messages.delete({ ...idsOf(message), now: NOW })
      assert.deepEqual(deleted, { listenerIds: [ids[1]], freedListenerIds: [] })
      assert.equal(await pendingCount(given, queue), 0)
      assert.deepEqual(await claim(given, { listenerId: ids[1]!, now: NOW + 99_000 }), {
        deliveries: [],
        nextDueAt: null,
      })
    },
  },
  {
    name: 'a message that somebody holds, has tried or is done with stays where it is',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      await given.store.deliveries.renew({ node: 'a', until: NOW + 15_000 })
      const listenerId = listeners[0]!.id
      const message = await accepted(given, queue, { deliverAt: NOW - 5 })
      const move = async () => {
        const changes = { deliverAt: NOW + 60_000, name: 'moved' }
        return given.store.messages.update({ ...idsOf(message), changes, now: NOW })
      }
      const held = await claimedOne(given, { listenerId })
      assert.equal(await move(), 'started')
      assert.equal(await settled(given, held, { state: 'pending', dueAt: NOW + 10 }), 'settled')
      assert.equal(await move(), 'started')
      const again = await claimedOne(given, { listenerId, now: NOW + 10 })
      assert.equal(await settled(given, again, ACKNOWLEDGED), 'settled')
      assert.equal(await move(), 'started')
      const { message: now } = await stored(given, message)
      assert.deepEqual([now.deliverAt, now.name], [NOW - 5, null])
    },
  },
  {
    name: 'a lease that was handed back does not keep a message from being moved',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      await given.store.deliveries.renew({ node: 'a', until: NOW + 15_000 })
      const message = await accepted(given, queue, { deliverAt: NOW - 5 })
      const { lease } = await claimedOne(given, { listenerId: listeners[0]!.id })
      const leases = [{ listenerId: listeners[0]!.id, sequence: message.sequence, lease }]
      await given.store.deliveries.handBack({ node: 'a', leases })
      const changes = { deliverAt: NOW + 60_000 }
      const outcome = await given.store.messages.update({ ...idsOf(message), changes, now: NOW })
      assert.deepEqual(outcome, { movedListenerIds: [listeners[0]!.id] })
    },
  },
  {
    name: 'a message without deliveries can be moved until it is due',
    async run(given) {
      const { queue } = await storedFixture(given, 0)
      const message = await accepted(given, queue, { deliverAt: NOW + 1_000 })
      const move = (now: number) =>
        given.store.messages.update({ ...idsOf(message), changes: { deliverAt: NOW + 9_000 + now }, now })
      assert.deepEqual(await move(NOW + 999), { movedListenerIds: [] })
      assert.equal(await move(2 * NOW + 9_999), 'started')
    },
  },
  {
    name: 'a move by what was believed is refused where the message has changed',
    async run(given) {
      const { queue } = await storedFixture(given)
      const message = await accepted(given, queue, { deliverAt: NOW + 60_000 })
      const { revision } = (await given.store.messages.get(idsOf(message)))!
      const move = (deliverAt: number) =>
        given.store.messages.update({ ...idsOf(message), changes: { deliverAt }, now: NOW, ifMatch: [revision] })
      assert.equal(typeof (await move(NOW + 1_000)), 'object')
      assert.equal(await move(NOW + 2_000), 'changed')
      assert.equal((await stored(given, message)).message.deliverAt, NOW + 1_000)
    },
  },
  {
    name: "a message's key is kept with it, and handed to whoever claims it",
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const message = await accepted(given, queue, { key: 'customer 17 😀' })
      assert.equal((await stored(given, message)).message.key, 'customer 17 😀')
      const delivery = await claimedOne(given, { listenerId: listeners[0]!.id })
      assert.equal(delivery.message.key, 'customer 17 😀')
    },
  },
]

export const messageCases = [...found, ...listings, ...changed, ...moves, ...history]
