// Requests that are refused while their bodies are still on the way: most clients, and proxies in front of them, write all of
// a body before they read. They must get the answer, and what they send on must have an end.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import type { Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { closeOf } from '../support/closing.ts'
import { OWNER_KEY, startApi } from '../support/server/api.ts'
import { makeCertificate } from '../support/server/certificate.ts'
import { Client, listen } from '../support/server/wire.ts'
import { connectRaw } from './raw-client.ts'

const certificate = makeCertificate()
const MEBIBYTE = 1024 * 1024
const PIECE = Buffer.alloc(64 * 1024, 'x')

async function given(t: TestContext, isTls: boolean) {
  const api = await startApi({ ...(isTls && { tls: certificate! }) })
  const port = await listen(api.app)
  const { socket } = await connectRaw({ port, ...(isTls && { ca: certificate!.cert, protocol: 'http/1.1' }) })
  t.after(async () => {
    socket.destroy()
    await api.app.close()
  })
  return { api, port, socket }
}

interface Refusal {
  name: string
  status: number
  fields: string[]
  bytes: number
}

const lengthOf = (bytes: number) => `Content-Length: ${bytes}`
const KEY = `X-API-KEY: ${OWNER_KEY}`
const JSON_TYPE = 'Content-Type: application/json'
const REFUSALS: Refusal[] = [
  { name: 'is too large', status: 413, fields: [KEY, JSON_TYPE, lengthOf(8 * MEBIBYTE)], bytes: 8 * MEBIBYTE },
  { name: 'has a wrong key', status: 401, fields: ['X-API-KEY: no', JSON_TYPE, lengthOf(MEBIBYTE)], bytes: MEBIBYTE },
  { name: 'is no JSON', status: 415, fields: [KEY, 'Content-Type: text/plain', lengthOf(MEBIBYTE)], bytes: MEBIBYTE },
]

function headOf(fields: readonly string[]): string {
  return ['POST /v1/queues HTTP/1.1', 'Host: a', ...fields, '', ''].join('\r\n')
}

/** Writes so much, as fast as the other side reads; false where the connection ended before. */
async function writeAll(socket: Socket, bytes: number, frame = (piece: Buffer) => piece): Promise<boolean> {
  for (let sent = 0; sent < bytes; sent += PIECE.length) {
    if (socket.destroyed || !socket.writable) return false
    if (socket.write(frame(PIECE.subarray(0, Math.min(PIECE.length, bytes - sent))))) continue
    const gone = new AbortController()
    const { signal } = gone
    await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]).catch(() => undefined)
    gone.abort()
  }
  return !socket.destroyed
}

const chunk = (piece: Buffer) =>
  Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])

for (const isTls of certificate === null ? [false] : [false, true]) {
  describe(`over ${isTls ? 'TLS' : 'TCP'}`, () => {
    for (const { name, status, fields, bytes } of REFUSALS) {
      test(`a client that writes all of a body that ${name} gets the answer, and goes on with the connection`, async (t) => {
        const { socket } = await given(t, isTls)
        const client = new Client(socket)
        client.send(headOf(fields))
        const first = (await client.answer())!
        assert.match(first.statusLine, new RegExp(` ${status} `))
        assert.notEqual(first.headers.connection, 'close')
        assert.ok(await writeAll(socket, bytes))
        client.send(`GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n`)
        assert.match((await client.answer())!.statusLine, / 200 /)
      })
    }

    test('one that asks to end the connection with the answer gets it, and is not reset', async (t) => {
      const { socket } = await given(t, isTls)
      const errors: Error[] = []
      socket.on('error', (error) => errors.push(error))
      socket.pause()
      socket.write(headOf([KEY, JSON_TYPE, 'Connection: close', lengthOf(4 * MEBIBYTE)]))
      assert.ok(await writeAll(socket, 4 * MEBIBYTE))
      const client = new Client(socket)
      socket.resume()
      assert.match((await client.answer())!.statusLine, / 413 /)
      await client.closed()
      assert.deepEqual(errors, [])
    })

    test('so does one that does not say how long the body is', async (t) => {
      const { socket } = await given(t, isTls)
      const client = new Client(socket)
      client.send(headOf([KEY, JSON_TYPE, 'Transfer-Encoding: chunked']))
      assert.ok(await writeAll(socket, 3 * MEBIBYTE, chunk))
      client.send('0\r\n\r\n')
      assert.match((await client.answer())!.statusLine, / 413 /)
      client.send(`GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n`)
      assert.match((await client.answer())!.statusLine, / 200 /)
    })

    test('a body that never ends is read on for 32 MiB, and then the connection ends', async (t) => {
      const { socket } = await given(t, isTls)
      const client = new Client(socket)
      client.send(headOf([KEY, JSON_TYPE, lengthOf(1024 * MEBIBYTE)]))
      const { statusLine, headers } = (await client.answer())!
      assert.match(statusLine, / 413 /)
      assert.equal(headers.connection, 'close')
      assert.equal(await writeAll(socket, 1024 * MEBIBYTE), false)
      const taken = socket.bytesWritten
      t.diagnostic(`${taken} bytes were written`)
      assert.ok(taken >= 32 * MEBIBYTE && taken < 100 * MEBIBYTE, `${taken} bytes were written`)
    })

    test('a body that is no JSON ends no connection once it has come whole', async (t) => {
      const { socket } = await given(t, isTls)
      const client = new Client(socket)
      for (let turn = 0; turn < 3; turn++) {
        client.send(`${headOf([KEY, JSON_TYPE, lengthOf(3)])}{x}`)
        const { statusLine, headers } = (await client.answer())!
        assert.match(statusLine, / 400 /)
        assert.notEqual(headers.connection, 'close')
      }
    })
  })
}

test('over HTTP/2 the client is told to send no more of it', { skip: certificate === null }, async (t) => {
  const { port } = await given(t, true)
  const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: certificate!.cert })
  t.after(() => session.destroy())
  const fields = {
    ':method': 'POST',
    ':path': '/v1/queues',
    'x-api-key': OWNER_KEY,
    'content-type': 'application/json',
  }
  const stream = session.request(fields, { endStream: false })
  stream.on('error', () => undefined)
  const answered = once(stream, 'response')
  const closed = closeOf(stream)
  stream.resume()
  let sent = 0
  const more = () => {
    while (!stream.destroyed && !stream.closed) {
      sent += PIECE.length
      if (!stream.write(PIECE)) return
    }
  }
  stream.on('drain', more)
  more()
  const [headers] = await answered
  assert.equal(headers[':status'], 413)
  await closed
  assert.equal(stream.rstCode, 0)
  assert.ok(sent < 16 * MEBIBYTE, `${sent} bytes were sent`)
  const other = session.request({ ':path': '/health/live' })
  other.resume()
  assert.equal((await once(other, 'response'))[0][':status'], 200)
})
