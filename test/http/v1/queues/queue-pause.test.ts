import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()

async function create(name: string, what: object = {}): Promise<Json> {
  return (await api.call('POST', '/v1/queues', { name, ...what })).body.queue
}

test('a queue is paused and resumed by PUT and PATCH, and its lanes are told', async () => {
  const queue = await create('paused')
  const path = `/v1/queues/${queue.id}`
  const { id } = (await api.call('POST', `${path}/listeners`, { name: 'l', notify_url: 'http://a' })).body.listener
  assert.equal((await api.call('PUT', path, { paused: true })).body.queue.paused, true)
  assert.deepEqual(api.carried.at(-1), { paused: id })
  assert.equal((await api.call('GET', path)).body.queue.paused, true)
  const told = api.carried.length
  assert.equal((await api.call('PATCH', path, { name: 'still-paused' })).body.queue.paused, true)
  assert.equal(api.carried.length, told)
  assert.equal((await api.call('PATCH', path, { paused: false })).body.queue.paused, false)
  assert.deepEqual(api.carried.at(-1), { resumed: id })
})

test('a queue can begin its life paused', async () => {
  assert.equal((await create('paused-from-the-start', { paused: true })).paused, true)
})

test('a paused queue takes messages, which stay pending', async () => {
  const queue = await create('taking', { paused: true })
  const path = `/v1/queues/${queue.id}`
  await api.call('POST', `${path}/listeners`, { name: 'l', notify_url: 'http://a' })
  const { id } = (await api.call('POST', `${path}/messages`, { data: 'x' })).body.message
  assert.equal((await api.call('GET', `${path}/messages/${id}`)).body.message.status, 'pending')
  assert.equal((await api.call('GET', path)).body.queue.pending_count, 1)
})

test('paused is true or false and nothing else', async () => {
  const queue = await create('strict')
  for (const paused of [null, 'true', 1, {}]) {
    const { status, body } = await api.call('PUT', `/v1/queues/${queue.id}`, { paused })
    assert.deepEqual([status, body.errors], [422, [{ path: '/paused', message: 'must be true or false' }]])
  }
})
