import assert from 'node:assert/strict'
import type { Queue } from '../../../../src/core/delivery/queue.ts'
import type { Limits, Organization } from '../../../../src/core/tenant/organization.ts'
import type { AcceptResult } from '../../../../src/store/commit/batch.ts'
import {
  accepted,
  acceptFor,
  commit,
  idsOf,
  messageOf,
  storedFixture,
  storedListener,
  storedQueue,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

async function limited({ store, now }: Given, { id }: Organization, limits: Partial<Limits>): Promise<void> {
  const changed = await store.organizations.update({ id, changes: { limits }, now })
  assert.ok(typeof changed !== 'string')
}

/** Posts as many messages in one batch; says of each what came of it: the outcome, or the limit that was reached. */
async function posted(given: Given, queue: Queue, count: number, what: { createdAt?: number } = {}): Promise<string[]> {
  const accepts = []
  for (let i = 0; i < count; i++) accepts.push(await acceptFor(given, queue, what))
  return (await commit(given, { accepts })).accepts.map(shown)
}

function shown(result: AcceptResult): string {
  return result.outcome === 'quota' ? `${result.limit} ${result.value}` : result.outcome
}

async function swept({ store }: Given): Promise<void> {
  while ((await store.removals.sweep({ limit: 100 })) > 0);
}

const FULL = 'storedMessages 2'

const resources: StoreCase[] = [
  {
    name: 'a limit of queues, listeners or keys lets in that many and no more, and says which it is',
    async run(given) {
      const { store, make } = given
      const { organization, queue } = await storedFixture(given)
      await limited(given, organization, { queues: 2, listeners: 2, apiKeys: 2 })
      for (const create of [
        () => store.queues.create(make.queue(organization)),
        () => store.listeners.create(make.listener(queue)),
        () => store.apiKeys.create(make.apiKey(organization)),
      ]) {
        assert.equal(await create(), 'created')
        const refused = await create()
        assert.ok(typeof refused !== 'string')
        assert.deepEqual([refused.outcome, refused.value], ['quota', 2])
      }
      assert.equal((await store.queues.list({ organizationId: organization.id, only: null, slice: null })).length, 2)
    },
  },
  {
    name: 'creates at the same time never exceed a limit',
    async run(given) {
      const { store, make } = given
      const { organization, queue } = await storedFixture(given)
      await limited(given, organization, { queues: 4, listeners: 4 })
      const queues = Array.from({ length: 10 }, () => store.queues.create(make.queue(organization)))
      const listeners = Array.from({ length: 10 }, () => store.listeners.create(make.listener(queue)))
      for (const created of [await Promise.all(queues), await Promise.all(listeners)]) {
        assert.equal(created.filter((outcome) => outcome === 'created').length, 3)
      }
    },
  },
  {
    name: 'what is deleted makes room again, a higher limit does too, and a lower one takes nothing away',
    async run(given) {
      const { store, make } = given
      const { organization, queue } = await storedFixture(given)
      await limited(given, organization, { queues: 1 })
      assert.notEqual(await store.queues.create(make.queue(organization)), 'created')
      await store.queues.delete({ organizationId: organization.id, id: queue.id, now: NOW })
      assert.equal(await store.queues.create(make.queue(organization)), 'created')
      await limited(given, organization, { queues: 2 })
      assert.equal(await store.queues.create(make.queue(organization)), 'created')
      await limited(given, organization, { queues: 0 })
      assert.equal((await store.queues.list({ organizationId: organization.id, only: null, slice: null })).length, 2)
      await limited(given, organization, { queues: null })
      assert.equal(await store.queues.create(make.queue(organization)), 'created')
    },
  },
  {
    name: "a limit is the organization's own, and a queue that is refused a listener keeps its version",
    async run(given) {
      const { store, make } = given
      const [one, other] = [await storedFixture(given), await storedFixture(given)]
      await limited(given, one.organization, { listeners: 0 })
      const ask = { organizationId: one.organization.id, id: one.queue.id }
      const before = await store.queues.get(ask)
      assert.notEqual(await store.listeners.create(make.listener(one.queue)), 'created')
      assert.deepEqual(await store.queues.get(ask), before)
      await storedListener(given, other.queue)
      const nowhere = make.queue(one.organization)
      assert.equal(await store.listeners.create(make.listener(nowhere)), 'queue_not_found')
    },
  },
]

const messages: StoreCase[] = [
  {
    name: 'a limit of stored messages is kept within a batch and across batches, and counts what was there before',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      await accepted(given, queue)
      await limited(given, organization, { storedMessages: 4 })
      assert.deepEqual(await posted(given, queue, 2), ['accepted', 'accepted'])
      assert.deepEqual(await posted(given, queue, 3), ['accepted', 'storedMessages 4', 'storedMessages 4'])
      assert.deepEqual(await posted(given, await storedQueue(given, organization), 1), ['storedMessages 4'])
    },
  },
  {
    name: 'a message that is refused leaves nothing behind, and those beside it in the batch are stored',
    async run(given) {
      const { store } = given
      const { organization, queue } = await storedFixture(given)
      const other = await storedFixture(given)
      await limited(given, organization, { storedMessages: 0 })
      const accepts = [await acceptFor(given, queue), await acceptFor(given, other.queue)]
      assert.deepEqual((await commit(given, { accepts })).accepts.map(shown), ['storedMessages 0', 'accepted'])
      assert.equal(await store.messages.get(idsOf(messageOf(accepts[0]!))), null)
      assert.equal((await store.queues.get({ organizationId: organization.id, id: queue.id }))?.pendingCount, 0)
      assert.ok(await store.messages.get(idsOf(messageOf(accepts[1]!))))
    },
  },
  {
    name: 'messages that are accepted together are over the limit together, and leave nothing behind',
    async run(given) {
      const { store } = given
      const { organization, queue } = await storedFixture(given)
      await limited(given, organization, { storedMessages: 3 })
      await accepted(given, queue)
      const template = await acceptFor(given, queue)
      const { deliveries } = template.messages[0]!
      const many = (count: number) =>
        Array.from({ length: count }, () => ({ message: given.make.message(queue), deliveries }))
      const answer = { organizationId: organization.id, target: 'POST /x', key: 'k', digest: 'd', status: 200 }
      const kept = { ...answer, body: '{}', storedAt: given.now, expiresAt: given.now + 1_000 }
      const tooMany = { ...template, messages: many(3), answer: kept }
      const fitting = { ...template, messages: many(2) }
      const { accepts } = await commit(given, { accepts: [tooMany, fitting, template] })
      assert.deepEqual(accepts.map(shown), ['storedMessages 3', 'accepted', 'storedMessages 3'])
      for (const { message } of tooMany.messages) assert.equal(await store.messages.get(idsOf(message)), null)
      for (const { message } of fitting.messages) assert.ok(await store.messages.get(idsOf(message)))
      assert.equal(await store.answers.find({ ...kept, now: given.now }), null)
      assert.equal((await store.queues.get({ organizationId: organization.id, id: queue.id }))?.pendingCount, 3)
    },
  },
  {
    name: 'a request that has its answer is answered rather than over a limit that it has used up',
    async run(given) {
      const { store, make } = given
      const { organization, queue } = await storedFixture(given)
      await limited(given, organization, { storedMessages: 1, queues: 2, listeners: 2, apiKeys: 2 })
      const kept = (key: string) => ({
        ...{ organizationId: organization.id, target: 'POST /x', key, digest: 'd', status: 200, body: '{}' },
        ...{ storedAt: given.now, expiresAt: given.now + 1_000 },
      })
      const creations = [
        async () => store.queues.create(make.queue(organization), kept('queue')),
        async () => store.listeners.create(make.listener(queue), kept('listener')),
        async () => store.apiKeys.create(make.apiKey(organization), kept('key')),
        async () => {
          const accept = { ...(await acceptFor(given, queue)), answer: kept('message') }
          return (await commit(given, { accepts: [accept] })).accepts[0]!.outcome
        },
      ]
      for (const create of creations) {
        assert.match(String(await create()), /^(created|accepted)$/)
        assert.equal(await create(), 'answered')
      }
    },
  },
  {
    name: 'a message to a queue that has changed is stale rather than over the limit',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      await limited(given, organization, { storedMessages: 0 })
      const accept = await acceptFor(given, queue)
      await storedListener(given, queue)
      assert.deepEqual((await commit(given, { accepts: [accept] })).accepts, [{ outcome: 'stale' }])
    },
  },
  {
    name: 'a deleted message makes room, and those of a deleted queue as they are swept',
    async run(given) {
      const { store } = given
      const { organization, queue } = await storedFixture(given)
      const other = await storedQueue(given, organization)
      await limited(given, organization, { storedMessages: 2 })
      const message = await accepted(given, queue)
      await accepted(given, other)
      assert.deepEqual(await posted(given, queue, 1), [FULL])
      await store.messages.delete({ ...idsOf(message), now: NOW })
      assert.deepEqual(await posted(given, queue, 2), ['accepted', FULL])
      await store.queues.delete({ organizationId: organization.id, id: other.id, now: NOW })
      assert.deepEqual(await posted(given, queue, 1), [FULL])
      await swept(given)
      assert.deepEqual(await posted(given, queue, 2), ['accepted', FULL])
    },
  },
  {
    name: 'messages that were being removed when the limit was set are counted until they are gone',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const gone = await storedQueue(given, organization)
      for (let i = 0; i < 2; i++) await accepted(given, gone)
      const elsewhere = await storedFixture(given)
      await accepted(given, elsewhere.queue)
      for (const { organizationId, id } of [gone, elsewhere.queue]) {
        await given.store.queues.delete({ organizationId, id, now: NOW })
      }
      await limited(given, organization, { storedMessages: 2 })
      assert.deepEqual(await posted(given, queue, 1), [FULL])
      await swept(given)
      assert.deepEqual(await posted(given, queue, 3), ['accepted', 'accepted', FULL])
    },
  },
  {
    name: 'a limit of messages a day counts deleted ones too, and begins anew with the next day of UTC',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      await limited(given, organization, { messagesPerDay: 2 })
      const message = await accepted(given, queue, { createdAt: given.now })
      await given.store.messages.delete({ ...idsOf(message), now: NOW })
      const today = { createdAt: given.now }
      assert.deepEqual(await posted(given, queue, 2, today), ['accepted', 'messagesPerDay 2'])
      const midnight = (Math.floor(given.now / 86_400_000) + 1) * 86_400_000
      assert.deepEqual(await posted(given, queue, 1, { createdAt: midnight - 1 }), ['messagesPerDay 2'])
      const tomorrow = await posted(given, queue, 3, { createdAt: midnight })
      assert.deepEqual(tomorrow, ['accepted', 'accepted', 'messagesPerDay 2'])
    },
  },
  {
    name: 'a limit of messages a day that is set later counts what was accepted on this day already, and only that',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      await accepted(given, queue)
      await limited(given, organization, { messagesPerDay: 2 })
      assert.deepEqual(await posted(given, queue, 2), ['accepted', 'messagesPerDay 2'])
      await limited(given, organization, { messagesPerDay: null })
      given.now += 86_400_000
      await limited(given, organization, { messagesPerDay: 1 })
      assert.deepEqual(await posted(given, queue, 2, { createdAt: given.now }), ['accepted', 'messagesPerDay 1'])
    },
  },
  {
    name: 'a limit that is raised, taken away and set again counts right each time',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      await limited(given, organization, { storedMessages: 1 })
      assert.deepEqual(await posted(given, queue, 2), ['accepted', 'storedMessages 1'])
      await limited(given, organization, { storedMessages: 2 })
      assert.deepEqual(await posted(given, queue, 2), ['accepted', FULL])
      await limited(given, organization, { storedMessages: null })
      assert.deepEqual(await posted(given, queue, 2), ['accepted', 'accepted'])
      await limited(given, organization, { storedMessages: 5 })
      assert.deepEqual(await posted(given, queue, 2), ['accepted', 'storedMessages 5'])
    },
  },
  {
    name: 'a change that is refused changes no limit',
    async run(given) {
      const { store, now } = given
      const { organization, queue } = await storedFixture(given)
      const other = await storedFixture(given)
      const changes = { name: other.organization.name, limits: { storedMessages: 0 } }
      assert.equal(await store.organizations.update({ id: organization.id, changes, now }), 'name_taken')
      assert.deepEqual(await posted(given, queue, 1), ['accepted'])
    },
  },
]

export const quotaCases: StoreCase[] = [...resources, ...messages]
