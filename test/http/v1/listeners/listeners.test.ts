import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { urlFault } from '../../../../src/core/delivery/listener.ts'
import { UNKNOWN_LIVENESS } from '../../../../src/core/delivery/liveness.ts'
import { type ApiOptions, type Json, sharedApi, startApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'listened' })).body.queue
const base = `/v1/queues/${queue.id}/listeners`
const notify_url = 'https://example.com/notify?a=1'
const OWN_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

async function create(name: string, more: Json = {}): Promise<Json> {
  const answer = await api.call('POST', base, { name, notify_url, ...more })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.listener
}

async function read(id: string): Promise<Json> {
  return (await api.call('GET', `${base}/${id}`)).body.listener
}

test('creating a listener shows its secret, and nothing after that does', async () => {
  const { body } = await api.call('POST', base, { name: 'mail', notify_url })
  const { id, secret } = body.listener
  assert.deepEqual(body, {
    listener: { id, name: 'mail', secret },
    _links: { self: { href: `http://localhost:80${base}/${id}` } },
  })
  assert.match(secret, /^whsec_/)
  for (const path of [`${base}/${id}`, `${base}?_embed`, '/v1/listeners?_embed', `/v1/queues/${queue.id}`]) {
    assert.ok(!JSON.stringify((await api.call('GET', path)).body).includes('secret'), path)
  }
  assert.equal('secret' in (await api.call('PUT', `${base}/${id}`, { name: 'mail' })).body.listener, false)
})

test('a listener starts with defaults, empty figures and a liveness that nobody knows', async () => {
  const { id } = await create('defaults')
  assert.deepEqual(await read(id), {
    id,
    name: 'defaults',
    liveness: {
      state: 'unknown',
      success_count: 0,
      last_success_at: null,
      failure_count: 0,
      last_failure_status: null,
      last_failure_at: null,
      last_failure_msg: null,
    },
    messages: {
      ...{ acknowledged_count: 0, last_success_at: null, last_failure_at: null, missed: [], missed_count: 0 },
      pending_count: 0,
    },
    notify_url,
    liveness_url: null,
    retry: { max_attempts: 16, initial_delay: 1000, max_delay: 28_800_000, multiplier: 4 },
    timeout: 15_000,
    max_concurrency: 64,
    status: 'enabled',
    rate_limit: null,
    ordering: 'none',
    on_missed: 'continue',
    method: 'POST',
    circuit_breaker: true,
    signature: 'v1',
    headers: {},
    auth: null,
    tls: null,
    filter: null,
  })
})

test('liveness shows what is stored with what the engine knows beside it, alone and in listings', async (t) => {
  const now = {
    ...UNKNOWN_LIVENESS,
    state: 'down',
    stateAt: 9_000,
    failureCount: 2,
    lastFailureAt: 9_000,
    lastFailureMsg: 'dns',
  } as const
  const wrap: ApiOptions['wrap'] = () => ({ recentLiveness: { newsOf: () => now } })
  const own = await startApi({ wrap })
  t.after(() => own.app.close())
  const path = `/v1/queues/${(await own.call('POST', '/v1/queues', { name: 'q' })).body.queue.id}/listeners`
  const { id } = (await own.call('POST', path, { name: 'l', notify_url })).body.listener
  const before = {
    ...UNKNOWN_LIVENESS,
    state: 'stable',
    stateAt: 7_000,
    successCount: 3,
    lastSuccessAt: 7_000,
    failureCount: 1,
  } as const
  await own.store.liveness.note([{ listenerId: id, news: before }])
  const expected = {
    state: 'down',
    success_count: 3,
    last_success_at: 7_000,
    failure_count: 3,
    last_failure_status: null,
    last_failure_at: 9_000,
    last_failure_msg: 'dns',
  }
  assert.deepEqual((await own.call('GET', `${path}/${id}`)).body.listener.liveness, expected)
  assert.deepEqual((await own.call('GET', `${path}?_embed`)).body._embedded.listeners[0].liveness, expected)
  assert.deepEqual((await own.call('PUT', `${path}/${id}`, { name: 'm' })).body.listener.liveness, expected)
})

test('settings that are named count, those that are left out keep what they were', async () => {
  const { id } = await create('settings', { retry: { max_attempts: 3 }, timeout: 100, max_concurrency: 1000 })
  const created = await read(id)
  assert.deepEqual(created.retry, { max_attempts: 3, initial_delay: 1000, max_delay: 28_800_000, multiplier: 4 })
  assert.deepEqual([created.timeout, created.max_concurrency], [100, 1000])
  const change = { retry: { multiplier: 1.5, initial_delay: 10 }, timeout: 300_000 }
  const { body } = await api.call('PATCH', `${base}/${id}`, change)
  assert.deepEqual(body.listener.retry, { max_attempts: 3, initial_delay: 10, max_delay: 28_800_000, multiplier: 1.5 })
  assert.deepEqual([body.listener.timeout, body.listener.max_concurrency], [300_000, 1000])
  assert.deepEqual(body.listener, await read(id))
})

test('settings outside of their limits are told with the limit', async () => {
  const fault = async (more: Json) => {
    const { status, body } = await api.call('POST', base, { name: 'limits', notify_url, ...more })
    assert.equal(status, 422, JSON.stringify(more))
    return `${body.errors[0].path} ${body.errors[0].message}`
  }
  assert.equal(await fault({ retry: { max_attempts: 0 } }), '/retry/max_attempts must be at least 1')
  assert.equal(await fault({ retry: { max_attempts: 101 } }), '/retry/max_attempts must be at most 100')
  assert.equal(await fault({ retry: { initial_delay: 9 } }), '/retry/initial_delay must be at least 10')
  assert.equal(await fault({ retry: { max_delay: 604_800_001 } }), '/retry/max_delay must be at most 604800000')
  assert.equal(await fault({ retry: { max_attempts: 1.5 } }), '/retry/max_attempts must be a whole number')
  assert.equal(await fault({ retry: null }), '/retry must be a JSON object')
  assert.match(await fault({ retry: { tries: 1 } }), /^\/retry\/tries is not known here; allowed are: max_attempts/)
  assert.equal(await fault({ timeout: 99 }), '/timeout must be at least 100')
  assert.equal(await fault({ timeout: 300_001 }), '/timeout must be at most 300000')
  assert.equal(await fault({ max_concurrency: 0 }), '/max_concurrency must be at least 1')
  assert.equal(await fault({ max_concurrency: '64' }), '/max_concurrency must be a whole number')
})

test('a name is required', async () => {
  const { status, body } = await api.call('POST', base, {})
  assert.equal(status, 422)
  assert.deepEqual(body.errors, [{ path: '/name', message: 'is required' }])
})

test('how a listener wants to be served is set, changed in parts, and taken back', async () => {
  const asked = {
    status: 'disabled',
    rate_limit: { requests: 10, per: 1_000 },
    ordering: 'key',
    on_missed: 'block',
    method: 'PUT',
    circuit_breaker: false,
    headers: { 'X-Tenant': 'shop', authorization: 'Bearer x' },
  }
  const { id } = await create('served', asked)
  const shown = async () => {
    const { status, rate_limit, ordering, on_missed, method, circuit_breaker, headers } = await read(id)
    return { status, rate_limit, ordering, on_missed, method, circuit_breaker, headers }
  }
  assert.deepEqual(await shown(), { ...asked, headers: { 'X-Tenant': '***', authorization: '***' } })
  await api.call('PUT', `${base}/${id}`, { status: 'enabled', headers: { 'x-other': '1' } })
  assert.deepEqual(await shown(), { ...asked, status: 'enabled', headers: { 'x-other': '***' } })
  await api.call('PUT', `${base}/${id}`, { rate_limit: null, ordering: 'none', headers: {} })
  assert.deepEqual(await shown(), { ...asked, status: 'enabled', rate_limit: null, ordering: 'none', headers: {} })
})

test('what cannot be a way to be served is told with the place and the reason', async () => {
  const refused: [Json, string, RegExp][] = [
    [{ status: 'off' }, '/status', /one of: enabled, disabled/],
    [{ ordering: 'fifo' }, '/ordering', /one of: none, queue, key/],
    [{ on_missed: 'stop' }, '/on_missed', /one of: continue, block/],
    [{ method: 'HEAD' }, '/method', /one of: POST, PUT, PATCH, DELETE, GET/],
    [{ method: 'post' }, '/method', /one of: POST, PUT, PATCH, DELETE, GET/],
    [{ circuit_breaker: 'off' }, '/circuit_breaker', /true or false|a boolean/],
    [{ rate_limit: { requests: 1 } }, '/rate_limit/per', /is required/],
    [{ rate_limit: { requests: 0, per: 1_000 } }, '/rate_limit/requests', /at least 1/],
    [{ rate_limit: { requests: 1, per: 99 } }, '/rate_limit/per', /at least 100/],
    [{ rate_limit: 5 }, '/rate_limit', /a JSON object or null/],
    [{ headers: { 'Content-Length': '5' } }, '/headers/Content-Length', /sent by the server/],
    [{ headers: { 'x-a': 'b\r\nhost: c' } }, '/headers/x-a', /line breaks/],
    [{ headers: { 'x-a': 5 } }, '/headers/x-a', /a string/],
    [{ headers: null }, '/headers', /a JSON object/],
  ]
  const { id } = await create('refused')
  for (const [what, path, message] of refused) {
    for (const [method, url, body] of [
      ['POST', base, { name: 'refuse', notify_url, ...what }],
      ['PUT', `${base}/${id}`, what],
    ] as const) {
      const answer = await api.call(method, url, body)
      assert.equal(answer.status, 422, JSON.stringify(what))
      assert.equal(answer.body.errors[0].path, path)
      assert.match(answer.body.errors[0].message, message)
    }
  }
})

test('without a notify_url a listener pulls, and has no liveness to be asked for', async () => {
  const answer = await api.call('POST', base, { name: 'puller' })
  assert.equal(answer.status, 200)
  const { id } = answer.body.listener
  assert.equal((await read(id)).notify_url, null)
  const put = (body: Json) => api.call('PUT', `${base}/${id}`, body)
  const refused = await put({ liveness_url: notify_url })
  assert.equal(refused.status, 422)
  assert.equal(refused.body.errors[0].path, '/liveness_url')
  assert.equal((await put({ liveness_url: notify_url, notify_url })).status, 200)
  assert.equal((await put({ notify_url: null })).status, 422)
  assert.equal((await put({ notify_url: null, liveness_url: null })).body.listener.notify_url, null)
})

test('a listener takes exactly the URLs that can be targets', async () => {
  const { id } = await create('urls')
  const url = fc.oneof(
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.string(),
    fc
      .tuple(fc.constantFrom('http://', 'https://', 'ftp://', '//', 'HTTP://'), fc.string())
      .map((parts) => parts.join('')),
    fc.constantFrom(
      'http://u:p@a',
      'http://a b',
      'http://a/\n',
      'javascript:1',
      `http://a/${'x'.repeat(2040)}`,
      'http://',
    ),
  )
  await fc.assert(
    fc.asyncProperty(url, fc.constantFrom('notify_url', 'liveness_url'), async (text, property) => {
      const { status, body } = await api.call('PUT', `${base}/${id}`, { [property]: text })
      const fault = urlFault(text)
      assert.equal(status, fault === null ? 200 : 422)
      if (fault === null) assert.equal(body.listener[property], text)
      else assert.deepEqual(body.errors, [{ path: `/${property}`, message: fault }])
    }),
    { numRuns: 200 },
  )
})

test('liveness_url can be left out, set, and removed by null', async () => {
  const { id } = await create('liveness', { liveness_url: 'http://example.com/alive' })
  assert.equal((await read(id)).liveness_url, 'http://example.com/alive')
  assert.equal(
    (await api.call('PUT', `${base}/${id}`, { name: 'liveness' })).body.listener.liveness_url,
    'http://example.com/alive',
  )
  assert.equal((await api.call('PUT', `${base}/${id}`, { liveness_url: null })).body.listener.liveness_url, null)
})

test('a secret can be brought, changed and rotated, and is shown in just that answer', async () => {
  const { id, secret } = await create('secret', { secret: OWN_SECRET })
  assert.equal(secret, OWN_SECRET)
  const put = async (body: Json) => (await api.call('PUT', `${base}/${id}`, body)).body.listener.secret
  const rotated = await put({ secret: 'rotate' })
  assert.match(rotated, /^whsec_/)
  assert.notEqual(rotated, OWN_SECRET)
  assert.equal((await api.store.listeners.find(id))?.secret, rotated)
  assert.equal(await put({ secret: OWN_SECRET }), OWN_SECRET)
  assert.equal(await put({ name: 'secret' }), undefined)
  assert.equal((await api.store.listeners.find(id))?.secret, OWN_SECRET)
})

test('a secret that is none is refused, and rotate makes sense only for one that is there', async () => {
  for (const secret of ['', 'whsec_', 'whsec_short', OWN_SECRET.slice(6), 5, null]) {
    assert.equal((await api.call('POST', base, { name: 'bad-secret', notify_url, secret })).status, 422, String(secret))
  }
  assert.equal((await api.call('POST', base, { name: 'bad-secret', notify_url, secret: 'rotate' })).status, 422)
  const { id } = await create('bad-rotation')
  const { body } = await api.call('PUT', `${base}/${id}`, { secret: 'rotated' })
  assert.match(body.errors[0].message, /whsec_.*or "rotate"/)
})

test('what was read can be changed and sent back', async () => {
  const { id } = await create('round-trip', { liveness_url: 'http://example.com' })
  const full = await read(id)
  const { status, body } = await api.call('PUT', `${base}/${id}`, { ...full, timeout: 200 })
  assert.equal(status, 200, JSON.stringify(body))
  assert.deepEqual(body.listener, { ...full, timeout: 200 })
})

test('names are unique in a queue, not between queues', async () => {
  await create('same')
  const other = (await api.call('POST', '/v1/queues', { name: 'another' })).body.queue
  assert.equal((await api.call('POST', base, { name: 'same', notify_url })).body.detail, 'name is taken')
  assert.equal((await api.call('POST', `/v1/queues/${other.id}/listeners`, { name: 'same', notify_url })).status, 200)
  const { id } = await create('not-same')
  assert.equal((await api.call('PUT', `${base}/${id}`, { name: 'same' })).status, 422)
})

test('a listener is found only in its own queue', async () => {
  const other = (await api.call('POST', '/v1/queues', { name: 'wrong' })).body.queue
  const { id } = await create('right')
  for (const [method, body] of [['GET'], ['PUT', {}], ['DELETE']] as const) {
    assert.equal((await api.call(method, `/v1/queues/${other.id}/listeners/${id}`, body)).status, 404)
  }
  assert.equal((await read(id)).name, 'right')
})

test('the listing of all queues links by name, and by id where a name occurs twice', async () => {
  const fresh = (await api.call('POST', '/v1/queues', { name: 'twins' })).body.queue
  const one = await create('twin')
  const path = `/v1/queues/${fresh.id}/listeners`
  const two = (await api.call('POST', path, { name: 'twin', notify_url })).body.listener
  const { body } = await api.call('GET', '/v1/listeners')
  assert.equal('twin' in body._links, false)
  assert.equal(body._links[one.id].href, `http://localhost:80${base}/${one.id}`)
  assert.equal(body._links[two.id].href, `http://localhost:80${path}/${two.id}`)
  assert.equal((await api.call('GET', path)).body._links.twin.href, `http://localhost:80${path}/${two.id}`)
})

test('the lanes are told of every change, and new messages know the new listener at once', async () => {
  const own = (await api.call('POST', '/v1/queues', { name: 'carried' })).body.queue
  const path = `/v1/queues/${own.id}`
  const post = async () => {
    const { id } = (await api.call('POST', `${path}/messages`, { data: 'x' })).body.message
    return (await api.call('GET', `${path}/messages/${id}`)).body.message.deliveries.length
  }
  assert.equal(await post(), 0)
  const told = api.carried.length
  const { id } = (await api.call('POST', `${path}/listeners`, { name: 'l', notify_url })).body.listener
  assert.equal(await post(), 1)
  await api.call('PUT', `${path}/listeners/${id}`, { timeout: 500 })
  assert.equal(api.deps.directory.peek(api.organizations.first, own.id), undefined)
  await api.call('DELETE', `${path}/listeners/${id}`)
  assert.equal(await post(), 0)
  assert.deepEqual(api.carried.slice(told), [{ changed: id }, 'redelivery', { gone: id }, 'removal'])
  assert.equal((await api.call('GET', `${path}/listeners/${id}`)).status, 404)
})
