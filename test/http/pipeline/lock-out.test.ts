import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LightMyRequestResponse } from 'fastify'
import { parseNetwork } from '../../../src/core/network/address.ts'
import { OWNER_KEY, startApi } from '../../support/server/api.ts'

const trustedProxies = ['10.0.0.0/8'].map((text) => parseNetwork(text)!)

/** An API of its own, because a lock-out outlives the test that caused it. */
async function given() {
  const api = await startApi({ trustedProxies })
  const from = (remoteAddress: string, key: string | null = 'wrong', forwardedFor?: string) => {
    const forwarded = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }
    const headers = { ...(key !== null && { 'x-api-key': key }), ...forwarded }
    return api.inject({ method: 'GET', url: '/v1/queues', headers, remoteAddress })
  }
  const fail = async (times: number, ...where: [string, string?]) => {
    const statuses: number[] = []
    for (let i = 0; i < times; i++) statuses.push((await from(where[0], 'wrong', where[1])).statusCode)
    return statuses
  }
  return { api, from, fail, [Symbol.asyncDispose]: () => api.app.close() }
}

const status = async (response: Promise<LightMyRequestResponse>) => (await response).statusCode

test('ten rejected keys within a minute keep an address out for a minute, with a valid key too', async () => {
  await using it = await given()
  assert.deepEqual(await it.fail(10, '192.0.2.1'), Array(10).fill(401))
  it.api.clock.now += 500
  const refused = await it.from('192.0.2.1', OWNER_KEY)
  assert.equal(refused.statusCode, 403)
  assert.equal(refused.json().title, 'Forbidden')
  assert.equal(refused.headers['retry-after'], '60')
  assert.equal(await status(it.from('192.0.2.1', 'wrong')), 403)
  assert.equal(await status(it.from('192.0.2.1', null)), 403)
  it.api.clock.now += 59_500
  assert.equal(await status(it.from('192.0.2.1', OWNER_KEY)), 200)
})

test('nobody else is kept out, and health can still be asked for', async () => {
  await using it = await given()
  await it.fail(10, '192.0.2.1')
  assert.equal(await status(it.from('192.0.2.2', OWNER_KEY)), 200)
  const live = await it.api.inject({ method: 'GET', url: '/health/live', remoteAddress: '192.0.2.1' })
  assert.equal(live.statusCode, 200)
})

test('nine are not enough, nor are ten over more than a minute, and valid keys change nothing', async () => {
  await using it = await given()
  await it.fail(9, '192.0.2.1')
  assert.equal(await status(it.from('192.0.2.1', OWNER_KEY)), 200)
  it.api.clock.now += 60_000
  await it.fail(9, '192.0.2.1')
  assert.equal(await status(it.from('192.0.2.1', OWNER_KEY)), 200)
  await it.fail(1, '192.0.2.1')
  assert.equal(await status(it.from('192.0.2.1', OWNER_KEY)), 403)
})

test('disabled keys count, requests without a key do not', async () => {
  await using it = await given()
  const { api_key: text, id } = (await it.api.call('POST', '/v1/api_keys', {})).body
  await it.api.call('PUT', `/v1/api_keys/${id}`, { status: 'disabled' })
  for (let i = 0; i < 20; i++) assert.equal(await status(it.from('192.0.2.1', null)), 401)
  for (let i = 0; i < 10; i++) assert.equal(await status(it.from('192.0.2.1', text)), 401)
  assert.equal(await status(it.from('192.0.2.1', OWNER_KEY)), 403)
})

test('attempts that arrive together get no more than ten answers about their keys', async () => {
  await using it = await given()
  const keys = [...Array.from({ length: 30 }, (_, i) => `wrong-${i}`), OWNER_KEY]
  const statuses = await Promise.all(keys.map((key) => status(it.from('192.0.2.1', key))))
  assert.equal(statuses.filter((one) => one === 401).length, 10)
  assert.equal(statuses.at(-1), 403)
})

test('addresses of one IPv6 network count as one', async () => {
  await using it = await given()
  for (let i = 0; i < 10; i++) await it.fail(1, `2001:db8:1:1::${i}`)
  assert.equal(await status(it.from('2001:db8:1:1:ffff::', OWNER_KEY)), 403)
  assert.equal(await status(it.from('2001:db8:1:2::', OWNER_KEY)), 200)
})

test('behind a trusted proxy it is the client that is kept out, not the proxy', async () => {
  await using it = await given()
  await it.fail(10, '10.0.0.1', '203.0.113.5, 198.51.100.1, 10.0.0.2')
  assert.equal(await status(it.from('10.0.0.1', OWNER_KEY, '198.51.100.1')), 403)
  assert.equal(await status(it.from('10.0.0.9', OWNER_KEY, 'x, 198.51.100.1')), 403)
  assert.equal(await status(it.from('10.0.0.1', OWNER_KEY, '203.0.113.5')), 200)
  assert.equal(await status(it.from('10.0.0.1', OWNER_KEY)), 200)
})

test('a header that nobody vouches for neither hides a client nor blames another', async () => {
  await using it = await given()
  for (let i = 0; i < 10; i++) await it.fail(1, '192.0.2.1', `198.51.100.${i}`)
  assert.equal(await status(it.from('192.0.2.1', OWNER_KEY, '198.51.100.77')), 403)
  await it.fail(10, '192.0.2.2', '198.51.100.1')
  assert.equal(await status(it.from('198.51.100.1', OWNER_KEY)), 200)
})

test('the first request that was forwarded by an address that is not trusted is warned of, once, with the setting', async () => {
  await using it = await given()
  const warnings = () => it.api.log.filter(({ level }) => level === 'warn')
  await it.from('192.0.2.1', OWNER_KEY)
  await it.from('10.0.0.1', OWNER_KEY, '198.51.100.7')
  assert.deepEqual(warnings(), [])
  await it.from('192.0.2.1', OWNER_KEY, '198.51.100.7')
  await it.from('192.0.2.2', OWNER_KEY, '198.51.100.7')
  assert.equal(warnings().length, 1)
  assert.deepEqual(warnings()[0]!.fields, { address: '192.0.2.1' })
  assert.match(warnings()[0]!.message, /from 192\.0\.2\.1 .*DISCUE_TRUSTED_PROXIES/)
})

test('Forwarded says so, too (RFC 7239), and nothing of what a client claims is repeated', async () => {
  await using it = await given()
  const headers = { 'x-api-key': 'wrong', forwarded: 'for=forged;by=nobody' }
  await it.api.inject({ method: 'GET', url: '/v1/queues', headers, remoteAddress: '2001:db8::1' })
  const [warning] = it.api.log.filter(({ level }) => level === 'warn')
  assert.deepEqual(warning!.fields, { address: '2001:db8::1' })
  assert.doesNotMatch(JSON.stringify(warning), /forged|nobody/)
})
