import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '../../../../src/core/tenant/api-key.ts'
import { type Json, OTHER_OWNER_KEY, OWNER_KEY, sharedApi, startApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const nobody = '0'.repeat(21)
let names = 0

interface Client {
  id: string
  key: string
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Json }>
}

async function client(body: Json = {}): Promise<Client> {
  names += 1
  const made = await api.call('POST', '/v1/api_clients', { name: `example.com/${names}`, ...body })
  assert.equal(made.status, 200, JSON.stringify(made.body))
  const key = made.body.api_key
  return { id: made.body.api_client.id, key, call: (method, path, it) => api.call(method, `/v1${path}`, it, key) }
}

const put = (id: string, body: Json, key = OWNER_KEY) => api.call('PUT', `/v1/api_clients/${id}`, body, key)
const read = async (id: string) => (await api.call('GET', `/v1/api_clients/${id}`)).body.api_client

const NO_LIMITS = {
  queues: null,
  listeners: null,
  api_keys: null,
  schedules: null,
  stored_messages: null,
  messages_per_day: null,
  requests_per_minute: null,
}

test('making one answers with its reference, its owner key, and its link', async () => {
  const { status, body } = await api.call('POST', '/v1/api_clients', { name: 'example.com/dev' })
  assert.equal(status, 200)
  const { id } = body.api_client
  assert.deepEqual(body.api_client, { id, name: 'example.com/dev' })
  assert.match(body.api_key, /^[A-Za-z0-9_-]{64}$/)
  assert.deepEqual(body._links, { self: { href: `http://localhost:80/v1/api_clients/${id}` } })
  assert.deepEqual(Object.keys(body).sort(), ['_links', 'api_client', 'api_key'])
})

test('the key of a new one is an owner key, and is shown only this once', async () => {
  const { id, key, call } = await client()
  assert.equal((await call('POST', '/api_keys', { owner: true })).status, 200)
  assert.equal((await call('POST', '/queues', { name: 'theirs' })).status, 200)
  for (const path of [`/api_clients/${id}`, '/api_clients?_embed', '/api_keys?_embed']) {
    const shown = JSON.stringify((await api.call('GET', `/v1${path}`)).body)
    assert.ok(!shown.includes(key))
  }
})

test('the full form holds what the contract says, and PUT and PATCH answer with it', async () => {
  const { id } = await client({ name: 'full-form' })
  const full = await read(id)
  const times = { created_at: full.created_at, updated_at: full.created_at }
  assert.deepEqual(full, { id, name: 'full-form', status: 'active', limits: NO_LIMITS, ...times })
  api.clock.now += 1_000
  for (const method of ['PUT', 'PATCH']) {
    const { status, body } = await api.call(method, `/v1/api_clients/${id}`, { name: `renamed-by-${method}` })
    assert.equal(status, 200)
    assert.deepEqual(body.api_client, { ...full, name: `renamed-by-${method}`, updated_at: api.clock.now })
    assert.deepEqual(body.api_client, await read(id))
  }
})

test('a name must be one, and be unique on the server', async () => {
  const { id } = await client({ name: 'taken' })
  const other = await client()
  for (const answer of [
    await api.call('POST', '/v1/api_clients', { name: 'taken' }),
    await put(other.id, { name: 'taken' }),
  ]) {
    assert.equal(answer.status, 422)
    assert.deepEqual(answer.body.errors, [{ path: '/name', message: 'another API client has this name' }])
  }
  assert.equal((await put(id, { name: 'taken' })).status, 200)
  for (const name of ['', '---', 'a b', 'self', 5, null]) {
    assert.equal((await api.call('POST', '/v1/api_clients', { name })).status, 422, String(name))
  }
  assert.equal((await api.call('POST', '/v1/api_clients', {})).status, 422)
  assert.equal((await api.call('POST', '/v1/api_clients', { name: 'x', root: true })).status, 422)
})

test('the root key sees all of them, by page where it likes', async () => {
  const fresh = await startApi()
  for (const name of ['a', 'b']) {
    fresh.clock.now += 1
    await fresh.call('POST', '/v1/api_clients', { name })
  }
  const all = (await fresh.call('GET', '/v1/api_clients')).body
  const [, , ...made] = all.api_clients.map((entry: Json) => entry.name)
  assert.deepEqual(made, ['a', 'b'])
  assert.equal('_embedded' in all, false)
  assert.equal(all._links.a.href, `http://localhost:80/v1/api_clients/${all.api_clients[2].id}`)
  const page = (await fresh.call('GET', '/v1/api_clients?page=2&per_page=3&_embed')).body
  assert.deepEqual(
    page._embedded.api_clients.map((full: Json) => full.name),
    ['b'],
  )
  assert.ok(page._links.prev && !page._links.next)
  const { api_clients: full } = (await fresh.call('GET', '/v1/api_clients?_embed')).body._embedded
  const roots = full.filter((one: Json) => one.root).map((one: Json) => one.id)
  assert.deepEqual(roots, [fresh.organizations.first])
  await fresh.app.close()
})

test('an owner key reads and renames its own, and may do no more with it', async () => {
  const { id, call } = await client()
  const own = (await call('GET', `/api_clients/${id}`)).body.api_client
  assert.equal(own.id, id)
  assert.equal((await call('PUT', `/api_clients/${id}`, { ...own, name: 'by-owner' })).body.api_client.name, 'by-owner')
  for (const body of [{ status: 'frozen' }, { limits: { queues: 5 } }, { name: 'x', limits: { queues: 0 } }]) {
    const { status, body: problem } = await call('PUT', `/api_clients/${id}`, body)
    assert.equal(status, 403)
    assert.equal(problem.detail, 'only the root API key may do this')
  }
  assert.equal((await read(id)).name, 'by-owner')
  assert.equal((await call('DELETE', `/api_clients/${id}`)).status, 403)
  assert.equal((await call('GET', '/api_clients')).status, 403)
  assert.equal((await call('POST', '/api_clients', { name: 'another' })).status, 403)
  assert.equal((await read(id)).status, 'active')
})

test("to an owner key another's organization is a 404, whatever it asks of it", async () => {
  const { call } = await client()
  const other = await client()
  for (const id of [other.id, api.organizations.first, nobody, 'nothing']) {
    for (const [method, body] of [['GET'], ['PUT', { status: 'frozen' }], ['PATCH', {}], ['DELETE']] as const) {
      assert.equal((await call(method, `/api_clients/${id}`, body)).status, 404, `${method} ${id}`)
    }
  }
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const body = method === 'PUT' ? {} : undefined
    assert.equal((await api.call(method, `/v1/api_clients/${nobody}`, body)).status, 404)
  }
})

test('a key that is no owner key has nothing to do here, nor has one of the root organization', async () => {
  const { id, call } = await client()
  const plain = (await call('POST', '/api_keys', {})).body.api_key
  assert.equal((await api.call('GET', `/v1/api_clients/${id}`, undefined, plain)).status, 403)
  const ofRoot = (await api.call('POST', '/v1/api_keys', {})).body.api_key
  assert.equal((await api.call('GET', '/v1/api_clients', undefined, ofRoot)).status, 403)
})

test('limits are merged by PUT, shown by GET, and can be there from the start', async () => {
  const { id } = await client({ limits: { queues: 3 } })
  assert.deepEqual((await read(id)).limits, { ...NO_LIMITS, queues: 3 })
  await put(id, { limits: { listeners: 0, messages_per_day: 10 } })
  await put(id, { limits: { queues: null, requests_per_minute: 600 } })
  const limits = { ...NO_LIMITS, listeners: 0, messages_per_day: 10, requests_per_minute: 600 }
  assert.deepEqual((await read(id)).limits, limits)
})

test('a limit that is not one is told where and why', async () => {
  const { id } = await client()
  const cases: [Json, string][] = [
    [{ queues: -1 }, '/limits/queues'],
    [{ api_keys: 1.5 }, '/limits/api_keys'],
    [{ listeners: '5' }, '/limits/listeners'],
    [{ requests_per_minute: 0 }, '/limits/requests_per_minute'],
    [{ bytes: 5 }, '/limits/bytes'],
  ]
  for (const [limits, path] of cases) {
    const { status, body } = await put(id, { limits })
    assert.equal(status, 422)
    assert.deepEqual(
      body.errors.map((fault: Json) => fault.path),
      [path],
    )
  }
  assert.equal((await put(id, { limits: null })).status, 422)
  assert.equal((await put(id, { status: 'asleep' })).status, 422)
  assert.deepEqual((await read(id)).limits, NO_LIMITS)
})

test('the root organization can be neither deleted nor frozen', async () => {
  const id = api.organizations.first
  for (const answer of [await api.call('DELETE', `/v1/api_clients/${id}`), await put(id, { status: 'frozen' })]) {
    assert.equal(answer.status, 423)
    assert.equal(answer.body.title, 'Locked')
  }
  assert.equal((await read(id)).status, 'active')
})

test('a deleted organization takes its keys, its listeners and its name with it at once', async () => {
  const { id, key, call } = await client({ name: 'short-lived' })
  const second = (await call('POST', '/api_keys', {})).body.api_key
  const { queue } = (await call('POST', '/queues', { name: 'q' })).body
  const body = { name: 'l', notify_url: 'http://example.com' }
  const { listener } = (await call('POST', `/queues/${queue.id}/listeners`, body)).body
  assert.equal((await call('POST', `/queues/${queue.id}/messages`, { data: 'x' })).status, 200)
  assert.equal((await api.call('GET', '/v1/queues', undefined, second)).status, 200)
  const { status, body: answer } = await api.call('DELETE', `/v1/api_clients/${id}`)
  assert.equal(status, 200)
  assert.deepEqual(answer, { _links: { self: { href: `http://localhost:80/v1/api_clients/${id}` } } })
  for (const text of [key, second]) {
    assert.equal((await api.call('GET', '/v1/queues', undefined, text)).status, 401)
    assert.equal((await api.call('POST', `/v1/queues/${queue.id}/messages`, { data: 'x' }, text)).status, 401)
  }
  assert.deepEqual(api.carried.slice(-2), [{ gone: listener.id }, 'removal'])
  assert.equal((await api.call('GET', `/v1/api_clients/${id}`)).status, 404)
  assert.equal((await api.call('DELETE', `/v1/api_clients/${id}`)).status, 404)
  await client({ name: 'short-lived' })
})

test('every key of an organization that is deleted is forgotten, and no other', async () => {
  const { id } = await client()
  assert.equal((await api.call('GET', '/v1/queues', undefined, OTHER_OWNER_KEY)).status, 200)
  await api.call('DELETE', `/v1/api_clients/${id}`)
  assert.ok(api.deps.keyRing.peek(digestOf(OTHER_OWNER_KEY)))
})
