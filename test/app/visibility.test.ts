import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onlyVisible } from '../../src/app/tenant/visibility.ts'
import type { Principal, Scope } from '../../src/core/tenant/api-key.ts'

const principal: Principal = {
  ...{ apiKeyId: 'k', organizationId: 'o', owner: false, root: false },
  ...{ frozen: false, ofRootOrganization: false, requestsPerMinute: null, scopes: null },
}
const id = '0'.repeat(21)

const only = (...scopes: Scope[]) => onlyVisible({ ...principal, scopes }, 'queues')

test('a key without scopes, or with a scope for everything, sees everything', () => {
  assert.equal(onlyVisible(principal, 'queues'), null)
  assert.equal(only({ resource: 'queues', access: 'read', targets: '*' }), null)
  assert.equal(only({ resource: 'queues', access: 'read', targets: [id, '*'] }), null)
})

test('a key with targets sees those of the resource alone, and targets that are no ids name nothing', () => {
  const other = '1'.repeat(21)
  const scopes: Scope[] = [
    { resource: 'queues', access: 'read', targets: [id, 'x', '\u0000', `${id}\n`] },
    { resource: 'messages', access: 'read', targets: [other] },
  ]
  assert.deepEqual(only(...scopes), [id])
})
