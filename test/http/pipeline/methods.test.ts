import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OWNER_KEY, sharedApi } from '../../support/server/api.ts'

const api = await sharedApi()
const id = '0'.repeat(21)

const allowed: Record<string, string> = {
  '/api_keys': 'GET, HEAD, POST',
  [`/api_keys/${id}`]: 'GET, HEAD, PUT, PATCH, DELETE',
  '/queues': 'GET, HEAD, POST, PUT',
  [`/queues/${id}`]: 'GET, HEAD, PUT, PATCH, DELETE',
  '/listeners': 'GET, HEAD',
  [`/queues/${id}/listeners`]: 'GET, HEAD, POST, PUT',
  [`/queues/${id}/listeners/${id}`]: 'GET, HEAD, PUT, PATCH, DELETE',
  '/messages': 'GET, HEAD',
  [`/messages/${id}`]: 'GET, HEAD',
  [`/queues/${id}/messages`]: 'GET, HEAD, POST, PUT',
  [`/queues/${id}/messages/${id}`]: 'GET, HEAD, PUT, PATCH, DELETE',
  [`/queues/${id}/messages/${id}/attempts`]: 'GET, HEAD',
}

for (const [path, allow] of Object.entries(allowed)) {
  test(`${path} has ${allow} and says so, with a version and without`, async () => {
    for (const url of [path, `/v1${path}`]) {
      const response = await api.inject({ method: 'OPTIONS', url })
      assert.equal(response.statusCode, 405)
      assert.equal(response.headers.allow, allow)
      assert.equal(response.json().title, 'Method Not Allowed')
    }
  })
}

test('a method that a path does not have is refused before the key and the body are looked at', async () => {
  const response = await api.inject({
    method: 'DELETE',
    url: '/queues',
    payload: '{',
    headers: { 'content-type': 'a' },
  })
  assert.equal(response.statusCode, 405)
  const post = await api.inject({ method: 'POST', url: '/listeners', payload: '{', headers: { 'content-type': 'a' } })
  assert.equal(post.statusCode, 405)
})

for (const method of ['TRACE', 'CONNECT', 'PROPFIND', 'MKCOL', 'LOCK', 'PURGE', 'SEARCH', 'QUERY']) {
  test(`${method} is not implemented, wherever it is sent`, async () => {
    for (const url of ['/v1/queues', '/nowhere']) {
      const response = await api.inject({ method: method as 'GET', url })
      assert.equal(response.statusCode, 501)
      assert.equal(response.json().title, 'Not Implemented')
      assert.ok(response.headers['x-request-id'])
    }
  })
}

test('a method that is not implemented comes before a path that cannot be decoded', async () => {
  const response = await api.inject({ method: 'TRACE' as 'GET', url: '/v1/queues/%zz' })
  assert.equal(response.statusCode, 501)
})

test('HEAD answers like GET, without the body', async () => {
  const headers = { 'x-api-key': OWNER_KEY }
  const head = await api.inject({ method: 'HEAD', url: '/v1/queues', headers })
  const get = await api.inject({ method: 'GET', url: '/v1/queues', headers })
  assert.equal(head.statusCode, 200)
  assert.equal(head.body, '')
  assert.equal(head.headers['content-length'], get.headers['content-length'])
  assert.equal((await api.inject({ method: 'HEAD', url: '/v1/queues' })).statusCode, 401)
})

test('a path that does not exist is a 404, with a key and without', async () => {
  for (const url of ['/v1', '/v3/queues', '/v1/queue', '/v1/queues/', `/v1/queues/${'x'.repeat(200)}`, '/health']) {
    const response = await api.inject({ method: 'POST', url, payload: '{', headers: { 'content-type': 'text/plain' } })
    assert.equal(response.statusCode, 404, url)
    assert.deepEqual(response.json(), { title: 'Not Found', status: 404, detail: 'no such path' })
  }
})

test('a path that cannot be decoded is a 400 in the shape of every error', async () => {
  const response = await api.inject({ method: 'GET', url: '/v1/queues/%zz' })
  assert.equal(response.statusCode, 400)
  assert.equal(response.json().title, 'Bad Request')
  assert.ok(response.headers['x-request-id'])
})
