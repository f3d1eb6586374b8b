import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, sharedApi } from '../../support/server/api.ts'

const api = await sharedApi()
let names = 0

async function limited(limits: Json) {
  names += 1
  const made = (await api.call('POST', '/v1/api_clients', { name: `limited-${names}`, limits })).body
  const id: string = made.api_client.id
  const call = (method: string, path: string, body?: unknown) => api.call(method, `/v1${path}`, body, made.api_key)
  const queueId: string | undefined = (await call('POST', '/queues', { name: 'orders' })).body.queue?.id
  const limit = (to: Json) => api.call('PUT', `/v1/api_clients/${id}`, { limits: to })
  return { id, call, queueId, limit }
}

function assertQuota(answer: { status: number; body: Json }, name: string, value: number): void {
  assert.equal(answer.status, 402, JSON.stringify(answer.body))
  assert.equal(answer.body.title, 'Payment Required')
  assert.equal(
    answer.body.detail,
    `the organization's limit ${name} is ${value} and has no room for this; nothing was stored`,
  )
  assert.equal(answer.body.errors[0].path, `/limits/${name}`)
}

test('queues, listeners and keys over the limit are a 402 that says which limit it is', async () => {
  const { call, queueId } = await limited({ queues: 1, listeners: 1, api_keys: 2 })
  assertQuota(await call('POST', '/queues', { name: 'second' }), 'queues', 1)
  const listeners = `/queues/${queueId}/listeners`
  assert.equal((await call('POST', listeners, { name: 'a', notify_url: 'http://example.com' })).status, 200)
  assertQuota(await call('POST', listeners, { name: 'b', notify_url: 'http://example.com' }), 'listeners', 1)
  assert.equal((await call('POST', '/api_keys', {})).status, 200)
  assertQuota(await call('POST', '/api_keys', {}), 'api_keys', 2)
  assert.equal((await call('GET', '/queues')).body.queues.length, 1)
  assert.equal((await call('GET', listeners)).body.listeners.length, 1)
})

test('messages over a limit are a 402, and nothing of them is stored', async () => {
  const { call, queueId, limit } = await limited({ stored_messages: 1 })
  const post = () => call('POST', `/queues/${queueId}/messages`, { data: 'x' })
  const first = await post()
  assert.equal(first.status, 200)
  assertQuota(await post(), 'stored_messages', 1)
  assert.equal((await call('GET', '/messages')).body.messages.length, 1)
  await limit({ stored_messages: null, messages_per_day: 2 })
  assert.equal((await post()).status, 200)
  assertQuota(await post(), 'messages_per_day', 2)
  await limit({ messages_per_day: 3 })
  assert.equal((await post()).status, 200)
})

test('a batch that a limit has no room for is a 402, and none of it is stored', async () => {
  const { call, queueId } = await limited({ stored_messages: 3 })
  const batch = (count: number) =>
    call('POST', `/queues/${queueId}/messages/batch`, { messages: Array(count).fill({ data: 'x' }) })
  assert.equal((await batch(2)).status, 200)
  assertQuota(await batch(2), 'stored_messages', 3)
  assert.equal((await call('GET', '/messages')).body.messages.length, 2)
  assert.equal((await batch(1)).status, 200)
})

test('a message that is deleted makes room for another', async () => {
  const { call, queueId } = await limited({ stored_messages: 1 })
  const messages = `/queues/${queueId}/messages`
  const { message } = (await call('POST', messages, { data: 'x' })).body
  assert.equal((await call('POST', messages, { data: 'y' })).status, 402)
  await call('DELETE', `${messages}/${message.id}`)
  assert.equal((await call('POST', messages, { data: 'y' })).status, 200)
})

test('a limit of messages a day begins anew at midnight, UTC', async () => {
  const { call, queueId } = await limited({ messages_per_day: 1 })
  const post = async () => (await call('POST', `/queues/${queueId}/messages`, { data: 'x' })).status
  assert.equal(await post(), 200)
  const start = api.clock.now
  api.clock.now = start + 86_399_999
  assert.equal(await post(), 402)
  api.clock.now = start + 86_400_000
  assert.equal(await post(), 200)
})

test('posts at the same time never exceed a limit', async () => {
  const { call, queueId } = await limited({ stored_messages: 5 })
  const posts = Array.from({ length: 20 }, () => call('POST', `/queues/${queueId}/messages`, { data: 'x' }))
  const statuses = (await Promise.all(posts)).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 200).length, 5)
  assert.equal(statuses.filter((status) => status === 402).length, 15)
})

test('what is not valid, or is not there, comes before the limit', async () => {
  const { call } = await limited({ queues: 0, listeners: 0, stored_messages: 0 })
  assert.equal((await call('POST', '/queues', { name: '' })).status, 422)
  const nowhere = `/queues/${'0'.repeat(21)}`
  assert.equal((await call('POST', `${nowhere}/messages`, { data: 'x' })).status, 404)
  assert.equal((await call('POST', `${nowhere}/listeners`, { name: 'a', notify_url: 'http://a.b' })).status, 404)
})
