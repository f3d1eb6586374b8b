import assert from 'node:assert/strict'
import { bare } from './scene.ts'
import type { StoreCase } from './suite.ts'

export const organizationCases: StoreCase[] = [
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
