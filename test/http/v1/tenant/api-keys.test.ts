import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, OWNER_KEY, sharedApi, startApi } from '../../../support/server/api.ts'

const api = await sharedApi()

async function issue(body: Json = {}): Promise<Json> {
  const answer = await api.call('POST', '/v1/api_keys', body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}

async function read(id: string): Promise<Json> {
  return (await api.call('GET', `/v1/api_keys/${id}`)).body.api_key
}

test('a listing holds references, and with _embed the full form of the contract', async () => {
  const fresh = await startApi()
  const plain = (await fresh.call('GET', '/v1/api_keys')).body
  assert.deepEqual(Object.keys(plain).sort(), ['_links', 'api_keys'])
  const [ref] = plain.api_keys
  assert.deepEqual(plain.api_keys, [{ id: ref.id, name: 'owner' }])
  assert.deepEqual(plain._links, {
    self: { href: 'http://localhost:80/v1/api_keys' },
    owner: { href: `http://localhost:80/v1/api_keys/${ref.id}` },
  })
  const [full] = (await fresh.call('GET', '/v1/api_keys?_embed=true')).body._embedded.api_keys
  const names = ['created_at', 'id', 'key', 'last_used_at', 'name', 'owner', 'scopes', 'status', 'updated_at']
  assert.deepEqual(Object.keys(full).sort(), names)
  assert.equal(full.key, OWNER_KEY.slice(0, 3))
  assert.equal(full.owner, true)
  await fresh.app.close()
})

test('a key is shown once, when it is made, and then only its first three characters', async () => {
  const { api_key: text, id, name, _links } = await issue({ name: 'shown-once' })
  assert.match(text, /^[A-Za-z0-9_-]{64}$/)
  assert.equal(name, 'shown-once')
  assert.equal(_links.self.href, `http://localhost:80/v1/api_keys/${id}`)
  const listing = await api.call('GET', '/v1/api_keys?_embed')
  assert.ok(!JSON.stringify(listing.body).includes(text.slice(0, 4)))
  assert.equal((await read(id)).key, text.slice(0, 3))
})

test('a key that was not asked for anything else is enabled, unused and may do all that can be granted', async () => {
  const full = await read((await issue()).id)
  assert.equal(full.name, full.id)
  assert.equal('owner' in full, false)
  assert.equal(full.status, 'enabled')
  assert.equal(full.last_used_at, null)
  assert.equal(full.created_at, full.updated_at)
  const granted = full.scopes.map((scope: Json) => scope.resource)
  assert.deepEqual(granted, ['events', 'queues', 'listeners', 'messages', 'schemas', 'stats', 'schedules', 'domains'])
})

test('scopes are kept as they were given', async () => {
  const scopes = [
    { resource: 'queues', access: 'read', targets: '*' },
    { resource: 'messages', access: 'write', targets: ['*'] },
    { resource: 'events', access: 'read', targets: ['0'.repeat(21), 'Az09'.padEnd(21, 'x'), 'a1'.repeat(32)] },
    { resource: 'listeners', access: 'write', targets: ['_Tzrg1O3jk4_FZTAEThNq', '-', 'x'.repeat(64)] },
  ]
  assert.deepEqual((await read((await issue({ scopes })).id)).scopes, scopes)
})

test('the protected resources cannot be granted, by POST or by PUT', async () => {
  const { id } = await issue()
  for (const resource of ['api_clients', 'api_keys', 'subscriptions']) {
    const scopes = [
      { resource: 'queues', access: 'read', targets: '*' },
      { resource, access: 'read', targets: '*' },
    ]
    for (const [method, path] of [
      ['POST', ''],
      ['PUT', `/${id}`],
    ] as const) {
      const { status, body } = await api.call(method, `/v1/api_keys${path}`, { scopes })
      assert.equal(status, 422)
      assert.equal(body.errors[0].path, '/scopes/1/resource')
      assert.match(body.errors[0].message, /cannot be granted/)
    }
  }
})

test('a scope that is not one is told where and why', async () => {
  const faults = async (scope: Json) =>
    (await api.call('POST', '/v1/api_keys', { scopes: [scope] })).body.errors.map((fault: Json) => fault.path)
  assert.deepEqual(await faults({}), ['/scopes/0/resource', '/scopes/0/access', '/scopes/0/targets'])
  const good = { resource: 'queues', access: 'read', targets: '*' }
  assert.deepEqual(await faults({ ...good, resource: 'moon' }), ['/scopes/0/resource'])
  assert.deepEqual(await faults({ ...good, access: 'execute' }), ['/scopes/0/access'])
  assert.deepEqual(await faults({ ...good, extra: 1 }), ['/scopes/0/extra'])
  for (const targets of ['some-id', 5, null, { id: 'x' }]) {
    assert.deepEqual(await faults({ ...good, targets }), ['/scopes/0/targets'])
  }
  for (const target of [5, '', 'some id', '\u0000', `${'0'.repeat(21)}\n`, 'x'.repeat(65), '**', 'a.b', 'é']) {
    assert.deepEqual(await faults({ ...good, targets: ['some-id', target] }), ['/scopes/0/targets/1'])
  }
  const { body } = await api.call('POST', '/v1/api_keys', { scopes: [{ ...good, targets: ['a b'] }] })
  assert.match(body.errors[0].message, /1 to 64 characters of A-Z a-z 0-9 _ -/)
})

test('PUT changes just what is there, PATCH does the same, and updated_at moves', async () => {
  const scopes = [{ resource: 'queues', access: 'read', targets: '*' }]
  const { id } = await issue({ name: 'before', scopes })
  api.clock.now += 1000
  const put = await api.call('PUT', `/v1/api_keys/${id}`, { name: 'after' })
  assert.deepEqual(put.body.api_key, await read(id))
  assert.equal(put.body.api_key.name, 'after')
  assert.deepEqual(put.body.api_key.scopes, scopes)
  assert.equal(put.body.api_key.updated_at, put.body.api_key.created_at + 1000)
  const patch = await api.call('PATCH', `/v1/api_keys/${id}`, { status: 'disabled' })
  assert.equal(patch.body.api_key.name, 'after')
  assert.equal(patch.body.api_key.status, 'disabled')
})

test('scopes are replaced as a whole, and count at once', async () => {
  const { id, api_key: text } = await issue({ scopes: [{ resource: 'queues', access: 'read', targets: '*' }] })
  assert.equal((await api.call('GET', '/v1/queues', undefined, text)).status, 200)
  await api.call('PUT', `/v1/api_keys/${id}`, { scopes: [{ resource: 'messages', access: 'read', targets: '*' }] })
  assert.equal((await api.call('GET', '/v1/queues', undefined, text)).status, 403)
  assert.equal((await api.call('GET', '/v1/messages', undefined, text)).status, 200)
})

test('what was read can be changed and sent back, for plain, scoped and owner keys', async () => {
  const bodies = [{}, { scopes: [{ resource: 'queues', access: 'read', targets: ['*'] }] }, { owner: true }]
  for (const [index, body] of bodies.entries()) {
    const full = await read((await issue(body)).id)
    const { status, body: answer } = await api.call('PUT', `/v1/api_keys/${full.id}`, {
      ...full,
      name: `round-${index}`,
    })
    assert.equal(status, 200, JSON.stringify(answer))
    assert.deepEqual(answer.api_key, { ...full, name: `round-${index}` })
  }
})

test('an owner key makes another, which may do everything', async () => {
  const { api_key: text, id } = await issue({ owner: true, name: 'second-owner' })
  assert.equal((await read(id)).owner, true)
  assert.equal((await api.call('GET', '/v1/api_keys', undefined, text)).status, 200)
  const scopes = [{ resource: 'queues', access: 'read', targets: '*' }]
  const refused = await api.call('POST', '/v1/api_keys', { owner: true, scopes })
  assert.equal(refused.status, 422)
  assert.equal((await api.call('PUT', `/v1/api_keys/${id}`, { scopes })).body.errors[0].path, '/scopes')
})

test('the last enabled owner key can be neither disabled nor deleted', async () => {
  const fresh = await startApi()
  const [{ id }] = (await fresh.call('GET', '/v1/api_keys')).body.api_keys
  const path = `/v1/api_keys/${id}`
  for (const [method, body] of [
    ['PUT', { status: 'disabled' }],
    ['DELETE', undefined],
  ] as const) {
    const refused = await fresh.call(method, path, body)
    assert.equal(refused.status, 423)
    assert.equal(refused.body.title, 'Locked')
  }
  assert.equal((await fresh.call('PUT', path, { name: 'renamed' })).status, 200)
  const second = (await fresh.call('POST', '/v1/api_keys', { owner: true })).body.api_key
  assert.equal((await fresh.call('DELETE', path)).status, 200)
  assert.equal((await fresh.call('GET', '/v1/queues')).status, 401)
  assert.equal((await fresh.call('GET', '/v1/queues', undefined, second)).status, 200)
  await fresh.app.close()
})

test('a name that another key has is refused', async () => {
  await issue({ name: 'unique' })
  const { status, body } = await api.call('POST', '/v1/api_keys', { name: 'unique' })
  assert.equal(status, 422)
  assert.equal(body.detail, 'name is taken')
  assert.equal(body.errors[0].path, '/name')
  const { id } = await issue()
  assert.equal((await api.call('PUT', `/v1/api_keys/${id}`, { name: 'unique' })).status, 422)
})

test('a deleted key answers with its links and is gone', async () => {
  const { id } = await issue()
  const { status, body } = await api.call('DELETE', `/v1/api_keys/${id}`)
  assert.equal(status, 200)
  assert.deepEqual(body, { _links: { self: { href: `http://localhost:80/v1/api_keys/${id}` } } })
  for (const method of ['GET', 'DELETE']) assert.equal((await api.call(method, `/v1/api_keys/${id}`)).status, 404)
})
