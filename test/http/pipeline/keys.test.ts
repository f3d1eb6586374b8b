import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, OTHER_OWNER_KEY, START, sharedApi } from '../../support/server/api.ts'

const api = await sharedApi()
let orders: Json
let others: Json
let listener: Json

orders = (await api.call('POST', '/v1/queues', { name: 'orders' })).body.queue
others = (await api.call('POST', '/v1/queues', { name: 'others' })).body.queue
const body = { name: 'mail', notify_url: 'http://example.com' }
listener = (await api.call('POST', `/v1/queues/${orders.id}/listeners`, body)).body.listener

async function keyWith(...scopes: { resource: string; access: string; targets: unknown }[]): Promise<string> {
  return (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key
}

test('no key, an empty, an unknown and a disabled key are a 401', async () => {
  const missing = await api.inject({ method: 'GET', url: '/v1/queues' })
  assert.equal(missing.statusCode, 401)
  assert.equal(missing.json().title, 'Unauthorized')
  assert.equal((await api.call('GET', '/v1/queues', undefined, '')).status, 401)
  assert.equal((await api.call('GET', '/v1/queues', undefined, 'unknown')).status, 401)
  const { api_key: text, id } = (await api.call('POST', '/v1/api_keys', { name: 'passing' })).body
  assert.equal((await api.call('GET', '/v1/queues', undefined, text)).status, 200)
  await api.call('PUT', `/v1/api_keys/${id}`, { status: 'disabled' })
  assert.equal((await api.call('GET', '/v1/queues', undefined, text)).status, 401)
  await api.call('PUT', `/v1/api_keys/${id}`, { status: 'enabled' })
  assert.equal((await api.call('GET', '/v1/queues', undefined, text)).status, 200)
  await api.call('DELETE', `/v1/api_keys/${id}`)
  assert.equal((await api.call('GET', '/v1/queues', undefined, text)).status, 401)
})

test('a key without scopes does everything but the protected resources', async () => {
  const { api_key: text } = (await api.call('POST', '/v1/api_keys', {})).body
  assert.equal((await api.call('POST', '/v1/queues', { name: 'by-plain-key' }, text)).status, 200)
  assert.equal((await api.call('GET', '/v1/api_keys', undefined, text)).status, 403)
  assert.equal((await api.call('POST', '/v1/api_keys', {}, text)).status, 403)
})

test('a key with empty scopes does nothing', async () => {
  const key = await keyWith()
  for (const path of ['/queues', '/listeners', '/messages']) {
    assert.equal((await api.call('GET', `/v1${path}`, undefined, key)).status, 403)
  }
})

test('read does not write, and write reads', async () => {
  const reader = await keyWith({ resource: 'queues', access: 'read', targets: '*' })
  const writer = await keyWith({ resource: 'queues', access: 'write', targets: ['*'] })
  const name = { name: 'written' }
  assert.equal((await api.call('POST', '/v1/queues', name, reader)).status, 403)
  assert.equal((await api.call('PUT', `/v1/queues/${orders.id}`, {}, reader)).status, 403)
  assert.equal((await api.call('DELETE', `/v1/queues/${orders.id}`, undefined, reader)).status, 403)
  assert.equal((await api.call('GET', `/v1/queues/${orders.id}`, undefined, reader)).status, 200)
  assert.equal((await api.call('POST', '/v1/queues', name, writer)).status, 200)
  assert.equal((await api.call('GET', '/v1/queues', undefined, writer)).status, 200)
  assert.equal((await api.call('GET', '/v1/listeners', undefined, writer)).status, 403)
})

test('a target is the resource or the queue around it, and everything else is a 403 before a 404', async () => {
  const key = await keyWith(
    { resource: 'queues', access: 'read', targets: [orders.id] },
    { resource: 'listeners', access: 'read', targets: [listener.id] },
    { resource: 'messages', access: 'write', targets: [orders.id] },
  )
  const get = async (path: string) => (await api.call('GET', `/v1${path}`, undefined, key)).status
  assert.equal(await get(`/queues/${orders.id}`), 200)
  assert.equal(await get(`/queues/${others.id}`), 403)
  assert.equal(await get('/queues/nothing'), 403)
  assert.equal(await get(`/queues/${orders.id}/listeners/${listener.id}`), 200)
  assert.equal(await get(`/queues/${orders.id}/listeners/nothing`), 403)
  const post = (queue: Json) => api.call('POST', `/v1/queues/${queue.id}/messages`, { data: 'x' }, key)
  const message = (await post(orders)).body.message
  assert.equal((await post(others)).status, 403)
  assert.equal(await get(`/queues/${orders.id}/messages/${message.id}`), 200)
  assert.equal(await get(`/queues/${orders.id}/messages/${message.id}/attempts`), 200)
  assert.equal(await get(`/queues/${orders.id}/messages/nothing`), 404)
})

test('a listing shows only what the targets allow', async () => {
  await api.call('POST', `/v1/queues/${others.id}/messages`, { data: 'hidden' })
  await api.call('POST', `/v1/queues/${others.id}/listeners`, { name: 'hidden', notify_url: 'http://example.com' })
  const key = await keyWith(
    { resource: 'queues', access: 'read', targets: [orders.id] },
    { resource: 'listeners', access: 'read', targets: [listener.id] },
    { resource: 'messages', access: 'read', targets: [orders.id] },
  )
  const list = async (path: string) => (await api.call('GET', `/v1${path}`, undefined, key)).body
  assert.deepEqual((await list('/queues')).queues, [{ id: orders.id, name: 'orders' }])
  assert.deepEqual((await list('/listeners')).listeners, [{ id: listener.id, name: 'mail' }])
  assert.deepEqual((await list(`/queues/${others.id}/listeners`)).listeners, [])
  assert.deepEqual((await list(`/queues/${others.id}/messages`)).messages, [])
  const shown = (await api.call('GET', '/v1/messages?_embed', undefined, key)).body._embedded.messages
  assert.ok(shown.every(({ data }: Json) => data !== 'hidden'))
})

test("another organization's resource is a 404, never a 403, and never listed", async () => {
  const message = (await api.call('POST', `/v1/queues/${orders.id}/messages`, { data: 'x' })).body.message
  const key = (await api.call('POST', '/v1/api_keys', { name: 'ours' })).body
  const paths = [
    `/queues/${orders.id}`,
    `/queues/${orders.id}/listeners/${listener.id}`,
    `/queues/${orders.id}/messages/${message.id}`,
    `/api_keys/${key.id}`,
  ]
  for (const path of paths) {
    for (const [method, body] of [['GET'], ['PUT', {}], ['PATCH', {}], ['DELETE']] as const) {
      assert.equal((await api.call(method, `/v1${path}`, body, OTHER_OWNER_KEY)).status, 404, `${method} ${path}`)
    }
  }
  const post = await api.call('POST', `/v1/queues/${orders.id}/messages`, { data: 'x' }, OTHER_OWNER_KEY)
  assert.equal(post.status, 404)
  for (const noun of ['queues', 'listeners', 'messages']) {
    assert.deepEqual((await api.call('GET', `/v1/${noun}`, undefined, OTHER_OWNER_KEY)).body[noun], [])
  }
  assert.equal((await api.call('GET', '/v1/api_keys', undefined, OTHER_OWNER_KEY)).body.api_keys.length, 1)
})

test('the use of a key is noted at most once a minute', async () => {
  const { api_key: text, id } = (await api.call('POST', '/v1/api_keys', {})).body
  const uses = () => api.used.filter((use) => use.apiKeyId === id).map((use) => use.at - START)
  for (const at of [0, 1, 59_999, 60_000, 60_001, 200_000]) {
    api.clock.now = START + at
    await api.call('GET', '/v1/queues', undefined, text)
  }
  assert.deepEqual(uses(), [0, 60_000, 200_000])
  api.clock.now = START
})
