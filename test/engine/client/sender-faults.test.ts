import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { IMPATIENT_MS, openHttp, openSender, openTcp, PATIENCES_MS, PATIENT_MS, sent, to } from './wire.ts'

test('a listener that never answers times out', async (t) => {
  const origin = await openHttp(t, () => {})
  const { status, error, durationMs } = await sent(openSender(t), to(origin, { timeoutMs: IMPATIENT_MS }))
  assert.deepEqual([status, error], [null, 'timeout'])
  assert.ok(durationMs >= IMPATIENT_MS - 1, `${durationMs} ms`)
})

for (const status of [200, 500]) {
  test(`an answer of ${status} stands when its head has come, however its body goes on`, async (t) => {
    const head = `HTTP/1.1 ${status} X\r\ncontent-length: 100\r\n\r\nand then`
    const chunks = `HTTP/1.1 ${status} X\r\ntransfer-encoding: chunked\r\n\r\n8\r\nand then\r\n`
    const talks: [string, (socket: Socket) => void][] = [
      ['never ends', (socket) => socket.write(head)],
      ['is closed in the middle', (socket) => socket.end(head)],
      ['is reset in the middle', (socket) => socket.write(head, () => setTimeout(() => socket.resetAndDestroy(), 20))],
      ['is closed between chunks', (socket) => socket.end(chunks)],
      ['has chunks that are none', (socket) => socket.write(`${chunks}what\r\n`)],
    ]
    const sender = openSender(t)
    for (const [what, talk] of talks) {
      const { status: got, error, response } = await sent(sender, to(await openTcp(t, talk)))
      assert.deepEqual([got, error, response], [status, null, 'and then'], what)
    }
  })
}

test('a listener that drips its answer is waited for no longer than its timeout', async (t) => {
  const origin = await openHttp(t, (_, response) => {
    const timer = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(timer))
  })
  const sender = openSender(t)
  for (const timeoutMs of PATIENCES_MS) {
    const { status, error } = await sent(sender, to(origin, { timeoutMs }))
    if (error === 'timeout' && timeoutMs < PATIENT_MS) continue
    return assert.deepEqual([status, error], [200, null])
  }
})

test('a listener that drips its head cannot stretch the timeout', async (t) => {
  const origin = await openTcp(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nx: ')
    const timer = setInterval(() => socket.write('.'), 20)
    socket.on('close', () => clearInterval(timer))
  })
  const { status, error } = await sent(openSender(t), to(origin, { timeoutMs: IMPATIENT_MS }))
  assert.deepEqual([status, error], [null, 'timeout'])
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

test('a connection that is cut before the head is whole is said to be reset', async (t) => {
  const talks: ((socket: Socket) => void)[] = [
    (socket) => socket.end(),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.end('HTTP/1.1 200 OK\r\n'),
    (socket) => socket.write('HTTP/1.1 200 OK\r\nx: y', () => setTimeout(() => socket.resetAndDestroy(), 20)),
  ]
  const sender = openSender(t)
  for (const talk of talks) {
    const { status, error } = await sent(sender, to(await openTcp(t, talk)))
    assert.deepEqual([status, error], [null, 'connection_reset'])
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
    const { error, response } = await sent(sender, to(origin))
    assert.equal(error, 'invalid_response', answer)
    assert.match(response, /not HTTP|status line|no colon/)
  }
})

test('of an answer without end no more is read than 64 KiB', async (t) => {
  let written = 0
  const origin = await openHttp(t, (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(8_192))) written += 8_192
    }
    response.on('drain', more)
    more()
  })
  const { status, error, response } = await sent(openSender(t), to(origin))
  assert.deepEqual([status, error, response.length], [200, null, 1_024])
  assert.ok(written < 64 * 1024 * 1024)
})

for (const [what, start, more] of [
  ['chunks of one byte', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', `1;${'x'.repeat(4_000)}\r\ny\r\n`],
  ['trailers', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n', 'x: y\r\n'.repeat(500)],
] as const) {
  test(`of an answer that is nothing but ${what} no more is read than a little more`, async (t) => {
    let written = 0
    const closed = Promise.withResolvers<void>()
    const origin = await openTcp(t, (socket) => {
      const write = () => {
        while (!socket.destroyed && socket.write(more)) written += more.length
      }
      socket.on('drain', write).on('close', () => closed.resolve())
      socket.write(start)
      write()
    })
    const startedAt = performance.now()
    const { status, error } = await sent(openSender(t), to(origin, { bodyMs: PATIENT_MS }))
    assert.deepEqual([status, error], [200, null])
    await closed.promise
    assert.ok(performance.now() - startedAt < PATIENT_MS, 'it did not wait')
    // What lies in the buffers of the sockets is written, and not read.
    assert.ok(written < 64 * 1024 * 1024, `${written} bytes`)
  })
}

test('after an answer of exactly 64 KiB its connection is used again, and after a longer one it is not', async (t) => {
  const ports: (number | undefined)[] = []
  const origin = await openHttp(t, (request, response) => {
    ports.push(request.socket.remotePort)
    response.end('x'.repeat(Number(request.url!.slice(1))))
  })
  const sender = openSender(t)
  for (const length of [64 * 1024, 64 * 1024 + 1, 0]) {
    assert.equal((await sent(sender, to(origin, { path: `/${length}` }))).error, null)
  }
  assert.deepEqual([ports[0] === ports[1], ports[1] === ports[2]], [true, false])
})

test('headers without end are too large', async (t) => {
  const origin = await openTcp(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    socket.write(`x: ${'y'.repeat(1_000)}\r\n`.repeat(400))
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
