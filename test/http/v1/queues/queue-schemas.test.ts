import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSchemaChecks } from '../../../../src/app/caches/schema-checks.ts'
import { schemaId } from '../../../../src/core/schema/schema-id.ts'
import { type Json, OTHER_OWNER_KEY, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()

const ORDER: Json = {
  customer: { type: 'string', pattern: '^c-\\d+$' },
  items: { type: 'array', items: { type: 'object', props: { price: { type: 'number', min: 0 } } } },
  note: { type: 'string', required: false },
}
const FITS = JSON.stringify({ customer: 'c-1', items: [{ price: 2 }] })

let names = 0

async function create(what: object = {}): Promise<Json> {
  const answer = await api.call('POST', '/v1/queues', { name: `queue-${++names}`, ...what })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body.queue
}

async function post(queue: { id: string }, data: unknown) {
  return api.call('POST', `/v1/queues/${queue.id}/messages`, { data })
}

async function messageCount(queue: { id: string }): Promise<number> {
  return (await api.call('GET', `/v1/queues/${queue.id}/messages`)).body.messages.length
}

test('a queue is created with a schema, shows it, and links to it', async () => {
  const { body } = await api.call('POST', '/v1/queues', { name: 'with-schema', schema: ORDER })
  assert.deepEqual(body.queue.schema, ORDER)
  const path = `/v1/queues/${body.queue.id}`
  const href = `http://localhost:80${path}/schemas/${schemaId(ORDER)}`
  assert.deepEqual(body._links, { self: { href: `http://localhost:80${path}` }, schema: { href } })
  assert.deepEqual((await api.call('GET', path)).body, body)
  assert.deepEqual((await api.call('GET', href)).body, { schema: ORDER, _links: { self: { href } } })
  const listed = (await api.call('GET', '/v1/queues?_embed')).body._embedded.queues
  assert.deepEqual(listed.at(-1), body.queue)
})

test('the schema is a link beside those of the listeners', async () => {
  const queue = await create({ schema: ORDER })
  await api.call('POST', `/v1/queues/${queue.id}/listeners`, { name: 'mail', notify_url: 'http://a' })
  const { body } = await api.call('GET', `/v1/queues/${queue.id}`)
  assert.deepEqual(Object.keys(body._links), ['self', 'schema', 'mail'])
})

test('PUT and PATCH set and replace a schema, leave it alone where it is not named, and null removes it', async () => {
  const queue = await create()
  const path = `/v1/queues/${queue.id}`
  const other = { total: { type: 'number' } }
  assert.equal('schema' in queue, false)
  const seen = async (method: string, body: object) => (await api.call(method, path, body)).body.queue.schema
  assert.deepEqual(await seen('PUT', { schema: ORDER }), ORDER)
  assert.deepEqual(await seen('PATCH', { name: 'renamed-with-schema' }), ORDER)
  assert.deepEqual(await seen('PATCH', { schema: other }), other)
  assert.equal((await api.call('GET', `${path}/schemas/${schemaId(ORDER)}`)).status, 404)
  assert.equal((await api.call('GET', `${path}/schemas/${schemaId(other as Json)}`)).status, 200)
  const removed = (await api.call('PUT', path, { schema: null })).body
  assert.deepEqual(['schema' in removed.queue, 'schema' in removed._links], [false, false])
  assert.equal((await api.call('GET', `${path}/schemas/${schemaId(other as Json)}`)).status, 404)
})

test('a queue that was read can be sent back, schema and all', async () => {
  const queue = await create({ schema: ORDER, paused: true })
  const answer = await api.call('PUT', `/v1/queues/${queue.id}`, queue)
  assert.deepEqual(answer, { status: 200, body: { queue, _links: answer.body._links } })
})

test('a schema that is none is a 422 that says where, and changes nothing', async () => {
  const queue = await create({ schema: ORDER })
  const bad = { 'a/b': { type: 'text' }, list: { type: 'array' }, text: { type: 'string', pattern: '(' } }
  for (const [method, path] of [
    ['POST', '/v1/queues'],
    ['PUT', `/v1/queues/${queue.id}`],
    ['PATCH', `/v1/queues/${queue.id}`],
  ] as const) {
    const { status, body } = await api.call(method, path, { name: 'never', paused: true, schema: bad })
    assert.equal(status, 422)
    const paths = body.errors.map((fault: Json) => fault.path)
    assert.deepEqual(paths, ['/schema/a~1b/type', '/schema/list/items', '/schema/text/pattern'])
  }
  for (const schema of ['', 1, true, [], {}]) {
    const { status, body } = await api.call('PUT', `/v1/queues/${queue.id}`, { schema })
    assert.deepEqual([status, body.errors[0].path], [422, '/schema'], JSON.stringify(schema))
  }
  const now = (await api.call('GET', `/v1/queues/${queue.id}`)).body.queue
  assert.deepEqual(now, queue)
})

test('a message that fits is taken', async () => {
  const queue = await create({ schema: ORDER })
  assert.equal((await post(queue, FITS)).status, 200)
  assert.equal(await messageCount(queue), 1)
})

test('a message that does not fit is a 422 with the path of every fault, and is not stored', async () => {
  const queue = await create({ schema: ORDER })
  const misfit = { customer: 'x', items: [{ price: -1 }, { price: 1, extra: 1 }], unknown: 1 }
  const { status, body } = await post(queue, JSON.stringify(misfit))
  assert.equal(status, 422)
  assert.equal(body.detail, "the message does not fit its queue's schema")
  assert.deepEqual(
    body.errors.map((fault: Json) => fault.path),
    ['/data/customer', '/data/items/0/price', '/data/items/1/extra', '/data/unknown'],
  )
  for (const data of ['', 'text', '[]', '"{}"', 'null', '{', '{}']) {
    const answer = await post(queue, data)
    assert.equal(answer.status, 422, data)
    assert.match(answer.body.errors[0].path, /^\/data/)
  }
  assert.equal(await messageCount(queue), 0)
})

test('data that is raw JSON instead of a string is a 422, with and without a schema', async () => {
  for (const queue of [await create({ schema: ORDER }), await create()]) {
    const { status, body } = await post(queue, JSON.parse(FITS))
    assert.deepEqual([status, body.errors], [422, [{ path: '/data', message: 'must be a string' }]])
  }
})

test('a new schema counts from the next message on, and without one any data will do', async () => {
  const queue = await create()
  const path = `/v1/queues/${queue.id}`
  assert.equal((await post(queue, 'anything')).status, 200)
  await api.call('PUT', path, { schema: ORDER })
  assert.equal((await post(queue, 'anything')).status, 422)
  await api.call('PUT', path, { schema: { total: { type: 'number' } } })
  assert.equal((await post(queue, FITS)).status, 422)
  assert.equal((await post(queue, '{"total":1}')).status, 200)
  await api.call('PUT', path, { schema: null })
  assert.equal((await post(queue, 'anything')).status, 200)
})

test('a message that was read against an older schema is checked against the newer one', async () => {
  const queue = await create()
  assert.equal((await post(queue, 'anything')).status, 200)
  const { first: organizationId } = api.organizations
  const schema = { id: schemaId(ORDER), rules: ORDER }
  // Past the directory, as another node would do it.
  await api.store.queues.update({ organizationId, id: queue.id, changes: { schema }, now: api.clock.now })
  assert.equal((await post(queue, 'anything')).status, 422)
  assert.equal(await messageCount(queue), 1)
})

test('a schema is found by its own id in its own queue and organization alone, with the scope for schemas', async () => {
  const [queue, plain] = [await create({ schema: ORDER }), await create()]
  const id = schemaId(ORDER)
  const status = async (queueId: string, schema: string, key?: string) =>
    (await api.call('GET', `/v1/queues/${queueId}/schemas/${schema}`, undefined, key)).status
  assert.equal(await status(queue.id, id), 200)
  for (const unknown of ['0'.repeat(64), id.toUpperCase(), 'schema', '%00']) {
    assert.equal(await status(queue.id, unknown), 404, unknown)
  }
  assert.equal(await status(plain.id, id), 404)
  assert.equal(await status('0'.repeat(21), id), 404)
  assert.equal(await status(queue.id, id, OTHER_OWNER_KEY), 404)
  const keyWith = async (resource: string, targets: unknown) =>
    (await api.call('POST', '/v1/api_keys', { scopes: [{ resource, access: 'read', targets }] })).body.api_key
  assert.equal(await status(queue.id, id, await keyWith('schemas', '*')), 200)
  assert.equal(await status(queue.id, id, await keyWith('schemas', [queue.id])), 200)
  assert.equal(await status(queue.id, id, await keyWith('schemas', [plain.id])), 403)
  assert.equal(await status(queue.id, id, await keyWith('queues', '*')), 403)
})

test('a schema with the names that objects have of their own is a schema like any other', async () => {
  const schema = JSON.parse('{"__proto__":{"type":"number"},"constructor":{"type":"string"}}')
  const queue = await create({ schema })
  assert.deepEqual(queue.schema, schema)
  assert.equal((await post(queue, '{"__proto__":1,"constructor":"x"}')).status, 200)
  assert.equal((await post(queue, '{"constructor":"x"}')).status, 422)
})

test('schemas beyond those that are kept ready check messages all the same', () => {
  const checks = createSchemaChecks()
  const schemas = Array.from({ length: 300 }, (_, i) => {
    const rules = { [`p${i}`]: { type: 'number' as const } }
    return { i, schema: { id: schemaId(rules), rules } }
  })
  for (const { i, schema } of [...schemas, ...schemas]) {
    checks.expectFit({ schema, organizationId: 'one' }, { data: `{"p${i}":1}`, mediaType: null })
    assert.throws(
      () => checks.expectFit({ schema, organizationId: 'one' }, { data: `{"p${i}":"1"}`, mediaType: null }),
      { code: 'invalid' },
    )
  }
})
