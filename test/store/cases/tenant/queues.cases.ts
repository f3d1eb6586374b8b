import assert from 'node:assert/strict'
import type { LeasedDelivery } from '../../../../src/core/delivery/delivery.ts'
import type { Queue, QueueSchema } from '../../../../src/core/delivery/queue.ts'
import type { QueueChanges } from '../../../../src/store/queues.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  claim,
  commit,
  idsOf,
  MISSED,
  settled,
  storedFixture,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

/** Names that objects have of their own must survive the way to the store and back. */
const RULES = JSON.parse('{"__proto__":{"type":"string","pattern":"^ż\\\\d🙂$"},"constructor":{"type":"number"}}')
const SCHEMA: QueueSchema = { id: 'a'.repeat(64), rules: RULES }
const OTHER_SCHEMA: QueueSchema = { id: 'b'.repeat(64), rules: { total: { type: 'number', min: -0.5 } } }

function askFor(queue: Queue) {
  return { organizationId: queue.organizationId, id: queue.id }
}

async function versionOf({ store }: Given, queue: Queue): Promise<number> {
  const found = await store.queues.get(askFor(queue))
  assert.ok(found)
  return found.version
}

const found: StoreCase[] = [
  {
    name: 'a queue comes back as it was stored',
    async run(given) {
      const queue = await storedQueue(given, await storedOrganization(given))
      assert.deepEqual(await given.store.queues.get(askFor(queue)), { ...queue, listeners: [], pendingCount: 0 })
      assert.deepEqual(await given.store.queues.route(askFor(queue)), { queue, listeners: [] })
    },
  },
  {
    name: "another organization's queue and one that never was are not found",
    async run(given) {
      const { store, make, now } = given
      const { queue, listeners } = await storedFixture(given)
      const before = await store.queues.get(askFor(queue))
      const stranger = await storedOrganization(given)
      for (const ask of [
        { organizationId: stranger.id, id: queue.id },
        { ...askFor(queue), id: make.id() },
      ]) {
        assert.equal(await store.queues.get(ask), null)
        assert.equal(await store.queues.route(ask), null)
        assert.equal(await store.queues.update({ ...ask, changes: { name: 'mine' }, now }), 'not_found')
        assert.equal(await store.queues.delete({ ...ask, now: NOW }), 'not_found')
      }
      assert.deepEqual(await store.queues.get(askFor(queue)), before)
      assert.deepEqual(await store.listeners.find(listeners[0]!.id), listeners[0])
    },
  },
  {
    name: 'a queue shows its listeners, oldest first, and its route has them in full',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 3)
      const references = listeners.map(({ id, name }) => ({ id, name }))
      assert.deepEqual((await given.store.queues.get(askFor(queue)))?.listeners, references)
      const route = await given.store.queues.route(askFor(queue))
      const byId = route?.listeners.toSorted((a, b) => (a.id < b.id ? -1 : 1))
      assert.deepEqual(byId, listeners)
      assert.equal(route?.queue.version, await versionOf(given, queue))
    },
  },
  {
    name: 'a name is taken within its organization only',
    async run(given) {
      const { store, make } = given
      const [organization, other] = [await storedOrganization(given), await storedOrganization(given)]
      assert.equal(await store.queues.create(make.queue(organization, { name: 'orders' })), 'created')
      const rival = make.queue(organization, { name: 'orders' })
      assert.equal(await store.queues.create(rival), 'name_taken')
      assert.equal(await store.queues.get(askFor(rival)), null)
      assert.equal(await store.queues.create(make.queue(other, { name: 'orders' })), 'created')
    },
  },
]

const listed: StoreCase[] = [
  {
    name: 'a listing has the queues of the organization, oldest first, whole, in slices or restricted to ids',
    async run(given) {
      const { store, make } = given
      const [organization, other] = [await storedOrganization(given), await storedOrganization(given)]
      const stranger = await storedQueue(given, other)
      const ids: string[] = []
      for (let i = 0; i < 4; i++) ids.push((await storedQueue(given, organization)).id)
      const list = async (only: string[] | null, slice: { offset: number; limit: number } | null) => {
        const queues = await store.queues.list({ organizationId: organization.id, only, slice })
        return queues.map((queue) => queue.id)
      }
      assert.deepEqual(await list(null, null), ids)
      assert.deepEqual(await list(null, { offset: 1, limit: 2 }), ids.slice(1, 3))
      assert.deepEqual(await list(null, { offset: 4, limit: 2 }), [])
      assert.deepEqual(await list([ids[2]!, ids[0]!, stranger.id, make.id()], null), [ids[0], ids[2]])
      assert.deepEqual(await list([ids[2]!, ids[0]!], { offset: 1, limit: 2 }), [ids[2]])
      assert.deepEqual(await list([], null), [])
    },
  },
  {
    name: 'a listing shows each queue as it shows itself',
    async run(given) {
      const { organization, queue } = await storedFixture(given, 2)
      await accepted(given, queue)
      const other = await storedQueue(given, organization)
      const alone = [await given.store.queues.get(askFor(queue)), await given.store.queues.get(askFor(other))]
      const list = await given.store.queues.list({ organizationId: organization.id, only: null, slice: null })
      assert.deepEqual(list, alone)
      assert.deepEqual(
        list.map((entry) => entry.pendingCount),
        [2, 0],
      )
    },
  },
]

const changed: StoreCase[] = [
  {
    name: 'an update renames the queue and says when',
    async run(given) {
      const { store, now } = given
      const queue = await storedQueue(given, await storedOrganization(given))
      const answer = await store.queues.update({ ...askFor(queue), changes: { name: 'renamed' }, now })
      const found = await store.queues.get(askFor(queue))
      assert.deepEqual(
        { ...found, version: 0 },
        { ...queue, name: 'renamed', updatedAt: now, version: 0, listeners: [], pendingCount: 0 },
      )
      assert.deepEqual(answer, found)
    },
  },
  {
    name: 'a schema and a pause are stored with the queue, changed one by one, and taken away again',
    async run(given) {
      const { store, make, now } = given
      const organization = await storedOrganization(given)
      const queue = make.queue(organization, { schema: SCHEMA, paused: true })
      assert.equal(await store.queues.create(queue), 'created')
      const seen = async () => {
        const found = await store.queues.get(askFor(queue))
        const route = await store.queues.route(askFor(queue))
        const list = await store.queues.list({ organizationId: organization.id, only: null, slice: null })
        assert.deepEqual([route?.queue.schema, route?.queue.paused], [found?.schema, found?.paused])
        assert.deepEqual(list, [found])
        return [found?.schema, found?.paused]
      }
      const change = (changes: QueueChanges) => store.queues.update({ ...askFor(queue), changes, now })
      assert.deepEqual(await seen(), [SCHEMA, true])
      await change({ paused: false })
      assert.deepEqual(await seen(), [SCHEMA, false])
      await change({ schema: OTHER_SCHEMA })
      assert.deepEqual(await seen(), [OTHER_SCHEMA, false])
      await change({ schema: null, paused: true })
      assert.deepEqual(await seen(), [null, true])
    },
  },
  {
    name: 'a queue cannot take the name of another, but can keep its own',
    async run(given) {
      const { store, now } = given
      const organization = await storedOrganization(given)
      const [queue, other] = [await storedQueue(given, organization), await storedQueue(given, organization)]
      const before = await store.queues.get(askFor(queue))
      assert.equal(await store.queues.update({ ...askFor(queue), changes: { name: other.name }, now }), 'name_taken')
      assert.deepEqual(await store.queues.get(askFor(queue)), before)
      for (const changes of [{ name: queue.name }, {}]) {
        assert.ok(typeof (await store.queues.update({ ...askFor(queue), changes, now })) === 'object')
      }
      assert.equal((await store.queues.get(askFor(queue)))?.name, queue.name)
    },
  },
  {
    name: 'the version grows with every change of the queue or of its listeners, and with no other',
    async run(given) {
      const { store, now } = given
      const { organization, queue } = await storedFixture(given, 0)
      const other = await storedQueue(given, organization)
      const versions = [await versionOf(given, queue)]
      const note = async () => versions.push(await versionOf(given, queue))
      const listener = await storedListener(given, queue)
      await note()
      await store.listeners.update({ ...idsOf(listener), changes: { secret: 'whsec_new' }, now })
      await note()
      await store.queues.update({ ...askFor(queue), changes: { name: 'renamed' }, now })
      await note()
      for (const changes of [{ schema: SCHEMA }, { schema: null }, { paused: true }, { paused: false }]) {
        await store.queues.update({ ...askFor(queue), changes, now })
        await note()
      }
      await store.listeners.delete({ ...idsOf(listener), now: NOW })
      await note()
      for (let i = 1; i < versions.length; i++) assert.ok(versions[i]! > versions[i - 1]!, String(versions))
      await accepted(given, queue)
      await storedListener(given, other)
      assert.equal(await versionOf(given, queue), versions.at(-1))
    },
  },
]

const deleted: StoreCase[] = [
  {
    name: 'a deleted queue takes its listeners, messages and deliveries along',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given, 2)
      const message = await accepted(given, queue)
      const answer = await store.queues.delete({ ...askFor(queue), now: NOW })
      assert.ok(typeof answer === 'object')
      assert.deepEqual(answer.listenerIds.sort(), listeners.map((listener) => listener.id).sort())
      assert.equal(await store.queues.get(askFor(queue)), null)
      assert.equal(await store.queues.route(askFor(queue)), null)
      assert.equal(await store.messages.get(idsOf(message)), null)
      assert.equal(await store.messages.attempts(idsOf(message)), null)
      for (const listener of listeners) {
        assert.equal(await store.listeners.find(listener.id), null)
        assert.equal(await store.listeners.get(idsOf(listener)), null)
        assert.deepEqual(await claim(given, { listenerId: listener.id }), { deliveries: [], nextDueAt: null })
      }
      assert.deepEqual(await store.deliveries.waiting({ node: 'a', after: null, limit: 10, now }), [])
    },
  },
  {
    name: 'a deleted queue is in no listing, takes no message and no listener, and its name is free',
    async run(given) {
      const { store, make } = given
      const { organization, queue } = await storedFixture(given)
      await accepted(given, queue)
      const accept = await acceptFor(given, queue)
      await store.queues.delete({ ...askFor(queue), now: NOW })
      const all = { organizationId: organization.id, only: null }
      const everywhere = { ...all, queueId: null, before: null, offset: 0, limit: 10, full: true }
      assert.deepEqual(await store.queues.list({ ...all, slice: null }), [])
      assert.deepEqual(await store.listeners.list({ ...all, queueId: null, slice: null }), [])
      assert.deepEqual(await store.messages.list(everywhere), [])
      assert.deepEqual((await commit(given, { accepts: [accept] })).accepts, [{ outcome: 'stale' }])
      assert.equal(await store.listeners.create(make.listener(queue)), 'queue_not_found')
      assert.equal(await store.queues.delete({ ...askFor(queue), now: NOW }), 'not_found')
      assert.equal(await store.queues.create(make.queue(organization, { name: queue.name })), 'created')
    },
  },
  {
    name: 'a deleted queue leaves the others alone',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const kept = await storedQueue(given, organization)
      const listener = await storedListener(given, kept)
      const message = await accepted(given, kept)
      await accepted(given, queue)
      await given.store.queues.delete({ ...askFor(queue), now: NOW })
      assert.equal((await given.store.queues.get(askFor(kept)))?.pendingCount, 1)
      const { deliveries } = await claim(given, { listenerId: listener.id })
      assert.deepEqual(
        deliveries.map((delivery) => delivery.message.id),
        [message.id],
      )
    },
  },
  {
    name: 'a queue without listeners is deleted with an empty list of them',
    async run(given) {
      const { queue } = await storedFixture(given, 0)
      assert.deepEqual(await given.store.queues.delete({ ...askFor(queue), now: NOW }), { listenerIds: [] })
    },
  },
]

const deleting: StoreCase[] = [
  {
    name: 'a deleted queue is known as being deleted, to its own organization alone, until all of it was swept',
    async run(given) {
      const { store } = given
      const { organization, queue, listeners } = await storedFixture(given, 2)
      const stranger = await storedOrganization(given)
      for (let i = 0; i < 5; i++) await accepted(given, queue)
      await settled(given, await firstOf(given, listeners[0]!.id), MISSED)
      assert.equal(await store.queues.isDeleting(askFor(queue)), false)
      await store.queues.delete({ ...askFor(queue), now: NOW })
      for (let removed = 1; removed > 0; ) {
        assert.equal(await store.queues.isDeleting(askFor(queue)), true)
        assert.equal(await store.queues.isDeleting({ ...askFor(queue), organizationId: stranger.id }), false)
        removed = await store.removals.sweep({ limit: 2 })
        if (!(await store.queues.isDeleting(askFor(queue)))) break
      }
      assert.equal(await store.queues.isDeleting(askFor(queue)), false)
      assert.equal(await store.removals.sweep({ limit: 2 }), 0)
      assert.deepEqual(await store.queues.list({ organizationId: organization.id, only: null, slice: null }), [])
    },
  },
  {
    name: 'a queue that takes the name of one that is being deleted is another queue',
    async run(given) {
      const { store, make } = given
      const { organization, queue } = await storedFixture(given)
      await accepted(given, queue)
      await store.queues.delete({ ...askFor(queue), now: NOW })
      const heir = make.queue(organization, { name: queue.name })
      assert.equal(await store.queues.create(heir), 'created')
      const listener = await storedListener(given, heir)
      const message = await accepted(given, heir)
      while ((await store.removals.sweep({ limit: 1 })) > 0);
      assert.equal((await store.queues.get(askFor(heir)))?.pendingCount, 1)
      assert.equal((await firstOf(given, listener.id)).message.id, message.id)
    },
  },
]

const paused: StoreCase[] = [
  {
    name: 'a paused queue gives nothing to claim and has nothing waiting, until it is resumed',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given, 2)
      const others = await storedFixture(given)
      const message = await accepted(given, queue)
      await accepted(given, others.queue)
      const waiting = async () => {
        const found = await store.deliveries.waiting({ node: 'a', after: null, limit: 1, now })
        const last = found.at(-1)?.listenerId ?? null
        const rest = await store.deliveries.waiting({ node: 'a', after: last, limit: 10, now })
        return [...found, ...rest].map(({ listenerId }) => listenerId)
      }
      await store.queues.update({ ...askFor(queue), changes: { paused: true }, now })
      assert.deepEqual(await waiting(), [others.listeners[0]!.id])
      for (const { id } of listeners) {
        assert.deepEqual(await claim(given, { listenerId: id }), { deliveries: [], nextDueAt: null })
      }
      assert.equal((await store.queues.get(askFor(queue)))?.pendingCount, 2)
      const late = await accepted(given, queue)
      await store.queues.update({ ...askFor(queue), changes: { paused: false }, now })
      assert.equal((await waiting()).length, 3)
      const { deliveries } = await claim(given, { listenerId: listeners[0]!.id })
      assert.deepEqual(
        deliveries.map((delivery) => delivery.message.id),
        [message.id, late.id],
      )
    },
  },
  {
    name: 'what was leased when its queue was paused may still be settled',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given)
      await accepted(given, queue)
      const delivery = await firstOf(given, listeners[0]!.id)
      await store.queues.update({ ...askFor(queue), changes: { paused: true }, now })
      assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'settled')
      assert.equal((await store.queues.get(askFor(queue)))?.pendingCount, 0)
    },
  },
]

async function firstOf(given: Given, listenerId: string): Promise<LeasedDelivery> {
  const { deliveries } = await claim(given, { listenerId, limit: 1 })
  assert.equal(deliveries.length, 1)
  return deliveries[0]!
}

export const queueCases = [...found, ...listed, ...changed, ...deleted, ...deleting, ...paused]
