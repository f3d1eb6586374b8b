import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import type { Outcome } from '../../../src/core/delivery/attempt.ts'
import { closeOf } from '../../support/closing.ts'
import { IMPATIENT_MS, listen, openHttp, openSender, openTcp, sent, to } from './wire.ts'

test('an attempt that timed out is hung up on', async (t) => {
  let hungUp: () => void = () => {}
  const closed = new Promise<void>((resolve) => {
    hungUp = resolve
  })
  // Not only where a request arrived: on a busy machine the time may be over before it is written.
  const origin = `http://${await listen(
    t,
    createServer((socket) => socket.resume().on('close', hungUp)),
  )}`
  await sent(openSender(t), to(origin, { timeoutMs: IMPATIENT_MS }))
  await closed
})

test('aborting ends everything in flight as aborted, and hangs up', async (t) => {
  const closed: Promise<unknown>[] = []
  let arrived = 0
  const all = Promise.withResolvers<void>()
  const origin = await openHttp(t, (request) => {
    closed.push(closeOf(request.socket))
    if (++arrived === 3) all.resolve()
  })
  const sender = openSender(t)
  const outcomes = [sender.send(to(origin)), sender.send(to(origin)), sender.send(to(origin))]
  await all.promise
  sender.abort()
  assert.deepEqual(await Promise.all(outcomes), ['aborted', 'aborted', 'aborted'])
  await Promise.all(closed)
})

test('aborting leaves an answer that has come as it is, and hangs up', async (t) => {
  const [answered, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const origin = await openHttp(t, (request, response) => {
    request.socket.on('close', () => closed.resolve())
    response.writeHead(200).write('and then', () => answered.resolve())
  })
  const sender = openSender(t)
  const outcome = sender.send(to(origin))
  await answered.promise
  // Sent is not yet received: what a later request has brought back came behind it.
  await sent(sender, to(await openHttp(t, (_, response) => response.end())))
  sender.abort()
  const { status, error, response } = (await outcome) as Outcome
  assert.deepEqual({ status, error, response }, { status: 200, error: null, response: 'and then' })
  await closed.promise
})

test('aborting while the connection is still being made ends the attempt as well', async (t) => {
  const connected = Promise.withResolvers<void>()
  const origin = (await openTcp(t, () => connected.resolve())).replace('http:', 'https:')
  const sender = openSender(t)
  const outcome = sender.send(to(origin))
  await connected.promise
  sender.abort()
  assert.equal(await outcome, 'aborted')
})

test('a connection is used again for the next request', async (t) => {
  const ports = new Set<number>()
  const origin = await openHttp(t, (request, response) => {
    ports.add(request.socket.remotePort!)
    response.end('x'.repeat(2_000))
  })
  const sender = openSender(t)
  for (let i = 0; i < 20; i++) assert.equal((await sent(sender, to(origin))).status, 200)
  assert.equal(ports.size, 1)
})

test('a connection whose answer was cut off is not used again', async (t) => {
  const origin = await openHttp(t, (request, response) => {
    if (request.url === '/large') response.end('x'.repeat(100 * 1024))
    else response.end('fine')
  })
  const sender = openSender(t)
  assert.equal((await sent(sender, to(origin, { path: '/large' }))).status, 200)
  const { error, response } = await sent(sender, to(origin))
  assert.deepEqual([error, response], [null, 'fine'])
})

test('what a listener sends beyond its answer is not taken for the answer to the next request', async (t) => {
  const answer = (text: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`
  let connections = 0
  const origin = await openTcp(t, (socket) => {
    connections += 1
    socket.write(connections === 1 ? answer('first') + answer('forged') : answer('second'))
  })
  const sender = openSender(t)
  assert.equal((await sent(sender, to(origin))).response, 'first')
  assert.notEqual((await sent(sender, to(origin))).response, 'forged')
})

test('a listener that closes after each answer is served all the same', async (t) => {
  const origin = await openHttp(t, (_, response) => response.writeHead(200, { connection: 'close' }).end('bye'))
  const sender = openSender(t)
  for (let i = 0; i < 10; i++) assert.deepEqual((await sent(sender, to(origin))).error, null)
})

test('requests that hang do not hold up others to the same host', async (t) => {
  let hanging = 0
  const all = Promise.withResolvers<void>()
  const origin = await openHttp(t, (request, response) => {
    if (request.url !== '/hang') response.end()
    else if (++hanging === 200) all.resolve()
  })
  const sender = openSender(t)
  const hung = Array.from({ length: 200 }, () => sender.send(to(origin, { path: '/hang' })))
  await all.promise
  assert.equal((await sent(sender, to(origin, { path: '/works' }))).status, 200)
  sender.abort()
  assert.ok((await Promise.all(hung)).every((outcome) => outcome === 'aborted'))
})

test('closing hangs up on connections that are kept for later', async (t) => {
  const gone = Promise.withResolvers<void>()
  const origin = await openHttp(t, (request, response) => {
    request.socket.on('close', () => gone.resolve())
    response.end()
  })
  const sender = openSender(t)
  await sent(sender, to(origin))
  await sender.close()
  await gone.promise
})

for (const [what, head, connections] of [
  ['keeps it for longer than a second', 'content-length: 2\r\nkeep-alive: timeout=5', 1],
  ['closes it a second later', 'content-length: 2\r\nkeep-alive: timeout=1', 3],
  ['says that it closes it', 'content-length: 2\r\nconnection: close', 3],
] as const) {
  test(`a connection is used again or not as its server ${what}`, async (t) => {
    let made = 0
    const server = createServer((socket) => {
      made += 1
      socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\nok`))
    })
    const origin = `http://${await listen(t, server)}`
    const sender = openSender(t)
    for (let i = 0; i < 3; i++) assert.equal((await sent(sender, to(origin))).response, 'ok')
    assert.equal(made, connections)
  })
}

test('a request is not sent over a connection whose other side has closed it meanwhile', async (t) => {
  let made = 0
  const closed = Promise.withResolvers<void>()
  const server = createServer((socket) => {
    made += 1
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
    if (made > 1) return
    socket.once('data', () => setImmediate(() => socket.end()))
    socket.on('close', () => closed.resolve())
  })
  const origin = `http://${await listen(t, server)}`
  const sender = openSender(t)
  await sent(sender, to(origin))
  // Closed by both: this side has seen the end of the other one.
  await closed.promise
  assert.deepEqual([(await sent(sender, to(origin))).status, made], [200, 2])
})

test('an answer that comes before a large request is written is taken, and its connection is not used again', async (t) => {
  let made = 0
  const server = createServer((socket) => {
    made += 1
    socket.once('data', () => {
      socket.pause()
      socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n')
    })
  })
  const origin = `http://${await listen(t, server)}`
  const sender = openSender(t)
  const body = 'x'.repeat(32 * 1024 * 1024)
  for (let i = 0; i < 2; i++) assert.equal((await sent(sender, to(origin, { body }))).status, 413)
  assert.equal(made, 2)
})
