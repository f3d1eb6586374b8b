// A stored answer that shows a resource is repeated as long as the resource is there, and is a 409 from then on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, OWNER_KEY, sharedApi } from '../../support/server/api.ts'

const HOST = { hostname: 'localhost', port: 8443 }
const domainChecker = { check: async () => null }
const api = await sharedApi({ domainVerification: 'optional', wrap: () => ({ domainChecker }) })
let names = 0
const freshName = () => `n${++names}`

async function made(path: string, body: object): Promise<Json> {
  const answer = await api.call('POST', path, body)
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}

/** A request with the same key each time. */
async function post(path: string, key: string, body: object) {
  const headers = { 'x-api-key': OWNER_KEY, 'idempotency-key': key, 'content-type': 'application/json' }
  const response = await api.inject({ method: 'POST', url: path, headers, payload: JSON.stringify(body) })
  return { status: response.statusCode, body: response.json() as Json, headers: response.headers }
}

interface Case {
  path: string
  body: object
  /** What is deleted afterwards, so that the answer shows what is gone. */
  gone: (answer: Json) => string
}

async function inQueue(): Promise<string> {
  return `/v1/queues/${(await made('/v1/queues', { name: freshName() })).queue.id}`
}

async function withMessage() {
  const queue = await inQueue()
  const listener = (await made(`${queue}/listeners`, { name: 'l' })).listener.id
  const { id } = (await made(`${queue}/messages`, { data: 'x' })).message
  return { queue, listener: `${queue}/listeners/${listener}`, message: `${queue}/messages/${id}` }
}

const schedule = { name: 's', every: 3_600_000, data: 'x' }
const domain = () => ({ name: freshName(), ...HOST, hostname: `${freshName()}.example.com` })

/** By path of the description; null where an answer shows nothing that could be deleted. */
const cases: Record<string, (() => Promise<Case>) | null> = {
  '/v1/api_clients': async () => ({
    path: '/v1/api_clients',
    body: { name: freshName() },
    gone: (it) => `/v1/api_clients/${it.api_client.id}`,
  }),
  '/v1/api_keys': async () => ({ path: '/v1/api_keys', body: {}, gone: (it) => `/v1/api_keys/${it.id}` }),
  '/v1/queues': async () => ({
    path: '/v1/queues',
    body: { name: freshName() },
    gone: (it) => `/v1/queues/${it.queue.id}`,
  }),
  '/v1/queues/{queue_id}/listeners': async () => {
    const path = `${await inQueue()}/listeners`
    return { path, body: { name: 'l' }, gone: (it) => `${path}/${it.listener.id}` }
  },
  '/v1/queues/{queue_id}/listeners/{listener_id}/check': null,
  '/v1/queues/{queue_id}/listeners/{listener_id}/pull': null,
  '/v1/queues/{queue_id}/listeners/{listener_id}/ack': null,
  '/v1/queues/{queue_id}/listeners/{listener_id}/nack': null,
  '/v1/queues/{queue_id}/listeners/{listener_id}/extend': null,
  '/v1/queues/{queue_id}/messages': async () => {
    const path = `${await inQueue()}/messages`
    return { path, body: { data: 'x' }, gone: (it) => `${path}/${it.message.id}` }
  },
  '/v1/queues/{queue_id}/messages/batch': async () => {
    const path = `${await inQueue()}/messages`
    const messages = [{ data: 'x' }, { data: 'y' }, { data: 'z' }]
    return { path: `${path}/batch`, body: { messages }, gone: (it) => `${path}/${it.messages[1].id}` }
  },
  '/v1/queues/{queue_id}/schedules': async () => {
    const path = `${await inQueue()}/schedules`
    return { path, body: schedule, gone: (it) => `${path}/${it.schedule.id}` }
  },
  '/v1/queues/{queue_id}/schedules/{schedule_id}/run': async () => {
    const queue = await inQueue()
    const { id } = (await made(`${queue}/schedules`, schedule)).schedule
    return { path: `${queue}/schedules/${id}/run`, body: {}, gone: (it) => `${queue}/messages/${it.message.id}` }
  },
  '/v1/schedules/preview': null,
  '/v1/queues/{queue_id}/messages/{message_id}/redeliver': async () => {
    const { message } = await withMessage()
    return { path: `${message}/redeliver`, body: {}, gone: () => message }
  },
  '/v1/queues/{queue_id}/listeners/{listener_id}/redeliver': async () => {
    const { listener } = await withMessage()
    return { path: `${listener}/redeliver`, body: { status: 'all' }, gone: () => listener }
  },
  '/v1/queues/{queue_id}/messages/discard': async () => {
    const queue = await inQueue()
    return { path: `${queue}/messages/discard`, body: {}, gone: () => queue }
  },
  '/v1/domains': async () => ({ path: '/v1/domains', body: domain(), gone: (it) => `/v1/domains/${it.domain.id}` }),
  '/v1/domains/{domain_id}/verify': async () => {
    const path = `/v1/domains/${(await made('/v1/domains', domain())).domain.id}`
    return { path: `${path}/verify`, body: {}, gone: () => path }
  },
  '/v1/clock/advance': null,
  '/v2/api_keys': async () => ({
    path: '/v2/api_keys',
    body: { alias: `alias-${freshName()}` },
    gone: (it) => `/v2/api_keys/${it.api_key.id}`,
  }),
  '/v2/queues': async () => ({
    path: '/v2/queues',
    body: { alias: `alias-${freshName()}` },
    gone: (it) => `/v2/queues/${it.queue.id}`,
  }),
  '/v2/queues/{queue_id}/listeners': async () => {
    const path = `${(await inQueue()).replace('/v1', '/v2')}/listeners`
    const urls = { notify_url: 'http://localhost/n', liveness_url: 'http://localhost/l' }
    return { path, body: { alias: 'alias', ...urls }, gone: (it) => `${path}/${it.listener.id}` }
  },
  '/v2/domains': async () => ({
    path: '/v2/domains',
    body: { alias: `alias-${freshName()}`, ...HOST },
    gone: (it) => `/v2/domains/${it.domain.id}`,
  }),
}

test('every POST of the description is among these, so that a new one says what its answer shows', async () => {
  const { paths } = (await api.call('GET', '/openapi.json')).body
  const posts = Object.keys(paths).filter((path) => paths[path].post !== undefined)
  assert.deepEqual(posts.sort(), Object.keys(cases).sort())
})

for (const [name, prepare] of Object.entries(cases)) {
  if (prepare === null) continue
  test(`the answer of POST ${name} is repeated until what it shows is deleted, and a 409 from then on`, async () => {
    const { path, body, gone } = await prepare()
    const key = freshName()
    const first = await post(path, key, body)
    assert.equal(first.status, 200, JSON.stringify(first.body))
    const again = await post(path, key, body)
    assert.deepEqual([again.status, again.headers['idempotency-replayed']], [200, 'true'])
    assert.equal((await api.call('DELETE', gone(first.body))).status, 200)
    for (const time of ['once', 'twice']) {
      const refused = await post(path, key, body)
      assert.equal(refused.status, 409, time)
      assert.match(refused.body.detail, /is gone/)
      assert.equal(refused.headers['idempotency-replayed'], undefined)
    }
    assert.equal((await post(path, key, { ...body, other: 1 })).status, 409, 'of another body it says so, as ever')
  })
}

test('what is in a deleted queue is gone with it, while its rows are still being removed', async () => {
  const { queue, listener } = await withMessage()
  const all = [
    [`${queue}/messages`, { data: 'x' }],
    [`${queue}/messages/batch`, { messages: [{ data: 'x' }] }],
    [`${queue}/listeners`, { name: 'other' }],
    [`${queue}/schedules`, schedule],
    [`${listener}/redeliver`, { status: 'all' }],
    [`${queue}/messages/discard`, {}],
  ] as const
  for (const [path, body] of all) assert.equal((await post(path, 'in a queue', body)).status, 200, path)
  await api.call('DELETE', queue)
  for (const [path, body] of all) assert.equal((await post(path, 'in a queue', body)).status, 409, path)
})
