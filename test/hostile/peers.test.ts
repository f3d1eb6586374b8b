// Where the server is the client: whatever it connects to may reset the connection at any moment, also when the attempt
// that it was opened for is over. An error that no listener hears would fail these tests, as it would end the process.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { ANY_TARGET } from '../../src/core/network/target.ts'
import { createSender } from '../../src/engine/client/sender.ts'
import { createRuntime } from '../../src/runtime.ts'
import { StoreUnavailable } from '../../src/store/store.ts'
import { connect } from '../../src/store-postgres/connect/session.ts'
import { targetOf } from '../../src/store-postgres/connect/target.ts'
import { makeCertificate, NO_OPENSSL } from '../support/server/certificate.ts'
import { silentLog } from '../support/silent-log.ts'

const certificate = makeCertificate()
const runtime = createRuntime(silentLog)
const TIMES = 10
/** Shorter than what the slow peers take, and longer than a connection needs. */
const TIMEOUT_MS = 60
const LATE_MS = TIMEOUT_MS * 2

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n'
/** What a peer does with a connection. */
const PEERS: [what: string, peer: (socket: Socket) => void][] = [
  ['resets it as soon as it is there', (socket) => socket.resetAndDestroy()],
  ['resets it once it is asked', (socket) => socket.once('data', () => socket.resetAndDestroy())],
  ['answers with garbage and resets it', (socket) => socket.write('\x00\xff\r\n\r\n', () => socket.resetAndDestroy())],
  ['resets it in the middle of its answer', (socket) => socket.write(HEAD, () => socket.resetAndDestroy())],
  ['resets it when nothing is awaited any more', (socket) => setTimeout(() => socket.resetAndDestroy(), LATE_MS)],
  [
    'answers, and resets it while it is idle',
    (socket) =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', () => setImmediate(() => socket.resetAndDestroy()))
      }),
  ],
]

async function listen(t: TestContext, peer: (socket: Socket) => void): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined)
    peer(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

function secured(peer: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => {
    const tls = new TLSSocket(socket, { isServer: true, ...certificate! })
    tls.on('error', () => undefined)
    tls.once('secure', () => peer(tls))
    // A socket that is encrypted has no reset of its own.
    tls.resetAndDestroy = () => {
      socket.resetAndDestroy()
      return tls
    }
  }
}

/** Sends some requests, and stays until the last reset is over. */
async function sendAll(t: TestContext, origin: string): Promise<void> {
  const sender = createSender(runtime, ANY_TARGET, { egress: null })
  t.after(() => sender.close())
  const request = { method: 'POST', origin, path: '/', headers: [], body: 'x'.repeat(100_000), timeoutMs: TIMEOUT_MS }
  const outcomes = await Promise.all(
    Array.from({ length: TIMES }, () => sender.send({ ...request, method: 'POST', startedAt: runtime.now() })),
  )
  assert.equal(outcomes.length, TIMES)
  await new Promise((resolve) => setTimeout(resolve, LATE_MS * 2))
}

describe('a listener, a collector of spans or a verified domain', () => {
  for (const [what, peer] of PEERS) {
    test(`${what}`, async (t) => sendAll(t, `http://127.0.0.1:${await listen(t, peer)}`))
    test(`${what}, in the middle of a TLS handshake`, async (t) => {
      await sendAll(t, `https://127.0.0.1:${await listen(t, peer)}`)
    })
    test(`${what}, over TLS`, { skip: certificate === null ? NO_OPENSSL : false }, async (t) => {
      await sendAll(t, `https://127.0.0.1:${await listen(t, secured(peer))}`)
    })
  }
})

describe('a PostgreSQL', () => {
  for (const sslmode of ['disable', 'prefer', 'require'] as const) {
    for (const [what, peer] of PEERS.slice(0, 4)) {
      test(`${what} (sslmode ${sslmode})`, async (t) => {
        const begins = (socket: Socket) => {
          // It says yes to TLS, and what comes then is the handshake.
          if (sslmode !== 'disable') socket.once('data', () => socket.write('S', () => peer(socket)))
          else peer(socket)
        }
        const port = await listen(t, begins)
        const target = targetOf({
          ...{ hosts: [{ host: '127.0.0.1', port }], user: 'u', password: 'p', passfile: null, database: 'd' },
          ...{ sslmode, sslrootcert: null, sslcert: null, sslkey: null, applicationName: 'test' },
        })
        await Promise.all(
          Array.from({ length: TIMES }, () => assert.rejects(connect(target, runtime), StoreUnavailable)),
        )
      })
    }
  }
})
