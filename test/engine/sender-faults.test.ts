import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { test } from 'node:test'
import { IMPATIENT_MS, openHttp, openSender, openTcp, PATIENCES_MS, PATIENT_MS, sent, to } from './wire.ts'

test('a listener that never answers times out', async (t) => {
  const origin = await openHttp(t, () => {})
  const { status, error, durationMs } = await sent(openSender(t), to(origin, { timeoutMs: IMPATIENT_MS }))
  assert.deepEqual([status, error], [null, 'timeout'])
  assert.ok(durationMs >= IMPATIENT_MS - 1, `${durationMs} ms`)
})

test('a listener that never ends its answer times out, with the status that it gave', async (t) => {
  const origin = await openHttp(t, (_, response) => response.writeHead(200).write('and then'))
  for (const timeoutMs of PATIENCES_MS) {
    const { status, error, response } = await sent(openSender(t), to(origin, { timeoutMs }))
    if (status === null && timeoutMs < PATIENT_MS) continue
    return assert.deepEqual({ status, error, response }, { status: 200, error: 'timeout', response: 'and then' })
  }
})

test('a listener that drips its answer cannot stretch the timeout', async (t) => {
  const origin = await openHttp(t, (_, response) => {
    const timer = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(timer))
  })
  const { error } = await sent(openSender(t), to(origin, { timeoutMs: IMPATIENT_MS }))
  assert.equal(error, 'timeout')
})

test('a connection that does not come about in time times out', async (t) => {
  // It takes the connection and then never answers the TLS handshake.
  const origin = (await openTcp(t, () => {})).replace('http:', 'https:')
  const { status, error } = await sent(openSender(t), to(origin, { timeoutMs: IMPATIENT_MS }))
  assert.deepEqual([status, error], [null, 'timeout'])
})

test('a port where nobody listens is a refused connection', async (t) => {
  const server = createTcpServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const { status, error } = await sent(openSender(t), to(`http://127.0.0.1:${port}`))
  assert.deepEqual([status, error], [null, 'connection_refused'])
})

test('a name that does not exist is a fault of the name service', async (t) => {
  const { status, error } = await sent(openSender(t), to('http://nowhere.invalid'))
  assert.deepEqual([status, error], [null, 'dns'])
})

test('a connection that is reset in the middle of the answer is said to be reset', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart'
  const origin = await openTcp(t, (socket) => socket.write(head, () => socket.resetAndDestroy()))
  const { error } = await sent(openSender(t), to(origin))
  assert.equal(error, 'connection_reset')
})

test('an answer that ends too early does not count as one', async (t) => {
  const answers = [
    'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n',
    'HTTP/1.1 200 OK\r\n',
    '',
  ]
  const sender = openSender(t)
  for (const answer of answers) {
    const origin = await openTcp(t, (socket) => socket.end(answer))
    const { error } = await sent(sender, to(origin))
    assert.equal(error, 'connection_reset', answer)
  }
})

test('an answer that is not HTTP is said to be invalid', async (t) => {
  const answers = [
    'SSH-2.0-OpenSSH_9.6\r\n',
    'HTTP/1.1 abc\r\n\r\n',
    '<html>\r\n',
    'HTTP/1.1 200 OK\r\nbad header\r\n\r\n',
  ]
  const sender = openSender(t)
  for (const answer of answers) {
    const origin = await openTcp(t, (socket) => socket.end(answer))
    const { error } = await sent(sender, to(origin))
    assert.equal(error, 'invalid_response', answer)
  }
})

test('an answer without end is cut off at 64 KiB', async (t) => {
  let written = 0
  const origin = await openHttp(t, (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(8_192))) written += 8_192
    }
    response.on('drain', more)
    more()
  })
  const { status, error, response } = await sent(openSender(t), to(origin))
  assert.deepEqual([status, error, response.length], [200, 'response_too_large', 1_024])
  assert.ok(written < 64 * 1024 * 1024)
})

test('an answer of exactly 64 KiB is taken, and one byte more is not', async (t) => {
  const origin = await openHttp(t, (request, response) => response.end('x'.repeat(Number(request.url!.slice(1)))))
  const sender = openSender(t)
  assert.equal((await sent(sender, to(origin, { path: `/${64 * 1024}` }))).error, null)
  assert.equal((await sent(sender, to(origin, { path: `/${64 * 1024 + 1}` }))).error, 'response_too_large')
})

test('headers without end are too large', async (t) => {
  const origin = await openTcp(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    socket.write(`x: ${'y'.repeat(1_000)}\r\n`.repeat(200))
  })
  const { error } = await sent(openSender(t), to(origin))
  assert.equal(error, 'response_too_large')
})

test('a listener that speaks no TLS where https was asked for is a fault of TLS', async (t) => {
  const origin = (await openTcp(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))).replace(
    'http:',
    'https:',
  )
  const { error } = await sent(openSender(t), to(origin))
  assert.equal(error, 'tls')
})

test('what cannot be sent at all is an outcome too, not a throw', async (t) => {
  const sender = openSender(t)
  const { status, error } = await sent(sender, to('http://127.0.0.1:9', { headers: ['x', 'a\r\nb'] }))
  assert.deepEqual([status, error], [null, 'connection_failed'])
})
