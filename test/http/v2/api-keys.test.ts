import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { OWNER_KEY } from '../../support/server/api.ts'
import { startProvider } from './provider.ts'

const { api, send, status } = await startProvider()
after(() => api.app.close())
const ID = '00VbugnoyVluTsdf2eOBu'

test('a key is an object in every answer, and only the first of them shows it', async () => {
  const made = await send('POST', '/api_keys', 'api_key', { alias: 'my-first-api-key' })
  assert.match(made.key, /^[A-Za-z0-9_-]{64}$/)
  assert.equal((await api.call('GET', '/v1/queues', undefined, made.key)).status, 200)
  const shown = { ...made, key: made.key.slice(0, 3) }
  assert.deepEqual(await send('GET', `/api_keys/${made.id}`, 'api_key'), shown)
  const renamed = await send('PUT', `/api_keys/${made.id}`, 'api_key', { alias: 'renamed', status: 'disabled' })
  assert.deepEqual([renamed.alias, renamed.status, renamed.key], ['renamed', 'disabled', shown.key])
  assert.equal((await api.call('GET', '/v1/queues', undefined, made.key)).status, 401)
  assert.equal((await send('DELETE', `/api_keys/${made.id}`, 'api_key')).alias, 'renamed')
  assert.equal((await status('GET', `/api_keys/${made.id}`)).status, 404)
  assert.equal((await status('DELETE', `/api_keys/${made.id}`)).status, 404)
})

test('scopes are an object that holds only what is granted, targets as they were sent', async () => {
  const scopes = {
    domains: { access: 'read', targets: ['*'] },
    queues: { access: 'write', targets: [ID] },
    topics: { access: 'read', targets: [ID, ID.toLowerCase()] },
  }
  const { id, key, scopes: made } = await send('POST', '/api_keys', 'api_key', { alias: 'scoped', scopes })
  assert.deepEqual(made, scopes)
  assert.deepEqual((await send('GET', `/api_keys/${id}`, 'api_key')).scopes, scopes)
  assert.equal((await api.call('GET', '/v1/queues', undefined, key)).status, 200)
  assert.equal((await api.call('GET', '/v1/listeners', undefined, key)).status, 403)
  const v1 = (await api.call('GET', `/v1/api_keys/${id}`)).body.api_key.scopes
  assert.deepEqual(
    v1,
    Object.entries(scopes).map(([resource, scope]) => ({ resource, ...scope })),
  )
  const fewer = { channels: { access: 'write', targets: ['*'] } }
  assert.deepEqual((await send('PUT', `/api_keys/${id}`, 'api_key', { alias: 'scoped', scopes: fewer })).scopes, fewer)
  assert.deepEqual((await send('PUT', `/api_keys/${id}`, 'api_key', { alias: 'scoped' })).scopes, fewer)
})

test('access and targets that are left out are write and everything, as the provider promises', async () => {
  const scopes = { queues: {}, events: { access: 'read' } }
  const made = await send('POST', '/api_keys', 'api_key', { alias: 'by-default', scopes })
  assert.deepEqual(made.scopes, {
    queues: { access: 'write', targets: ['*'] },
    events: { access: 'read', targets: ['*'] },
  })
})

test('a key without scopes shows all that it may do', async () => {
  const { scopes } = await send('POST', '/api_keys', 'api_key', { alias: 'unscoped' })
  assert.deepEqual(scopes.queues, { access: 'write', targets: ['*'] })
  assert.equal(scopes.api_keys, undefined)
})

test('what version 1 grants several times is shown by its widest access, and survives being sent back', async () => {
  const scopes = [
    { resource: 'queues', access: 'read', targets: '*' },
    { resource: 'queues', access: 'write', targets: [ID] },
    { resource: 'stats', access: 'read', targets: '*' },
  ]
  const { id } = (await api.call('POST', '/v1/api_keys', { name: 'several', scopes })).body
  const read = await send('GET', `/api_keys/${id}`, 'api_key')
  assert.deepEqual(read.scopes, {
    queues: { access: 'write', targets: [ID] },
    stats: { access: 'read', targets: ['*'] },
  })
  await send('PUT', `/api_keys/${id}`, 'api_key', read)
  assert.deepEqual((await api.call('GET', `/v1/api_keys/${id}`)).body.api_key.scopes, scopes)
})

test('scopes that cannot be are refused with what can be', async () => {
  const refused = async (scopes: unknown) => {
    const { status: code, body } = await status('POST', '/api_keys', { alias: 'refused', scopes })
    assert.equal(code, 422, JSON.stringify(body))
    return body.errors[0]
  }
  const { path, message } = await refused({ api_clients: { access: 'read', targets: ['*'] } })
  assert.equal(path, '/scopes/api_clients')
  assert.match(message, /^api_clients cannot be granted.*queues.*channels, topics$/)
  assert.equal((await refused({ queues: { access: 'all' } })).path, '/scopes/queues/access')
  assert.equal((await refused({ queues: { targets: '*' } })).path, '/scopes/queues/targets')
  assert.equal((await refused([{ resource: 'queues' }])).path, '/scopes')
  const { id } = (await api.call('POST', '/v1/api_keys', { name: 'owner-2', owner: true })).body
  const owner = await send('GET', `/api_keys/${id}`, 'api_key')
  assert.deepEqual(await send('PUT', `/api_keys/${id}`, 'api_key', owner), owner)
  const narrowed = await status('PUT', `/api_keys/${id}`, { alias: 'owner-2', scopes: { queues: {} } })
  assert.deepEqual([narrowed.status, narrowed.body.errors[0].path], [422, '/scopes'])
})

test('what a resource of version 2 is granted can be sent back to version 1', async () => {
  const scopes = { channels: { access: 'read', targets: ['*'] } }
  const { id } = await send('POST', '/api_keys', 'api_key', { alias: 'reserved', scopes })
  const { api_key: read } = (await api.call('GET', `/v1/api_keys/${id}`)).body
  assert.equal((await api.call('PUT', `/v1/api_keys/${id}`, read)).status, 200)
})

test('a repetition of the request that made a key does not show it, and nothing that is stored does', async () => {
  const send = () =>
    api.inject({
      method: 'POST',
      url: '/v2/api_keys',
      headers: { 'x-api-key': OWNER_KEY, 'content-type': 'application/json', 'idempotency-key': 'once' },
      payload: '{"alias":"repeated"}',
    })
  const [first, second] = [(await send()).json().api_key, await send()]
  assert.equal(second.headers['idempotency-replayed'], 'true')
  assert.deepEqual(second.json().api_key, { ...first, key: first.key.slice(0, 3) })
})

test('a key without a name goes by its id', async () => {
  const { id } = (await api.call('POST', '/v1/api_keys', {})).body
  assert.equal((await send('GET', `/api_keys/${id}`, 'api_key')).alias, id)
})
