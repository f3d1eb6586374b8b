import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OWNER_KEY, sharedApi } from '../../support/server/api.ts'
import { createClient } from '../../support/server/client.ts'
import { Client } from '../../support/server/wire.ts'
import { connectRaw } from '../raw-client.ts'

const api = await sharedApi()
const url = await api.app.listen({ port: 0, host: '127.0.0.1' })
const client = createClient(() => url, OWNER_KEY)
const queueId: string = (await client.call('POST', '/queues', { name: 'values' })).body.queue.id
const schema = { list: { type: 'array', items: { type: 'number' }, required: false } }
const checkedId: string = (await client.call('POST', '/queues', { name: 'checked', schema })).body.queue.id

async function post(path: string, body: string): Promise<{ status: number; body: Record<string, never> }> {
  const headers = { 'x-api-key': OWNER_KEY, 'content-type': 'application/json' }
  const response = await fetch(`${url}/v1${path}`, { method: 'POST', headers, body })
  return { status: response.status, body: (await response.json()) as Record<string, never> }
}

const nested = (gauges: number) => '['.repeat(gauges) + ']'.repeat(gauges)

test('a body of more than 100 levels or 100,000 values is a 413 on every route that takes one', async () => {
  const paths = ['/queues', '/api_keys', `/queues/${queueId}/messages`, `/queues/${queueId}/messages/batch`]
  for (const path of [...paths, `/queues/${queueId}/listeners`, `/queues/${queueId}/schedules`]) {
    for (const [body, most] of [
      [`{"name":"a","more":${nested(100)}}`, '100 levels of arrays and objects'],
      [`{"name":"a","more":[${'0,'.repeat(100_000)}0]}`, '100000 values'],
      [`{"name":"a"${',"a":1'.repeat(60_000)}}`, '100000 values'],
    ]) {
      const { status, body: answer } = await post(path, body!)
      assert.deepEqual([status, answer.detail], [413, `the body holds more than ${most}`], path)
    }
    const { status } = await post(path, `{"name":"a","more":${nested(99)}}`)
    assert.equal(status, 422, `${path} reads 100 levels`)
  }
})

test('a body with too many values is refused while it comes, and not when it has come', async () => {
  const part = `{"messages":[${'{},'.repeat(200_000)}`
  for (const framing of [`Content-Length: ${12_000_000}`, 'Transfer-Encoding: chunked']) {
    const { socket } = await connectRaw({ port: Number(new URL(url).port) })
    const head = [
      `POST /v1/queues/${queueId}/messages/batch HTTP/1.1`,
      'Host: a',
      `X-API-KEY: ${OWNER_KEY}`,
      'Content-Type: application/json',
      framing,
    ]
    const frame = framing.startsWith('Transfer') ? `${part.length.toString(16)}\r\n${part}\r\n` : part
    const reader = new Client(socket)
    reader.send(`${head.join('\r\n')}\r\n\r\n${frame}`)
    assert.match((await reader.answer())!.statusLine, / 413 /, framing)
    socket.destroy()
  }
})

test('of a body with thousands of faults a few are told', async () => {
  const unknown = Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`p${i}`, i]))
  const { status, body } = await client.call('POST', `/queues/${queueId}/messages`, unknown)
  assert.equal(status, 422)
  assert.ok(body.errors.length >= 1 && body.errors.length <= 20)
  const messages = Array.from({ length: 1_000 }, () => ({ datum: 1 }))
  const many = await client.call('POST', `/queues/${queueId}/messages/batch`, { messages })
  assert.equal(many.status, 422)
  assert.equal(many.body.errors.length, 20)
})

test('data that a schema would have to parse has the same bounds', async () => {
  for (const [data, most] of [
    [`{"list":${nested(100)}}`, /more than 100 levels of arrays and objects/],
    [`{"list":[${'0,'.repeat(100_000)}0]}`, /more than 100000 values/],
  ] as const) {
    const { status, body } = await client.call('POST', `/queues/${checkedId}/messages`, { data })
    assert.equal(status, 422)
    assert.equal(body.errors[0].path, '/data')
    assert.match(body.errors[0].message, most)
    // Without a schema nothing parses it.
    assert.equal((await client.call('POST', `/queues/${queueId}/messages`, { data })).status, 200)
  }
})
