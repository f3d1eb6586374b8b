import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, OWNER_KEY, sharedApi } from '../../support/server/api.ts'

/** What the reference pages, the overview and the tutorial of the API send, with another address and key alone. */
const api = await sharedApi()
const KEYED = { accept: 'application/json', 'x-api-key': OWNER_KEY }
const TYPED = { ...KEYED, 'content-type': 'application/json' }

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

async function send(method: Method, path: string, payload?: object, headers: object = payload ? TYPED : KEYED) {
  const url = `/v1${path}`
  const response = await api.inject({ method, url, headers: { ...headers }, ...(payload && { payload }) })
  return { status: response.statusCode, body: response.json() as Json }
}

async function expectOk(...request: Parameters<typeof send>): Promise<Json> {
  const { status, body } = await send(...request)
  assert.equal(status, 200, `${request[0]} ${request[1]}: ${JSON.stringify(body)}`)
  assert.ok(body._links.self.href.startsWith('http://localhost:80/v1/'))
  return body
}

const SCHEMA = {
  person: {
    type: 'object',
    props: {
      name: { type: 'string', pattern: 'abc', required: true },
      street: { type: 'string', min: 5, max: 10 },
      city: { type: 'string', enum: ['Berlin'] },
    },
  },
  count: { type: 'number', min: 0, max: 15, required: false },
  list: { type: 'array', items: { type: 'string', pattern: 'abc', required: true } },
}
const KEY = {
  name: 'string',
  status: 'disabled',
  scopes: [
    { resource: 'queues', access: 'write', targets: ['*'] },
    { resource: 'listeners', access: 'write', targets: ['_Tzrg1O3jk4_FZTAEThNq'] },
    { resource: 'messages', access: 'read', targets: ['*'] },
  ],
}
const LISTENER = {
  name: 'myapp.io/deletion-request-listener',
  notify_url: 'https://myapp.io/deletion/listener',
  liveness_url: 'https://myapp.io/live',
}
const DATA = '{ "userId": "481512342" }'

/** What the tutorial makes, under names of its own. */
async function tutorial(name: string): Promise<{ queue: Json; listener: Json; message: Json }> {
  const { queue } = await expectOk('PUT', '/queues', { name })
  const { listener } = await expectOk('PUT', `/queues/${queue.id}/listeners`, LISTENER)
  const { message } = await expectOk('PUT', `/queues/${queue.id}/messages`, { data: DATA })
  return { queue, listener, message }
}

test('the tutorial creates a queue, a listener and a message by PUT, and gets what POST answers', async () => {
  const { queue, listener, message } = await tutorial('myapp.io/deletion-request-queue')
  assert.deepEqual([queue.name, queue.listeners], ['myapp.io/deletion-request-queue', []])
  assert.equal(listener.name, LISTENER.name)
  assert.equal(message.name, message.id)
  const taken = await send('PUT', '/queues', { name: 'myapp.io/deletion-request-queue' })
  assert.deepEqual([taken.status, taken.body.title], [422, 'Unprocessable Entity'])
  const posted = await expectOk('POST', `/queues/${queue.id}/messages`, { data: DATA })
  assert.deepEqual(Object.keys(posted.message), Object.keys(message))
})

test('a PUT that creates has its effect once for an Idempotency-Key, and shares none with the POST', async () => {
  const { queue } = await expectOk('PUT', '/queues', { name: 'idempotent' })
  const path = `/queues/${queue.id}/messages`
  const headers = { ...TYPED, 'idempotency-key': 'once' }
  const [first, again, posted] = [
    await expectOk('PUT', path, { data: 'x' }, headers),
    await expectOk('PUT', path, { data: 'x' }, headers),
    await expectOk('POST', path, { data: 'x' }, headers),
  ]
  assert.deepEqual(again, first)
  assert.notEqual(posted.message.id, first.message.id)
  assert.equal((await send('PUT', path, { data: 'y' }, headers)).status, 409)
})

test('API keys: made with and without a body, listed, read, changed and deleted', async () => {
  for (const headers of [KEYED, TYPED]) {
    const made = await expectOk('POST', '/api_keys', undefined, headers)
    assert.match(made.api_key, /^[\w-]{64}$/)
    assert.equal(made.name, made.id)
  }
  const { id } = await expectOk('POST', '/api_keys', KEY)
  const listed = await expectOk('GET', '/api_keys')
  assert.ok(listed.api_keys.every(({ name }: Json) => typeof name === 'string'))
  assert.deepEqual((await expectOk('GET', `/api_keys/${id}`)).api_key.scopes, KEY.scopes)
  for (const headers of [KEYED, TYPED]) {
    assert.equal((await expectOk('PUT', `/api_keys/${id}`, undefined, headers)).api_key.name, 'string')
  }
  assert.equal((await expectOk('PUT', `/api_keys/${id}`, KEY)).api_key.status, 'disabled')
  await expectOk('DELETE', `/api_keys/${id}`)
})

test('API clients: made, and renamed, with and without a body', async () => {
  const made = await expectOk('POST', '/api_clients', { name: 'example.com/dev' })
  const { id } = made.api_client
  assert.deepEqual(made.api_client, { id, name: 'example.com/dev' })
  const renamed = await expectOk('PUT', `/api_clients/${id}`, { name: 'example.com/test' })
  assert.deepEqual(renamed.api_client.name, 'example.com/test')
  for (const headers of [KEYED, TYPED]) {
    const same = await expectOk('PUT', `/api_clients/${id}`, undefined, headers)
    assert.deepEqual([same.api_client.id, same.api_client.name], [id, 'example.com/test'])
  }
})

test('queues and schemas: made, listed, read, changed and deleted', async () => {
  const { queue } = await expectOk('POST', '/queues', { name: 'myapp.io/with-a-schema', schema: SCHEMA })
  await expectOk('GET', '/queues')
  const read = await expectOk('GET', `/queues/${queue.id}`)
  const schema = await send('GET', read._links.schema.href.replace('http://localhost:80/v1', ''))
  assert.equal(schema.status, 200)
  await expectOk('PUT', `/queues/${queue.id}`, { name: 'myapp.io/with-a-schema', schema: SCHEMA })
  await expectOk('PUT', `/queues/${queue.id}`, undefined, TYPED)
  await expectOk('DELETE', `/queues/${queue.id}`)
})

test('listeners: made, listed, read, changed and deleted', async () => {
  const { queue } = await tutorial('myapp.io/listeners')
  const path = `/queues/${queue.id}/listeners`
  const { listener } = await expectOk('POST', path, { ...LISTENER, name: 'myapp.io/another' })
  for (const url of ['/listeners', path, `${path}/${listener.id}`]) await expectOk('GET', url)
  await expectOk('PUT', `${path}/${listener.id}`, { ...LISTENER, name: 'myapp.io/another' })
  await expectOk('PUT', `${path}/${listener.id}`)
  await expectOk('DELETE', `${path}/${listener.id}`)
})

test('messages: made, listed, read, changed and deleted', async () => {
  const { queue } = await tutorial('myapp.io/messages')
  const path = `/queues/${queue.id}/messages`
  const { message } = await expectOk('POST', path, { name: 'string', data: DATA })
  for (const url of ['/messages', path, `${path}/${message.id}`]) await expectOk('GET', url)
  assert.equal((await expectOk('PUT', `${path}/${message.id}`, { name: 'string' })).message.name, 'string')
  await expectOk('PUT', `${path}/${message.id}`, undefined, TYPED)
  await expectOk('DELETE', `${path}/${message.id}`)
})

test('events and statistics', async () => {
  await tutorial('myapp.io/telemetry')
  const { events } = await expectOk('GET', '/events')
  for (const { client, message, queue, listener, api_key } of events) {
    assert.equal(client.id, api.organizations.first)
    assert.equal(typeof (message ?? queue ?? listener ?? api_key).name, 'string')
  }
  const stats = await expectOk('GET', '/stats/messages')
  assert.deepEqual(Object.keys(stats.aggregated_api_usage_events).slice(0, 3), [
    ...['last_24_hours', 'last_1_hours', 'today_so_far'],
  ])
})

test('a shown name that is sent back makes no name, for messages and keys', async () => {
  const { queue, message } = await tutorial('myapp.io/shown-names')
  const path = `/queues/${queue.id}/messages`
  await expectOk('PUT', `${path}/${message.id}`, { name: message.id })
  assert.deepEqual((await expectOk('GET', `${path}?name=${message.id}`)).messages, [])
  assert.equal((await api.store.messages.get({ ...owned(queue.id), id: message.id }))?.message.name, null)
  const key = await expectOk('POST', '/api_keys')
  await expectOk('PUT', `/api_keys/${key.id}`, { name: key.id })
  const { organizationId } = owned(queue.id)
  assert.equal((await api.store.apiKeys.get({ organizationId, id: key.id }))?.name, null)
  // What is only shown takes no name from another key.
  await expectOk('POST', '/api_keys', { name: key.id })
  const { _links } = await expectOk('GET', '/api_keys')
  assert.equal(_links[key.id].href, `http://localhost:80/v1/api_keys/${key.id}`)
})

function owned(queueId: string) {
  return { organizationId: api.organizations.first, queueId }
}
