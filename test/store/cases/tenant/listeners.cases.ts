import assert from 'node:assert/strict'
import { DEFAULT_SETTINGS, type DeliverySettings, type Listener } from '../../../../src/core/delivery/listener.ts'
import { UNKNOWN_LIVENESS } from '../../../../src/core/delivery/liveness.ts'
import { MAX_FILTERS_OF_QUEUE } from '../../../../src/core/delivery/queue.ts'
import { rotated } from '../../../../src/core/tenant/secret-rotation.ts'
import type { ListenerChanges } from '../../../../src/store/listeners.ts'
import {
  ACKNOWLEDGED,
  accepted,
  bare,
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
import type { StoreCase } from '../../suite.ts'

const NO_FIGURES = {
  pendingCount: 0,
  acknowledgedCount: 0,
  lastSuccessAt: null,
  lastFailureAt: null,
  missedCount: 0,
  missedMessageIds: [],
  liveness: UNKNOWN_LIVENESS,
}

const found: StoreCase[] = [
  {
    name: 'where listeners are is read over all organizations, page by page',
    async run(given) {
      const { store, make } = given
      const places: object[] = []
      for (let turn = 0; turn < 2; turn++) {
        const { queue } = await storedFixture(given, 0)
        for (const what of [{}, { livenessUrl: 'http://10.0.0.1/' }, { notifyUrl: null, livenessUrl: null }]) {
          const { id, notifyUrl, livenessUrl } = make.listener(queue, what)
          await store.listeners.create({ ...make.listener(queue, what), id })
          places.push({ id, notifyUrl, livenessUrl })
        }
      }
      const pages: object[][] = []
      for (let after: string | null = null; ; ) {
        const page = await store.listeners.urls({ after, limit: 4 })
        pages.push(page.map((place) => ({ ...place })))
        if (page.length < 4) break
        after = page.at(-1)!.id
      }
      assert.deepEqual(pages.flat(), places)
      assert.deepEqual(
        pages.map((page) => page.length),
        [4, 2],
      )
    },
  },
  {
    name: 'a listener comes back as it was stored, with nothing counted yet',
    async run(given) {
      const { store, make } = given
      const { queue } = await storedFixture(given, 0)
      const retry = { maxAttempts: 3, initialDelayMs: 10, maxDelayMs: 500, multiplier: 1.5 }
      const settings: DeliverySettings = {
        retry,
        timeoutMs: 100,
        maxConcurrency: 1,
        status: 'disabled',
        rateLimit: { requests: 10, perMs: 1_000 },
        ordering: 'key',
        onMissed: 'block',
        method: 'PUT',
        circuitBreaker: false,
        signature: ['v1', 'v1a'],
        publicKey: 'whpk_x',
        awaitsVerification: true,
        filter: '{"data":{"text":"\\u0000\\ud800"}}',
        filterSince: 17,
        headers: { 'X-Tenant': 'shop' },
        auth: { type: 'basic', username: 'a', secret: { sealed: 'x:1' } },
        tls: { ca: 'a', cert: 'b', key: { sealed: 'x:2' }, serverName: 'c', verify: false },
      }
      for (const what of [{}, { livenessUrl: null }, { notifyUrl: null, livenessUrl: null }, { settings }]) {
        const listener = make.listener(queue, what)
        assert.equal(await store.listeners.create(listener), 'created')
        assert.deepEqual(bare(await store.listeners.get(idsOf(listener))), { ...listener, ...NO_FIGURES })
        assert.deepEqual(await store.listeners.find(listener.id), listener)
      }
    },
  },
  {
    name: "another organization's listener, another queue's, and one that never was are not found",
    async run(given) {
      const { store, make, now } = given
      const { organization, listeners } = await storedFixture(given)
      const stranger = await storedFixture(given)
      const neighbour = await storedQueue(given, organization)
      const listener = listeners[0]!
      const asks = [
        { ...idsOf(listener), organizationId: stranger.organization.id },
        { ...idsOf(listener), organizationId: stranger.organization.id, queueId: stranger.queue.id },
        { ...idsOf(listener), queueId: neighbour.id },
        { ...idsOf(listener), queueId: make.id() },
        { ...idsOf(listener), id: make.id() },
      ]
      for (const ask of asks) {
        assert.equal(await store.listeners.get(ask), null)
        assert.equal(await store.listeners.update({ ...ask, changes: { name: 'mine' }, now }), 'not_found')
        assert.equal(await store.listeners.delete({ ...ask, now: NOW }), 'not_found')
      }
      assert.equal(await store.listeners.find(make.id()), null)
      assert.deepEqual(bare(await store.listeners.get(idsOf(listener))), { ...listener, ...NO_FIGURES })
    },
  },
  {
    name: 'a listener needs a queue of its own organization',
    async run(given) {
      const { store, make } = given
      const { queue } = await storedFixture(given, 0)
      const stranger = await storedOrganization(given)
      const before = await store.queues.get({ organizationId: queue.organizationId, id: queue.id })
      for (const what of [{ queueId: make.id() }, { organizationId: stranger.id }]) {
        const listener = make.listener(queue, what)
        assert.equal(await store.listeners.create(listener), 'queue_not_found')
        assert.equal(await store.listeners.find(listener.id), null)
      }
      assert.deepEqual(await store.queues.get({ organizationId: queue.organizationId, id: queue.id }), before)
    },
  },
  {
    name: 'a name is taken within its queue only, and a refusal leaves the queue as it was',
    async run(given) {
      const { store, make } = given
      const { organization, queue, listeners } = await storedFixture(given)
      const askForQueue = { organizationId: organization.id, id: queue.id }
      const before = await store.queues.get(askForQueue)
      const rival = make.listener(queue, { name: listeners[0]!.name })
      assert.equal(await store.listeners.create(rival), 'name_taken')
      assert.equal(await store.listeners.find(rival.id), null)
      assert.deepEqual(await store.queues.get(askForQueue), before)
      const other = await storedQueue(given, organization)
      assert.equal(await store.listeners.create(make.listener(other, { name: listeners[0]!.name })), 'created')
    },
  },
  {
    name: 'a queue has as many listeners as it may have and no more, however many are created at the same time',
    async run(given) {
      const { store, make } = given
      const { organization, queue, listeners } = await storedFixture(given, 1)
      const other = await storedFixture(given, 3)
      const rivals = Array.from({ length: 8 }, () => store.listeners.create(make.listener(queue), undefined, 4))
      const outcomes = await Promise.all(rivals)
      assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 3)
      assert.equal(outcomes.filter((outcome) => outcome === 'queue_full').length, 5)
      const ask = { organizationId: organization.id, id: queue.id }
      assert.equal((await store.queues.route(ask))!.listeners.length, 4)
      // Those of other queues do not count, and what is deleted makes room again.
      assert.equal(await store.listeners.create(make.listener(other.queue), undefined, 4), 'created')
      await store.listeners.delete({ ...idsOf(listeners[0]!), now: NOW })
      assert.equal(await store.listeners.create(make.listener(queue), undefined, 4), 'created')
      const refused = make.listener(queue)
      assert.equal(await store.listeners.create(refused, undefined, 4), 'queue_full')
      assert.equal(await store.listeners.find(refused.id), null)
    },
  },
  {
    name: 'the filters of a queue have a length together, which no creation and no change exceeds',
    async run(given) {
      const { store, make } = given
      const { queue } = await storedFixture(given)
      const withFilter = (length: number) =>
        make.listener(queue, { settings: { ...DEFAULT_SETTINGS, filter: 'x'.repeat(length) } })
      const [large, small] = [withFilter(MAX_FILTERS_OF_QUEUE - 10), withFilter(10)]
      for (const listener of [large, small]) assert.equal(await store.listeners.create(listener), 'created')
      const refused = withFilter(1)
      assert.equal(await store.listeners.create(refused), 'filters_full')
      assert.equal(await store.listeners.find(refused.id), null)
      const change = (filter: string | null) =>
        store.listeners.update({ ...idsOf(small), changes: { settings: { filter } }, now: NOW })
      assert.equal(await change('x'.repeat(11)), 'filters_full')
      assert.equal((await store.listeners.find(small.id))!.settings.filter!.length, 10)
      // Its own filter before the change does not count, nor do those of other queues.
      for (const filter of ['y'.repeat(10), null]) assert.notEqual(await change(filter), 'filters_full')
      const other = await storedQueue(given, await storedOrganization(given))
      const elsewhere = make.listener(other, { settings: { ...DEFAULT_SETTINGS, filter: 'x' } })
      assert.equal(await store.listeners.create(elsewhere), 'created')
    },
  },
]

const listed: StoreCase[] = [
  {
    name: 'a listing has the listeners of one queue or of the organization, oldest first, whole or in slices',
    async run(given) {
      const { store } = given
      const { organization, queue, listeners } = await storedFixture(given, 2)
      const other = await storedQueue(given, organization)
      const all = [...listeners, await storedListener(given, other), await storedListener(given, queue)]
      const stranger = await storedFixture(given)
      const list = async (queueId: string | null, slice: { offset: number; limit: number } | null = null) =>
        namesOf(await store.listeners.list({ organizationId: organization.id, queueId, only: null, slice }))
      assert.deepEqual(await list(null), namesOf(all))
      assert.deepEqual(await list(queue.id), namesOf([all[0]!, all[1]!, all[3]!]))
      assert.deepEqual(await list(queue.id, { offset: 1, limit: 5 }), namesOf([all[1]!, all[3]!]))
      assert.deepEqual(await list(null, { offset: 1, limit: 2 }), namesOf([all[1]!, all[2]!]))
      assert.deepEqual(await list(stranger.queue.id), [])
    },
  },
  {
    name: 'a listing can be restricted to ids of listeners and of queues',
    async run(given) {
      const { store, make } = given
      const { organization, queue, listeners } = await storedFixture(given, 2)
      const other = await storedQueue(given, organization)
      const third = await storedListener(given, other)
      const stranger = await storedFixture(given)
      const list = async (only: string[], queueId: string | null = null) =>
        namesOf(await store.listeners.list({ organizationId: organization.id, queueId, only, slice: null }))
      assert.deepEqual(await list([listeners[1]!.id, make.id()]), namesOf([listeners[1]!]))
      assert.deepEqual(await list([queue.id]), namesOf(listeners))
      assert.deepEqual(await list([other.id, listeners[0]!.id]), namesOf([listeners[0]!, third]))
      assert.deepEqual(await list([third.id], queue.id), [])
      assert.deepEqual(await list([queue.id], queue.id), namesOf(listeners))
      assert.deepEqual(await list([stranger.queue.id, stranger.listeners[0]!.id]), [])
      assert.deepEqual(await list([]), [])
    },
  },
  {
    name: 'a listing shows each listener as it shows itself',
    async run(given) {
      const { organization, queue, listeners } = await storedFixture(given, 2)
      await accepted(given, queue)
      await settled(given, await claimedOne(given, { listenerId: listeners[0]!.id }), ACKNOWLEDGED)
      const alone = await Promise.all(listeners.map(async (it) => bare(await given.store.listeners.get(idsOf(it)))))
      const ask = { organizationId: organization.id, queueId: queue.id, only: null, slice: null }
      assert.deepEqual(await given.store.listeners.list(ask), alone)
      assert.deepEqual(await given.store.listeners.list({ ...ask, queueId: null }), alone)
    },
  },
]

const CHANGES: ListenerChanges[] = [
  { name: 'renamed' },
  { notifyUrl: 'http://127.0.0.1:9/elsewhere' },
  { livenessUrl: null },
  { livenessUrl: 'http://127.0.0.1:9/pulse' },
  { secret: 'whsec_bmV3' },
  { notifyUrl: null, livenessUrl: null },
  { settings: { timeoutMs: 500 } },
  { settings: { headers: { 'x-a': '1', 'x-b': '2' }, rateLimit: { requests: 1, perMs: 100 } } },
  { settings: { headers: { 'x-c': '3' }, rateLimit: null, status: 'disabled' } },
  {},
  { name: 'again', livenessUrl: null, secret: 'whsec_b25l' },
]

const changed: StoreCase[] = [
  {
    name: 'an update changes what it names and nothing else',
    async run(given) {
      const { store, now } = given
      const { listeners } = await storedFixture(given)
      let expected = listeners[0]!
      for (const [i, changes] of CHANGES.entries()) {
        const settings = { ...expected.settings, ...(changes.settings as Partial<DeliverySettings>) }
        const secrets = changes.secret === undefined ? {} : rotated(expected, { secret: changes.secret }, now + i)
        expected = { ...expected, ...changes, ...secrets, settings, updatedAt: now + i }
        assert.deepEqual(bare(await store.listeners.update({ ...idsOf(expected), changes, now: now + i })), expected)
        assert.deepEqual(await store.listeners.find(expected.id), expected)
      }
    },
  },
  {
    name: 'updates that come at once and name different settings all count, also within the retry policy',
    async run(given) {
      const { store, now } = given
      const listener = (await storedFixture(given)).listeners[0]!
      const changes = [
        { timeoutMs: 200 },
        { retry: { maxAttempts: 2 } },
        { maxConcurrency: 3, timeoutMs: undefined },
        { retry: { multiplier: 4, maxAttempts: undefined } },
        { retry: undefined },
      ]
      await Promise.all(
        changes.map((settings) => store.listeners.update({ ...idsOf(listener), changes: { settings }, now })),
      )
      assert.deepEqual((await store.listeners.find(listener.id))?.settings, {
        ...DEFAULT_SETTINGS,
        timeoutMs: 200,
        maxConcurrency: 3,
        retry: { ...listener.settings.retry, maxAttempts: 2, multiplier: 4 },
      })
    },
  },
  {
    name: 'a listener cannot take the name of another in its queue, but can keep its own',
    async run(given) {
      const { store, now } = given
      const { organization, queue, listeners } = await storedFixture(given, 2)
      const [listener, other] = [listeners[0]!, listeners[1]!]
      const askForQueue = { organizationId: organization.id, id: queue.id }
      const before = await store.queues.get(askForQueue)
      const take = { ...idsOf(listener), changes: { name: other.name, secret: 'whsec_x' }, now }
      assert.equal(await store.listeners.update(take), 'name_taken')
      assert.deepEqual(await store.listeners.find(listener.id), listener)
      assert.deepEqual(await store.queues.get(askForQueue), before)
      const keep = { ...idsOf(listener), changes: { name: listener.name }, now }
      assert.deepEqual(bare(await store.listeners.update(keep)), { ...listener, updatedAt: now })
    },
  },
  {
    name: 'a listener that is disabled keeps what it has waiting, and has it to give again once it is enabled',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given)
      const listener = listeners[0]!
      const turn = (status: 'enabled' | 'disabled') =>
        store.listeners.update({ ...idsOf(listener), changes: { settings: { status } }, now })
      const before = await accepted(given, queue)
      await turn('disabled')
      await accepted(given, queue)
      assert.deepEqual(await claim(given, { listenerId: listener.id }), { deliveries: [], nextDueAt: null })
      assert.deepEqual(await store.deliveries.waiting({ node: 'a', after: null, limit: 10, now }), [])
      assert.equal(await pendingCount(given, queue), 2)
      await turn('enabled')
      const waiting = await store.deliveries.waiting({ node: 'a', after: null, limit: 10, now })
      assert.deepEqual(waiting, [{ listenerId: listener.id, nextDueAt: before.deliverAt }])
      assert.equal((await claim(given, { listenerId: listener.id })).deliveries.length, 2)
    },
  },
  {
    name: 'a listener is disabled once, for a reason, and only while it is what was believed',
    async run(given) {
      const { store, now } = given
      const { organization, queue, listeners } = await storedFixture(given)
      const listener = listeners[0]!
      const ask = { id: listener.id, notifyUrl: listener.notifyUrl!, reason: 'it said so', now }
      const versionOf = async () => (await store.queues.get({ organizationId: organization.id, id: queue.id }))?.version
      const before = await versionOf()
      assert.equal(await store.listeners.disable({ ...ask, notifyUrl: 'http://127.0.0.1:9/moved' }), null)
      assert.equal(await versionOf(), before)
      const disabled = { ...listener, settings: { ...listener.settings, status: 'disabled' }, updatedAt: now }
      assert.deepEqual(await store.listeners.disable(ask), disabled)
      assert.deepEqual(await store.listeners.find(listener.id), disabled)
      assert.ok((await versionOf())! > before!)
      assert.equal(await store.listeners.disable(ask), null)
      const categories = ['listeners'] as const
      const page = { organizationId: organization.id, categories, only: null, since: 0, after: null, limit: 10 }
      const { events } = await store.events.list(page)
      assert.deepEqual(
        events.map(({ type, subject, reason }) => [type, subject.id, subject.name, reason]),
        [
          ['listener_updated', listener.id, listener.name, 'it said so'],
          ['listener_added', listener.id, listener.name, null],
        ],
      )
      assert.equal(await store.listeners.disable({ ...ask, id: queue.id }), null)
    },
  },
  {
    name: 'what waits for a listener that pulls is there to claim, and no sweep finds it',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given)
      const listener = listeners[0]!
      const changes = { notifyUrl: null, livenessUrl: null }
      assert.ok(typeof (await store.listeners.update({ ...idsOf(listener), changes, now })) === 'object')
      await accepted(given, queue)
      assert.deepEqual(await store.deliveries.waiting({ node: 'a', after: null, limit: 10, now }), [])
      await claimedOne(given, { listenerId: listener.id })
    },
  },
  {
    name: 'each listener counts what waits for it, claimed, to be tried again or not yet due',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given, 2)
      const [first, second] = listeners
      const waiting = async () => {
        const found = await Promise.all([first!, second!].map((listener) => store.listeners.get(idsOf(listener))))
        return found.map((listener) => listener?.pendingCount)
      }
      assert.deepEqual(await waiting(), [0, 0])
      await accepted(given, queue)
      await accepted(given, queue)
      await accepted(given, queue, { deliverAt: now + 60_000 })
      assert.deepEqual(await waiting(), [3, 3])
      const { deliveries } = await claim(given, { listenerId: first!.id, limit: 2 })
      assert.deepEqual(await waiting(), [3, 3])
      await settled(given, deliveries[0]!, ACKNOWLEDGED)
      await settled(given, deliveries[1]!, { state: 'pending', dueAt: now + 5 })
      assert.deepEqual(await waiting(), [2, 3])
      await settled(given, await claimedOne(given, { listenerId: first!.id, now: now + 5 }), MISSED)
      assert.deepEqual(await waiting(), [1, 3])
    },
  },
  {
    name: 'an update keeps the figures and what is waiting',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given)
      const listener = listeners[0]!
      await accepted(given, queue)
      await settled(given, await claimedOne(given, { listenerId: listener.id }), ACKNOWLEDGED)
      await accepted(given, queue)
      await store.listeners.update({ ...idsOf(listener), changes: { notifyUrl: 'http://127.0.0.1:9/new' }, now })
      assert.equal((await store.listeners.get(idsOf(listener)))?.acknowledgedCount, 1)
      await claimedOne(given, { listenerId: listener.id })
    },
  },
]

const receiving: StoreCase[] = [
  {
    name: 'a listener gets what is accepted after it came, and nothing from before',
    async run(given) {
      const { queue } = await storedFixture(given, 0)
      const before = await accepted(given, queue)
      const listener = await storedListener(given, queue)
      const after = await accepted(given, queue)
      const delivery = await claimedOne(given, { listenerId: listener.id })
      assert.equal(delivery.message.id, after.id)
      assert.deepEqual((await stored(given, before)).deliveries, [])
    },
  },
  {
    name: 'a deleted listener is gone with all that it had waiting, and its name is free',
    async run(given) {
      const { store, make, now } = given
      const { queue, listeners } = await storedFixture(given, 2)
      const [gone, kept] = [listeners[0]!, listeners[1]!]
      const message = await accepted(given, queue)
      assert.equal(await store.listeners.delete({ ...idsOf(gone), now: NOW }), 'deleted')
      assert.equal(await store.listeners.get(idsOf(gone)), null)
      assert.equal(await store.listeners.find(gone.id), null)
      assert.deepEqual(await claim(given, { listenerId: gone.id }), { deliveries: [], nextDueAt: null })
      const waiting = await store.deliveries.waiting({ node: 'a', after: null, limit: 10, now })
      assert.deepEqual(waiting, [{ listenerId: kept.id, nextDueAt: message.deliverAt }])
      assert.equal(await pendingCount(given, queue), 1)
      assert.deepEqual(statusesOf(await stored(given, message)), { [gone.id]: 'discarded', [kept.id]: 'pending' })
      assert.equal(await store.listeners.delete({ ...idsOf(gone), now: NOW }), 'not_found')
      assert.equal(await store.listeners.create(make.listener(queue, { name: gone.name })), 'created')
    },
  },
]

function namesOf(listeners: readonly Listener[]): string[] {
  return listeners.map((listener) => listener.name)
}

function statusesOf(details: Awaited<ReturnType<typeof stored>>): Record<string, string> {
  return Object.fromEntries(details.deliveries.map((delivery) => [delivery.listenerId, delivery.status]))
}

export const listenerCases = [...found, ...listed, ...changed, ...receiving] satisfies StoreCase[]
