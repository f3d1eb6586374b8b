import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createSecureServer } from 'node:http2'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, type TestContext, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { makeCertificate, NO_OPENSSL } from '../../support/server/certificate.ts'
import { openSender, sent, to } from './wire.ts'

const certificate = makeCertificate()
const skip = certificate === null ? NO_OPENSSL : false
const trusted = getCACertificates()
after(() => setDefaultCACertificates(trusted))

async function listen(t: TestContext, server: Pick<Server, 'listen' | 'address' | 'close' | 'once'>): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server as Server, 'listening')
  t.after(() => server.close())
  return String((server.address() as AddressInfo).port)
}

async function send(t: TestContext, origin: string) {
  const { status, error, response } = await sent(openSender(t), to(origin))
  return { status, error, response }
}

test('a certificate that nobody vouches for is a fault of TLS, and the listener is sent nothing', {
  skip,
}, async (t) => {
  setDefaultCACertificates(trusted)
  let requests = 0
  const port = await listen(
    t,
    createServer(certificate!, (_, response) => {
      requests += 1
      response.end()
    }),
  )
  const response = 'the certificate is self-signed'
  assert.deepEqual(await send(t, `https://127.0.0.1:${port}`), { status: null, error: 'tls', response })
  assert.equal(requests, 0)
})

test('a certificate for another name is a fault of TLS', { skip }, async (t) => {
  setDefaultCACertificates([...trusted, certificate!.cert])
  const port = await listen(
    t,
    createServer(certificate!, (_, response) => response.end()),
  )
  const { error, response } = await send(t, `https://localhost:${port}`)
  assert.deepEqual([error, response], ['tls', 'the certificate is for another name; it has IP Address:127.0.0.1'])
})

test('a listener with a valid certificate is served', { skip }, async (t) => {
  setDefaultCACertificates([...trusted, certificate!.cert])
  const port = await listen(
    t,
    createServer(certificate!, (_, response) => response.end('thanks')),
  )
  assert.deepEqual(await send(t, `https://127.0.0.1:${port}`), { status: 200, error: null, response: 'thanks' })
})

test('a listener that offers HTTP/2 is served', { skip }, async (t) => {
  setDefaultCACertificates([...trusted, certificate!.cert])
  const options = { ...certificate!, allowHTTP1: true }
  const server = createSecureServer(options, (_, response) => void response.end('thanks'))
  const port = await listen(t, server as unknown as Server)
  assert.deepEqual(await send(t, `https://127.0.0.1:${port}`), { status: 200, error: null, response: 'thanks' })
})
