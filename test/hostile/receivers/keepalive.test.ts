// Receivers that close connections which they had promised to keep, at every moment at which they can.
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ANY_TARGET } from '../../../src/core/network/target.ts'
import type { Names } from '../../../src/engine/client/names/names.ts'
import { createSender } from '../../../src/engine/client/sender.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { listen, openSender, sent, to } from '../../engine/client/wire.ts'
import { silentLog } from '../../support/silent-log.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

interface Receiver {
  origin: string
  /** Connections that were made. */
  made: number
  /** Bodies of the requests that came, in order, as far as they came in one piece. */
  bodies: string[]
}

/** `talk` has the bytes that came, and which request of its connection they begin. */
async function openReceiver(
  t: TestContext,
  talk: (socket: Socket, request: number, connection: number) => void,
): Promise<Receiver> {
  const receiver: Receiver = { origin: '', made: 0, bodies: [] }
  const server = createServer((socket) => {
    receiver.made += 1
    const connection = receiver.made
    let requests = 0
    socket.on('data', (bytes) => {
      receiver.bodies.push(bytes.toString('latin1').split('\r\n\r\n')[1]!)
      talk(socket, ++requests, connection)
    })
  })
  receiver.origin = `http://${await listen(t, server)}`
  return receiver
}

const ENDS: [string, (socket: Socket) => void][] = [
  ['closed', (socket) => socket.end()],
  ['reset', (socket) => socket.resetAndDestroy()],
  ['destroyed', (socket) => socket.destroy()],
]

for (const [how, end] of ENDS) {
  test(`a request whose kept connection is ${how} as it arrives is sent once more, over another one`, async (t) => {
    const receiver = await openReceiver(t, (socket, request) => (request === 1 ? socket.write(OK) : end(socket)))
    const sender = openSender(t)
    for (let message = 1; message <= 5; message++) {
      const { status, error } = await sent(sender, to(receiver.origin, { body: `message ${message}` }))
      assert.deepEqual([status, error], [200, null], `message ${message}`)
    }
    // The first has a connection of its own; each that follows one over an old connection and one over a new one.
    assert.equal(receiver.made, 5)
    const bodies = [1, 2, 2, 3, 3, 4, 4, 5, 5].map((message) => `message ${message}`)
    assert.deepEqual(receiver.bodies, bodies)
  })

  test(`a request whose new connection is ${how} has failed, and is not sent again`, async (t) => {
    const receiver = await openReceiver(t, (socket) => end(socket))
    const { status, error, response } = await sent(openSender(t), to(receiver.origin))
    assert.deepEqual([status, error, receiver.made], [null, 'connection_reset', 1])
    assert.match(response, /before an answer came/)
  })

  test(`a request is sent once more and no more, where the second connection is ${how} as well`, async (t) => {
    const receiver = await openReceiver(t, (socket, request, connection) =>
      request === 1 && connection === 1 ? socket.write(OK) : end(socket),
    )
    const sender = openSender(t)
    await sent(sender, to(receiver.origin))
    assert.equal((await sent(sender, to(receiver.origin))).error, 'connection_reset')
    assert.equal(receiver.made, 2)
  })

  test(`an answer of which a byte has come is not asked for again, where its connection is ${how} then`, async (t) => {
    const receiver = await openReceiver(t, (socket, request) => {
      if (request === 1) socket.write(OK)
      else socket.write('H', () => setTimeout(() => end(socket), 50))
    })
    const sender = openSender(t)
    await sent(sender, to(receiver.origin))
    assert.equal((await sent(sender, to(receiver.origin))).error, 'connection_reset')
    assert.equal(receiver.made, 1)
  })

  test(`a large request whose kept connection is ${how} while it is written is sent once more`, async (t) => {
    let made = 0
    const body = 'x'.repeat(32 * 1024 * 1024)
    const server = createServer((socket) => {
      made += 1
      let [arrived, answered] = [0, 0]
      socket.on('data', (bytes) => {
        arrived += bytes.length
        if (made === 1 && answered === 1) end(socket)
        else if (answered === 0 && (made === 1 || arrived > body.length)) answered = Number(socket.write(OK)) || 1
      })
    })
    const origin = `http://${await listen(t, server)}`
    const sender = openSender(t)
    assert.equal((await sent(sender, to(origin))).status, 200)
    assert.deepEqual([(await sent(sender, to(origin, { body }))).status, made], [200, 2])
  })
}

for (const [what, host, timers] of [
  ['', '127.0.0.1', [1_000]],
  [', beside the look-up of each', 'receiver.example', [1_000, 400]],
] as const) {
  test(`the timeout is there for both tries together${what}`, async (t) => {
    let now = Date.now()
    const [started, fire]: [number[], (() => void)[]] = [[], []]
    const after = (delayMs: number, run: () => void) => {
      started.push(delayMs)
      fire.push(run)
      return () => {}
    }
    const again = Promise.withResolvers<void>()
    const receiver = await openReceiver(t, (socket, request, connection) => {
      if (connection > 1) again.resolve()
      else if (request === 1) socket.write(OK)
      else {
        now += 600
        socket.destroy()
      }
    })
    const find: Names['find'] = (_, __, done) => {
      setImmediate(done, null, ['127.0.0.1'])
      return () => {}
    }
    const sender = createSender({ ...createRuntime(silentLog), after, now: () => now }, ANY_TARGET, {
      egress: null,
      names: { find },
    })
    t.after(() => sender.close())
    const origin = receiver.origin.replace('127.0.0.1', host)
    await sent(sender, to(origin, { startedAt: now }))
    started.length = 0
    const outcome = sent(sender, to(origin, { startedAt: now, timeoutMs: 1_000 }))
    await again.promise
    assert.deepEqual(started, timers)
    fire.at(-1)!()
    assert.deepEqual([(await outcome).error, receiver.made], ['timeout', 2])
  })
}

test('an attempt that is aborted while it is sent once more ends, and its connection with it', async (t) => {
  const again = Promise.withResolvers<Socket>()
  const receiver = await openReceiver(t, (socket, request, connection) => {
    if (connection > 1) again.resolve(socket)
    else if (request === 1) socket.write(OK)
    else socket.destroy()
  })
  const sender = openSender(t)
  await sent(sender, to(receiver.origin))
  const outcome = sender.send(to(receiver.origin))
  const closed = new Promise((resolve) => again.promise.then((socket) => socket.on('close', resolve)))
  await again.promise
  sender.abort()
  assert.equal(await outcome, 'aborted')
  await closed
})

for (const [how, end] of ENDS) {
  test(`of a receiver whose idle connections are ${how} after two seconds no attempt fails`, async (t) => {
    const CONNECTIONS = 40
    const receiver = await openReceiver(t, (socket) => {
      socket.write(OK)
      // Once for each connection: it listens, and begins anew with whatever comes.
      if (socket.timeout === undefined) socket.setTimeout(2_000, () => end(socket))
    })
    const sender = openSender(t)
    const round = () => Promise.all(Array.from({ length: CONNECTIONS }, () => sent(sender, to(receiver.origin))))
    await round()
    // Around the moment at which each is closed, so that requests and ends cross on the way.
    const later = Array.from({ length: CONNECTIONS }, async (_, index) => {
      await sleep(1_990 + index / 2)
      return sent(sender, to(receiver.origin))
    })
    const failed = (await Promise.all(later)).filter(({ status }) => status !== 200)
    assert.deepEqual(failed, [])
  })
}
