import assert from 'node:assert/strict'
import type { ApiKey, Scope } from '../../../../src/core/tenant/api-key.ts'
import type { Organization } from '../../../../src/core/tenant/organization.ts'
import { bare, storedOrganization } from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

const SCOPES: Scope[] = [
  { resource: 'queues', access: 'read', targets: '*' },
  { resource: 'messages', access: 'write', targets: ['a', 'b'] },
]

function askFor(key: ApiKey) {
  return { organizationId: key.organizationId, id: key.id }
}

async function storedKey(given: Given, organization: Organization, what: Partial<ApiKey> = {}): Promise<ApiKey> {
  const key = given.make.apiKey(organization, what)
  assert.equal(await given.store.apiKeys.create(key), 'created')
  return key
}

/** An organization whose owner key is at hand. */
async function owned({ store, make }: Given): Promise<{ organization: Organization; ownerKey: ApiKey }> {
  const organization = make.organization()
  const ownerKey = make.ownerKey(organization)
  assert.equal(await store.organizations.create(organization, ownerKey), 'created')
  return { organization, ownerKey }
}

const found: StoreCase[] = [
  {
    name: 'a key comes back as it was stored, by its id and by its digest',
    async run(given) {
      const organization = await storedOrganization(given)
      for (const what of [{}, { name: null }, { scopes: SCOPES }, { scopes: [] }, { lastUsedAt: given.now }]) {
        const key = await storedKey(given, organization, what)
        assert.deepEqual(bare(await given.store.apiKeys.get(askFor(key))), key)
        assert.deepEqual(await given.store.apiKeys.findByDigest(key.digest), { key, organization })
      }
    },
  },
  {
    name: 'a disabled key is found by its digest, so that it can be told from an unknown one',
    async run(given) {
      const key = await storedKey(given, await storedOrganization(given), { status: 'disabled' })
      assert.equal((await given.store.apiKeys.findByDigest(key.digest))?.key.status, 'disabled')
      assert.equal(await given.store.apiKeys.findByDigest(given.make.apiKey({ id: 'x' }).digest), null)
    },
  },
  {
    name: 'a key of the root organization is known as such',
    async run(given) {
      const { store, make } = given
      const root = make.organization({ root: true })
      const ownerKey = make.ownerKey(root)
      await store.organizations.create(root, ownerKey)
      const key = await storedKey(given, root)
      assert.equal((await store.apiKeys.findByDigest(ownerKey.digest))?.organization.root, true)
      assert.equal((await store.apiKeys.findByDigest(key.digest))?.organization.root, true)
    },
  },
  {
    name: "another organization's key and one that never was are not found",
    async run(given) {
      const { store, make, now } = given
      const key = await storedKey(given, await storedOrganization(given))
      const stranger = await storedOrganization(given)
      const asks = [
        { organizationId: stranger.id, id: key.id },
        { organizationId: key.organizationId, id: make.id() },
      ]
      for (const ask of asks) {
        assert.equal(await store.apiKeys.get(ask), null)
        assert.equal(await store.apiKeys.update({ ...ask, changes: { name: 'mine' }, now }), 'not_found')
        assert.equal(await store.apiKeys.delete({ ...ask, now: NOW }), 'not_found')
      }
      assert.deepEqual(bare(await store.apiKeys.get(askFor(key))), key)
    },
  },
  {
    name: 'a name is taken within its organization only, and only by another name',
    async run(given) {
      const { store, make } = given
      const [organization, other] = [await storedOrganization(given), await storedOrganization(given)]
      await storedKey(given, organization, { name: 'deploy' })
      const rival = make.apiKey(organization, { name: 'deploy' })
      assert.equal(await store.apiKeys.create(rival), 'name_taken')
      assert.equal(await store.apiKeys.findByDigest(rival.digest), null)
      await storedKey(given, other, { name: 'deploy' })
      await storedKey(given, organization, { name: null })
      await storedKey(given, organization, { name: null })
    },
  },
]

const listed: StoreCase[] = [
  {
    name: 'a listing has the keys of the organization, oldest first, whole or in slices',
    async run(given) {
      const { store } = given
      const { organization, ownerKey } = await owned(given)
      await owned(given)
      const keys = [ownerKey]
      for (let i = 0; i < 4; i++) keys.push(await storedKey(given, organization))
      const list = (slice: { offset: number; limit: number } | null) =>
        store.apiKeys.list({ organizationId: organization.id, only: null, slice })
      assert.deepEqual(await list(null), keys)
      assert.deepEqual(await list({ offset: 0, limit: 2 }), keys.slice(0, 2))
      assert.deepEqual(await list({ offset: 3, limit: 10 }), keys.slice(3))
      assert.deepEqual(await list({ offset: 5, limit: 10 }), [])
    },
  },
  {
    name: 'a listing can be restricted to ids, and counts its slices after that',
    async run(given) {
      const { store, make } = given
      const { organization, ownerKey } = await owned(given)
      const stranger = await owned(given)
      const [, b, c] = [await storedKey(given, organization), await storedKey(given, organization), ownerKey]
      const list = (only: string[], slice: { offset: number; limit: number } | null = null) =>
        store.apiKeys.list({ organizationId: organization.id, only, slice })
      assert.deepEqual(await list([b.id, c.id, make.id(), stranger.ownerKey.id]), [c, b])
      assert.deepEqual(await list([b.id, c.id], { offset: 1, limit: 1 }), [b])
      assert.deepEqual(await list([]), [])
    },
  },
]

const changed: StoreCase[] = [
  {
    name: 'an update changes what it names and nothing else',
    async run(given) {
      const { store, now } = given
      const organization = await storedOrganization(given)
      const key = await storedKey(given, organization, { scopes: SCOPES, lastUsedAt: 5 })
      const renamed = { ...key, name: 'renamed', updatedAt: now }
      assert.deepEqual(bare(await store.apiKeys.update({ ...askFor(key), changes: { name: 'renamed' }, now })), renamed)
      assert.deepEqual(bare(await store.apiKeys.get(askFor(key))), renamed)
      const narrowed: ApiKey = { ...renamed, status: 'disabled', scopes: [], updatedAt: now + 1 }
      const changes = { status: 'disabled', scopes: [] } as const
      const update = { ...askFor(key), changes: { ...changes, scopes: [] }, now: now + 1 }
      assert.deepEqual(bare(await store.apiKeys.update(update)), narrowed)
      assert.deepEqual(await store.apiKeys.findByDigest(key.digest), { key: narrowed, organization })
    },
  },
  {
    name: 'a key cannot take the name of another, but can keep its own',
    async run(given) {
      const { store, now } = given
      const organization = await storedOrganization(given)
      const [key, other] = [await storedKey(given, organization), await storedKey(given, organization)]
      const take = { ...askFor(key), changes: { name: other.name!, status: 'disabled' as const }, now }
      assert.equal(await store.apiKeys.update(take), 'name_taken')
      assert.deepEqual(bare(await store.apiKeys.get(askFor(key))), key)
      const keep = { ...askFor(key), changes: { name: key.name! }, now }
      assert.deepEqual(bare(await store.apiKeys.update(keep)), { ...key, updatedAt: now })
    },
  },
  {
    name: 'a deleted key is gone and its name is free',
    async run(given) {
      const { store } = given
      const { organization, ownerKey } = await owned(given)
      const key = await storedKey(given, organization, { name: 'deploy' })
      assert.equal(await store.apiKeys.delete({ ...askFor(key), now: NOW }), 'deleted')
      assert.equal(await store.apiKeys.get(askFor(key)), null)
      assert.equal(await store.apiKeys.findByDigest(key.digest), null)
      const left = await store.apiKeys.list({ organizationId: organization.id, only: null, slice: null })
      assert.deepEqual(left, [ownerKey])
      assert.equal(await store.apiKeys.delete({ ...askFor(key), now: NOW }), 'not_found')
      await storedKey(given, organization, { name: 'deploy' })
    },
  },
  {
    name: 'a key with a new text is found by it and no longer by the old one',
    async run(given) {
      const { store, make, now } = given
      const { organization, ownerKey } = await owned(given)
      const { digest, prefix } = make.apiKey({ id: 'x' })
      await store.apiKeys.replaceDigest({ id: ownerKey.id, digest, prefix, now })
      const expected = { ...ownerKey, digest, prefix, updatedAt: now }
      assert.deepEqual(await store.apiKeys.findByDigest(digest), { key: expected, organization })
      assert.equal(await store.apiKeys.findByDigest(ownerKey.digest), null)
    },
  },
  {
    name: 'whether the root key was shown is remembered',
    async run({ store }) {
      assert.equal(await store.apiKeys.rootKeyShown(), false)
      await store.apiKeys.markRootKeyShown()
      assert.equal(await store.apiKeys.rootKeyShown(), true)
      await store.apiKeys.markRootKeyShown()
      assert.equal(await store.apiKeys.rootKeyShown(), true)
    },
  },
]

const lastOwner: StoreCase[] = [
  {
    name: 'the last enabled owner key can be neither disabled nor deleted, and stays as it was',
    async run(given) {
      const { store, make, now } = given
      const { organization, ownerKey } = await owned(given)
      // None of these can stand in: an ordinary key, a disabled owner key, another organization's owner key.
      await storedKey(given, organization)
      await store.apiKeys.create(make.ownerKey(organization, { status: 'disabled' }))
      await owned(given)
      const disable = { ...askFor(ownerKey), changes: { name: 'x', status: 'disabled' as const }, now }
      assert.equal(await store.apiKeys.update(disable), 'last_owner_key')
      assert.equal(await store.apiKeys.delete({ ...askFor(ownerKey), now: NOW }), 'last_owner_key')
      assert.deepEqual(bare(await store.apiKeys.get(askFor(ownerKey))), ownerKey)
    },
  },
  {
    name: 'the last enabled owner key can be renamed',
    async run(given) {
      const { ownerKey } = await owned(given)
      const changes = { name: 'boss', status: 'enabled' as const }
      const updated = await given.store.apiKeys.update({ ...askFor(ownerKey), changes, now: given.now })
      assert.deepEqual(bare(updated), { ...ownerKey, name: 'boss', updatedAt: given.now })
    },
  },
  {
    name: 'an owner key can go once another one is enabled',
    async run(given) {
      const { store, make, now } = given
      const { organization, ownerKey } = await owned(given)
      const second = make.ownerKey(organization)
      await store.apiKeys.create(second)
      const disabled = await store.apiKeys.update({ ...askFor(ownerKey), changes: { status: 'disabled' }, now })
      assert.deepEqual(bare(disabled), { ...ownerKey, status: 'disabled', updatedAt: now })
      assert.equal(await store.apiKeys.delete({ ...askFor(second), now: NOW }), 'last_owner_key')
      assert.equal(await store.apiKeys.delete({ ...askFor(ownerKey), now: NOW }), 'deleted')
    },
  },
  {
    name: 'two owner keys that are deleted at the same time do not both go',
    async run(given) {
      const { store, make } = given
      const { organization, ownerKey } = await owned(given)
      const second = make.ownerKey(organization)
      await store.apiKeys.create(second)
      const results = await Promise.all(
        [ownerKey, second].map((key) => store.apiKeys.delete({ ...askFor(key), now: NOW })),
      )
      assert.deepEqual(results.sort(), ['deleted', 'last_owner_key'])
    },
  },
]

export const apiKeyCases = [...found, ...listed, ...changed, ...lastOwner]
