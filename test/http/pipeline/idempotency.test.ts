import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppDeps } from '../../../src/app/deps.ts'
import {
  type ApiOptions,
  type Json,
  OTHER_OWNER_KEY,
  OWNER_KEY,
  sharedApi,
  startApi,
} from '../../support/server/api.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'orders' })).body.queue
const messages = `/v1/queues/${queue.id}/messages`
let keys = 0
const freshKey = () => `key ${++keys}`

interface Answer {
  status: number
  body: Json
  replayed: boolean
  headers: Record<string, unknown>
}

async function post(url: string, idempotencyKey: string, body: unknown, by = { api, key: OWNER_KEY }): Promise<Answer> {
  const headers = { 'x-api-key': by.key, 'idempotency-key': idempotencyKey, 'content-type': 'application/json' }
  const payload = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await by.api.inject({ method: 'POST', url, headers, payload })
  const replayed = response.headers['idempotency-replayed'] === 'true'
  return { status: response.statusCode, body: response.json(), replayed, headers: response.headers }
}

async function countOf(path: string): Promise<number> {
  return (await api.call('GET', path)).body.messages.length
}

test('a repeated request gets the same answer, takes effect once, and says that it was repeated', async () => {
  const [key, before] = [freshKey(), await countOf(messages)]
  const first = await post(messages, key, { data: 'x' })
  const again = await post(messages, key, { data: 'x' })
  assert.deepEqual([first.status, first.replayed], [200, false])
  assert.deepEqual([again.status, again.replayed, again.body], [200, true, first.body])
  assert.match(String(again.headers['content-type']), /^application\/json/)
  assert.equal(await countOf(messages), before + 1)
})

test('the path without a version, and a query, make no other request of it', async () => {
  const key = freshKey()
  const first = await post(messages, key, { data: 'x' })
  const again = await post(`${messages.slice('/v1'.length)}?pretty`, key, { data: 'x' })
  assert.deepEqual([again.replayed, again.body], [true, first.body])
})

test('the same key with another body is a 409, and has no effect', async () => {
  const key = freshKey()
  await post(messages, key, { data: 'x' })
  const before = await countOf(messages)
  const { status, body, replayed } = await post(messages, key, { data: 'y' })
  assert.deepEqual([status, body.title, replayed], [409, 'Conflict', false])
  assert.match(body.detail, /another body/)
  assert.equal((await post(messages, key, '{ "data": "x" }')).status, 409, 'bodies are compared byte by byte')
  assert.equal(await countOf(messages), before)
  assert.equal((await post(messages, key, { data: 'x' })).replayed, true)
})

test('a key counts for its own path and organization only', async () => {
  const key = freshKey()
  const first = await post('/v1/queues', key, { name: 'one' })
  const message = await post(messages, key, { data: 'x' })
  assert.deepEqual([message.status, message.replayed], [200, false])
  const other = await post('/v1/queues', key, { name: 'one' }, { api, key: OTHER_OWNER_KEY })
  assert.deepEqual([other.status, other.replayed], [200, false])
  assert.notEqual(other.body.queue.id, first.body.queue.id)
})

test('a refusal is repeated, too, though its reason is gone', async () => {
  const key = freshKey()
  const first = await post('/v1/queues', key, { name: queue.name })
  assert.equal(first.status, 422)
  await api.call('PUT', `/v1/queues/${queue.id}`, { name: 'renamed' })
  const again = await post('/v1/queues', key, { name: queue.name })
  assert.deepEqual([again.status, again.replayed, again.body], [422, true, first.body])
  await api.call('PUT', `/v1/queues/${queue.id}`, { name: queue.name })
  const [invalid, missing] = [freshKey(), freshKey()]
  const nowhere = `/v1/queues/${'0'.repeat(21)}/messages`
  for (const [path, one, body, status] of [
    [messages, invalid, { data: 1 }, 422],
    [nowhere, missing, { data: 'x' }, 404],
  ] as const) {
    assert.equal((await post(path, one, body)).status, status)
    const repeated = await post(path, one, body)
    assert.deepEqual([repeated.status, repeated.replayed], [status, true])
  }
})

test('a repeated answer shows neither the key nor the secret of the first', async () => {
  const [key, secret] = [freshKey(), freshKey()]
  const issued = await post('/v1/api_keys', key, { name: 'deploy' })
  const { api_key: text, ...rest } = issued.body
  assert.equal(text.length, 64)
  assert.deepEqual((await post('/v1/api_keys', key, { name: 'deploy' })).body, rest)
  const listener = { name: 'l', notify_url: 'http://example.com' }
  const created = await post(`/v1/queues/${queue.id}/listeners`, secret, listener)
  assert.match(created.body.listener.secret, /^whsec_/)
  const again = await post(`/v1/queues/${queue.id}/listeners`, secret, listener)
  const { id, name } = created.body.listener
  assert.deepEqual(again.body, { listener: { id, name }, _links: created.body._links })
  const client = freshKey()
  const { api_key: ownerKey, ...made } = (await post('/v1/api_clients', client, { name: 'client' })).body
  assert.equal(ownerKey.length, 64)
  assert.deepEqual((await post('/v1/api_clients', client, { name: 'client' })).body, made)
  const target = 'POST /api_keys'
  const now = api.clock.now
  const stored = await api.store.answers.find({ organizationId: api.organizations.first, target, key, now })
  assert.ok(stored !== null && !stored.body.includes(text), 'nor is it stored anywhere')
})

test('a repetition has to get past the same checks as the first request: key, scope, rate, media types, JSON', async () => {
  const { body } = await api.call('POST', '/v1/api_clients', { name: 'checked', limits: { requests_per_minute: 4 } })
  const { api_key: key, api_client: client } = body
  const ask = async (headers: Record<string, string>, payload: string) => {
    const all = { 'x-api-key': key, 'idempotency-key': 'k', 'content-type': 'application/json', ...headers }
    const answer = await api.inject({ method: 'POST', url: '/v1/queues', headers: all, payload })
    return [answer.statusCode, answer.headers['idempotency-replayed']]
  }
  const sent = JSON.stringify({ name: 'q' })
  assert.deepEqual(await ask({}, sent), [200, undefined])
  assert.deepEqual(await ask({ accept: 'text/html' }, sent), [406, undefined])
  assert.deepEqual(await ask({}, '{'), [400, undefined])
  assert.deepEqual(await ask({}, sent), [200, 'true'])
  assert.deepEqual(await ask({}, sent), [429, undefined])
  await api.call('DELETE', `/v1/api_clients/${client.id}`)
  assert.deepEqual(await ask({}, sent), [401, undefined])
})

test('after 24 hours a key is new again', async () => {
  const fresh = await startApi()
  const by = { api: fresh, key: OWNER_KEY }
  const first = await post('/v1/queues', 'k', { name: 'a' }, by)
  fresh.clock.now += DAY_MS - 1
  assert.deepEqual((await post('/v1/queues', 'k', { name: 'a' }, by)).body, first.body)
  fresh.clock.now += 1
  const later = await post('/v1/queues', 'k', { name: 'b' }, by)
  assert.deepEqual([later.status, later.replayed], [200, false])
  assert.equal((await post('/v1/queues', 'k', { name: 'b' }, by)).replayed, true)
  await fresh.app.close()
})

test('a key is 1 to 255 printable characters, sent once', async () => {
  for (const key of ['', ' ', 'a'.repeat(256), 'tab\there', 'é']) {
    const { status, body } = await post(messages, key, { data: 'x' })
    assert.equal(status, 400, JSON.stringify(key))
    assert.equal(body.errors[0].path, 'Idempotency-Key')
  }
  assert.equal((await post(messages, 'a'.repeat(255), { data: 'x' })).status, 200)
  assert.equal((await post(messages, '~!"#a b,c;', { data: 'x' })).status, 200)
})

test('other methods do not look at the key', async () => {
  const headers = { 'x-api-key': OWNER_KEY, 'idempotency-key': '' }
  assert.equal((await api.inject({ method: 'GET', url: messages, headers })).statusCode, 200)
})

/** An API whose messages wait at the door until they are let in, which says how many came. */
async function withLockOutGuard() {
  const lockOutGuard = { came: 0, open: () => {}, fail: false }
  const opened = new Promise<void>((resolve) => {
    lockOutGuard.open = resolve
  })
  const wrap: ApiOptions['wrap'] = ({ acceptor }: AppDeps) => ({
    acceptor: {
      ...acceptor,
      async accept(...asked) {
        lockOutGuard.came += 1
        await opened
        if (lockOutGuard.fail) throw new Error('broken')
        return acceptor.accept(...asked)
      },
    },
  })
  const held = await startApi({ wrap })
  const { id } = (await held.call('POST', '/v1/queues', { name: 'q' })).body.queue
  return { held, lockOutGuard, path: `/v1/queues/${id}/messages`, by: { api: held, key: OWNER_KEY } }
}

test('while the first request runs, another with its key is a 409 that says when to try again', async () => {
  const { held, lockOutGuard, path, by } = await withLockOutGuard()
  const first = post(path, 'k', { data: 'x' }, by)
  while (lockOutGuard.came === 0) await new Promise((resolve) => setImmediate(resolve))
  const second = await post(path, 'k', { data: 'x' }, by)
  assert.deepEqual([second.status, second.headers['retry-after'], second.replayed], [409, '1', false])
  assert.match((await post(path, 'k', { data: 'y' }, by)).body.detail, /another body/)
  lockOutGuard.open()
  assert.equal((await first).status, 200)
  assert.deepEqual((await post(path, 'k', { data: 'x' }, by)).body, (await first).body)
  assert.equal(lockOutGuard.came, 1)
  await held.app.close()
})

test('many at once with one key take effect once', async () => {
  const key = freshKey()
  const before = await countOf(messages)
  const all = await Promise.all(Array.from({ length: 20 }, () => post(messages, key, { data: 'x' })))
  const good = all.filter((answer) => answer.status === 200)
  assert.ok(good.length >= 1)
  assert.equal(new Set(good.map((answer) => answer.body.message.id)).size, 1)
  assert.ok(all.every((answer) => answer.status === 200 || answer.status === 409))
  assert.equal(await countOf(messages), before + 1)
})

test('an answer of 500 and above is not kept: the next try is a first one', async () => {
  const { held, lockOutGuard, path, by } = await withLockOutGuard()
  lockOutGuard.open()
  lockOutGuard.fail = true
  assert.equal((await post(path, 'k', { data: 'x' }, by)).status, 500)
  lockOutGuard.fail = false
  const next = await post(path, 'k', { data: 'x' }, by)
  assert.deepEqual([next.status, next.replayed], [200, false])
  await held.app.close()
})

test('an effect that another node had under this key is not had again', async () => {
  const { held, path, by, lockOutGuard } = await withLockOutGuard()
  const first = post(path, 'k', { data: 'x' }, by)
  while (lockOutGuard.came === 0) await new Promise((resolve) => setImmediate(resolve))
  const place = { organizationId: held.organizations.first, target: `POST ${path.slice('/v1'.length)}`, key: 'k' }
  const times = { storedAt: held.clock.now, expiresAt: held.clock.now + DAY_MS }
  await held.store.answers.keep({ ...place, digest: 'd', status: 200, body: '{"from":"elsewhere"}', ...times })
  lockOutGuard.open()
  assert.deepEqual([(await first).status, (await first).headers['retry-after']], [409, '1'])
  assert.equal((await held.call('GET', path)).body.messages.length, 0)
  await held.app.close()
})

test('requests without the header leave nothing behind', async () => {
  const fresh = await startApi()
  await fresh.call('POST', '/v1/queues', { name: 'plain' })
  assert.equal(await fresh.store.answers.removeExpired({ now: Number.MAX_SAFE_INTEGER, limit: 10 }), 0)
  await fresh.app.close()
})
