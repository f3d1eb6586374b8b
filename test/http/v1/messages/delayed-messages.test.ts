import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, sharedApi, startApi } from '../../../support/server/api.ts'

const DAY_MS = 86_400_000
const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'later' })).body.queue
const base = `/v1/queues/${queue.id}/messages`
const listener = (
  await api.call('POST', `/v1/queues/${queue.id}/listeners`, { name: 'l', notify_url: 'http://example.com' })
).body.listener

async function post(body: object): Promise<Json> {
  const answer = await api.call('POST', base, { data: 'x', ...body })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return read(answer.body.message.id)
}

async function read(id: string): Promise<Json> {
  return (await api.call('GET', `${base}/${id}`)).body.message
}

test('a message can be scheduled by a time or by a delay, and shows it', async () => {
  const now = api.clock.now
  for (const when of [{ deliver_at: now + 60_000 }, { delay: 60_000 }]) {
    const message = await post(when)
    assert.deepEqual([message.created_at, message.deliver_at, message.status], [now, now + 60_000, 'scheduled'])
    assert.equal(message.deliveries[0].next_attempt_at, now + 60_000)
  }
})

test('a message that was scheduled is pending once its time has come', async () => {
  const { id } = await post({ delay: 1_000 })
  api.clock.now += 999
  assert.equal((await read(id)).status, 'scheduled')
  api.clock.now += 1
  assert.equal((await read(id)).status, 'pending')
})

test('a time that is over means now', async () => {
  const now = api.clock.now
  for (const when of [{ deliver_at: 1e12 }, { deliver_at: now - 1 }, { delay: 0 }]) {
    const message = await post(when)
    assert.deepEqual([message.deliver_at, message.status], [now, 'pending'])
  }
})

test('366 days is the longest delay, whichever way it is said', async () => {
  const longest = 366 * DAY_MS
  const now = api.clock.now
  for (const when of [{ delay: longest }, { deliver_at: now + longest }]) {
    assert.equal((await post(when)).deliver_at, now + longest)
  }
  const wrong: [object, string, RegExp][] = [
    [{ delay: longest + 1 }, '/delay', /at most 31622400000/],
    [{ deliver_at: now + longest + 1 }, '/deliver_at', /at most 366 days/],
    [{ delay: 5, deliver_at: now }, '/delay', /deliver_at/],
    [{ delay: -1 }, '/delay', /at least 0/],
    [{ delay: 1.5 }, '/delay', /whole number/],
    [{ delay: '5' }, '/delay', /whole number/],
    [{ delay: null }, '/delay', /whole number/],
    [{ deliver_at: 'tomorrow' }, '/deliver_at', /whole number/],
    [{ deliver_at: -1 }, '/deliver_at', /at least 0/],
  ]
  for (const [when, path, message] of wrong) {
    const { status, body } = await api.call('POST', base, { data: 'x', ...when })
    assert.deepEqual([status, body.errors[0].path], [422, path], JSON.stringify(when))
    assert.match(body.errors[0].message, message)
  }
})

test('in a batch each message has its own time, and one that cannot be keeps all from being stored', async () => {
  const now = api.clock.now
  const times = [{ delay: 5_000 }, {}, { deliver_at: now + 7_000 }]
  const messages = times.map((when) => ({ data: 'x', ...when }))
  const { body } = await api.call('POST', `${base}/batch`, { messages })
  const stored = await Promise.all(body.messages.map(({ id }: Json) => read(id)))
  assert.deepEqual(
    stored.map(({ deliver_at }) => deliver_at - now),
    [5_000, 0, 7_000],
  )
  const both = { data: 'x', delay: 1, deliver_at: now }
  const refused = await api.call('POST', `${base}/batch`, { messages: [...messages, both, { data: 'x' }, both] })
  assert.equal(refused.status, 422)
  assert.deepEqual(
    refused.body.errors.map(({ path }: Json) => path),
    ['/messages/3/delay', '/messages/5/delay'],
  )
})

test('a message can have a key of 1 to 128 characters', async () => {
  for (const key of ['k', ' ', 'x'.repeat(128), '😀'.repeat(128)]) assert.equal((await post({ key })).key, key)
  assert.equal('key' in (await post({})), false)
  const { body } = await api.call('POST', `${base}/batch`, { messages: [{ data: 'x', key: 'a' }] })
  assert.equal((await read(body.messages[0].id)).key, 'a')
  for (const key of ['', 'x'.repeat(129), '😀'.repeat(129), '\ud800', 1, null]) {
    const answer = await api.call('POST', base, { data: 'x', key })
    assert.deepEqual([answer.status, answer.body.errors[0].path], [422, '/key'], JSON.stringify(key))
  }
})

test('a message that has not started can be moved, earlier and later, and its listeners are told', async () => {
  const { id } = await post({ delay: 60_000, name: 'm' })
  for (const offset of [5_000, 90_000]) {
    const deliver_at = api.clock.now + offset
    const { status, body } = await api.call('PUT', `${base}/${id}`, { deliver_at })
    assert.equal(status, 200)
    assert.deepEqual([body.message.deliver_at, body.message.status, body.message.name], [deliver_at, 'scheduled', 'm'])
    assert.equal(body.message.deliveries[0].next_attempt_at, deliver_at)
    assert.deepEqual(api.carried.at(-1), { due: listener.id, dueAt: deliver_at })
    assert.deepEqual(await read(id), body.message)
  }
})

test('moved to a time that is over it is due now', async () => {
  const { id } = await post({ delay: 60_000 })
  const { body } = await api.call('PATCH', `${base}/${id}`, { deliver_at: 1e12 })
  assert.deepEqual([body.message.deliver_at, body.message.status], [api.clock.now, 'pending'])
})

test('a time in seconds is a 422 that says so, wherever it is sent', async () => {
  const deliver_at = api.clock.now / 1000 + 60
  const message = await post({ delay: 60_000 })
  const asks: [string, string, object, string][] = [
    ['POST', base, { data: 'x', deliver_at }, '/deliver_at'],
    ['PUT', base, { data: 'x', deliver_at }, '/deliver_at'],
    ['POST', `${base}/batch`, { messages: [{ data: 'x' }, { data: 'x', deliver_at }] }, '/messages/1/deliver_at'],
    ['PUT', `${base}/${message.id}`, { deliver_at }, '/deliver_at'],
  ]
  for (const [method, path, body, at] of asks) {
    const answer = await api.call(method, path, body)
    assert.deepEqual([answer.status, answer.body.errors[0].path], [422, at], `${method} ${path}`)
    assert.match(answer.body.errors[0].message, /milliseconds/)
  }
  assert.deepEqual(await read(message.id), message)
})

test('it cannot be moved further ahead than it could have been scheduled', async () => {
  const message = await post({ delay: 60_000 })
  const deliver_at = api.clock.now + 366 * DAY_MS + 1
  const { status, body } = await api.call('PUT', `${base}/${message.id}`, { deliver_at, name: 'no' })
  assert.deepEqual([status, body.errors[0].path], [422, '/deliver_at'])
  assert.deepEqual(await read(message.id), message)
})

test('a message that has started is a 422, and stays as it is; its own time sent back is no change', async () => {
  const fresh = await startApi()
  const { id: queueId } = (await fresh.call('POST', '/v1/queues', { name: 'q' })).body.queue
  const path = `/v1/queues/${queueId}/messages`
  const { id } = (await fresh.call('POST', path, { data: 'x' })).body.message
  const full = (await fresh.call('GET', `${path}/${id}`)).body.message
  fresh.clock.now += 5
  const { status, body } = await fresh.call('PUT', `${path}/${id}`, { deliver_at: fresh.clock.now + 1, name: 'no' })
  assert.deepEqual([status, body.errors[0].path], [422, '/deliver_at'])
  assert.match(body.errors[0].message, /started/)
  assert.deepEqual((await fresh.call('GET', `${path}/${id}`)).body.message, full)
  for (const deliver_at of [full.deliver_at, 1e12, fresh.clock.now]) {
    assert.equal((await fresh.call('PUT', `${path}/${id}`, { deliver_at })).status, 200)
  }
  await fresh.app.close()
})

test('a scheduled message can be cancelled', async () => {
  const { id } = await post({ delay: 60_000 })
  assert.equal((await api.call('DELETE', `${base}/${id}`)).status, 200)
  assert.deepEqual(api.carried.at(-1), { messageGone: id, listenerId: listener.id })
  assert.equal((await api.call('GET', `${base}/${id}`)).status, 404)
})
