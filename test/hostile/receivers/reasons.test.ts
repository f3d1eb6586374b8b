// That an attempt says what went wrong, so that the receiver's developer need not guess: in `error` for programs, and
// in words where the answer would be.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer as createTcpServer, type Server } from 'node:net'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates, type TlsOptions } from 'node:tls'
import { ANY_TARGET } from '../../../src/core/network/target.ts'
import type { SenderOptions } from '../../../src/engine/client/sender.ts'
import { fakeNames } from '../../engine/client/fake-names.ts'
import { listen, openHttp, openSender, openTcp, sent, to } from '../../engine/client/wire.ts'
import {
  makeCertificate,
  makeExpiredCertificate,
  makeSignedCertificate,
  NO_OPENSSL,
} from '../../support/server/certificate.ts'
import { makeFolder } from '../../support/server/server-process.ts'

const [own, expired, issued] = [makeCertificate(), makeExpiredCertificate(), makeSignedCertificate()]
const skip = own === null ? NO_OPENSSL : false
const trusted = getCACertificates()
after(() => setDefaultCACertificates(trusted))

function trust(...certificates: string[]): void {
  setDefaultCACertificates([...trusted, ...certificates])
}

/** A server of TLS that answers 200 to whatever comes; answers with its port. */
async function openTls(t: TestContext, options: TlsOptions): Promise<string> {
  const server = createTlsServer(options, (socket) => {
    socket.on('error', () => {}).on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))
  })
  return (await listen(t, server as Server)).split(':')[1]!
}

/** A server of TLS that is not Node's, which says more by its alerts. */
async function startOpenssl(args: readonly string[]): Promise<{ port: string; [Symbol.dispose](): void }> {
  const folder = makeFolder()
  const [cert, key] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')]
  writeFileSync(cert, own!.cert)
  writeFileSync(key, own!.key)
  const options = ['-accept', '127.0.0.1:0', '-cert', cert, '-key', key, '-www']
  const child = spawn('openssl', ['s_server', ...options, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  const dispose = () => {
    child.kill('SIGKILL')
    folder[Symbol.dispose]()
  }
  let printed = ''
  for (;;) {
    const port = /ACCEPT \S*:(\d+)/.exec(printed)?.[1]
    if (port !== undefined) return { port, [Symbol.dispose]: dispose }
    printed += String((await once(child.stdout, 'data'))[0])
  }
}

async function outcomeOf(t: TestContext, origin: string, options: Partial<SenderOptions> = {}) {
  const { status, error, response } = await sent(openSender(t, ANY_TARGET, options), to(origin))
  return { status, error, response }
}

test('certificates: self-signed, expired, of an unknown authority, for another name', { skip }, async (t) => {
  trust(expired!.cert)
  const cases: [TlsOptions, string, RegExp][] = [
    [own!, '127.0.0.1', /^the certificate is self-signed$/],
    [expired!, '127.0.0.1', /^the certificate has expired$/],
    [issued!.signed, '127.0.0.1', /no authority that this server trusts vouches for the certificate/],
  ]
  for (const [options, host, reason] of cases) {
    const { status, error, response } = await outcomeOf(t, `https://${host}:${await openTls(t, options)}`)
    assert.deepEqual([status, error], [null, 'tls'])
    assert.match(response, reason)
  }
  trust(own!.cert)
  const { error, response } = await outcomeOf(t, `https://localhost:${await openTls(t, own!)}`)
  assert.deepEqual([error, response], ['tls', 'the certificate is for another name; it has IP Address:127.0.0.1'])
})

test('a receiver that wants a client certificate, by TLS 1.2 and 1.3', { skip }, async (t) => {
  trust(own!.cert)
  for (const version of ['1.2', '1.3']) {
    using server = await startOpenssl(['-Verify', '1', '-verify_return_error', `-tls${version.replace('.', '_')}`])
    const { error, response } = await outcomeOf(t, `https://127.0.0.1:${server.port}`)
    assert.equal(error, 'tls', version)
    assert.match(response, /client certificate/, version)
  }
})

test('TLS where there is none, and none where there is TLS', { skip }, async (t) => {
  const plain = await openHttp(t, (_, response) => response.end())
  assert.deepEqual(await outcomeOf(t, plain.replace('http:', 'https:')), {
    status: null,
    error: 'tls',
    response: 'the port does not speak TLS: should the URL begin with http://?',
  })
  using server = await startOpenssl([])
  const ports = [server.port, await openTls(t, own!)]
  const alert = await openTcp(t, (socket) => socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 70])))
  for (const origin of [...ports.map((port) => `http://127.0.0.1:${port}`), alert]) {
    const { status, error, response } = await outcomeOf(t, origin)
    assert.ok(status === null && error !== null, origin)
    assert.match(response, /speaks TLS, the URL should begin with https|speaks TLS: the URL should begin with https/)
  }
})

test('no version of TLS in common', { skip }, async (t) => {
  trust(own!.cert)
  const port = await openTls(t, { ...own!, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' })
  const { error, response } = await outcomeOf(t, `https://127.0.0.1:${port}`)
  assert.equal(error, 'tls')
  assert.match(response, /no version of TLS/)
})

test('HTTP/2 alone, and what is no HTTP at all', async (t) => {
  const http2 = createHttp2Server((_, response) => void response.end())
  http2.on('session', (session) => session.on('error', () => {}))
  const cases: [string, RegExp][] = [
    [`http://${await listen(t, http2 as unknown as Server)}`, /speaks HTTP\/2 only/],
    [await openTcp(t, (socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n')), /not HTTP: it begins with "SSH-2\.0/],
    [await openTcp(t, (socket) => socket.write('+OK ready\r\n')), /not HTTP: it begins with "\+OK ready"/],
    [await openTcp(t, (socket) => socket.write('HTTP/1.1 200 OK\r\nx: a\0b\r\n')), /NUL/],
  ]
  for (const [origin, reason] of cases) {
    const { status, error, response } = await outcomeOf(t, origin)
    assert.deepEqual([status, error], [null, 'invalid_response'])
    assert.match(response, reason)
  }
})

test('names, ports and addresses that lead nowhere', async (t) => {
  const server = createTcpServer()
  const gone = await listen(t, server)
  await new Promise((resolve) => server.close(resolve))
  const cases: [string, string, RegExp][] = [
    ['http://nowhere.invalid', 'dns', /name/],
    [`http://${gone}`, 'connection_refused', /nothing listens/],
  ]
  for (const [origin, expected, reason] of cases) {
    const { error, response } = await outcomeOf(t, origin)
    assert.equal(error, expected)
    assert.match(response, reason)
  }
})

for (const [what, status, headers, body, response] of [
  ['with a body', 302, { location: 'https://example.com/new' }, 'moved', 'location: https://example.com/new\n\nmoved'],
  ['without one', 308, { location: '/new' }, '', 'location: /new\n\n'],
  ['to nowhere', 301, {}, 'moved', 'moved'],
  ['that is none', 200, { location: '/new' }, 'here', 'here'],
] as const) {
  test(`a redirect ${what} is told with where it points`, async (t) => {
    const origin = await openHttp(t, (_, answer) => answer.writeHead(status, headers).end(body))
    assert.deepEqual(await outcomeOf(t, origin), { status, error: null, response })
  })
}

test('a redirect to an endless address is cut at 1 KiB like every answer', async (t) => {
  const location = `/${'a'.repeat(5_000)}`
  const origin = await openHttp(t, (_, answer) => answer.writeHead(302, { location }).end('body'))
  const { response } = await outcomeOf(t, origin)
  assert.equal(response, `location: ${location}`.slice(0, 1_024))
})

test('an answer is never cut inside a character', async (t) => {
  const origin = await openHttp(t, (request, response) => response.end(decodeURIComponent(request.url!.slice(1))))
  const sender = openSender(t)
  for (const character of ['a', 'ü', '✓', '🙂']) {
    for (let before = 1_016; before <= 1_024; before++) {
      const path = `/${'x'.repeat(before)}${encodeURIComponent(character.repeat(9))}`
      const { response } = await sent(sender, to(origin, { path }))
      const bytes = Buffer.byteLength(character)
      const whole = Math.floor((1_024 - before) / bytes)
      assert.equal(response, 'x'.repeat(before) + character.repeat(Math.min(9, whole)))
    }
  }
})

test('an answer that breaks off inside a character ends before it, and one that ends there is kept as it is', async (t) => {
  const half = Buffer.from('a✓').subarray(0, 3)
  const head = (length: number) => `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n`
  const broken = await openTcp(t, (socket) => socket.end(Buffer.concat([Buffer.from(head(10)), half])))
  assert.equal((await outcomeOf(t, broken)).response, 'a')
  const whole = await openTcp(t, (socket) => socket.end(Buffer.concat([Buffer.from(head(3)), half])))
  assert.equal((await outcomeOf(t, whole)).response, 'a\ufffd')
})

test('TLS asks for a name without the dot that may end it', { skip }, async (t) => {
  const asked: string[] = []
  const SNICallback: TlsOptions['SNICallback'] = (name, done) => {
    asked.push(name)
    done(null)
  }
  trust(own!.cert)
  const port = await openTls(t, { ...own!, SNICallback })
  const names = fakeNames(['127.0.0.1'], ['127.0.0.1'])
  await outcomeOf(t, `https://receiver.example.:${port}`, { names })
  await outcomeOf(t, `https://receiver.example:${port}`, { names })
  assert.deepEqual(asked, ['receiver.example', 'receiver.example'])
})
