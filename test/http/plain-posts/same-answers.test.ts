import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../../src/core/problem.ts'
import { StoreUnavailable } from '../../../src/store/store.ts'
import {
  type ApiOptions,
  type Json,
  OTHER_OWNER_KEY,
  OWNER_KEY,
  startApi,
  type TestApi,
} from '../../support/server/api.ts'
import { Client, listen, post, type WireAnswer } from '../../support/server/wire.ts'

/** Makes a post the route's, which then takes it like any other. */
const GENERAL = 'Content-Encoding: identity'

/** What differs from request to request, made the same. */
function comparable({ statusLine, headers, body }: WireAnswer) {
  const { 'x-request-id': id, date, 'x-ratelimit-remaining': _, ...others } = headers
  assert.match(id!, /^[0-9A-Za-z]{21}$/)
  assert.ok(Number.isFinite(Date.parse(date!)))
  const made = /"message":\{"id":"([0-9A-Za-z]{21})"/.exec(body)?.[1] ?? 'ID'
  return { statusLine, headers: others, body: body.replaceAll(made, 'ID') }
}

interface Place {
  api: TestApi
  port: number
  queueId: string
}

async function given(options: ApiOptions = {}): Promise<Place & AsyncDisposable> {
  const api = await startApi(options)
  const created = await api.call('POST', '/v1/queues', { name: 'q' })
  const port = await listen(api.app)
  const dispose = () => api.app.close()
  return { api, port, queueId: created.body.queue.id, [Symbol.asyncDispose]: dispose }
}

/** What is counted of posts, by class of status. */
async function countOf({ api }: Place): Promise<Record<string, number>> {
  const text = (await api.inject({ method: 'GET', url: '/metrics' })).body
  const lines = text.matchAll(/discue_http_requests_total\{method="POST",route="[^"]*messages",status="(...)"\} (\d+)/g)
  return Object.fromEntries([...lines].map(([, status, count]) => [status, Number(count)]))
}

/** Sends a post on either way, over a connection of its own; both must say the same. */
async function onBothRoutes(it: Place, request: Parameters<typeof post>[1], queueId = it.queueId): Promise<WireAnswer> {
  const answers: WireAnswer[] = []
  for (const fields of [[], [GENERAL]]) {
    const client = new Client(it.port)
    client.send(post(queueId, { ...request, fields: [...(request.fields ?? []), ...fields] }))
    answers.push((await client.answer())!)
    client.socket.destroy()
  }
  assert.deepEqual(comparable(answers[0]!), comparable(answers[1]!))
  return answers[0]!
}

async function statusOf(answer: Promise<WireAnswer>): Promise<number> {
  return Number((await answer).statusLine.split(' ')[1])
}

let keys = 0

async function keyWith(api: TestApi, body: Json): Promise<{ id: string; key: string }> {
  const made = await api.call('POST', '/v1/api_keys', { name: `key-${++keys}`, ...body })
  assert.equal(made.status, 200, JSON.stringify(made.body))
  return {
    id: made.body.id ?? made.body.api_key_id ?? made.body._links?.self.href.split('/').at(-1),
    key: made.body.api_key,
  }
}

test('a message is accepted the same on both ways, and stored as sent', async () => {
  await using it = await given()
  for (const body of [{ data: 'x' }, { data: '{"ü":"🙂"}', name: 'a/b', key: 'k' }]) {
    const { statusLine, body: text } = await onBothRoutes(it, { key: OWNER_KEY, body })
    assert.equal(statusLine, 'HTTP/1.1 200 OK')
    const { message, _links } = JSON.parse(text)
    assert.equal(_links.self.href, `http://localhost:3000/v1/queues/${it.queueId}/messages/${message.id}`)
    const stored = (await it.api.call('GET', `/v1/queues/${it.queueId}/messages/${message.id}`)).body.message
    assert.deepEqual([stored.data, stored.name, stored.key], [body.data, body.name ?? message.id, body.key])
  }
  await onBothRoutes(it, { key: OWNER_KEY, body: { data: 'x' }, path: `/queues/${it.queueId}/messages` })
  assert.deepEqual(await countOf(it), { '2xx': 6 })
  assert.equal(it.api.used.length, 1, 'a use of a key is noted once a minute, whichever way')
})

test('the caller names its request, and a public URL stands in links', async () => {
  await using it = await given({ publicUrl: 'https://discue.example/api/' })
  const client = new Client(it.port)
  client.send(post(it.queueId, { key: OWNER_KEY, body: { data: 'x' }, fields: ['x-request-id: mine'] }))
  const { headers, body } = (await client.answer())!
  assert.equal(headers['x-request-id'], 'mine')
  assert.match(JSON.parse(body)._links.self.href, /^https:\/\/discue\.example\/api\/v1\/queues\//)
  client.socket.destroy()
})

test('keys, scopes, hosts and queues are refused the same on both ways', async () => {
  await using it = await given()
  const { api, queueId } = it
  const body = { data: 'x' }
  assert.equal(await statusOf(onBothRoutes(it, { key: 'nobody', body })), 401)
  assert.equal(await statusOf(onBothRoutes(it, { key: OTHER_OWNER_KEY, body })), 404, "another organization's queue")
  assert.equal(await statusOf(onBothRoutes(it, { key: OWNER_KEY, body }, '0'.repeat(21))), 404)
  assert.equal(await statusOf(onBothRoutes(it, { key: OWNER_KEY, body }, 'short')), 404)
  const reader = await keyWith(api, { scopes: [{ resource: 'messages', access: 'read', targets: ['*'] }] })
  assert.equal(await statusOf(onBothRoutes(it, { key: reader.key, body })), 403)
  const elsewhere = await keyWith(api, {
    scopes: [{ resource: 'messages', access: 'write', targets: ['0'.repeat(21)] }],
  })
  assert.equal(await statusOf(onBothRoutes(it, { key: elsewhere.key, body })), 403)
  const here = await keyWith(api, { scopes: [{ resource: 'messages', access: 'write', targets: [queueId] }] })
  assert.equal(await statusOf(onBothRoutes(it, { key: here.key, body })), 200)
  const client = new Client(it.port)
  client.send(post(queueId, { key: OWNER_KEY, body }).replace('localhost:3000', 'a"b'))
  assert.match((await client.answer())!.statusLine, / 400 /)
  client.socket.destroy()
  await api.call('DELETE', `/v1/queues/${queueId}`)
  assert.ok([404, 423].includes(await statusOf(onBothRoutes(it, { key: OWNER_KEY, body }))))
})

test('a schema refuses the same on both ways', async () => {
  await using it = await given()
  const changed = await it.api.call('PUT', `/v1/queues/${it.queueId}`, { schema: { a: { type: 'number' } } })
  assert.equal(changed.status, 200, JSON.stringify(changed.body))
  assert.equal(await statusOf(onBothRoutes(it, { key: OWNER_KEY, body: { data: '{"a":"x"}' } })), 422)
  assert.equal(await statusOf(onBothRoutes(it, { key: OWNER_KEY, body: { data: '{"a":1}' } })), 200)
})

test('one limit of requests counts both ways', async () => {
  await using it = await given({ rateLimit: 3 })
  const body = { data: 'x' }
  // Making the queue was one.
  const first = await onBothRoutes(it, { key: OWNER_KEY, body })
  assert.equal(first.headers['x-ratelimit-remaining'], '1')
  const refused = await onBothRoutes(it, { key: OWNER_KEY, body })
  assert.match(refused.statusLine, / 429 Too Many Requests$/)
  assert.deepEqual([refused.headers['x-ratelimit-remaining'], refused.headers['retry-after']], ['0', '60'])
})

test('one lock-out counts both ways', async () => {
  await using it = await given()
  for (let i = 0; i < 5; i++)
    assert.equal(await statusOf(onBothRoutes(it, { key: 'nobody', body: { data: 'x' } })), 401)
  const { statusLine, headers } = await onBothRoutes(it, { key: OWNER_KEY, body: { data: 'x' } })
  assert.match(statusLine, / 403 Forbidden$/)
  assert.equal(headers['retry-after'], '60')
})

for (const [what, error, status, level] of [
  ['a server that is stopping', new Problem('stopping'), 503, undefined],
  ['a store that is away', new StoreUnavailable('no disk'), 503, 'warn'],
  ['a fault of ours', new Error('secret words'), 500, 'error'],
] as const) {
  test(`${what} answers the same on both ways, and is logged the same`, async () => {
    const accept = async () => {
      throw error
    }
    await using it = await given({ wrap: ({ acceptor }) => ({ acceptor: { ...acceptor, accept } }) })
    const answer = await onBothRoutes(it, { key: OWNER_KEY, body: { data: 'x' } })
    assert.match(answer.statusLine, new RegExp(` ${status} `))
    assert.doesNotMatch(answer.body, /secret words/)
    const logged = it.api.log.filter((line) => line.level === level)
    assert.equal(logged.length, level === undefined ? 0 : 2)
    const bare = logged.map(({ message, fields: { requestId: _, ...fields } }) => ({ message, fields }))
    assert.deepEqual(bare[0], bare[1])
    assert.deepEqual(await countOf(it), { '5xx': 2 })
  })
}
