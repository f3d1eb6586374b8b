import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { OWNER_KEY, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
let names = 0

interface Entry {
  id: string
  name: string
  verdict: string
  reason?: string
  failed?: string
  request: { method: string; url: string; headers: Record<string, string> } | null
}

async function queueWith(...listeners: object[]) {
  const { id } = (await api.call('POST', '/v1/queues', { name: `tried-${++names}` })).body.queue
  const base = `/v1/queues/${id}`
  const made: { id: string; secret: string }[] = []
  for (const [place, what] of listeners.entries()) {
    const { status, body } = await api.call('POST', `${base}/listeners`, { name: `l${place}`, ...what })
    assert.equal(status, 200, JSON.stringify(body))
    made.push(body.listener)
  }
  const tried = async (message: object, key = OWNER_KEY) => {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' }
    const url = `${base}/messages?dry_run=true`
    const answer = await api.inject({ method: 'POST', url, headers, payload: JSON.stringify(message) })
    const { statusCode, payload } = answer
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
    return { status: statusCode, body: JSON.parse(payload) as { listeners: Entry[]; errors?: { path: string }[] } }
  }
  /** By name: ids of one millisecond have no order. */
  const verdicts = async (message: object) => {
    const { listeners } = (await tried(message)).body
    return listeners
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ verdict, reason = '', failed = '' }) => [verdict, reason, failed].join(' ').trim())
  }
  return { id, base, made, tried, verdicts }
}

const PUSHED = { notify_url: 'http://127.0.0.1:9/notify?x=1' }

test('a dry run tells who would get a message and who not, and why, and stores nothing', async () => {
  const { base, verdicts } = await queueWith(
    PUSHED,
    {},
    { ...PUSHED, status: 'disabled' },
    { ...PUSHED, filter: { name: ['orders.*'] } },
    { ...PUSHED, filter: { data: { total: { $gt: 5 } } } },
  )
  const message = { name: 'order', data: '{"total":5}' }
  assert.deepEqual(await verdicts(message), [
    ...['delivers', 'delivers', 'waits disabled'],
    ...['left_out filter /name', 'left_out filter /data/total/$gt'],
  ])
  assert.deepEqual((await verdicts({ ...message, name: 'orders.x', delay: 1_000 })).slice(0, 4), [
    ...['waits scheduled', 'waits scheduled', 'waits disabled', 'waits scheduled'],
  ])
  await api.call('PUT', base, { paused: true })
  assert.equal((await verdicts(message))[0], 'waits paused')
  assert.deepEqual((await api.call('GET', `${base}/messages`)).body._links.messages ?? [], [])
  assert.equal((await api.call('GET', `${base}/messages?_embed`)).body._embedded.messages.length, 0)
})

test('the request is the one that would be sent: its signature is right, and secret values are not in it', async () => {
  const { made, tried } = await queueWith({
    ...PUSHED,
    method: 'PUT',
    headers: { 'x-token': 'hush' },
    auth: { type: 'basic', username: 'u', password: 'hush' },
  })
  const message = { data: '{"a":"ä"}', headers: { 'x-order': '17', 'X-Token': 'mine' } }
  const { body } = await tried(message)
  const { method, url, headers } = body.listeners[0]!.request!
  assert.deepEqual([method, url], ['PUT', PUSHED.notify_url])
  assert.deepEqual([headers['x-order'], headers['x-token'], headers.authorization], ['17', '***', '***'])
  assert.deepEqual(
    [headers['content-type'], headers['discue-attempt'], headers['discue-listener']],
    ['application/json', '1', made[0]!.id],
  )
  assert.doesNotMatch(JSON.stringify(body), /hush/)
  const at = Number(headers['webhook-timestamp']) * 1_000
  const { now } = Date
  Date.now = () => at
  try {
    new Webhook(made[0]!.secret).verify(message.data, headers)
  } finally {
    Date.now = now
  }
})

test('a token is not fetched, and stands there as a secret value', async () => {
  const auth = { type: 'oauth2', token_url: 'http://127.0.0.1:9/token', client_id: 'c', client_secret: 'hush' }
  const { tried } = await queueWith({ ...PUSHED, auth })
  const { headers } = (await tried({ data: '1' })).body.listeners[0]!.request!
  assert.equal(headers.authorization, '***')
})

test('a message that does not fit the schema is refused for all, with what does not fit', async () => {
  const { base, tried } = await queueWith(PUSHED, {})
  await api.call('PUT', base, { schema: { n: { type: 'number' } } })
  const { status, body } = await tried({ data: '{"n":"x"}' })
  assert.equal(status, 200)
  assert.deepEqual(
    body.listeners.map(({ verdict, reason, request }) => [verdict, reason, request]),
    [
      ['refused', 'schema', null],
      ['refused', 'schema', null],
    ],
  )
  assert.equal(body.errors![0]!.path, '/data/n')
})

test('what a post is refused for is refused for a dry run as well', async () => {
  const { base, tried } = await queueWith(PUSHED)
  assert.equal((await tried({ data: '1', delay: 1, deliver_at: 1 })).status, 422)
  assert.equal((await tried({})).status, 422)
  const gone = base.slice(0, -1) + (base.endsWith('a') ? 'b' : 'a')
  assert.equal((await api.call('POST', `${gone}/messages?dry_run=true`, { data: '1' })).status, 404)
  assert.equal((await api.call('POST', `${base}/messages?dry_run=maybe`, { data: '1' })).status, 400)
})

test('a key needs to read listeners besides, and is told of those alone that it may see', async () => {
  const { id, made, tried } = await queueWith(PUSHED, PUSHED)
  const keyWith = async (...scopes: object[]) => {
    const { body } = await api.call('POST', '/v1/api_keys', { scopes })
    return body.api_key as string
  }
  const posts = { resource: 'messages', access: 'write', targets: [id] }
  assert.equal((await tried({ data: '1' }, await keyWith(posts))).status, 403)
  const one = await keyWith(posts, { resource: 'listeners', access: 'read', targets: [made[1]!.id] })
  const { status, body } = await tried({ data: '1' }, one)
  assert.deepEqual([status, body.listeners.map((listener) => listener.id)], [200, [made[1]!.id]])
})

test('of very many listeners all are told, and the first hundred requests', async () => {
  const { tried } = await queueWith(...Array.from({ length: 102 }, () => PUSHED))
  const { listeners } = (await tried({ data: '1' })).body
  assert.equal(listeners.length, 102)
  assert.equal(listeners.filter(({ request }) => request !== null).length, 100)
})

test('a dry run that is repeated with its Idempotency-Key is answered as it was, also once the listener is gone', async () => {
  const { base, made } = await queueWith(PUSHED)
  const headers = { 'x-api-key': OWNER_KEY, 'content-type': 'application/json', 'idempotency-key': `dry-${base}` }
  const ask = () =>
    api.inject({
      method: 'POST',
      url: `${base}/messages?dry_run=true`,
      headers,
      payload: JSON.stringify({ data: '1' }),
    })
  const first = await ask()
  const [listener] = made
  assert.ok(listener)
  await api.call('DELETE', `${base}/listeners/${listener.id}`)
  const again = await ask()
  assert.deepEqual([again.statusCode, again.headers['idempotency-replayed'], again.body], [200, 'true', first.body])
})
