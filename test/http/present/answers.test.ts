import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem, type ProblemCode, problems } from '../../../src/core/problem.ts'
import { StoreUnavailable } from '../../../src/store/store.ts'
import { OWNER_KEY, sharedApi, startApi } from '../../support/server/api.ts'

const api = await sharedApi()

/** The seed of the contract, word for word, and 413. */
const titles: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  423: 'Locked',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
}

async function failing(failure: unknown) {
  const listQueues = async () => Promise.reject(failure)
  const broken = await startApi({
    wrap: ({ store }) => ({ store: { ...store, queues: { ...store.queues, list: listQueues } } }),
  })
  const response = await broken.inject({ method: 'GET', url: '/v1/queues', headers: { 'x-api-key': OWNER_KEY } })
  await broken.app.close()
  return { response, log: broken.log }
}

test('every problem of the catalogue has exactly the reason phrase of its status', async () => {
  const thrown: Problem[] = []
  const list = async () => {
    throw thrown.at(-1)
  }
  const broken = await startApi({ wrap: ({ store }) => ({ store: { ...store, queues: { ...store.queues, list } } }) })
  for (const [code, { status, detail }] of Object.entries(problems)) {
    thrown.push(new Problem(code as ProblemCode))
    const { body, ...answer } = await broken.call('GET', '/v1/queues')
    assert.equal(answer.status, status)
    assert.deepEqual(body, { title: titles[status], status, detail })
  }
  await broken.app.close()
})

test('a bug is a 500 that tells the caller nothing and the log everything', async () => {
  const bug = new Error('select * from secrets at /home/somebody/db.ts')
  const { response, log } = await failing(bug)
  assert.equal(response.statusCode, 500)
  assert.doesNotMatch(response.body, /select|somebody|stack/)
  assert.equal(log.length, 1)
  assert.equal(log[0]!.level, 'error')
  assert.equal(log[0]!.fields.err, bug)
  assert.equal(log[0]!.fields.requestId, response.headers['x-request-id'])
})

test('something that is thrown and is no error is a 500, too', async () => {
  for (const thrown of [undefined, null, 'text', { statusCode: 400 }]) {
    const { response, log } = await failing(thrown)
    assert.equal(response.statusCode, 500)
    assert.equal(response.json().title, 'Internal Server Error')
    assert.equal(log[0]?.level, 'error')
  }
})

test('a store that cannot be reached is a 503 with Retry-After', async () => {
  const { response } = await failing(new StoreUnavailable('disk full at /var/lib'))
  assert.equal(response.statusCode, 503)
  assert.equal(response.headers['retry-after'], '1')
  assert.doesNotMatch(response.body, /disk|var/)
})

test('answers and errors are JSON', async () => {
  for (const headers of [{ 'x-api-key': OWNER_KEY }, {}]) {
    const response = await api.inject({ method: 'GET', url: '/v1/queues', headers })
    assert.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  }
})

test('an Accept without JSON is a 406', async () => {
  const headers = { 'x-api-key': OWNER_KEY, accept: 'text/html, application/json;q=0' }
  const response = await api.inject({ method: 'GET', url: '/v1/queues', headers })
  assert.equal(response.statusCode, 406)
  assert.equal(response.json().title, 'Not Acceptable')
})

test('a valid X-Request-Id is kept, any other replaced', async () => {
  const ask = async (id: string, url = '/v1/queues') =>
    (await api.inject({ method: 'GET', url, headers: { 'x-request-id': id } })).headers['x-request-id']
  for (const own of ['a', 'A-z_0.9', 'x'.repeat(128)]) {
    assert.equal(await ask(own), own)
    assert.equal(await ask(own, '/nowhere'), own)
    assert.equal(await ask(own, '/health/live'), own)
  }
  for (const bad of ['', ' ', 'a b', 'x'.repeat(129), 'é', 'a,b']) {
    const answered = await ask(bad)
    assert.match(String(answered), /^[0-9A-Za-z]{21}$/)
  }
})

test('pretty indents by two spaces, answers and errors alike', async () => {
  const get = (url: string) => api.inject({ method: 'GET', url, headers: { 'x-api-key': OWNER_KEY } })
  for (const flag of ['pretty', 'pretty=true', 'pretty=1']) {
    const { body, headers } = await get(`/v1/queues?${flag}`)
    assert.equal(headers['content-type'], 'application/json; charset=utf-8')
    assert.equal(body, JSON.stringify(JSON.parse(body), null, 2))
  }
  for (const flag of ['', 'pretty=false', 'pretty=0', 'other=1']) {
    assert.doesNotMatch((await get(`/v1/queues?${flag}`)).body, /\n/)
  }
  const missing = await get('/v1/queues/nothing?pretty')
  assert.equal(missing.body, JSON.stringify(missing.json(), null, 2))
})

test('a flag that is no boolean is a 400 that names it', async () => {
  for (const query of ['pretty=yes', 'pretty=TRUE', 'pretty=1&pretty=1', '_embed=2']) {
    const { status, body } = await api.call('GET', `/v1/queues?${query}`)
    assert.equal(status, 400, query)
    assert.equal(body.errors[0].path, query.split('=')[0])
  }
})

test('links are built from the request, and a Host that is none is a 400', async () => {
  const self = async (host: string) => {
    const response = await api.inject({ method: 'GET', url: '/queues', headers: { 'x-api-key': OWNER_KEY, host } })
    return response.statusCode === 200 ? response.json()._links.self.href : response.statusCode
  }
  assert.equal(await self('queue.example.com:8080'), 'http://queue.example.com:8080/v1/queues')
  assert.equal(await self('[::1]:3000'), 'http://[::1]:3000/v1/queues')
  for (const host of ['evil"host', 'a b', 'host/path', 'user@host', 'host:port', `${'x'.repeat(256)}`]) {
    assert.equal(await self(host), 400, host)
  }
})

test('links are built from the public URL where there is one', async () => {
  const published = await startApi({ publicUrl: 'https://api.example.com/queues-of/us/' })
  const { body } = await published.call('GET', '/queues')
  assert.equal(body._links.self.href, 'https://api.example.com/queues-of/us/v1/queues')
  await published.app.close()
})

test('liveness and readiness need no key and are not under a version', async () => {
  const get = (url: string) => api.inject({ method: 'GET', url })
  assert.equal((await get('/health/live')).statusCode, 200)
  assert.deepEqual((await get('/health/ready')).json(), { status: 'ready' })
  api.health.state = { ready: false, reason: 'stopping' }
  const response = await get('/health/ready')
  assert.equal(response.statusCode, 503)
  assert.deepEqual(response.json(), { status: 'not ready', reason: 'stopping' })
  assert.equal((await get('/health/live')).statusCode, 200)
  assert.equal((await get('/v1/health/live')).statusCode, 404)
})
