import assert from 'node:assert/strict'
import { NO_LIMITS } from '../../../../src/core/tenant/organization.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  bare,
  claim,
  commit,
  idsOf,
  settled,
  stored,
  storedFixture,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../../fixture.ts'
import type { StoreCase } from '../../suite.ts'

const founded: StoreCase[] = [
  {
    name: 'there is no root organization before the first start',
    async run({ store, make }) {
      assert.equal(await store.organizations.findRoot(), null)
      const organization = make.organization()
      await store.organizations.create(organization, make.ownerKey(organization))
      assert.equal(await store.organizations.findRoot(), null)
    },
  },
  {
    name: 'the root organization is found as it was stored',
    async run({ store, make }) {
      const [root, other] = [make.organization({ root: true, name: 'root' }), make.organization()]
      assert.equal(await store.organizations.create(root, make.ownerKey(root)), 'created')
      assert.equal(await store.organizations.create(other, make.ownerKey(other)), 'created')
      assert.deepEqual(await store.organizations.findRoot(), root)
    },
  },
  {
    name: 'an organization comes with its owner key',
    async run({ store, make }) {
      const organization = make.organization()
      const ownerKey = make.ownerKey(organization)
      await store.organizations.create(organization, ownerKey)
      assert.deepEqual(bare(await store.apiKeys.get({ organizationId: organization.id, id: ownerKey.id })), ownerKey)
    },
  },
  {
    name: 'a name that is taken stores neither the organization nor its key',
    async run({ store, make }) {
      const [first, second] = [make.organization({ name: 'example.com/dev' }), make.organization()]
      await store.organizations.create(first, make.ownerKey(first))
      const ownerKey = make.ownerKey(second)
      assert.equal(await store.organizations.create({ ...second, name: first.name }, ownerKey), 'name_taken')
      assert.equal(await store.apiKeys.findByDigest(ownerKey.digest), null)
      assert.equal(await store.organizations.create(second, ownerKey), 'created')
    },
  },
  {
    name: 'an organization whose owner key cannot be stored is not stored either',
    async run({ store, make }) {
      const [first, second] = [make.organization(), make.organization()]
      const ownerKey = make.ownerKey(first)
      await store.organizations.create(first, ownerKey)
      const sameText = make.ownerKey(second, { digest: ownerKey.digest })
      const outcome = await store.organizations.create(second, sameText).catch(() => 'refused')
      assert.notEqual(outcome, 'created')
      assert.equal(await store.organizations.create(second, make.ownerKey(second)), 'created')
      assert.equal((await store.apiKeys.findByDigest(ownerKey.digest))?.key.organizationId, first.id)
    },
  },
]

const found: StoreCase[] = [
  {
    name: 'an organization comes back as it was stored, limits and all',
    async run(given) {
      const { store, make } = given
      const limits = { ...NO_LIMITS, queues: 0, storedMessages: 7, requestsPerMinute: 1 }
      const organization = make.organization({ status: 'frozen', limits })
      await store.organizations.create(organization, make.ownerKey(organization))
      assert.deepEqual(bare(await store.organizations.get(organization.id)), organization)
      assert.equal(await store.organizations.get(make.id()), null)
    },
  },
  {
    name: 'a listing holds every organization, oldest first, or the slice that was asked for',
    async run(given) {
      const { store } = given
      const all = [await storedOrganization(given), await storedOrganization(given), await storedOrganization(given)]
      assert.deepEqual(await store.organizations.list({ slice: null }), all)
      assert.deepEqual(await store.organizations.list({ slice: { offset: 1, limit: 1 } }), [all[1]])
      assert.deepEqual(await store.organizations.list({ slice: { offset: 3, limit: 1 } }), [])
    },
  },
]

const changed: StoreCase[] = [
  {
    name: 'an update changes what it names, merges limits, and keeps the rest',
    async run(given) {
      const { store, now } = given
      const organization = await storedOrganization(given)
      const { id } = organization
      const first = await store.organizations.update({ id, changes: { limits: { queues: 1, listeners: 2 } }, now })
      const limits = { ...NO_LIMITS, queues: 1, listeners: 2 }
      assert.deepEqual(bare(first), { ...organization, limits, updatedAt: now })
      const changes = { name: 'renamed', status: 'frozen', limits: { queues: null } } as const
      const second = await store.organizations.update({ id, changes, now: now + 1 })
      const expected = { ...organization, name: 'renamed', status: 'frozen', updatedAt: now + 1 }
      assert.deepEqual(bare(second), { ...expected, limits: { ...NO_LIMITS, listeners: 2 } })
      assert.deepEqual(await store.organizations.get(id), second)
      assert.equal(await store.organizations.update({ id: given.make.id(), changes: {}, now }), 'not_found')
    },
  },
  {
    name: 'an organization cannot take the name of another, and then nothing of the change is stored',
    async run(given) {
      const { store, now } = given
      const [one, other] = [await storedOrganization(given), await storedOrganization(given)]
      const changes = { name: other.name, status: 'frozen', limits: { queues: 1 } } as const
      assert.equal(await store.organizations.update({ id: one.id, changes, now }), 'name_taken')
      assert.deepEqual(bare(await store.organizations.get(one.id)), one)
    },
  },
  {
    name: 'the root organization can be renamed and limited, and neither frozen nor deleted',
    async run({ store, make, now }) {
      const root = make.organization({ root: true })
      await store.organizations.create(root, make.ownerKey(root))
      const { id } = root
      assert.equal(await store.organizations.update({ id, changes: { status: 'frozen' }, now }), 'root_organization')
      assert.equal(await store.organizations.delete({ id }), 'root_organization')
      assert.deepEqual(bare(await store.organizations.get(id)), root)
      const renamed = await store.organizations.update({ id, changes: { name: 'us', limits: { queues: 1 } }, now })
      assert.ok(typeof renamed !== 'string' && renamed.name === 'us')
    },
  },
]

const deleted: StoreCase[] = [
  {
    name: 'a deleted organization is gone, its keys are unknown, its name is free, and its listeners are told',
    async run(given) {
      const { store, make } = given
      const [organization, other] = [make.organization(), await storedOrganization(given)]
      const ownerKey = make.ownerKey(organization)
      await store.organizations.create(organization, ownerKey)
      const queue = await storedQueue(given, organization)
      const listeners = [await storedListener(given, queue), await storedListener(given, queue)]
      const outcome = await store.organizations.delete({ id: organization.id })
      assert.ok(typeof outcome !== 'string')
      assert.deepEqual(outcome.listenerIds.sort(), listeners.map(({ id }) => id).sort())
      assert.equal(await store.organizations.get(organization.id), null)
      assert.deepEqual(await store.organizations.list({ slice: null }), [other])
      assert.equal(await store.apiKeys.findByDigest(ownerKey.digest), null)
      assert.equal(await store.organizations.delete({ id: organization.id }), 'not_found')
      const next = make.organization({ name: organization.name })
      assert.equal(await store.organizations.create(next, make.ownerKey(next)), 'created')
    },
  },
  {
    name: 'nothing can be created in a deleted organization, before a sweep and after all of them',
    async run(given) {
      const { store, make } = given
      const { organization, queue } = await storedFixture(given)
      await store.organizations.delete({ id: organization.id })
      for (const swept of [false, true]) {
        if (swept) while ((await store.removals.sweep({ limit: 10 })) > 0);
        assert.equal(await store.queues.create(make.queue(organization)), 'organization_not_found')
        assert.equal(await store.apiKeys.create(make.apiKey(organization)), 'organization_not_found')
        const outcome = await store.listeners.create(make.listener(queue))
        assert.ok(outcome === 'organization_not_found' || outcome === 'queue_not_found')
      }
    },
  },
  {
    name: 'nothing of a deleted organization is accepted, claimed or waiting, and what was on its way has lost',
    async run(given) {
      const { store, now } = given
      const { organization, queue, listeners } = await storedFixture(given, 2)
      const onItsWay = await accepted(given, queue, { leased: true })
      const accept = await acceptFor(given, queue)
      const other = await storedFixture(given)
      await accepted(given, other.queue)
      await store.organizations.delete({ id: organization.id })
      assert.deepEqual((await commit(given, { accepts: [accept] })).accepts, [{ outcome: 'stale' }])
      assert.equal(await store.queues.route({ organizationId: organization.id, id: queue.id }), null)
      const { deliveries, nextDueAt } = await claim(given, { node: 'b', listenerId: listeners[1]!.id })
      assert.deepEqual([deliveries, nextDueAt], [[], null])
      const waiting = await store.deliveries.waiting({ node: 'b', after: null, limit: 10, now })
      assert.deepEqual(
        waiting.map(({ listenerId }) => listenerId),
        [other.listeners[0]!.id],
      )
      assert.equal(await settled(given, onItsWay.deliveries[0]!, ACKNOWLEDGED), 'lost')
    },
  },
  {
    name: 'what a deleted organization held is swept in small steps, and nothing of another',
    async run(given) {
      const { store } = given
      const { organization, queue } = await storedFixture(given, 7)
      const theirs = await storedFixture(given)
      const kept = await accepted(given, theirs.queue)
      const before = await stored(given, kept)
      for (let i = 0; i < 5; i++) await storedQueue(given, organization)
      for (let i = 0; i < 4; i++) await accepted(given, queue)
      const answer = (organizationId: string, key: string) => ({
        ...{ organizationId, target: 'POST /x', key, digest: 'd', status: 200, body: '{}' },
        ...{ storedAt: given.now, expiresAt: given.now + 1_000 },
      })
      for (const key of ['1', '2', '3', '4']) await store.answers.keep(answer(organization.id, key))
      await store.answers.keep(answer(theirs.organization.id, '1'))
      const ask = { organizationId: organization.id, only: null, slice: null }
      await store.organizations.delete({ id: organization.id })
      let steps = 0
      for (let removed = 1; removed > 0; steps++) {
        removed = await store.removals.sweep({ limit: 3 })
        assert.ok(removed <= 3, `${removed} at once`)
      }
      assert.ok(steps > 10, `only ${steps} steps`)
      assert.deepEqual(await store.queues.list(ask), [])
      assert.deepEqual(await store.listeners.list({ ...ask, queueId: null }), [])
      assert.deepEqual(await store.apiKeys.list(ask), [])
      const found = (organizationId: string) =>
        store.answers.find({ organizationId, target: 'POST /x', key: '1', now: given.now })
      assert.equal(await found(organization.id), null)
      assert.ok(await found(theirs.organization.id))
      assert.equal(await store.answers.removeExpired({ now: given.now + 1_000, limit: 10 }), 1)
      assert.deepEqual(await stored(given, kept), before)
      assert.ok(await store.listeners.get(idsOf(theirs.listeners[0]!)))
    },
  },
]

export const organizationCases: StoreCase[] = [...founded, ...found, ...changed, ...deleted]
