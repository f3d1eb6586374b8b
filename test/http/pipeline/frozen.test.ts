import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, sharedApi } from '../../support/server/api.ts'

const api = await sharedApi()
const made: Json = (await api.call('POST', '/v1/api_clients', { name: 'cold' })).body
const id = made.api_client.id
const call = (method: string, path: string, body?: unknown) => api.call(method, `/v1${path}`, body, made.api_key)
const queue: Json = (await call('POST', '/queues', { name: 'q' })).body.queue
const inQueue = `/queues/${queue.id}`
const target = { name: 'l', notify_url: 'http://example.com' }
const listener: Json = (await call('POST', `${inQueue}/listeners`, target)).body.listener
const message: Json = (await call('POST', `${inQueue}/messages`, { data: 'x' })).body.message
const key: Json = (await call('POST', '/api_keys', { name: 'k' })).body
const nobody = '0'.repeat(21)

const freeze = (status: string) => api.call('PUT', `/v1/api_clients/${id}`, { status })

const writes: [string, string, Json?][] = [
  ['POST', '/queues', { name: 'another' }],
  ['PUT', inQueue, { name: 'renamed' }],
  ['DELETE', inQueue],
  ['POST', `${inQueue}/listeners`, { ...target, name: 'another' }],
  ['PATCH', `${inQueue}/listeners/${listener.id}`, { name: 'renamed' }],
  ['DELETE', `${inQueue}/listeners/${listener.id}`],
  ['POST', `${inQueue}/messages`, { data: 'y' }],
  ['POST', `${inQueue}/messages/batch`, { messages: [{ data: 'y' }] }],
  ['PUT', `${inQueue}/messages/${message.id}`, { name: 'renamed' }],
  ['DELETE', `${inQueue}/messages/${message.id}`],
  ['POST', '/api_keys', {}],
  ['PUT', `/api_keys/${key.id}`, { name: 'renamed' }],
  ['PUT', `/api_keys/${key.id}`, { name: 'renamed', status: 'disabled' }],
  ['PATCH', `/api_keys/${key.id}`, { status: 'enabled' }],
  ['PUT', `/api_keys/${key.id}`, { status: 'disabled', scopes: [] }],
  ['PUT', `/api_keys/${key.id}`, {}],
  ['PUT', `/api_clients/${id}`, { name: 'warm' }],
]

test('a frozen organization takes no write, from the moment that it is frozen, and stores nothing', async () => {
  assert.equal((await freeze('frozen')).body.api_client.status, 'frozen')
  for (const [method, path, body] of writes) {
    const answer = await call(method, path, body)
    assert.equal(answer.status, 423, `${method} ${path}`)
    assert.equal(answer.body.title, 'Locked')
    assert.match(answer.body.detail, /frozen/)
  }
  assert.deepEqual((await call('GET', '/queues')).body.queues, [{ id: queue.id, name: 'q' }])
  assert.equal((await call('GET', '/messages')).body.messages.length, 1)
  assert.equal(
    api.carried.some((it) => typeof it === 'object' && 'gone' in it!),
    false,
  )
})

test('a frozen organization can be read', async () => {
  await freeze('frozen')
  const one = [
    inQueue,
    `${inQueue}/listeners/${listener.id}`,
    `${inQueue}/messages/${message.id}`,
    `/api_keys/${key.id}`,
  ]
  for (const path of [...one, '/queues', '/listeners', '/messages', '/api_keys', `/api_clients/${id}`]) {
    assert.equal((await call('GET', path)).status, 200, path)
  }
})

test('what is not there or not valid comes before the lock', async () => {
  await freeze('frozen')
  for (const [method, body] of [['PUT', {}], ['DELETE']] as const) {
    for (const path of ['/queues', `${inQueue}/listeners`, `${inQueue}/messages`, '/api_keys', '/api_clients']) {
      assert.equal((await call(method, `${path}/${nobody}`, body)).status, 404, `${method} ${path}`)
    }
  }
  assert.equal((await call('POST', `/queues/${nobody}/messages`, { data: 'x' })).status, 404)
  assert.equal((await call('POST', '/queues?pretty=maybe', { name: 'x' })).status, 400)
})

test('nobody else is frozen with it, and the root key can still change and thaw it', async () => {
  await freeze('frozen')
  assert.equal((await api.call('POST', '/v1/queues', { name: 'elsewhere' })).status, 200)
  assert.equal((await api.call('PUT', `/v1/api_clients/${id}`, { limits: { queues: 9 } })).status, 200)
  assert.equal((await freeze('active')).status, 200)
  assert.equal((await call('POST', `${inQueue}/messages`, { data: 'y' })).status, 200)
})

test('a node that did not freeze it itself knows of it within two seconds', async () => {
  await freeze('active')
  assert.equal((await call('GET', '/queues')).status, 200)
  await api.store.organizations.update({ id, changes: { status: 'frozen' }, now: api.clock.now })
  api.clock.now += 2_000
  assert.equal((await call('POST', '/queues', { name: 'late' })).status, 423)
})

test('a key that leaked can be disabled, as it was read too, and deleted while the organization is frozen', async () => {
  await freeze('active')
  const leaked: Json = (await call('POST', '/api_keys', { name: 'leaked' })).body
  const use = () => api.call('GET', '/v1/queues', undefined, leaked.api_key)
  await freeze('frozen')
  assert.equal((await use()).status, 200)
  const read: Json = (await call('GET', `/api_keys/${leaked.id}`)).body.api_key
  const disabled = await call('PUT', `/api_keys/${leaked.id}`, { ...read, status: 'disabled' })
  assert.deepEqual(
    [disabled.status, disabled.body.api_key.status, disabled.body.api_key.name],
    [200, 'disabled', 'leaked'],
  )
  assert.equal((await use()).status, 401)
  assert.equal((await call('PUT', `/api_keys/${leaked.id}`, { status: 'enabled' })).status, 423)
  assert.equal((await call('DELETE', `/api_keys/${leaked.id}`)).status, 200)
  assert.equal((await call('GET', `/api_keys/${leaked.id}`)).status, 404)
  await freeze('active')
})

test('the last owner key stays, frozen or not', async () => {
  await freeze('frozen')
  const owner: Json = (await call('GET', '/api_keys?_embed')).body._embedded.api_keys.find((one: Json) => one.owner)
  for (const [method, body] of [['PUT', { status: 'disabled' }], ['DELETE']] as const) {
    const answer = await call(method, `/api_keys/${owner.id}`, body)
    assert.equal(answer.status, 423)
    assert.match(answer.body.detail, /owner key/)
  }
  await freeze('active')
})
