import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InjectOptions } from 'fastify'
import { OWNER_KEY, sharedApi } from '../../support/server/api.ts'

const api = await sharedApi()
const nobody = '0'.repeat(21)
let limitedKey = ''

const scopes = [{ resource: 'queues', access: 'read', targets: '*' }]
limitedKey = (await api.call('POST', '/v1/api_keys', { scopes })).body.api_key

/** A request that has everything wrong; `right` puts the faults right from the first on. */
function request(right: number): InjectOptions {
  const has = (fault: number) => right > fault
  return {
    method: has(0) ? (has(2) ? 'PUT' : 'POST') : ('TRACE' as 'GET'),
    url: `/v1/queues/${nobody}${has(1) ? '' : '/nowhere'}?pretty=${has(8) ? 'true' : 'maybe'}`,
    headers: {
      ...(has(3) && { 'x-api-key': has(4) ? OWNER_KEY : limitedKey }),
      accept: has(5) ? 'application/json' : 'text/html',
      'content-type': has(6) ? 'application/json' : 'text/plain',
    },
    payload: `{"name": ""${has(7) ? '' : ' '.repeat(1_100_000)}${has(9) ? '}' : ''}`,
  }
}

const order = [501, 404, 405, 401, 403, 406, 415, 413, 400, 400, 404]

for (const [right, status] of order.entries()) {
  test(`with ${right} faults put right the next one answers ${status}`, async () => {
    const response = await api.inject(request(right))
    assert.equal(response.statusCode, status, response.body)
    assert.equal(response.json().status, status)
  })
}

test('a resource that is not there comes before a body that is not valid', async () => {
  const { body } = await api.call('POST', '/v1/queues', { name: 'order' })
  const bad = { name: '' }
  assert.equal((await api.call('PUT', `/v1/queues/${nobody}`, bad)).status, 404)
  assert.equal((await api.call('PUT', `/v1/queues/${body.queue.id}`, bad)).status, 422)
  const nowhere = `/v1/queues/${body.queue.id}`
  assert.equal((await api.call('POST', `/v1/queues/${nobody}/listeners`, bad)).status, 404)
  assert.equal((await api.call('POST', `${nowhere}/listeners`, bad)).status, 422)
  assert.equal((await api.call('PUT', `${nowhere}/listeners/${nobody}`, bad)).status, 404)
  assert.equal((await api.call('POST', `/v1/queues/${nobody}/messages`, bad)).status, 404)
  assert.equal((await api.call('POST', `${nowhere}/messages`, bad)).status, 422)
  assert.equal((await api.call('PUT', `${nowhere}/messages/${nobody}`, bad)).status, 404)
  assert.equal((await api.call('PUT', `/v1/api_keys/${nobody}`, bad)).status, 404)
})

test('JSON that is no object is refused by every route that reads a body, after a resource that is not there', async () => {
  const { id } = (await api.call('POST', '/v1/queues', { name: 'bodies' })).body.queue
  const made = async (path: string, kind: string, body: object) => (await api.call('POST', path, body)).body[kind].id
  const base = `/v1/queues/${id}`
  const push = { name: 'push', notify_url: 'http://127.0.0.1:9/' }
  const known: Record<string, string> = {
    queue_id: id,
    listener_id: await made(`${base}/listeners`, 'listener', push),
    message_id: await made(`${base}/messages`, 'message', { data: '1' }),
    schedule_id: await made(`${base}/schedules`, 'schedule', { name: 's', every: 3_600_000, data: '1' }),
    api_key_id: (await api.call('POST', '/v1/api_keys', {})).body.id,
    api_client_id: await made('/v1/api_clients', 'api_client', { name: 'bodies' }),
  }
  const { paths } = (await api.call('GET', '/openapi.json')).body as { paths: Record<string, Record<string, unknown>> }
  const filled = (path: string, ids: (name: string) => string) => path.replace(/\{(\w+)\}/g, (_, name) => ids(name))
  let tried = 0
  for (const [path, methods] of Object.entries(paths)) {
    // Domains and a clock that is moved are switched off here: 501 whatever is sent.
    if (!/^\/v1\/(?!domains|clock)/.test(path)) continue
    for (const method of ['POST', 'PUT', 'PATCH'] as const) {
      if (methods[method.toLowerCase()] === undefined) continue
      for (const body of [[], 5]) {
        const { status, body: answer } = await api.call(
          method,
          filled(path, (name) => known[name] ?? name),
          body as object,
        )
        const faults = answer.errors as { path: string; message: string }[] | undefined
        assert.deepEqual(
          [status, faults?.[0]],
          [422, { path: '', message: 'must be a JSON object' }],
          `${method} ${path}`,
        )
        const elsewhere = filled(path, () => nobody)
        if (elsewhere !== path)
          assert.equal((await api.call(method, elsewhere, body as object)).status, 404, `${method} ${path}`)
        tried++
      }
    }
  }
  assert.ok(tried > 50, `${tried} were tried`)
})

test('data that is too large comes before a bad query and a queue that is not there', async () => {
  const { status } = await api.call('POST', `/v1/queues/${nobody}/messages?pretty=maybe`, { data: 'x'.repeat(262_145) })
  assert.equal(status, 413)
})

test('a bad query of a listing comes before the queue that is not there', async () => {
  for (const query of ['page=0', 'per_page=101', '_embed=maybe', 'cursor=!', 'cursor=MQ&page=1']) {
    assert.equal((await api.call('GET', `/v1/queues/${nobody}/messages?${query}`)).status, 400, query)
  }
})
