import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { makeFolder } from '../support/server-process.ts'
import { openSender, sent, to } from './wire.ts'

const certificate = makeCertificate()
const skip = certificate === null ? 'there is no openssl here to make a certificate with' : false
const trusted = getCACertificates()
after(() => setDefaultCACertificates(trusted))

/** For 127.0.0.1, signed by itself; null where there is no openssl. */
function makeCertificate(): { key: string; cert: string } | null {
  using folder = makeFolder()
  const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')]
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const subject = ['-subj', '/CN=discue test', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = spawnSync('openssl', [...kind, ...subject, '-keyout', key, '-out', cert])
  return made.status === 0 ? { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } : null
}

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
  assert.deepEqual(await send(t, `https://127.0.0.1:${port}`), { status: null, error: 'tls', response: '' })
  assert.equal(requests, 0)
})

test('a certificate for another name is a fault of TLS', { skip }, async (t) => {
  setDefaultCACertificates([...trusted, certificate!.cert])
  const port = await listen(
    t,
    createServer(certificate!, (_, response) => response.end()),
  )
  assert.equal((await send(t, `https://localhost:${port}`)).error, 'tls')
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
