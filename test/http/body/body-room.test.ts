import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { MAX_BATCH_BODY_BYTES } from '../../../src/http/body/body.ts'
import { MAX_ROOM_BYTES } from '../../../src/http/body/body-room.ts'
import { closeOf } from '../../support/closing.ts'
import { OWNER_KEY, sharedApi } from '../../support/server/api.ts'

const api = await sharedApi()
await api.app.listen({ host: '127.0.0.1', port: 0 })
const { port } = api.app.server.address() as AddressInfo
const { queue } = (await api.call('POST', '/v1/queues', { name: 'room' })).body
const batch = `/v1/queues/${queue.id}/messages/batch`

/** Announces a body and sends none of it; the server says when it wants it, or what is wrong. */
async function announce(path: string, key: string, length: number | null): Promise<{ socket: Socket; status: string }> {
  const socket = connect(port, '127.0.0.1')
  const size = length === null ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
  const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nX-API-KEY: ${key}\r\nContent-Type: application/json\r\n${size}`
  socket.write(`${head}\r\n\r\n`)
  const refused = await Promise.race([once(socket, 'data'), settled()])
  return { socket, status: refused === null ? 'waits' : String(refused[0]).split('\r\n')[0]! }
}

/** After some round trips, whatever the server had to say at once was said. */
async function settled(): Promise<null> {
  for (let turn = 0; turn < 3; turn++) {
    const answer = await fetch(`http://127.0.0.1:${port}/health/live`)
    await answer.text()
  }
  return null
}

test('large bodies of an organization have so much room and no more, and leave it when they are gone', async () => {
  const other = (await api.call('POST', '/v1/api_clients', { name: 'other-room' })).body.api_key
  const sockets: Socket[] = []
  for (let taken = 0; taken < MAX_ROOM_BYTES; taken += MAX_BATCH_BODY_BYTES) {
    // A chunked body may become as long as the route takes.
    const { socket, status } = await announce(batch, OWNER_KEY, taken === 0 ? null : MAX_BATCH_BODY_BYTES)
    assert.equal(status, 'waits')
    sockets.push(socket)
  }
  const full = await announce(batch, OWNER_KEY, MAX_BATCH_BODY_BYTES)
  assert.equal(full.status, 'HTTP/1.1 429 Too Many Requests')
  const small = await api.call('POST', `/v1/queues/${queue.id}/messages`, { data: 'x'.repeat(1_000) })
  assert.equal(small.status, 200)
  const large = { messages: Array.from({ length: 100 }, () => ({ data: 'x'.repeat(1_000) })) }
  const theirs = (await api.call('POST', '/v1/queues', { name: 'q' }, other)).body.queue
  assert.equal((await api.call('POST', `/v1/queues/${theirs.id}/messages/batch`, large, other)).status, 200)
  assert.equal((await api.call('POST', batch, large)).status, 429)
  const gone = sockets.map(closeOf)
  for (const socket of sockets) socket.destroy()
  await Promise.all(gone)
  await settled()
  assert.equal((await api.call('POST', batch, large)).status, 200)
  full.socket.destroy()
})

test('a body that was answered leaves its room', async () => {
  const headers = { 'x-api-key': OWNER_KEY, 'content-type': 'application/json' }
  const payload = Buffer.alloc(MAX_BATCH_BODY_BYTES, ' ')
  for (let taken = 0; taken <= MAX_ROOM_BYTES; taken += MAX_BATCH_BODY_BYTES) {
    assert.equal((await api.inject({ method: 'POST', url: batch, headers, payload })).statusCode, 400)
  }
})
