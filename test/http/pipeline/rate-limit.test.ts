import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { OTHER_OWNER_KEY, OWNER_KEY, START, sharedApi } from '../../support/server/api.ts'

const api = await sharedApi({ rateLimit: 3 })
const free = await sharedApi()

let minute = 0
/** Begins a minute in which nothing was used yet. */
function nextMinute(): void {
  minute += 1
  api.clock.now = START + minute * 600_000
}

function get(url: string, options: InjectOptions = {}, key = OTHER_OWNER_KEY): Promise<LightMyRequestResponse> {
  const { headers, ...rest } = options
  return api.inject({ method: 'GET', url, headers: { 'x-api-key': key, ...headers }, ...rest })
}

function rateOf({ headers }: LightMyRequestResponse) {
  return ['limit', 'remaining', 'reset'].map((name) => headers[`x-ratelimit-${name}`])
}

test('answers say how many requests are left and when the count begins anew', async () => {
  nextMinute()
  api.clock.now += 1
  const reset = String((START + minute * 600_000) / 1000 + 61)
  assert.deepEqual(rateOf(await get('/v1/queues')), ['3', '2', reset])
  assert.deepEqual(rateOf(await get('/v1/queues')), ['3', '1', reset])
})

test('one request too many is a 429 that says when to come back, and then it goes on', async () => {
  nextMinute()
  for (let i = 0; i < 3; i++) assert.equal((await get('/v1/queues')).statusCode, 200)
  api.clock.now += 20_500
  const refused = await get('/v1/queues')
  assert.equal(refused.statusCode, 429)
  assert.equal(refused.json().title, 'Too Many Requests')
  assert.equal(refused.headers['retry-after'], '40')
  assert.equal(refused.headers['x-ratelimit-remaining'], '0')
  api.clock.now += 40_000
  assert.equal((await get('/v1/queues')).statusCode, 200)
})

test('errors of a key that is known have the headers too, all others have none', async () => {
  nextMinute()
  const missing = await get(`/v1/queues/${'0'.repeat(21)}`)
  assert.deepEqual([missing.statusCode, missing.headers['x-ratelimit-remaining']], [404, '2'])
  const bad = await get('/v1/queues?pretty=maybe')
  assert.deepEqual([bad.statusCode, bad.headers['x-ratelimit-remaining']], [400, '1'])
  const forbidden = await get('/v1/api_clients')
  assert.deepEqual([forbidden.statusCode, forbidden.headers['x-ratelimit-remaining']], [403, '0'])
  for (const response of [
    await get('/v1/queues', {}, 'unknown'),
    await get('/v1/nowhere'),
    await get('/health/live'),
  ]) {
    assert.deepEqual(rateOf(response), [undefined, undefined, undefined])
  }
})

test('429 comes after 401, 403, 404 of a path and 405, and before everything else', async () => {
  nextMinute()
  for (let i = 0; i < 3; i++) await get('/v1/queues')
  const statuses = [
    await get('/v1/queues', {}, 'unknown'),
    await get('/v1/api_clients'),
    await get('/v1/nowhere'),
    await get('/v1/queues', { method: 'PATCH' }),
    await get('/v1/queues', { headers: { accept: 'text/html' } }),
    await get('/v1/queues', { method: 'POST', headers: { 'content-type': 'text/plain' }, payload: 'x' }),
    await get('/v1/queues?pretty=maybe'),
    await get('/v1/queues/nothing'),
  ].map((response) => response.statusCode)
  assert.deepEqual(statuses, [401, 403, 404, 405, 429, 429, 429, 429])
})

test('all keys of an organization share its limit, and no other organization does', async () => {
  nextMinute()
  const { api_key: second } = (await api.call('POST', '/v1/api_keys', {}, OTHER_OWNER_KEY)).body
  await get('/v1/queues', {}, second)
  await get('/v1/queues')
  assert.equal((await get('/v1/queues', {}, second)).statusCode, 429)
  assert.equal((await get('/v1/queues', {}, OWNER_KEY)).statusCode, 200)
})

test("an organization's own limit wins over the server's, and counts at once", async () => {
  nextMinute()
  assert.equal((await get('/v1/queues')).headers['x-ratelimit-limit'], '3')
  const path = `/v1/api_clients/${api.organizations.other}`
  await api.call('PUT', path, { limits: { requests_per_minute: 2 } })
  assert.deepEqual(rateOf(await get('/v1/queues')).slice(0, 2), ['2', '0'])
  assert.equal((await get('/v1/queues')).statusCode, 429)
  await api.call('PUT', path, { limits: { requests_per_minute: null } })
  assert.deepEqual(rateOf(await get('/v1/queues')).slice(0, 2), ['3', '0'])
})

test('where nothing limits an organization the headers are absent', async () => {
  const response = await free.inject({ method: 'GET', url: '/v1/queues', headers: { 'x-api-key': OWNER_KEY } })
  assert.equal(response.statusCode, 200)
  assert.deepEqual(rateOf(response), [undefined, undefined, undefined])
})
