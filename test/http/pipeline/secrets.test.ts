import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openedHeaders, sealedHeaders } from '../../../src/core/delivery/listener-headers.ts'
import { createSecretBox } from '../../../src/core/tenant/secret-box.ts'
import { OVERLAP_MS } from '../../../src/core/tenant/secret-rotation.ts'
import { predictableBytes } from '../../support/predictable-bytes.ts'
import { type Json, OWNER_KEY, sharedApi } from '../../support/server/api.ts'

const box = createSecretBox(['k'.repeat(32)], predictableBytes())
const api = await sharedApi({ secretBox: box })
const queue = (await api.call('POST', '/v1/queues', { name: 'q' })).body.queue
const base = `/v1/queues/${queue.id}/listeners`
const OWN = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

async function created(name: string, more: Json = {}): Promise<{ id: string; secret: string }> {
  return (await api.call('POST', base, { name, notify_url: 'http://example.com', ...more })).body.listener
}

/** What is stored, opened. */
async function storedOf(id: string) {
  const found = await api.store.listeners.find(id)
  assert.ok(found)
  const texts = [found.secret, ...found.retiredSecrets.map(({ secret }) => secret)]
  assert.ok(texts.every((text) => text.startsWith('sealed:')))
  return { secrets: texts.map((text) => box.open(text, id)), untils: found.retiredSecrets.map(({ until }) => until) }
}

test('secrets are stored encrypted, and shown as they are', async () => {
  const made = await created('made')
  assert.match(made.secret, /^whsec_/)
  assert.deepEqual((await storedOf(made.id)).secrets, [made.secret])
  const brought = await created('brought', { secret: OWN })
  assert.equal(brought.secret, OWN)
  assert.deepEqual((await storedOf(brought.id)).secrets, [OWN])
})

test('a rotation shows the new secret and keeps the one before it for a day', async () => {
  const { id, secret } = await created('rotated')
  const { body } = await api.call('PUT', `${base}/${id}`, { secret: 'rotate' })
  const fresh = body.listener.secret
  assert.match(fresh, /^whsec_/)
  assert.deepEqual(await storedOf(id), { secrets: [fresh, secret], untils: [api.clock.now + OVERLAP_MS] })
  await api.call('PUT', `${base}/${id}`, { secret: OWN })
  assert.deepEqual((await storedOf(id)).secrets, [OWN, fresh], 'a second rotation ends the first secret at once')
})

test('the secret that a listener has already is no rotation, and is shown all the same', async () => {
  const { id } = await created('same', { secret: OWN })
  const { status, body } = await api.call('PUT', `${base}/${id}`, { secret: OWN })
  assert.deepEqual([status, body.listener.secret], [200, OWN])
  assert.deepEqual(await storedOf(id), { secrets: [OWN], untils: [] })
})

test('a listener shows nothing of its secrets when it is read, sealed or not', async () => {
  const { id } = await created('shown')
  await api.call('PUT', `${base}/${id}`, { secret: 'rotate' })
  for (const path of [`${base}/${id}`, `${base}?_embed`, '/v1/listeners?_embed', `/v1/queues/${queue.id}`]) {
    const text = JSON.stringify((await api.call('GET', path)).body)
    assert.ok(!/secret|sealed|whsec/.test(text), path)
  }
})

test('a secret that cannot be read can be replaced', async () => {
  const { id } = await created('unreadable')
  const other = createSecretBox(['o'.repeat(32)], predictableBytes())
  const address = { organizationId: api.organizations.first, queueId: queue.id, id }
  await api.store.listeners.update({ ...address, changes: { secret: other.seal(OWN, id) }, now: api.clock.now })
  const { status, body } = await api.call('PUT', `${base}/${id}`, { secret: 'rotate' })
  assert.equal(status, 200)
  const found = await api.store.listeners.find(id)
  assert.equal(box.open(found!.secret, id), body.listener.secret)
})

/** A listener's headers as deliveries would carry them; every value must be stored encrypted. */
async function headersOf(id: string): Promise<Record<string, string>> {
  const { headers } = (await api.store.listeners.find(id))!.settings
  for (const value of Object.values(headers)) assert.ok(typeof value === 'object' && value.sealed.startsWith('sealed:'))
  return openedHeaders(box, id, headers) as Record<string, string>
}

const TOKEN = 'Bearer token-that-nobody-may-see'

test('values of headers are stored encrypted, and no answer shows one', async () => {
  const headers = { authorization: TOKEN, 'X-Tenant': 'shop-that-nobody-may-see' }
  const before = api.log.length
  const { id } = await created('with-headers', { headers })
  assert.deepEqual(await headersOf(id), headers)
  const hidden = { authorization: '***', 'X-Tenant': '***' }
  const put = await api.call('PUT', `${base}/${id}`, { timeout: 1_234 })
  assert.deepEqual(put.body.listener.headers, hidden)
  const listing = (await api.call('GET', `${base}?_embed`)).body._embedded.listeners
  assert.deepEqual(listing.find((one: Json) => one.id === id).headers, hidden)
  const paths = [`${base}/${id}`, '/v1/listeners?_embed', `/v1/queues/${queue.id}`, '/v1/events?limit=100&events=all']
  for (const path of paths) {
    const { status, body } = await api.call('GET', path)
    assert.equal(status, 200, path)
    assert.doesNotMatch(JSON.stringify(body), /nobody-may-see|sealed:/, path)
  }
  assert.doesNotMatch(JSON.stringify(api.log.slice(before)), /nobody-may-see/)
})

test('an answer that is stored to be repeated holds no value of a header', async () => {
  const payload = JSON.stringify({ name: 'repeated', notify_url: 'http://example.com', headers: { a: TOKEN } })
  const headers = { 'x-api-key': OWNER_KEY, 'content-type': 'application/json', 'idempotency-key': 'once' }
  const post = () => api.inject({ method: 'POST', url: base, headers, payload })
  const [first, again] = [await post(), await post()]
  assert.deepEqual([first.statusCode, again.headers['idempotency-replayed']], [200, 'true'])
  assert.doesNotMatch(first.body + again.body, /nobody-may-see/)
  assert.deepEqual(await headersOf(first.json().listener.id), { a: TOKEN })
})

test('*** keeps the value that is stored under a name, in upper or lower case; what is left out goes', async () => {
  const { id } = await created('kept', { headers: { 'X-A': '1', 'x-b': '2', 'x-c': '3' } })
  const { status, body } = await api.call('PUT', `${base}/${id}`, {
    headers: { 'x-a': '***', 'x-b': 'new', 'x-d': '4' },
  })
  assert.equal(status, 200)
  assert.deepEqual(body.listener.headers, { 'x-a': '***', 'x-b': '***', 'x-d': '***' })
  assert.deepEqual(await headersOf(id), { 'x-a': '1', 'x-b': 'new', 'x-d': '4' })
  // A listener that is sent back as it was read stays as it is.
  const read = (await api.call('GET', `${base}/${id}`)).body.listener
  assert.equal((await api.call('PUT', `${base}/${id}`, read)).status, 200)
  assert.deepEqual(await headersOf(id), { 'x-a': '1', 'x-b': 'new', 'x-d': '4' })
})

test('*** for a name without a value is a 422 at that name, also where a listener is made', async () => {
  const { id } = await created('unkept', { headers: { 'x-a': '1' } })
  const asks = [
    await api.call('PATCH', `${base}/${id}`, { headers: { 'x-a': '***', 'x/b~': '***' } }),
    await api.call('POST', base, { name: 'new', notify_url: 'http://example.com', headers: { 'x-a': '***' } }),
  ]
  assert.deepEqual(
    asks.map(({ status, body }) => [status, body.errors[0].message]),
    [
      [422, 'has no value that could be kept; send the value itself'],
      [422, 'has no value that could be kept; send the value itself'],
    ],
  )
  assert.equal(asks[1]!.body.errors[0].path, '/headers/x-a')
  assert.deepEqual(await headersOf(id), { 'x-a': '1' })
})

test('values that are kept count for the size of all', async () => {
  const { id } = await created('large', { headers: { 'x-a': 'a'.repeat(4_000), 'x-b': 'b'.repeat(4_000) } })
  const change = { headers: { 'x-a': '***', 'x-b': '***', 'x-c': 'c'.repeat(400) } }
  const { status, body } = await api.call('PUT', `${base}/${id}`, change)
  assert.equal(status, 422)
  assert.match(body.errors[0].message, /at most 8192 characters/)
})

test('a header that cannot be read any more can be kept, and replaced', async () => {
  const { id } = await created('unreadable-header')
  const other = createSecretBox(['o'.repeat(32)], predictableBytes())
  const sealed = sealedHeaders(other, id, { 'x-a': TOKEN })
  const address = { organizationId: api.organizations.first, queueId: queue.id, id }
  await api.store.listeners.update({ ...address, changes: { settings: { headers: sealed } }, now: api.clock.now })
  assert.equal((await api.call('PUT', `${base}/${id}`, { headers: { 'x-a': '***' } })).status, 200)
  assert.deepEqual((await api.store.listeners.find(id))!.settings.headers, sealed)
  assert.equal((await api.call('PUT', `${base}/${id}`, { headers: { 'x-a': 'fresh' } })).status, 200)
  assert.deepEqual(await headersOf(id), { 'x-a': 'fresh' })
})
