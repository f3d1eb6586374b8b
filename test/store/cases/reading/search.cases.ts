import assert from 'node:assert/strict'
import { type Message, statusOf } from '../../../../src/core/delivery/message.ts'
import { encodeTime } from '../../../../src/core/id.ts'
import { ANY_MESSAGE, type MessageFilter } from '../../../../src/core/search/message-filter.ts'
import type { MessageSearchPart } from '../../../../src/store/messages.ts'
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

interface Look extends Partial<MessageFilter> {
  from?: string
  limit?: number
  examine?: number
  examineBytes?: number
  only?: string[]
  /** Over all queues. */
  isOverAll?: boolean
}

/** Everything that a search finds, call by call; each call must move on. */
async function found(given: Given, { queue }: Pick<Fixture, 'queue'>, look: Look): Promise<string[]> {
  const { from = '', limit = 3, examine = 4, examineBytes = 1e6, only = null, isOverAll = false, ...filter } = look
  const ids: string[] = []
  let before = '~'
  for (let calls = 0; calls < 1_000; calls++) {
    const place = { organizationId: queue.organizationId, queueId: isOverAll ? null : queue.id, only, from, before }
    const page = await given.store.messages.search({
      ...place,
      ...{ filter: { ...ANY_MESSAGE, ...filter }, limit, examine, examineBytes, now: given.now },
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
        ...{
          organizationId: queue.organizationId,
          queueId: queue.id,
          only: null,
          filter: { ...ANY_MESSAGE, name: 'whole' },
        },
        ...{ from: '', before: '~', limit: 10, examine: 10, examineBytes: 1e6, now: given.now },
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
  {
    name: 'text, and values at paths, are found in the data, however it is cut into calls',
    async run(given) {
      const fixture = await storedFixture(given)
      const messages: Message[] = []
      for (let index = 0; index < 18; index++) {
        const order = {
          order: { id: index, paid: index % 2 === 0, items: [{ sku: `s${index % 4}` }] },
          umläut: 'ä\u0000b',
        }
        const data = index % 3 === 0 ? `plain ${index % 2 === 0 ? 'EVEN 100%_' : 'odd'}` : JSON.stringify(order)
        messages.push(await accepted(given, fixture.queue, { data }))
      }
      const judge = (fits: (data: string) => boolean) => newestFirst(messages.filter(({ data }) => fits(data)))
      const order = (data: string) => (data.startsWith('plain') ? null : JSON.parse(data).order)
      const where = (path: string, text: string) => ({ path: path.split('.'), text })
      for (const cut of [
        { limit: 1, examine: 2 },
        { limit: 4, examine: 5, examineBytes: 100 },
        { limit: 99, examine: 99 },
      ]) {
        const by = (look: Look) => found(given, fixture, { ...cut, ...look })
        assert.deepEqual(
          await by({ contains: '100%_' }),
          judge((data) => data.includes('100%_')),
        )
        assert.deepEqual(await by({ contains: 'even' }), [])
        assert.deepEqual(
          await by({ data: [where('order.paid', 'true')] }),
          judge((data) => order(data)?.paid === true),
        )
        assert.deepEqual(
          await by({ data: [where('order.items.0.sku', 's1')] }),
          judge((data) => order(data)?.items[0].sku === 's1'),
        )
        assert.deepEqual(
          await by({ contains: '"paid":true', data: [where('order.id', '4'), where('umläut', 'ä\u0000b')] }),
          judge((data) => order(data)?.id === 4),
        )
        const none: Look[] = [
          { data: [where('order.id', 'x')] },
          { data: [where('order', '4')] },
          { contains: 'nowhere' },
        ]
        for (const look of none) assert.deepEqual(await by(look), [])
      }
    },
  },
  {
    name: 'no text and no value is found in bytes, whatever their base64 looks like',
    async run(given) {
      const fixture = await storedFixture(given)
      await accepted(given, fixture.queue, { data: '1234', mediaType: 'application/octet-stream;base64' })
      const text = await accepted(given, fixture.queue, { data: '["1234"]', mediaType: 'application/json' })
      assert.deepEqual(await found(given, fixture, { contains: '1234' }), [text.id])
      assert.deepEqual(await found(given, fixture, { data: [{ path: ['0'], text: '1234' }] }), [text.id])
    },
  },
  {
    name: 'text with the character zero is found',
    async run(given) {
      const fixture = await storedFixture(given)
      const message = await accepted(given, fixture.queue, { data: 'a\u0000b' })
      await accepted(given, fixture.queue, { data: 'ab' })
      assert.deepEqual(await found(given, fixture, { contains: 'a\u0000' }), [message.id])
    },
  },
  {
    name: 'no call looks through more data than it may, but for the message with which it comes to that',
    async run(given) {
      const { queue } = await storedFixture(given)
      for (let index = 0; index < 6; index++) await accepted(given, queue, { data: 'x'.repeat(1_000) })
      const place = { organizationId: queue.organizationId, queueId: queue.id, only: null, from: '' }
      const most = { limit: 10, examine: 10, examineBytes: 1_500, now: given.now }
      const looked: [number, number][] = []
      let before: string | null = '~'
      while (before !== null) {
        const filter = { ...ANY_MESSAGE, contains: 'y' }
        const part: MessageSearchPart = await given.store.messages.search({ ...place, ...most, before, filter })
        looked.push([part.looked, part.bytes])
        before = part.next
      }
      assert.deepEqual(
        looked.filter(([messages]) => messages > 0),
        Array.from({ length: 3 }, () => [2, 2_000]),
      )
    },
  },
  {
    name: 'messages are found by how one listener, or any, stands with them',
    async run(given) {
      const fixture = await storedFixture(given, 2)
      const [first, second] = fixture.listeners
      const messages: Message[] = []
      for (let index = 0; index < 6; index++) {
        messages.push(await accepted(given, fixture.queue))
        for (const [place, { id }] of [first!, second!].entries()) {
          const delivery = await claimedOne(given, { listenerId: id, limit: 1 })
          await settled(given, delivery, (index + place) % 2 === 0 ? MISSED : ACKNOWLEDGED)
        }
      }
      const third = await storedListener(given, fixture.queue)
      const late = await accepted(given, fixture.queue)
      const even = newestFirst(messages.filter((_, index) => index % 2 === 0))
      const odd = newestFirst(messages.filter((_, index) => index % 2 === 1))
      const listenerId = first!.id
      assert.deepEqual(await found(given, fixture, { listenerId, deliveryStatus: 'missed' }), even)
      assert.deepEqual(await found(given, fixture, { listenerId, deliveryStatus: 'delivered' }), odd)
      assert.deepEqual(await found(given, fixture, { listenerId: second!.id, deliveryStatus: 'missed' }), odd)
      assert.deepEqual(await found(given, fixture, { deliveryStatus: 'missed' }), newestFirst(messages))
      assert.deepEqual(await found(given, fixture, { listenerId: third.id }), [late.id])
      assert.deepEqual(await found(given, fixture, { listenerId: third.id, deliveryStatus: 'pending' }), [late.id])
      assert.deepEqual(await found(given, fixture, { listenerId: third.id, deliveryStatus: 'missed' }), [])
    },
  },
  {
    name: 'a search over all queues finds those of every queue, newest first, and none of another organization',
    async run(given) {
      const fixture = await storedFixture(given)
      const other = await storedQueue(given, fixture.organization)
      await storedListener(given, other)
      const foreign = await storedFixture(given)
      const messages: Message[] = []
      const day = 24 * 3_600_000
      for (let index = 0; index < 18; index++) {
        // Some are weeks old: nothing may depend on how close they lie together.
        const at = given.now - (index < 6 ? (40 - index) * day : 1_000 - index)
        const what = { id: encodeTime(at) + String(index).padStart(12, '0'), createdAt: at, deliverAt: at }
        const name = index % 2 === 0 ? 'even' : null
        const data = index % 3 === 0 ? '{"third":true}' : 'x'
        messages.push(
          await accepted(given, index % 4 === 0 ? other : fixture.queue, { ...what, name, key: `k${index % 3}`, data }),
        )
      }
      await accepted(given, foreign.queue, { name: 'even', data: '{"third":true}' })
      const expected = (fits: (message: Message, index: number) => boolean) => newestFirst(messages.filter(fits))
      const thirds = [{ path: ['third'], text: 'true' }]
      for (const cut of [
        { limit: 1, examine: 1 },
        { limit: 2, examine: 5 },
        { limit: 99, examine: 99 },
      ]) {
        const by = (look: Look) => found(given, fixture, { isOverAll: true, ...cut, ...look })
        assert.deepEqual(
          await by({ name: 'even' }),
          expected((_, index) => index % 2 === 0),
        )
        assert.deepEqual(
          await by({ key: 'k1' }),
          expected((_, index) => index % 3 === 1),
        )
        assert.deepEqual(
          await by({ data: thirds }),
          expected((_, index) => index % 3 === 0),
        )
        assert.deepEqual(
          await by({ name: 'even', contains: 'third', status: 'pending' }),
          expected((_, index) => index % 6 === 0),
        )
        const from = messages[4]!.id
        assert.deepEqual(
          await by({ from }),
          expected(({ id }) => id >= from),
        )
        assert.deepEqual(
          await by({ only: [other.id], contains: 'x' }),
          expected(({ queueId, data }) => queueId === other.id && data === 'x'),
        )
        assert.deepEqual(await by({ only: [messages[1]!.id] }), [messages[1]!.id])
      }
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
