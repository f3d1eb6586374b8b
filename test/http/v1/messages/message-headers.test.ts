import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OWNER_KEY, sharedApi } from '../../../support/server/api.ts'

const api = await sharedApi()
const queue = (await api.call('POST', '/v1/queues', { name: 'q' })).body.queue
const base = `/v1/queues/${queue.id}/messages`
const listeners = `/v1/queues/${queue.id}/listeners`
const listener = (await api.call('POST', listeners, { name: 'pulls' })).body.listener

const read = async (id: string) => (await api.call('GET', `${base}/${id}`)).body.message

test('the headers of a message are shown in its full form and where it is pulled, by itself or of a batch', async () => {
  const headers = { 'X-Order': '17', 'x-trace': 'a b' }
  const { body: one } = await api.call('POST', base, { data: '1', headers })
  const { body: many } = await api.call('POST', `${base}/batch`, { messages: [{ data: '2', headers }, { data: '3' }] })
  const ids = [one.message.id, ...many.messages.map(({ id }: { id: string }) => id)]
  const shown = await Promise.all(ids.map(async (id) => (await read(id)).headers))
  assert.deepEqual(shown, [headers, headers, undefined])
  const pull = async () => {
    const sent = { 'x-api-key': OWNER_KEY, 'content-type': 'application/json', 'idempotency-key': 'pull-1' }
    const url = `${listeners}/${listener.id}/pull`
    return (await api.inject({ method: 'POST', url, headers: sent, payload: '{"max":3}' })).json().messages
  }
  const pulled = await pull()
  assert.deepEqual(
    pulled.map((message: { headers?: object }) => message.headers),
    [headers, headers, undefined],
  )
  assert.deepEqual(await pull(), pulled)
})

test('no headers are as good as none', async () => {
  const { body } = await api.call('POST', base, { data: '1', headers: {} })
  assert.equal('headers' in (await read(body.message.id)), false)
})

test('a message that was read can be sent back with its headers, which stay as they are', async () => {
  const { body } = await api.call('POST', base, { data: '1', headers: { 'x-a': '1' } })
  const message = await read(body.message.id)
  const answer = await api.call('PUT', `${base}/${message.id}`, { ...message, headers: { 'x-a': '2' } })
  assert.deepEqual([answer.status, answer.body.message.headers], [200, { 'x-a': '1' }])
})

const MANY = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`x-${index}`, '1']))
const WRONG: [string, unknown, string, RegExp][] = [
  ['more than 16', MANY, '/headers', /at most 16 entries/],
  ['more than 4,096 characters', { 'x-a': 'a'.repeat(4_094) }, '/headers', /at most 4096 characters in all/],
  ['one that the server sends', { 'Webhook-Id': '1' }, '/headers/Webhook-Id', /is sent by the server itself/],
  ['one that ends the request', { 'transfer-encoding': 'chunked' }, '/headers/transfer-encoding', /server itself/],
  ['a line break', { 'x-a': 'a\r\nx-b: c' }, '/headers/x-a', /printable ASCII/],
  ['a name with a colon', { 'x:a': '1' }, '/headers/x:a', /must have a name of letters/],
  ['one twice', { 'x-a': '1', 'X-A': '2' }, '/headers/X-A', /is there twice/],
  ['a number', { 'x-a': 1 }, '/headers/x-a', /must be a text|string/],
  ['a list', ['x-a'], '/headers', /must be a JSON object/],
]
for (const [what, headers, path, message] of WRONG) {
  test(`${what} is refused, in a batch with its path, and nothing is stored`, async () => {
    const one = await api.call('POST', base, { data: '1', headers })
    assert.deepEqual([one.status, one.body.errors[0].path], [422, path])
    assert.match(one.body.errors[0].message, message)
    const many = await api.call('POST', `${base}/batch`, { messages: [{ data: '1' }, { data: '1', headers }] })
    assert.deepEqual([many.status, many.body.errors[0].path], [422, `/messages/1${path}`])
  })
}
