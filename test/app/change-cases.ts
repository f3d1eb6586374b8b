import assert from 'node:assert/strict'
import { DEFAULT_SETTINGS, type Listener } from '../../src/core/delivery/listener.ts'
import type { Message } from '../../src/core/delivery/message.ts'
import type { Queue } from '../../src/core/delivery/queue.ts'
import { AFTER_EVERY_ID } from '../../src/core/id.ts'
import type { Schedule } from '../../src/core/schedule/schedule.ts'
import type { ApiKey } from '../../src/core/tenant/api-key.ts'
import type { Organization } from '../../src/core/tenant/organization.ts'
import type { StoreChange } from '../../src/store/cluster/changes.ts'
import {
  accepted,
  claimedOne,
  idsOf,
  MISSED,
  settled,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../store/fixture.ts'
import { NOW } from '../store/make.ts'
import type { Given } from '../store/suite.ts'

/** What the cases change, one after the other: what is deleted is needed by no case after it. */
export interface Stored {
  organization: Organization
  key: ApiKey
  queue: Queue
  /** Of `queue`, without an order. */
  listener: Listener
  /** Due in a minute, waiting, waiting. */
  messages: Message[]
  ordered: Queue
  /** Of `ordered`: strictly in order, and a missed message blocks it. */
  blocking: Listener
  /** For `blocking`; the first is the head. */
  inOrder: Message[]
  empty: Queue
  schedule: Schedule
}

export async function storeAll(given: Given): Promise<Stored> {
  const { store, make } = given
  const organization = await storedOrganization(given)
  const key = make.apiKey(organization)
  await store.apiKeys.create(key)
  const [queue, ordered, empty] = [
    await storedQueue(given, organization),
    await storedQueue(given, organization),
    await storedQueue(given, organization),
  ]
  const listener = await storedListener(given, queue)
  const blocking = await storedListener(given, ordered, { ordering: 'queue', onMissed: 'block' })
  const messages = [
    await accepted(given, queue, { deliverAt: NOW + 60_000 }),
    await accepted(given, queue),
    await accepted(given, queue),
  ]
  const inOrder = [await accepted(given, ordered), await accepted(given, ordered), await accepted(given, ordered)]
  const schedule = make.schedule(queue)
  await store.schedules.create(schedule, NOW + 1_000)
  return { organization, key, queue, listener, messages, ordered, blocking, inOrder, empty, schedule }
}

export interface ChangeCase {
  what: string
  /** Answers with who is to be told, in order: the part, its method, and the names that it is told. */
  write(given: Given, stored: Stored): Promise<string[]>
}

const now = NOW
const changedListener = ({ queueId, id }: Listener) => [
  `directory.forget ${queueId}`,
  `checks.listenerChanged ${id}`,
  `lanes.listenerChanged ${id}`,
  `pulls.changed ${id}`,
  'redeliverer.wake',
]
const gone = (...ids: string[]) => [
  ...ids.map((id) => `checks.listenerGone ${id}`),
  ...ids.map((id) => `lanes.listenerGone ${id}`),
  ...ids.map((id) => `pulls.changed ${id}`),
  'remover.wake',
]
const due = (id: string) => [`lanes.due ${id}`, `pulls.due ${id}`]
const ofOrganization = ({ organizationId, id }: { organizationId: string; id: string }) => ({ organizationId, id })

/** By the change that they are about, so that a change without a case does not compile; in this order. */
export const CHANGE_CASES: Record<StoreChange['kind'] | 'nothing', ChangeCase[]> = {
  nothing: [
    {
      what: 'a change that is refused',
      async write({ store }, { queue }) {
        const taken = await store.queues.update({
          ...ofOrganization(queue),
          changes: { paused: true },
          now,
          ifMatch: [99],
        })
        assert.equal(taken, 'changed')
        return []
      },
    },
    {
      what: 'a change that the database refuses',
      async write({ store }, { queue, ordered }) {
        const ask = { ...ofOrganization(queue), changes: { name: ordered.name }, now }
        assert.equal(await store.queues.update(ask), 'name_taken')
        return []
      },
    },
  ],
  api_key: [
    {
      what: 'a key that is disabled',
      async write({ store }, { key }) {
        await store.apiKeys.update({ ...ofOrganization(key), changes: { status: 'disabled' }, now })
        return [`keyRing.forget ${key.digest}`]
      },
    },
    {
      what: 'a key that is deleted',
      async write({ store }, { key }) {
        assert.equal(await store.apiKeys.delete({ ...ofOrganization(key), now }), 'deleted')
        return [`keyRing.forget ${key.digest}`]
      },
    },
  ],
  queue: [
    {
      what: 'a queue that is renamed',
      async write({ store }, { queue }) {
        await store.queues.update({ ...ofOrganization(queue), changes: { name: 'renamed', paused: false }, now })
        return [`directory.forget ${queue.id}`]
      },
    },
  ],
  listener_added: [
    {
      what: 'a listener that is made with a liveness_url',
      async write({ store, make }, { queue }) {
        const listener = make.listener(queue)
        assert.equal(await store.listeners.create(listener), 'created')
        return [`directory.forget ${queue.id}`, `checks.listenerAdded ${listener.id}`]
      },
    },
    {
      what: 'a listener that is made without one',
      async write({ store, make }, { queue }) {
        assert.equal(await store.listeners.create(make.listener(queue, { livenessUrl: null })), 'created')
        return [`directory.forget ${queue.id}`]
      },
    },
  ],
  listener: [
    {
      what: 'a listener that is changed',
      async write({ store }, { listener }) {
        await store.listeners.update({ ...idsOf(listener), changes: { name: 'changed' }, now })
        return changedListener(listener)
      },
    },
    {
      what: 'a listener that is disabled because it says that it is gone',
      async write({ store }, { listener }) {
        const ask = { id: listener.id, notifyUrl: listener.notifyUrl!, reason: 'gone', now }
        assert.notEqual(await store.listeners.disable(ask), null)
        return changedListener(listener)
      },
    },
  ],
  listeners_paused: [
    {
      what: 'a queue that is paused',
      async write({ store }, { ordered, blocking }) {
        await store.queues.update({ ...ofOrganization(ordered), changes: { paused: true }, now })
        return [`directory.forget ${ordered.id}`, `lanes.pause ${blocking.id}`]
      },
    },
  ],
  listeners_resumed: [
    {
      what: 'a queue that is resumed',
      async write({ store }, { ordered, blocking }) {
        await store.queues.update({ ...ofOrganization(ordered), changes: { paused: false }, now })
        return [`directory.forget ${ordered.id}`, `lanes.resume ${blocking.id}`, `pulls.due ${blocking.id}`]
      },
    },
  ],
  message_gone: [
    {
      what: 'a message that is deleted',
      async write({ store }, { messages, listener }) {
        await store.messages.delete({ ...idsOf(messages[1]!), now })
        return [`lanes.messageGone ${listener.id} ${messages[1]!.id}`, `pulls.due ${listener.id}`]
      },
    },
    {
      what: 'a message that is deleted, and another one is the next of its order',
      async write({ store }, { inOrder, blocking }) {
        await store.messages.delete({ ...idsOf(inOrder[0]!), now })
        const id = blocking.id
        return [`lanes.messageGone ${id} ${inOrder[0]!.id}`, `pulls.due ${id}`, ...due(id)]
      },
    },
  ],
  deliveries_due: [
    {
      what: 'a message that is moved',
      async write({ store }, { messages, listener }) {
        await store.messages.update({ ...idsOf(messages[0]!), changes: { deliverAt: NOW + 5_000 }, now })
        return due(listener.id)
      },
    },
    {
      what: 'a message that was accepted by a clock that was ahead',
      async write({ store }, { listener, messages }) {
        const { createdAt } = messages[2]!
        const ask = { now: createdAt - 1, until: createdAt, limit: 10 }
        assert.deepEqual(await store.deliveries.bringForward(ask), [listener.id])
        return due(listener.id)
      },
    },
    {
      what: 'a message that is redelivered',
      async write({ store }, { messages, listener }) {
        await store.redeliveries.ofMessage({
          ...idsOf(messages[2]!),
          listenerIds: [listener.id],
          immediately: true,
          now,
        })
        return due(listener.id)
      },
    },
    {
      what: 'an order that is not blocked any more',
      async write(given, { blocking }) {
        await settled(given, await claimedOne(given, { listenerId: blocking.id }), MISSED)
        const changes = { settings: { ...DEFAULT_SETTINGS, ordering: 'queue', onMissed: 'continue' } } as const
        await given.store.listeners.update({ ...idsOf(blocking), changes, now })
        await given.store.orders.release({ limit: 10, now })
        return [...changedListener(blocking), ...due(blocking.id)]
      },
    },
  ],
  redelivery: [
    {
      what: 'a redelivery that begins, and its first step',
      async write({ store, make }, { listener }) {
        const { organizationId, queueId, id: listenerId } = listener
        const whole = { since: null, until: null, status: null, immediately: true, createdAt: now }
        await store.redeliveries.create({ id: make.id(), organizationId, queueId, listenerId, ...whole })
        await store.redeliveries.step({ limit: 10, now })
        return ['redeliverer.wake', ...due(listenerId)]
      },
    },
  ],
  discard: [
    {
      what: 'a discard that begins',
      async write({ store, make }, { queue, listener }) {
        const { organizationId, id: queueId } = queue
        const id = make.id()
        const which = { listenerId: listener.id, since: null, until: null, status: null, contains: null }
        await store.discards.create({ id, organizationId, queueId, ...which, createdAt: now })
        return ['discarder.wake']
      },
    },
    {
      what: 'a discard that finds something on its way',
      async write(given, { queue, listener }) {
        const { store, make } = given
        const { organizationId, id: queueId } = queue
        const { sequence } = await accepted({ ...given, now }, queue, { leased: true })
        await store.deliveries.renew({ node: 'a', until: now + 60_000 })
        const id = make.id()
        const which = { listenerId: listener.id, since: null, until: null, status: null, contains: null }
        await store.discards.create({ id, organizationId, queueId, ...which, createdAt: now })
        const step = { id, organizationId, before: AFTER_EVERY_ID, next: null, sequences: [sequence], node: 'b', now }
        assert.equal(await store.discards.step(step), 0)
        return ['discarder.wake', `lanes.discarded ${listener.id}`, 'discarder.wake']
      },
    },
  ],
  schedule_due: [
    {
      what: 'a schedule that is made',
      async write({ store, make }, { queue }) {
        assert.equal(await store.schedules.create(make.schedule(queue), NOW + 2_000), 'created')
        return ['scheduler.dueAt']
      },
    },
    {
      what: 'a schedule that is made and never due',
      async write({ store, make }, { queue }) {
        assert.equal(await store.schedules.create(make.schedule(queue, { paused: true }), null), 'created')
        return []
      },
    },
    {
      what: 'a schedule that gets another due time',
      async write({ store }, { schedule }) {
        const expected = { revision: 1, nextAt: NOW + 1_000 }
        assert.equal(typeof (await store.schedules.replace({ schedule, nextAt: NOW + 500, expected })), 'object')
        return ['scheduler.dueAt']
      },
    },
  ],
  schedule_gone: [
    {
      what: 'a schedule that is deleted',
      async write({ store }, { schedule }) {
        assert.equal(await store.schedules.delete(idsOf(schedule)), 'deleted')
        return ['remover.wake']
      },
    },
  ],
  listeners_gone: [
    {
      what: 'a listener that is deleted',
      async write({ store }, { listener }) {
        assert.equal(await store.listeners.delete({ ...idsOf(listener), now }), 'deleted')
        return [`directory.forget ${listener.queueId}`, ...gone(listener.id)]
      },
    },
    {
      what: 'a queue that is deleted with its listener',
      async write({ store }, { ordered, blocking }) {
        await store.queues.delete({ ...ofOrganization(ordered), now })
        return [`directory.forget ${ordered.id}`, ...gone(blocking.id)]
      },
    },
    {
      what: 'a queue that is deleted and has no listener',
      async write({ store }, { empty }) {
        await store.queues.delete({ ...ofOrganization(empty), now })
        return [`directory.forget ${empty.id}`, ...gone()]
      },
    },
  ],
  organization: [
    {
      what: 'an organization that is renamed',
      async write({ store }, { organization: { id } }) {
        await store.organizations.update({ id, changes: { name: 'renamed' }, now })
        return [`keyRing.forgetOrganization ${id}`]
      },
    },
    {
      what: 'a key that gets another text',
      async write({ store }, { organization: { id } }) {
        const [key] = await store.apiKeys.list({ organizationId: id, only: null, slice: null })
        await store.apiKeys.replaceDigest({ id: key!.id, digest: 'another', prefix: 'an', now })
        return [`keyRing.forgetOrganization ${id}`]
      },
    },
    {
      what: 'an organization that is deleted',
      async write({ store }, { organization: { id } }) {
        const left = await store.listeners.list({ organizationId: id, queueId: null, only: null, slice: null })
        assert.equal(left.length, 2)
        assert.equal(typeof (await store.organizations.delete({ id })), 'object')
        return [`keyRing.forgetOrganization ${id}`, ...gone(...left.map((listener) => listener.id))]
      },
    },
  ],
}
