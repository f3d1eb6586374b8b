import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import {
  type Access,
  digestOf,
  GRANTABLE_RESOURCES,
  KEY_PATTERN,
  makeKeyText,
  PROTECTED_RESOURCES,
  type Principal,
  permits,
  prefixOf,
  type Resource,
  type Scope,
  visible,
} from '../../../src/core/tenant/api-key.ts'

function principal(what: Partial<Principal> = {}): Principal {
  return {
    organizationId: 'org',
    apiKeyId: 'key',
    owner: false,
    root: false,
    scopes: null,
    frozen: false,
    ofRootOrganization: false,
    requestsPerMinute: null,
    ...what,
  }
}

function scoped(...scopes: Scope[]): Principal {
  return principal({ scopes })
}

function may(who: Principal, access: Access, resource: Resource, ...ids: (string | undefined)[]): boolean {
  return permits(who, { access, resource, ids })
}

describe('the text of a key', () => {
  test('is 64 characters of base64url and different every time', () => {
    const texts = Array.from({ length: 100 }, () => makeKeyText(randomBytes))
    for (const text of texts) assert.match(text, new RegExp(KEY_PATTERN))
    assert.equal(new Set(texts).size, 100)
  })

  test('is stored as its SHA-256, in hex', () => {
    assert.equal(digestOf('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  })

  test('is shown as its first three characters', () => {
    assert.equal(prefixOf('ep1xyz'), 'ep1')
  })
})

describe('which resources a key may touch', () => {
  test('an owner key may do everything, the protected resources included', () => {
    for (const resource of [...GRANTABLE_RESOURCES, ...PROTECTED_RESOURCES]) {
      assert.ok(may(principal({ owner: true }), 'read', resource), resource)
      assert.ok(may(principal({ owner: true }), 'write', resource, 'any'), resource)
    }
  })

  test('a key without scopes may do everything except the protected resources', () => {
    for (const resource of GRANTABLE_RESOURCES) assert.ok(may(principal(), 'write', resource, 'any'), resource)
    for (const resource of PROTECTED_RESOURCES) {
      assert.equal(may(principal(), 'read', resource), false, resource)
      assert.equal(may(principal(), 'write', resource, 'any'), false, resource)
    }
  })

  test('the protected resources are api_clients, api_keys and subscriptions, and no scope grants them', () => {
    assert.deepEqual([...PROTECTED_RESOURCES], ['api_clients', 'api_keys', 'subscriptions'])
    for (const resource of PROTECTED_RESOURCES) {
      assert.equal(may(scoped({ resource, access: 'write', targets: '*' }), 'read', resource, 'any'), false)
    }
  })

  test('the resources that can be granted are those of the contract', () => {
    const granted = ['domains', 'events', 'listeners', 'messages', 'queues', 'schedules', 'schemas', 'stats']
    assert.deepEqual([...GRANTABLE_RESOURCES].sort(), granted)
  })

  test('a key with no scope in its list may do nothing', () => {
    for (const resource of GRANTABLE_RESOURCES) assert.equal(may(scoped(), 'read', resource), false, resource)
  })

  test('a scope opens its own resource and no other', () => {
    const who = scoped({ resource: 'messages', access: 'write', targets: '*' })
    for (const resource of GRANTABLE_RESOURCES) {
      assert.equal(may(who, 'read', resource, 'any'), resource === 'messages', resource)
    }
  })
})

describe('access', () => {
  test('write includes read', () => {
    const who = scoped({ resource: 'queues', access: 'write', targets: '*' })
    assert.ok(may(who, 'read', 'queues', 'q1') && may(who, 'write', 'queues', 'q1'))
  })

  test('read does not include write', () => {
    const who = scoped({ resource: 'queues', access: 'read', targets: '*' })
    assert.ok(may(who, 'read', 'queues', 'q1'))
    assert.equal(may(who, 'write', 'queues', 'q1'), false)
  })

  test('several scopes add up, each with its own targets', () => {
    const who = scoped(
      { resource: 'queues', access: 'read', targets: '*' },
      { resource: 'queues', access: 'write', targets: ['q1'] },
    )
    assert.ok(may(who, 'read', 'queues', 'q2') && may(who, 'write', 'queues', 'q1'))
    assert.equal(may(who, 'write', 'queues', 'q2'), false)
  })
})

describe('targets', () => {
  for (const targets of ['*', ['*'], ['q1', '*']] as const) {
    test(`${JSON.stringify(targets)} means every resource, and new ones too`, () => {
      const who = scoped({ resource: 'queues', access: 'write', targets })
      assert.ok(may(who, 'write', 'queues', 'q9') && may(who, 'write', 'queues'))
    })
  }

  test('an id opens the resource itself', () => {
    const who = scoped({ resource: 'listeners', access: 'write', targets: ['l1'] })
    assert.ok(may(who, 'write', 'listeners', 'l1', 'q1'))
    assert.equal(may(who, 'write', 'listeners', 'l2', 'q1'), false)
  })

  test('an id opens what the queue of that id contains', () => {
    const who = scoped({ resource: 'messages', access: 'write', targets: ['q1'] })
    assert.ok(may(who, 'write', 'messages', 'm1', 'q1') && may(who, 'write', 'messages', 'q1'))
    assert.equal(may(who, 'write', 'messages', 'm1', 'q2'), false)
  })

  test('an id that is not known is no target', () => {
    const who = scoped({ resource: 'messages', access: 'read', targets: ['undefined'] })
    assert.equal(may(who, 'read', 'messages', undefined), false)
  })

  test('making a new resource needs a scope for all of them', () => {
    const who = scoped({ resource: 'queues', access: 'write', targets: ['q1'] })
    assert.equal(may(who, 'write', 'queues'), false)
  })

  test('an empty list of targets opens no resource', () => {
    const who = scoped({ resource: 'queues', access: 'write', targets: [] })
    assert.equal(may(who, 'read', 'queues', 'q1'), false)
  })
})

describe('a listing', () => {
  const who = scoped(
    { resource: 'queues', access: 'read', targets: ['q1'] },
    { resource: 'queues', access: 'write', targets: ['q2'] },
    { resource: 'messages', access: 'read', targets: ['q3'] },
  )

  test('is allowed by any target', () => {
    assert.ok(may(who, 'read', 'queues'))
  })

  test('shows only what the targets of that resource allow, whether by read or by write', () => {
    const show = visible(who, 'queues')
    assert.deepEqual(
      ['q1', 'q2', 'q3'].filter((id) => show(id)),
      ['q1', 'q2'],
    )
  })

  test('shows a resource that its queue is a target for', () => {
    const show = visible(who, 'messages')
    assert.ok(show('m1', 'q3'))
    assert.equal(show('m1', 'q1'), false)
  })

  test('shows nothing of a resource without a scope', () => {
    assert.equal(visible(who, 'listeners')('l1', 'q1'), false)
  })

  test('shows everything to an owner key, to a key without scopes, and to a scope for all', () => {
    const all: Scope = { resource: 'queues', access: 'read', targets: ['*'] }
    for (const key of [principal({ owner: true }), principal(), scoped(all)]) assert.ok(visible(key, 'queues')('q9'))
  })
})
