import assert from 'node:assert/strict'
import { EVENT_CATEGORIES, type UsageEvent } from '../../../../src/core/telemetry/event.ts'
import { type EventPosition, positionOfEvent } from '../../../../src/core/telemetry/event-id.ts'
import type { EventStore } from '../../../../src/store/events.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  commit,
  idsOf,
  MISSED,
  messageOf,
  settled,
  storedFixture,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

type Ask = Partial<Parameters<EventStore['list']>[0]> & { organizationId: string }

/** Everything that is listed, page by page, newest first. */
export function eventsListed({ store }: Given, ask: Ask): Promise<UsageEvent[]> {
  return eventsAfter({ store }, ask, null)
}

/** Everything that is listed from a place on, page by page. */
export async function eventsAfter(
  { store }: Pick<Given, 'store'>,
  ask: Ask,
  start: EventPosition | null,
): Promise<UsageEvent[]> {
  const events: UsageEvent[] = []
  let after = start
  for (let pages = 0; pages < 10_000; pages++) {
    const whole = { categories: EVENT_CATEGORIES, only: null, since: 0, limit: 100 }
    const page = await store.events.list({ ...whole, ...ask, after })
    assert.ok(page.events.length <= (ask.limit ?? 100))
    events.push(...page.events)
    if (page.next === null) return events
    after = page.next
  }
  return assert.fail('the listing does not end')
}

/** What happened, oldest first. */
async function told(given: Given, ask: Ask): Promise<string[]> {
  const events = await eventsListed(given, ask)
  return events.reverse().map(({ type, subject, queueId }) => [type, subject.name, queueId !== null].join(' '))
}

/** What a queue with one listener makes of events by itself. */
const BEGINNING = ['queue_added', 'listener_added']

async function typesAfterBeginning(given: Given, organizationId: string): Promise<string[]> {
  const types = (await eventsListed(given, { organizationId })).map((event) => event.type)
  return types.filter((type) => !BEGINNING.includes(type))
}

export const eventCases: StoreCase[] = [
  {
    name: 'the names of queues and listeners are those that they have now, of one organization alone, and none of what is gone',
    async run(given) {
      const [{ organization, queue, listeners }, stranger] = [await storedFixture(given, 2), await storedFixture(given)]
      const [kept, gone] = listeners
      await given.store.queues.update({
        organizationId: organization.id,
        id: queue.id,
        changes: { name: 'anew' },
        now: NOW,
      })
      await given.store.listeners.delete({ organizationId: organization.id, queueId: queue.id, id: gone!.id, now: NOW })
      const names = await given.store.events.names({
        organizationId: organization.id,
        queueIds: [queue.id, stranger.queue.id],
        listenerIds: [kept!.id, gone!.id, stranger.listeners[0]!.id],
      })
      const expected = [
        [queue.id, 'anew'],
        [kept!.id, kept!.name],
      ]
      assert.deepEqual(names.map(({ id, name }) => [id, name]).toSorted(), expected.toSorted())
    },
  },
  {
    name: 'each creation, change and deletion of a key, a queue or a listener is one event with the name of that moment',
    async run(given) {
      const { store, make } = given
      const organization = await storedOrganization(given)
      const organizationId = organization.id
      const key = make.apiKey(organization, { name: 'k', createdAt: NOW })
      await store.apiKeys.create(key)
      await store.apiKeys.update({ organizationId, id: key.id, changes: { name: 'k2' }, now: NOW + 1 })
      await store.apiKeys.delete({ organizationId, id: key.id, now: NOW + 2 })
      const queue = make.queue(organization, { name: 'q', createdAt: NOW + 3 })
      await store.queues.create(queue)
      await store.queues.update({ organizationId, id: queue.id, changes: { name: 'q2' }, now: NOW + 4 })
      const listener = make.listener(queue, { name: 'l', createdAt: NOW + 5 })
      await store.listeners.create(listener)
      await store.listeners.update({ ...idsOf(listener), changes: { name: 'l2' }, now: NOW + 6 })
      await store.listeners.delete({ ...idsOf(listener), now: NOW + 7 })
      await store.queues.delete({ organizationId, id: queue.id, now: NOW + 8 })
      assert.deepEqual(await told(given, { organizationId }), [
        'api_key_added k false',
        'api_key_updated k2 false',
        'api_key_deleted k2 false',
        'queue_added q false',
        'queue_updated q2 false',
        'listener_added l true',
        'listener_updated l2 true',
        'listener_deleted l2 true',
        'queue_deleted q2 false',
      ])
    },
  },
  {
    name: 'what did not happen is no event',
    async run(given) {
      const { store, make } = given
      const { organization, queue } = await storedFixture(given)
      const organizationId = organization.id
      const id = make.id()
      await store.queues.create({ ...make.queue(organization), name: queue.name })
      await store.queues.update({ organizationId, id, changes: {}, now: NOW })
      await store.queues.delete({ organizationId, id, now: NOW })
      await store.listeners.delete({ organizationId, queueId: queue.id, id, now: NOW })
      const [owner] = await store.apiKeys.list({ organizationId, only: null, slice: null })
      await store.apiKeys.delete({ organizationId, id: owner!.id, now: NOW })
      const accept = await acceptFor(given, queue)
      await commit(given, { accepts: [{ ...accept, queueVersion: 99 }] })
      assert.deepEqual(await typesAfterBeginning(given, organizationId), [])
    },
  },
  {
    name: 'a message is one event, and each attempt to deliver it to a listener another one',
    async run(given) {
      const { organization, queue } = await storedFixture(given, 2)
      const message = await accepted(given, queue, { leased: true, name: 'm' })
      const [first, second] = message.deliveries
      given.now += 1
      await settled(given, first!, ACKNOWLEDGED)
      given.now += 1
      await settled(given, second!, { state: 'pending', dueAt: given.now })
      const events = await eventsListed(given, { organizationId: organization.id, categories: ['messages'] })
      assert.deepEqual(
        events.map(({ type, storedAt, subject, queueId, organizationId }) => {
          return { type, storedAt, subject, queueId, organizationId }
        }),
        (['message_published_not_ok', 'message_published_ok', 'message_added'] as const).map((type, index) => ({
          type,
          storedAt: NOW + 2 - index,
          subject: { id: message.id, name: 'm' },
          queueId: queue.id,
          organizationId: organization.id,
        })),
      )
    },
  },
  {
    name: 'an attempt whose lease was lost is no event',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const { deliveries } = await accepted(given, queue, { leased: true })
      assert.equal(await settled(given, deliveries[0]!, MISSED), 'settled')
      assert.equal(await settled(given, deliveries[0]!, ACKNOWLEDGED), 'lost')
      assert.deepEqual(await typesAfterBeginning(given, organization.id), ['message_published_not_ok', 'message_added'])
    },
  },
  {
    name: 'a delivery that another node claimed is told of as well, and so is one of a message that is renamed meanwhile',
    async run(given) {
      const { organization, queue, listeners } = await storedFixture(given)
      const message = await accepted(given, queue, { name: 'before' })
      await given.store.messages.update({ ...idsOf(message), changes: { name: 'after' }, now: given.now })
      const ask = { node: 'b', listenerId: listeners[0]!.id, limit: 1, maxBytes: 1e6, now: NOW }
      const { deliveries } = await given.store.deliveries.claimDue(ask)
      given.now += 1
      await settled(given, deliveries[0]!, ACKNOWLEDGED, { node: 'b' })
      const events = await eventsListed(given, { organizationId: organization.id, categories: ['messages'] })
      assert.deepEqual(
        events.map(({ type, subject }) => [type, subject.name]),
        [
          ['message_published_ok', 'after'],
          ['message_added', 'before'],
        ],
      )
    },
  },
  {
    name: 'only the categories that were asked for are listed',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      await accepted(given, queue)
      const typesOf = async (...categories: (typeof EVENT_CATEGORIES)[number][]) =>
        (await eventsListed(given, { organizationId: organization.id, categories })).map((event) => event.type)
      assert.deepEqual(await typesOf('queues'), ['queue_added'])
      assert.deepEqual(await typesOf('listeners'), ['listener_added'])
      assert.deepEqual(await typesOf('messages'), ['message_added'])
      assert.deepEqual(await typesOf('api_keys'), [])
      assert.deepEqual((await typesOf('queues', 'listeners')).sort(), ['listener_added', 'queue_added'])
    },
  },
  {
    name: "a listing that is restricted to a queue holds what happened to it, its listeners and its messages, to nobody's else",
    async run(given) {
      const { organization, queue, listeners } = await storedFixture(given)
      const other = await storedQueue(given, organization)
      await storedListener(given, other)
      const message = await accepted(given, queue)
      await accepted(given, other)
      const organizationId = organization.id
      const subjects = async (...only: string[]) =>
        (await eventsListed(given, { organizationId, only })).map(({ subject }) => subject.id).sort()
      assert.deepEqual(await subjects(queue.id), [queue.id, listeners[0]!.id, message.id].sort())
      assert.deepEqual(await subjects(message.id), [message.id])
      assert.deepEqual(await subjects(), [])
    },
  },
  {
    name: 'a listing that sees little goes on until it has found it',
    async run(given) {
      const organization = await storedOrganization(given)
      const first = await storedQueue(given, organization)
      const rest = await storedQueue(given, organization)
      await accepted(given, first)
      for (let i = 0; i < 250; i++) {
        given.now += 1
        await accepted(given, rest)
      }
      const ask = { organizationId: organization.id, only: [first.id], limit: 1 }
      const events = await eventsListed(given, ask)
      assert.deepEqual(events.map((event) => event.type).sort(), ['message_added', 'queue_added'])
    },
  },
  {
    name: "another organization's events are never listed",
    async run(given) {
      const { organization } = await storedFixture(given)
      const other = await storedFixture(given)
      const accepts = [await acceptFor(given, other.queue)]
      await commit(given, { accepts })
      assert.equal((await eventsListed(given, { organizationId: organization.id })).length, 2)
      assert.equal((await eventsListed(given, { organizationId: other.organization.id })).length, 3)
    },
  },
  {
    name: 'what was stored before the time that is asked for is not listed',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      for (let i = 0; i < 3; i++) {
        await accepted(given, queue)
        given.now += 1_000
      }
      const categories = ['messages'] as const
      const ask = { organizationId: organization.id, categories, since: NOW + 1_000 }
      assert.deepEqual(
        (await eventsListed(given, ask)).map((event) => event.storedAt),
        [NOW + 2_000, NOW + 1_000],
      )
    },
  },
  {
    name: 'a page goes on where the last one ended, whatever has happened since',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const accepts = [await acceptFor(given, queue), await acceptFor(given, queue), await acceptFor(given, queue)]
      await commit(given, { accepts })
      const ask = { organizationId: organization.id, categories: ['messages'] as const, only: null, since: 0, limit: 2 }
      const first = await given.store.events.list({ ...ask, after: null })
      await accepted(given, queue)
      given.now += 1
      await accepted(given, queue)
      const second = await given.store.events.list({ ...ask, after: first.next })
      assert.deepEqual(
        [...first.events, ...second.events].map(({ subject }) => subject.id),
        accepts.map((accept) => messageOf(accept).id).reverse(),
      )
      assert.equal(second.next, null)
    },
  },
  {
    name: 'upwards, what was stored after a place is listed in the order of the commits, whatever the clock said',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const stranger = await storedFixture(given)
      const organizationId = organization.id
      const ids: string[] = []
      for (const passMs of [0, 5_000, -9_000, 1_000, 0]) {
        given.now += passMs
        const accepts = [await acceptFor(given, queue), await acceptFor(given, queue)]
        await commit(given, { accepts })
        ids.push(...accepts.map((accept) => messageOf(accept).id))
        await accepted(given, stranger.queue)
      }
      const { events } = given.store
      const ask = { organizationId, categories: EVENT_CATEGORIES, order: 'oldest' as const }
      for (const limit of [1, 2, 3, 100]) {
        const upwards = { ...ask, limit, upTo: await events.horizon() }
        const all = await eventsAfter(given, upwards, null)
        const messages = all.filter(({ type }) => type === 'message_added')
        assert.deepEqual(
          messages.map(({ subject }) => subject.id),
          ids,
        )
        for (const [place, event] of all.entries()) {
          assert.deepEqual(await eventsAfter(given, upwards, positionOfEvent(event.id)), all.slice(place + 1))
        }
        const only = [queue.id]
        assert.deepEqual(
          (await eventsAfter(given, { ...upwards, only }, null)).map(({ id }) => id),
          all.map(({ id }) => id),
        )
        const since = NOW + 5_000
        const late = all.filter(({ storedAt }) => storedAt >= since)
        assert.deepEqual(await eventsAfter(given, { ...upwards, since }, null), late)
        const middle = positionOfEvent(all[3]!.id)!.segment
        assert.deepEqual(
          await eventsAfter(given, { ...upwards, upTo: middle }, null),
          all.filter(({ id }) => positionOfEvent(id)!.segment <= middle),
        )
      }
    },
  },
  {
    name: 'an event that was pruned still is a place to go on from',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      for (let i = 0; i < 4; i++) {
        await accepted(given, queue)
        given.now += 1_000
      }
      const ask = { organizationId: organization.id, categories: ['messages'] as const, order: 'oldest' as const }
      const upwards = { ...ask, upTo: await given.store.events.horizon() }
      const all = await eventsAfter(given, upwards, null)
      while ((await given.store.events.prune({ before: NOW + 2_000, limit: 10 })) > 0);
      assert.deepEqual(await eventsAfter(given, upwards, positionOfEvent(all[0]!.id)), all.slice(2))
    },
  },
  {
    name: 'pruning removes what is older in small steps, and nothing else',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      for (let i = 0; i < 10; i++) {
        await accepted(given, queue)
        given.now += 1_000
      }
      const { events } = given.store
      const removed: number[] = []
      for (let i = 0; i < 10 && removed.at(-1) !== 0; i++) {
        removed.push(await events.prune({ before: NOW + 5_000, limit: 3 }))
      }
      assert.deepEqual(removed, [3, 3, 1, 0])
      assert.equal((await eventsListed(given, { organizationId: organization.id })).length, 5)
      assert.equal(await events.prune({ before: NOW - 1e9, limit: 3 }), 0)
    },
  },
  {
    name: 'passing over many events leads to where reading them one by one does',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const organizationId = organization.id
      const stranger = await storedFixture(given)
      for (let i = 0; i < 90; i++) {
        const now = NOW + i * 7_000
        // As many in one segment as its turn says, under times that sometimes come twice.
        const template = await acceptFor(given, queue)
        const messages = Array.from({ length: 1 + (i % 23) }, () => ({
          message: given.make.message(queue, { name: `m${i}` }),
          deliveries: [],
        }))
        await commit({ ...given, now: now - (i % 2) * 7_000 }, { accepts: [{ ...template, messages }] })
        await commit({ ...given, now }, { accepts: [await acceptFor(given, stranger.queue)] })
        if (i % 9 === 0) {
          const changes = { name: `q${i}` }
          await given.store.queues.update({ organizationId, id: queue.id, changes, now })
          const key = given.make.apiKey(organization, { createdAt: now })
          await given.store.apiKeys.create(key)
          await given.store.apiKeys.delete({ organizationId, id: key.id, now })
          const { deliveries } = await accepted({ ...given, now }, queue, { leased: true })
          await settled({ ...given, now }, deliveries[0]!, i % 2 === 0 ? MISSED : ACKNOWLEDGED)
        }
      }
      for (const categories of [EVENT_CATEGORIES, ['messages'], ['queues', 'listeners']] as const) {
        for (const since of [0, NOW + 200_000]) {
          const all = await eventsListed(given, { organizationId, categories, since })
          for (const offset of [0, 1, 399, 401, 402, 700, 951, all.length - 1, all.length, all.length + 9_000]) {
            const skipped = await given.store.events.skip({ organizationId, categories, since, offset })
            const rest = await eventsAfter(given, { organizationId, categories, since }, skipped.after)
            assert.deepEqual(rest.slice(skipped.offset), all.slice(offset), `${categories} since ${since}: ${offset}`)
          }
        }
      }
    },
  },
  {
    name: 'of many events no more than a few hundred are left to be passed over one by one',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      for (let i = 0; i < 120; i++) {
        const template = await acceptFor(given, queue)
        const messages = Array.from({ length: 10 }, () => ({ message: given.make.message(queue), deliveries: [] }))
        await commit({ ...given, now: NOW + i }, { accepts: [{ ...template, messages }] })
      }
      const ask = { organizationId: organization.id, categories: EVENT_CATEGORIES, since: 0, offset: 1_100 }
      const { after, offset } = await given.store.events.skip(ask)
      assert.ok(offset <= 200, `${offset}`)
      assert.notEqual(after, null)
    },
  },
]
