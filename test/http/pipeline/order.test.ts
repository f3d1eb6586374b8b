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

test('data that is too large comes before a bad query and a queue that is not there', async () => {
  const { status } = await api.call('POST', `/v1/queues/${nobody}/messages?pretty=maybe`, { data: 'x'.repeat(262_145) })
  assert.equal(status, 413)
})

test('a bad query of a listing comes before the queue that is not there', async () => {
  for (const query of ['page=0', 'per_page=101', '_embed=maybe', 'cursor=!', 'cursor=MQ&page=1']) {
    assert.equal((await api.call('GET', `/v1/queues/${nobody}/messages?${query}`)).status, 400, query)
  }
})
