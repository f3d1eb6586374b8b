import assert from 'node:assert/strict'
import type { Domain } from '../../../../src/core/tenant/domain.ts'
import type { Organization } from '../../../../src/core/tenant/organization.ts'
import { bare, storedOrganization } from '../../fixture.ts'
import type { Given, StoreCase } from '../../suite.ts'

function domainOf({ make, now }: Given, { id: organizationId }: Organization, what: Partial<Domain> = {}): Domain {
  const challenge = { contextPath: 'c', fileName: 'f', fileContent: 'x', createdAt: now, expiresAt: now + 1_000 }
  const id = make.id()
  const place = { hostname: 'shop.example.com', port: 443 }
  return {
    id,
    organizationId,
    name: id,
    ...place,
    challenge,
    verifiedAt: null,
    createdAt: now,
    updatedAt: now,
    ...what,
  }
}

async function storedDomain(given: Given, organization: Organization, what: Partial<Domain> = {}): Promise<Domain> {
  const domain = domainOf(given, organization, what)
  assert.equal(await given.store.domains.create(domain), 'created')
  return domain
}

const addressOf = ({ organizationId, id }: Domain) => ({ organizationId, id })

export const domainCases: StoreCase[] = [
  {
    name: 'a domain comes back as it was stored, in the order of creation, to its own organization alone',
    async run(given) {
      const { store, make } = given
      const organization = await storedOrganization(given)
      const stranger = await storedOrganization(given)
      const domains = [await storedDomain(given, organization), await storedDomain(given, organization, { port: 8443 })]
      for (const domain of domains) assert.deepEqual(bare(await store.domains.get(addressOf(domain))), domain)
      const list = { organizationId: organization.id, only: null, slice: null }
      assert.deepEqual(await store.domains.list(list), domains)
      assert.deepEqual(await store.domains.list({ ...list, only: [domains[1]!.id] }), domains.slice(1))
      assert.deepEqual(await store.domains.list({ ...list, slice: { offset: 1, limit: 9 } }), domains.slice(1))
      const foreign = { ...addressOf(domains[0]!), organizationId: stranger.id }
      assert.equal(await store.domains.get(foreign), null)
      assert.equal(await store.domains.update({ ...foreign, changes: { name: 'x' }, now: 1 }), 'not_found')
      assert.equal(await store.domains.delete(foreign), 'not_found')
      assert.equal(await store.domains.get({ organizationId: organization.id, id: make.id() }), null)
    },
  },
  {
    name: 'names are unique in an organization, places are not',
    async run(given) {
      const { store, now } = given
      const organization = await storedOrganization(given)
      const first = await storedDomain(given, organization, { name: 'shop' })
      assert.equal(await store.domains.create(domainOf(given, organization, { name: 'shop' })), 'name_taken')
      const second = await storedDomain(given, organization)
      const changes = { name: 'shop' }
      assert.equal(await store.domains.update({ ...addressOf(second), changes, now }), 'name_taken')
      await storedDomain(given, await storedOrganization(given), { name: 'shop' })
      assert.equal((await store.domains.get(addressOf(first)))?.name, 'shop')
    },
  },
  {
    name: 'a change changes what it names, and one that believes in another revision nothing',
    async run(given) {
      const { store, now } = given
      const domain = await storedDomain(given, await storedOrganization(given))
      const { revision } = (await store.domains.get(addressOf(domain)))!
      const changes = { hostname: 'new.example.com', verifiedAt: now }
      const changed = await store.domains.update({ ...addressOf(domain), changes, now: now + 5, ifMatch: [revision] })
      assert.deepEqual(bare(changed), { ...domain, ...changes, updatedAt: now + 5 })
      assert.deepEqual(await store.domains.get(addressOf(domain)), changed)
      const late = { ...addressOf(domain), changes: { port: 1 }, now, ifMatch: [revision] }
      assert.equal(await store.domains.update(late), 'changed')
      assert.equal(await store.domains.delete({ ...addressOf(domain), ifMatch: [revision] }), 'changed')
      assert.equal(await store.domains.delete(addressOf(domain)), 'deleted')
      assert.equal(await store.domains.get(addressOf(domain)), null)
    },
  },
  {
    name: 'a place is verified where a domain of the organization says so, since when it was asked for',
    async run(given) {
      const { store, now } = given
      const organization = await storedOrganization(given)
      await storedDomain(given, organization)
      const place = { organizationId: organization.id, hostname: 'shop.example.com', ports: [443], since: now - 1 }
      assert.equal(await store.domains.isVerified(place), false)
      await storedDomain(given, organization, { verifiedAt: now })
      assert.equal(await store.domains.isVerified(place), true)
      assert.equal(await store.domains.isVerified({ ...place, ports: [80, 443] }), true)
      const elsewhere = [{ ports: [8443] }, { hostname: 'www.shop.example.com' }, { since: now }]
      for (const what of elsewhere) assert.equal(await store.domains.isVerified({ ...place, ...what }), false)
      const { id: organizationId } = await storedOrganization(given)
      assert.equal(await store.domains.isVerified({ ...place, organizationId }), false)
    },
  },
  {
    name: 'the domains of a deleted organization are removed with it, and none can be added',
    async run(given) {
      const { store } = given
      const organization = await storedOrganization(given)
      const domain = await storedDomain(given, organization)
      await store.organizations.delete({ id: organization.id })
      assert.equal(await store.domains.create(domainOf(given, organization)), 'organization_not_found')
      while ((await store.removals.sweep({ limit: 10 })) > 0);
      assert.equal(await store.domains.get(addressOf(domain)), null)
    },
  },
]
