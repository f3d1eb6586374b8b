import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isId } from '../../../../src/core/id.ts'
import { type Json, sharedApi, startApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'many' })).body.queue
const path = `/v1/queues/${queue.id}/messages`
const batch = (messages: unknown, at = path) => api.call('POST', `${at}/batch`, { messages })

async function stored(): Promise<Json[]> {
  return (await api.call('GET', `${path}?_embed`)).body._embedded.messages
}

test('many messages are stored at once and answered in their order', async () => {
  const { status, body } = await batch([{ data: 'a', name: 'twice' }, { data: 'b' }, { data: 'c', name: 'twice' }])
  assert.equal(status, 200)
  assert.deepEqual(
    body.messages.map(({ name }: Json) => name),
    ['twice', body.messages[1].id, 'twice'],
  )
  assert.ok(body.messages.every(({ id }: Json) => isId(id)))
  assert.deepEqual(body._links, { self: { href: `http://localhost:80${path}` } })
  const byId = new Map((await stored()).map((message) => [message.id, message.data]))
  assert.deepEqual(
    body.messages.map(({ id }: Json) => byId.get(id)),
    ['a', 'b', 'c'],
  )
})

test('a thousand fit, and no more; none is too few', async () => {
  const of = (count: number) => Array.from({ length: count }, (_, i) => ({ data: `${i}` }))
  const { status, body } = await batch(of(1_000))
  assert.deepEqual([status, body.messages.length], [200, 1_000])
  for (const count of [0, 1_001]) {
    const refused = await batch(of(count))
    assert.deepEqual([refused.status, refused.body.errors[0].path], [422, '/messages'])
  }
})

test('one message that is wrong keeps all from being stored, and the fault says which', async () => {
  const before = (await stored()).map(({ id }) => id)
  const good = { data: 'x' }
  const wrong: [unknown, string][] = [
    [{ data: 1 }, '/messages/3/data'],
    [{}, '/messages/3/data'],
    [{ data: 'x', name: ' ' }, '/messages/3/name'],
    [{ data: 'x', datum: 1 }, '/messages/3/datum'],
    [{ data: '\ud800' }, '/messages/3/data'],
    [null, '/messages/3'],
  ]
  for (const [message, fault] of wrong) {
    const { status, body } = await batch([good, good, good, message, good])
    assert.deepEqual([status, body.errors?.[0]?.path], [422, fault])
  }
  for (const body of [undefined, {}, { messages: {} }, []]) {
    const { status } = await api.call('POST', `${path}/batch`, body)
    assert.ok(status === 422 || status === 400, JSON.stringify(body))
  }
  assert.deepEqual(
    (await stored()).map(({ id }) => id),
    before,
  )
})

test('each data has room for 256 KiB, all of them together for 16 MiB', async () => {
  const limit = 256 * 1024
  const full = { data: 'x'.repeat(limit) }
  assert.equal((await batch(Array(60).fill(full))).status, 200)
  const { status, body } = await batch([full, { data: `${full.data}x` }, full, { data: 'é'.repeat(limit / 2 + 1) }])
  assert.equal(status, 413)
  const message = 'must be at most 262144 bytes of UTF-8'
  assert.deepEqual(body.errors, [
    { path: '/messages/1/data', message },
    { path: '/messages/3/data', message },
  ])
  const tooMuch = await batch(Array(64).fill(full))
  assert.deepEqual([tooMuch.status, tooMuch.body.title], [413, 'Content Too Large'])
})

test('elsewhere 1 MiB is the limit still', async () => {
  const { status } = await api.call('POST', '/v1/queues', { name: 'x'.repeat(1024 * 1024) })
  assert.equal(status, 413)
})

test('a queue that is not there is a 404, before the body is judged', async () => {
  assert.equal((await batch([{ data: 1 }], `/v1/queues/${'0'.repeat(21)}/messages`)).status, 404)
})

test('messages that do not fit the schema of their queue keep all from being stored, and the fault says which', async () => {
  const schema = { a: { type: 'number' } }
  const { id } = (await api.call('POST', '/v1/queues', { name: 'with-schema', schema })).body.queue
  const at = `/v1/queues/${id}/messages`
  const fits = { data: '{"a":1}' }
  const { status, body } = await batch([fits, fits, fits, { data: '{"a":"1"}' }], at)
  assert.deepEqual([status, body.errors[0].path], [422, '/messages/3/data/a'])
  assert.equal((await batch([fits, { data: '[]' }], at)).body.errors[0].path, '/messages/1/data')
  assert.equal((await api.call('GET', at)).body.messages.length, 0)
  assert.equal((await batch([fits, fits], at)).status, 200)
})

test('what the patterns of a schema cost with a batch is bounded, as it is with a message', async () => {
  const schema = { a: { type: 'string', pattern: '(a{0,10}){50}$' } }
  const { id } = (await api.call('POST', '/v1/queues', { name: 'with-pattern', schema })).body.queue
  const at = `/v1/queues/${id}/messages`
  const costly = { data: JSON.stringify({ a: 'a'.repeat(2_000) }) }
  assert.equal((await api.call('POST', at, costly)).status, 200)
  assert.equal((await batch([costly, costly], at)).status, 200)
  const { status, body } = await batch(Array(1_000).fill(costly), at)
  assert.equal(status, 422)
  assert.match(body.errors[0].path, /^\/messages\/\d+\/data\/a$/)
  assert.match(body.errors[0].message, /costs too much to match: .* of a batch/)
  assert.equal((await batch(Array(1_000).fill({ data: '{"a":"aaaa"}' }), at)).status, 200)
})

test('a batch for a queue that another node has changed is stored all the same', async () => {
  const fresh = await startApi()
  const { id: queueId } = (await fresh.call('POST', '/v1/queues', { name: 'q' })).body.queue
  const at = `/v1/queues/${queueId}`
  await fresh.call('POST', `${at}/messages`, { data: 'fills the directory' })
  const organizationId = fresh.organizations.first
  await fresh.store.queues.update({ organizationId, id: queueId, changes: { name: 'renamed' }, now: fresh.clock.now })
  const answer = await fresh.call('POST', `${at}/messages/batch`, { messages: [{ data: 'x' }, { data: 'y' }] })
  assert.deepEqual([answer.status, answer.body.messages.length], [200, 2])
  await fresh.app.close()
})
