import assert from 'node:assert/strict'
import { type Message, statusOf } from '../../../../src/core/delivery/message.ts'
import { encodeTime } from '../../../../src/core/id.ts'
import type { MessageFilter } from '../../../../src/store/messages.ts'
import {
  ACKNOWLEDGED,
  accepted,
  claimedOne,
  type Fixture,
  MISSED,
  settled,
  stored,
  storedFixture,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../../fixture.ts'
import type { Given, StoreCase } from '../../suite.ts'

const NONE: MessageFilter = { name: null, key: null, status: null }

interface Look extends Partial<MessageFilter> {
  from?: string
  limit?: number
  examine?: number
  only?: string[]
}

/** Everything that a search finds, call by call; each call must move on. */
async function found(given: Given, { queue }: Pick<Fixture, 'queue'>, look: Look): Promise<string[]> {
  const { from = '', limit = 3, examine = 4, only = null, ...filter } = look
  const ids: string[] = []
  let before = '~'
  for (let calls = 0; calls < 1_000; calls++) {
    const place = { organizationId: queue.organizationId, queueId: queue.id, only, from, before }
    const page = await given.store.messages.search({
      ...place,
      ...{ filter: { ...NONE, ...filter }, limit, examine, now: given.now },
    })
    assert.ok(page.entries.length <= Math.min(limit, examine))
    ids.push(...page.entries.map(({ message }) => message.id))
    if (page.next === null) return ids
    assert.ok(page.next < before, 'a search goes down')
    before = page.next
  }
  return assert.fail('the search does not end')
}

const newestFirst = (messages: Pick<Message, 'id'>[]) =>
  messages
    .map(({ id }) => id)
    .sort()
    .reverse()

export const searchCases: StoreCase[] = [
  {
    name: 'a search by name, key, or both finds exactly those, newest first, however it is cut into calls',
    async run(given) {
      const fixture = await storedFixture(given)
      const messages: Message[] = []
      for (let index = 0; index < 24; index++) {
        const name = index % 3 === 0 ? 'third' : index % 3 === 1 ? 'other' : null
        const key = index % 2 === 0 ? 'even' : null
        messages.push(await accepted(given, fixture.queue, { name, key }))
      }
      const expected = (fits: (message: Message) => boolean) => newestFirst(messages.filter(fits))
      for (const limit of [1, 2, 100]) {
        for (const examine of [1, 5, 100]) {
          const cut = { limit, examine }
          assert.deepEqual(
            await found(given, fixture, { name: 'third', ...cut }),
            expected(({ name }) => name === 'third'),
          )
          assert.deepEqual(
            await found(given, fixture, { key: 'even', ...cut }),
            expected(({ key }) => key === 'even'),
          )
          const both = expected(({ name, key }) => name === 'third' && key === 'even')
          assert.deepEqual(await found(given, fixture, { name: 'third', key: 'even', ...cut }), both)
          assert.deepEqual(await found(given, fixture, { name: 'thir', ...cut }), [])
        }
      }
    },
  },
  {
    name: 'a search by status agrees with the status that each message has',
    async run(given) {
      const fixture = await storedFixture(given, 2)
      const [first, second] = fixture.listeners
      const messages: Message[] = []
      for (let index = 0; index < 12; index++) {
        const deliverAt = index % 4 === 3 ? { deliverAt: given.now + 60_000 } : {}
        const message = await accepted(given, fixture.queue, deliverAt)
        messages.push(message)
        if (index % 4 === 3) continue
        for (const [place, listener] of [first!, second!].entries()) {
          // Of each four: delivered to both, missed by one, delivered to one and pending for the other, later.
          if (index % 4 === 2 && place === 1) continue
          const delivery = await claimedOne(given, { listenerId: listener.id, limit: 1 })
          await settled(given, delivery, index % 4 === 1 && place === 0 ? MISSED : ACKNOWLEDGED)
        }
        if (index % 4 === 2) await moveOutOfTheWay(given, second!.id)
      }
      const statuses = new Map<string, string>()
      for (const message of messages) {
        const details = await stored(given, message)
        statuses.set(message.id, statusOf(details.message, details.deliveries, given.now))
      }
      assert.deepEqual(new Set(statuses.values()), new Set(['delivered', 'missed', 'pending', 'scheduled']))
      for (const status of ['delivered', 'missed', 'pending', 'scheduled'] as const) {
        const expected = newestFirst(messages.filter(({ id }) => statuses.get(id) === status))
        for (const examine of [1, 5, 50]) assert.deepEqual(await found(given, fixture, { status, examine }), expected)
      }
    },
  },
  {
    name: 'a range of ids is kept to, its first id included',
    async run(given) {
      const fixture = await storedFixture(given)
      const messages: Message[] = []
      for (let index = 0; index < 9; index++) messages.push(await accepted(given, fixture.queue))
      const from = messages[4]!
      assert.deepEqual(await found(given, fixture, { from: from.id }), newestFirst(messages.slice(4)))
      assert.deepEqual(
        await found(given, fixture, { from: encodeTime(from.createdAt) }),
        newestFirst(messages.slice(4)),
      )
    },
  },
  {
    name: 'what a message holds comes along, with how its listeners stand',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const message = await accepted(given, queue, { name: 'whole', key: 'k', data: '{"a":1}' })
      const { entries } = await given.store.messages.search({
        ...{ organizationId: queue.organizationId, queueId: queue.id, only: null, filter: { ...NONE, name: 'whole' } },
        ...{ from: '', before: '~', limit: 10, examine: 10, now: given.now },
      })
      assert.deepEqual(entries, [await stored(given, message)])
      assert.deepEqual(
        entries[0]!.deliveries.map(({ listenerId }) => listenerId),
        [listeners[0]!.id],
      )
    },
  },
  {
    name: 'nothing is found of another queue or organization, or beside the ids that a key may see',
    async run(given) {
      const fixture = await storedFixture(given)
      const other = await storedQueue(given, fixture.organization)
      const shown = await accepted(given, fixture.queue, { name: 'same' })
      const hidden = await accepted(given, fixture.queue, { name: 'same' })
      await accepted(given, other, { name: 'same' })
      assert.deepEqual(await found(given, fixture, { name: 'same' }), newestFirst([shown, hidden]))
      assert.deepEqual(await found(given, fixture, { name: 'same', only: [shown.id] }), [shown.id])
      assert.deepEqual(
        await found(given, fixture, { name: 'same', only: [fixture.queue.id] }),
        newestFirst([shown, hidden]),
      )
      const stranger = await storedOrganization(given)
      const foreign = { queue: { ...fixture.queue, organizationId: stranger.id } }
      assert.deepEqual(await found(given, foreign, { name: 'same' }), [])
    },
  },
  {
    name: 'no message has a name or key with characters that a store cannot hold, and asking for it finds nothing',
    async run(given) {
      const fixture = await storedFixture(given)
      await accepted(given, fixture.queue, { name: 'a', key: 'a' })
      for (const text of ['a\u0000', '\u0000', '\ud800', '\ue000']) {
        assert.deepEqual(await found(given, fixture, { name: text }), [])
        assert.deepEqual(await found(given, fixture, { key: text }), [])
      }
    },
  },
  {
    name: 'a renamed message is found by its new name only, and a deleted one not at all',
    async run(given) {
      const fixture = await storedFixture(given)
      const message = await accepted(given, fixture.queue, { name: 'before' })
      const ask = { organizationId: message.organizationId, queueId: message.queueId, id: message.id, now: given.now }
      await given.store.messages.update({ ...ask, changes: { name: 'after' } })
      assert.deepEqual(await found(given, fixture, { name: 'before' }), [])
      assert.deepEqual(await found(given, fixture, { name: 'after' }), [message.id])
      await given.store.messages.delete(ask)
      assert.deepEqual(await found(given, fixture, { name: 'after' }), [])
    },
  },
  {
    name: 'a delivery that was missed by a listener that is gone does not make its message missed',
    async run(given) {
      const fixture = await storedFixture(given)
      const gone = await storedListener(given, fixture.queue)
      const message = await accepted(given, fixture.queue)
      await settled(given, await claimedOne(given, { listenerId: fixture.listeners[0]!.id }), ACKNOWLEDGED)
      await settled(given, await claimedOne(given, { listenerId: gone.id }), MISSED)
      assert.deepEqual(await found(given, fixture, { status: 'missed' }), [message.id])
      await given.store.listeners.delete({ ...idsOfListener(gone), now: given.now })
      assert.deepEqual(await found(given, fixture, { status: 'missed' }), [])
      assert.deepEqual(await found(given, fixture, { status: 'discarded' }), [message.id])
      // Whether its rows are still to be removed or not.
      while ((await given.store.removals.sweep({ limit: 10 })) > 0);
      assert.deepEqual(await found(given, fixture, { status: 'missed' }), [])
      assert.deepEqual(await found(given, fixture, { status: 'discarded' }), [message.id])
    },
  },
  {
    name: 'what no listener was there for is unrouted, and what one had not got when it was deleted discarded',
    async run(given) {
      const fixture = await storedFixture(given, 0)
      const unrouted = [
        await accepted(given, fixture.queue),
        await accepted(given, fixture.queue, { deliverAt: given.now + 60_000 }),
      ]
      const [gone, kept] = [await storedListener(given, fixture.queue), await storedListener(given, fixture.queue)]
      const delivered = await accepted(given, fixture.queue)
      for (const { id } of [gone, kept]) {
        await settled(given, await claimedOne(given, { listenerId: id, limit: 1 }), ACKNOWLEDGED)
      }
      const discarded = await accepted(given, fixture.queue)
      await settled(given, await claimedOne(given, { listenerId: kept.id, limit: 1 }), ACKNOWLEDGED)
      const pending = await accepted(given, fixture.queue)
      await given.store.listeners.delete({ ...idsOfListener(gone), now: given.now })
      const after = [await accepted(given, fixture.queue)]
      await given.store.listeners.delete({ ...idsOfListener(kept), now: given.now })
      unrouted.push(await accepted(given, fixture.queue))
      for (let round = 0; round < 2; round++) {
        for (const examine of [1, 3, 50]) {
          assert.deepEqual(await found(given, fixture, { status: 'unrouted', examine }), newestFirst(unrouted))
          const all = newestFirst([discarded, pending, ...after])
          assert.deepEqual(await found(given, fixture, { status: 'discarded', examine }), all)
          assert.deepEqual(await found(given, fixture, { status: 'delivered', examine }), [delivered.id])
          for (const status of ['pending', 'missed', 'scheduled'] as const) {
            assert.deepEqual(await found(given, fixture, { status, examine }), [])
          }
        }
        const { deliveries } = await stored(given, pending)
        const both = [gone.id, kept.id].sort()
        assert.deepEqual(
          deliveries.map(({ listenerId }) => listenerId),
          both,
        )
        while ((await given.store.removals.sweep({ limit: 10 })) > 0);
      }
    },
  },
  {
    name: 'what was brought forward and delivered is found as delivered before its time',
    async run(given) {
      const fixture = await storedFixture(given)
      const message = await accepted(given, fixture.queue, { deliverAt: given.now + 60_000 })
      const ask = { ...idsOfListener(message), listenerIds: null, immediately: true, now: given.now }
      assert.notEqual(typeof (await given.store.redeliveries.ofMessage(ask)), 'string')
      assert.deepEqual(await found(given, fixture, { status: 'pending' }), [message.id])
      await settled(given, await claimedOne(given, { listenerId: fixture.listeners[0]!.id }), ACKNOWLEDGED)
      assert.deepEqual(await found(given, fixture, { status: 'delivered' }), [message.id])
    },
  },
]

function idsOfListener({ organizationId, queueId, id }: { organizationId: string; queueId: string; id: string }) {
  return { organizationId, queueId, id }
}

/** Takes the pending delivery of a listener and gives it a later time, so that the next claim gets another. */
async function moveOutOfTheWay(given: Given, listenerId: string): Promise<void> {
  const delivery = await claimedOne(given, { listenerId })
  await settled(given, delivery, { state: 'pending', dueAt: given.now + 1_000 })
}
