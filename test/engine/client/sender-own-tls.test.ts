import assert from 'node:assert/strict'
import { createServer, type ServerOptions } from 'node:https'
import type { Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import type { OpenTls } from '../../../src/core/delivery/credentials/listener-tls.ts'
import { ANY_TARGET } from '../../../src/core/network/target.ts'
import { ClientTls } from '../../../src/engine/client/client-tls.ts'
import type { SenderOptions } from '../../../src/engine/client/sender.ts'
import { makeCertificate, makeSignedCertificate, NO_OPENSSL } from '../../support/server/certificate.ts'
import { fakeNames } from './fake-names.ts'
import { listen, openSender, sent, to } from './wire.ts'

const [own, other, issued] = [makeCertificate('hook.test'), makeCertificate(), makeSignedCertificate()]
const skip = own === null ? NO_OPENSSL : false
const NOTHING: OpenTls = { ca: null, cert: null, key: null, serverName: null, verify: true }

/** A receiver of TLS that answers with the number of its connection and whose certificate the client has shown. */
async function openReceiver(t: TestContext, options: ServerOptions): Promise<string> {
  const numbers = new Map<unknown, number>()
  const server = createServer(options, ({ socket }, response) => {
    if (!numbers.has(socket)) numbers.set(socket, numbers.size + 1)
    const { subject } = (socket as TLSSocket).getPeerCertificate()
    response.end(`${numbers.get(socket)} ${subject?.CN ?? 'nothing'}`)
  })
  return (await listen(t, server as unknown as Server)).split(':')[1]!
}

function open(t: TestContext, options: Partial<SenderOptions> = {}) {
  const sender = openSender(t, ANY_TARGET, {
    names: fakeNames(...Array.from({ length: 20 }, () => ['127.0.0.1'])),
    ...options,
  })
  return async (origin: string, tls: Partial<OpenTls> | null) => {
    const { status, error, response } = await sent(
      sender,
      to(origin, { tls: tls && new ClientTls({ ...NOTHING, ...tls }) }),
    )
    return error === null ? `${status} ${response}` : `${error}: ${response}`
  }
}

test('an authority of a listener is trusted for it alone, and in place of those of the machine', {
  skip,
}, async (t) => {
  const send = open(t)
  const origin = `https://hook.test:${await openReceiver(t, own!)}`
  assert.match(await send(origin, null), /^tls: the certificate is self-signed/)
  assert.equal(await send(origin, { ca: own!.cert }), '200 1 nothing')
  assert.match(await send(origin, { ca: other!.cert }), /^tls: /)
  assert.match(await send(origin, null), /^tls: the certificate is self-signed/)
  assert.equal(await send(origin, { ca: own!.cert }), '200 1 nothing')
})

test('a certificate is shown to the receiver that wants one, and to no other over the same connection', {
  skip,
}, async (t) => {
  const { authority, signed } = issued!
  const send = open(t)
  const wants = { ...own!, requestCert: true, rejectUnauthorized: true, ca: authority.cert }
  const origin = `https://hook.test:${await openReceiver(t, wants)}`
  assert.match(
    await send(origin, { ca: own!.cert }),
    /^(tls: the receiver wants a client certificate|connection_reset)/,
  )
  const shown = await send(origin, { ca: own!.cert, ...signed })
  assert.match(shown, /^200 \d+ (?!nothing)/)
  assert.match(
    await send(origin, { ca: own!.cert }),
    /^(tls: the receiver wants a client certificate|connection_reset)/,
  )
  assert.equal(await send(origin, { ca: own!.cert, ...signed }), shown)
})

test('a server name is asked for and checked in place of the host', { skip }, async (t) => {
  const send = open(t)
  const port = await openReceiver(t, own!)
  for (const host of ['127.0.0.1', 'elsewhere.test']) {
    const origin = `https://${host}:${port}`
    assert.match(await send(origin, { ca: own!.cert }), /^tls: the certificate is for another name/)
    assert.match(await send(origin, { ca: own!.cert, serverName: 'hook.test' }), /^200 /)
    assert.match(
      await send(origin, { ca: own!.cert, serverName: 'other.test' }),
      /^tls: the certificate is for another name/,
    )
  }
})

test('a certificate goes unchecked only where the operator allows it, whatever is stored', { skip }, async (t) => {
  const origin = `https://elsewhere.test:${await openReceiver(t, own!)}`
  assert.match(await open(t)(origin, { verify: false }), /^tls: /)
  const allowed = open(t, { insecureTls: true })
  assert.match(await allowed(origin, { verify: false }), /^200 /)
  assert.match(await allowed(origin, null), /^tls: /)
  assert.match(await allowed(origin, { verify: true }), /^tls: /)
})

test('what OpenSSL cannot use fails the attempt, and nothing else', { skip }, async (t) => {
  const origin = `https://hook.test:${await openReceiver(t, own!)}`
  assert.match(await open(t)(origin, { cert: 'x', key: 'y' }), /^tls: .*cannot be used/)
})
