import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, OWNER_KEY, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'q' })).body.queue
const base = `/v1/queues/${queue.id}/messages`
const listeners = `/v1/queues/${queue.id}/listeners`
const listener = (await api.call('POST', listeners, { name: 'pulls' })).body.listener

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0xff, 0xfe]).toString('base64')
const POSTED: { body: object; shown: object }[] = [
  { body: { data: '{}' }, shown: { data: '{}' } },
  { body: { data: '<a/>', content_type: 'application/xml' }, shown: { data: '<a/>', content_type: 'application/xml' } },
  { body: { data_base64: PNG, content_type: 'image/png' }, shown: { data_base64: PNG, content_type: 'image/png' } },
  { body: { data_base64: '' }, shown: { data_base64: '', content_type: 'application/octet-stream' } },
]

const bodyOf = ({ data, data_base64, content_type }: Json) =>
  Object.fromEntries(Object.entries({ data, data_base64, content_type }).filter(([, value]) => value !== undefined))

test('a body of any kind is read, listed and pulled as it was posted, by itself or in a batch', async () => {
  const shown = POSTED.map((one) => one.shown)
  const single = []
  for (const { body } of POSTED) single.push((await api.call('POST', base, body)).body.message.id)
  const many = await api.call('POST', `${base}/batch`, { messages: POSTED.map(({ body }) => body) })
  assert.equal(many.status, 200, JSON.stringify(many.body))
  const batch = many.body.messages.map(({ id }: Json) => id)
  for (const ids of [single, batch]) {
    const read = []
    for (const id of ids) read.push(bodyOf((await api.call('GET', `${base}/${id}`)).body.message))
    assert.deepEqual(read, shown)
  }
  const listed = (await api.call('GET', `${base}?_embed`)).body._embedded.messages
  const byId = new Map(listed.map((message: Json) => [message.id, bodyOf(message)]))
  assert.deepEqual(
    single.map((id) => byId.get(id)),
    shown,
  )
  const pull = async () => {
    const headers = { 'x-api-key': OWNER_KEY, 'content-type': 'application/json', 'idempotency-key': 'pull-1' }
    const url = `${listeners}/${listener.id}/pull`
    return (await api.inject({ method: 'POST', url, headers, payload: '{"max":100}' })).json().messages
  }
  const pulled = await pull()
  const pulledById = new Map(pulled.map((message: Json) => [message.id, bodyOf(message)]))
  assert.deepEqual(
    [...single, ...batch].map((id) => pulledById.get(id)),
    [...shown, ...shown],
  )
  assert.deepEqual(await pull(), pulled, 'an answer that is repeated')
})

test('bytes that fill a message are answered in pieces with the others', async () => {
  const data_base64 = Buffer.alloc(256 * 1024, 0xff).toString('base64')
  const messages = Array.from({ length: 3 }, () => ({ data_base64 }))
  api.clock.now += 1_000
  const { body } = await api.call('POST', `${base}/batch`, { messages })
  const ids = body.messages.map(({ id }: Json) => id)
  const listed = (await api.call('GET', `${base}?_embed&per_page=3`)).body._embedded.messages
  assert.deepEqual(listed.map(({ id }: Json) => id).sort(), ids.sort())
  assert.ok(listed.every((message: Json) => message.data_base64 === data_base64))
})

test('a message that was read can be sent back with its body, which stays as it is', async () => {
  const { body } = await api.call('POST', base, { data_base64: PNG, content_type: 'image/png' })
  const at = `${base}/${body.message.id}`
  const { message } = (await api.call('GET', at)).body
  const answer = await api.call('PUT', at, { ...message, data_base64: 'AAAA', content_type: 'a/b', name: 'renamed' })
  assert.deepEqual([answer.status, answer.body.message], [200, { ...message, name: 'renamed' }])
})

const WRONG: [what: string, body: object, status: number, path: string, message: RegExp][] = [
  ['neither text nor bytes', {}, 422, '/data', /is required, or data_base64/],
  ['both', { data: 'x', data_base64: 'AAAA' }, 422, '/data_base64', /cannot be combined with data/],
  ['base64 without its padding', { data_base64: 'AA' }, 422, '/data_base64', /must be base64 with padding/],
  ['base64 for URLs', { data_base64: 'AA-_' }, 422, '/data_base64', /must be base64 with padding/],
  ['bytes as a list', { data_base64: [1, 2] }, 422, '/data_base64', /must be a string/],
  ['what is no media type', { data: 'x', content_type: 'json' }, 422, '/content_type', /must be a media type/],
  ['a line break', { data: 'x', content_type: 'a/b\r\nx-a: b' }, 422, '/content_type', /must be a media type/],
  [
    'more than 256 KiB of bytes',
    { data_base64: Buffer.alloc(256 * 1024 + 1).toString('base64') },
    413,
    '/data_base64',
    /at most 262144 bytes, decoded/,
  ],
]
for (const [what, body, status, path, message] of WRONG) {
  test(`${what} is refused, in a batch with its path, and nothing is stored`, async () => {
    const count = async () => (await api.call('GET', `${base}?per_page=100`)).body._links
    const before = Object.keys(await count()).length
    const one = await api.call('POST', base, body)
    assert.deepEqual([one.status, one.body.errors?.[0].path], [status, path])
    assert.match(one.body.errors[0].message, message)
    const many = await api.call('POST', `${base}/batch`, { messages: [{ data: '1' }, body] })
    assert.deepEqual([many.status, many.body.errors[0].path], [status, `/messages/1${path}`])
    assert.equal(Object.keys(await count()).length, before)
  })
}

test('a queue with a schema takes no bytes, and text of any type that fits', async () => {
  const schema = { order: { type: 'number' } }
  const at = `/v1/queues/${(await api.call('POST', '/v1/queues', { name: 'checked', schema })).body.queue.id}/messages`
  const data_base64 = Buffer.from('{"order":1}').toString('base64')
  const one = await api.call('POST', at, { data_base64 })
  assert.deepEqual([one.status, one.body.errors[0].path], [422, '/data_base64'])
  const many = await api.call('POST', `${at}/batch`, { messages: [{ data: '{"order":1}' }, { data_base64 }] })
  assert.deepEqual([many.status, many.body.errors[0].path], [422, '/messages/1/data_base64'])
  const content_type = 'application/vnd.shop+json'
  assert.equal((await api.call('POST', at, { data: '{"order":1}', content_type })).status, 200)
  assert.equal((await api.call('POST', at, { data: '{"order":"1"}', content_type })).status, 422)
})

test('a node that does not know bodies of other kinds holds them back, and texts as they were not', async () => {
  const { store } = api
  const asked = store.nodesWithout
  store.nodesWithout = (feature) => (feature === 'message_body' ? ['web-1:3000'] : [])
  try {
    for (const [body, path] of [
      [{ data: 'x', content_type: 'a/b' }, '/content_type'],
      [{ data_base64: 'AAAA' }, '/data_base64'],
    ] as const) {
      const { status, body: answer } = await api.call('POST', base, body)
      assert.deepEqual([status, answer.errors[0].path], [422, path])
      assert.match(answer.errors[0].message, /web-1:3000/)
    }
    assert.equal((await api.call('POST', base, { data: 'x' })).status, 200)
  } finally {
    store.nodesWithout = asked
  }
})

test('a schedule makes messages of any kind, and changes from one kind to another', async () => {
  const at = `/v1/queues/${queue.id}/schedules`
  const made = await api.call('POST', at, { name: 's', every: 60_000, data_base64: PNG, content_type: 'image/png' })
  assert.equal(made.status, 200, JSON.stringify(made.body))
  const one = `${at}/${made.body.schedule.id}`
  const runs = async () => {
    const { message } = (await api.call('POST', `${one}/run`, {})).body
    return bodyOf((await api.call('GET', `${base}/${message.id}`)).body.message)
  }
  assert.deepEqual(await runs(), { data_base64: PNG, content_type: 'image/png' })
  const read = (await api.call('GET', one)).body.schedule
  assert.deepEqual(bodyOf(read), { data_base64: PNG, content_type: 'image/png' })
  const back = await api.call('PUT', one, read)
  assert.deepEqual([back.status, bodyOf(back.body.schedule)], [200, bodyOf(read)], JSON.stringify(back.body))
  const text = (await api.call('PATCH', one, { data: '<a/>', content_type: 'text/xml' })).body.schedule
  assert.deepEqual(bodyOf(text), { data: '<a/>', content_type: 'text/xml' })
  assert.deepEqual(await runs(), { data: '<a/>', content_type: 'text/xml' })
  assert.deepEqual(bodyOf((await api.call('PATCH', one, { content_type: null })).body.schedule), { data: '<a/>' })
  const both = await api.call('PATCH', one, { data: 'x', data_base64: 'AAAA' })
  assert.deepEqual([both.status, both.body.errors[0].path], [422, '/data_base64'])
  const none = await api.call('POST', at, { name: 't', every: 60_000 })
  assert.deepEqual([none.status, none.body.errors[0].path], [422, '/data'])
})
