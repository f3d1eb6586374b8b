// A client may end its connection at any moment, with a reset, while the server writes to it. Whatever the connection
// was doing then, and whichever part of the server had it, the server goes on, and each of its sockets has had a
// listener for the error.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as requestHttp } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestHttps } from 'node:https'
import { describe, test } from 'node:test'
import { closeOf } from '../support/closing.ts'
import { NO_OPENSSL } from '../support/server/certificate.ts'
import { connectRaw, type RawTarget, RESETS, sendAndReset } from './raw-client.ts'
import { type HostileServer, startHostileServer, withoutTls } from './servers.ts'

/** Connections at once, for an error that depends on the moment to come up. */
const TIMES = 25
/** How often over TLS, where each connection costs a handshake. */
const TIMES_OVER_TLS = 8

const GET = 'GET /v1/queues HTTP/1.1\r\nHost: a\r\n'
/** What makes Node hand out a socket, or answer something by itself; each of them is a way to leave its own listeners. */
const OPENINGS: [what: string, bytes: string][] = [
  ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['CONNECT with more behind it', `CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n${'x'.repeat(60_000)}`],
  ['an upgrade to WebSocket', `${GET}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`],
  [
    'an upgrade to HTTP/2',
    `${GET}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
  ],
  ['bytes that are not HTTP', '\x00\x01 garbage\r\n\r\n'],
  ['bytes that are not HTTP behind a request', `${GET}\r\n\x00\x01 garbage\r\n\r\n`],
  ['headers over the limit', `${GET}x: ${'x'.repeat(50_000)}\r\n\r\n`],
  ['an expectation', 'POST /v1/queues HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n'],
  ['a method that HTTP does not know', 'FROBNICATE / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['many requests at once', 'GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20)],
  ['a request for the metrics', 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'],
]

/** A server that has died does not answer; one that only survived says so in its log. */
async function expectUnharmed(server: HostileServer): Promise<void> {
  const request = server.ca === undefined ? requestHttp : requestHttps
  const sent = request(`${server.url}/health/ready`, { ca: server.ca, agent: false }).end()
  const [response] = await once(sent, 'response')
  assert.equal(response.resume().statusCode, 200)
  assert.doesNotMatch(server.output().stderr, /Unhandled 'error' event|no listener/)
}

async function resetAll(target: RawTarget, bytes: string): Promise<void> {
  const length = target.ca === undefined ? TIMES : TIMES_OVER_TLS
  for (const reset of RESETS) {
    await Promise.all(Array.from({ length }, () => sendAndReset(target, bytes, reset)))
  }
}

describe('a client that resets its connection', async () => {
  const plain = await startHostileServer()
  for (const [what, bytes] of OPENINGS) {
    test(`after ${what}`, async () => {
      await resetAll({ port: plain.port }, bytes)
      await expectUnharmed(plain)
    })
    test(`to the port of the metrics, after ${what}`, async () => {
      await resetAll({ port: plain.metricsPort }, bytes)
      await expectUnharmed(plain)
    })
  }
})

describe('a client that resets its connection over TLS', { skip: withoutTls && NO_OPENSSL }, async () => {
  if (withoutTls) return
  const secure = await startHostileServer({ tls: true })
  const { port, ca } = secure
  for (const [what, bytes] of OPENINGS) {
    test(`after ${what}`, async () => {
      await resetAll({ port, ca, protocol: 'http/1.1' }, bytes)
      await resetAll({ port, ca, protocol: 'h2' }, bytes)
      await expectUnharmed(secure)
    })
  }

  test('before and during the handshake', async () => {
    // The start of a ClientHello, and none at all.
    for (const bytes of ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', GET, '']) {
      await resetAll({ port }, bytes)
    }
    await expectUnharmed(secure)
  })

  for (const [what, headers] of [
    ['a request', { ':path': '/openapi.json' }],
    ['CONNECT', { ':method': 'CONNECT', ':authority': 'a:443' }],
    ['a body that never ends', { ':method': 'POST', ':path': '/v1/queues', 'content-type': 'application/json' }],
  ] as const) {
    test(`within HTTP/2, after ${what}`, async () => {
      await Promise.all(Array.from({ length: TIMES }, (_, at) => resetSession(secure, headers, at % 3)))
      await expectUnharmed(secure)
    })
  }
})

/** Resets the stream alone, or the connection below it, at once or with the answer. */
async function resetSession({ port, ca, url }: HostileServer, headers: object, how: number): Promise<void> {
  const { wire, socket } = await connectRaw({ port, ca, protocol: 'h2' })
  const session = connectHttp2(url, { createConnection: () => socket })
  session.on('error', () => undefined)
  await once(session, 'connect')
  const gone = closeOf(wire)
  const stream = session.request({ ...headers }, { endStream: false })
  stream.on('error', () => undefined)
  if (how === 0) setImmediate(() => wire.resetAndDestroy())
  else stream.once('response', () => (how === 1 ? wire.resetAndDestroy() : stream.close(8)))
  if (how === 2) stream.once('close', () => session.destroy())
  setTimeout(() => wire.resetAndDestroy(), 300).unref()
  await gone
}
