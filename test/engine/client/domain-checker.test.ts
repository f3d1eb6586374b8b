import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, type TestContext, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { ANY_TARGET, PUBLIC_TARGETS } from '../../../src/core/network/target.ts'
import { Problem } from '../../../src/core/problem.ts'
import type { Domain } from '../../../src/core/tenant/domain.ts'
import { createDomainChecker } from '../../../src/engine/client/domain-checker.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { makeCertificate, NO_OPENSSL } from '../../support/server/certificate.ts'
import { fakeNames } from './fake-names.ts'
import { openSender } from './wire.ts'

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const certificate = makeCertificate()
const skip = certificate === null ? NO_OPENSSL : false
const trusted = getCACertificates()
after(() => setDefaultCACertificates(trusted))

const CONTENT = 'what-only-the-owner-can-put-there'

function domainAt(port: number, hostname = '127.0.0.1'): Domain {
  const challenge = { contextPath: 'c/d', fileName: 'f.txt', fileContent: CONTENT, createdAt: 0, expiresAt: 1 }
  const times = { createdAt: 0, updatedAt: 0, verifiedAt: null }
  return { id: 'd', organizationId: 'o', name: 'n', hostname, port, challenge, ...times }
}

/** A server that answers as told; what it was asked for is in `paths`. */
async function serve(t: TestContext, answer: (response: ServerResponse) => void) {
  setDefaultCACertificates([...trusted, certificate!.cert])
  const asked: { method: string; path: string }[] = []
  const server = createServer(certificate!, (request, response) => {
    asked.push({ method: request.method!, path: request.url! })
    answer(response as ServerResponse)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, asked }
}

function open(t: TestContext, targets = ANY_TARGET, resolve?: Parameters<typeof openSender>[2]) {
  const sender = openSender(t, targets, resolve)
  return { sender, checker: createDomainChecker({ sender, runtime: createRuntime(silent), userAgent: 'discue/test' }) }
}

test('the file with its content is what verifies, with a line break at its end or without', { skip }, async (t) => {
  for (const body of [CONTENT, `${CONTENT}\n`, `${CONTENT}\r\n`]) {
    const { port, asked } = await serve(t, (response) => response.end(body))
    assert.equal(await open(t).checker.check(domainAt(port)), null)
    assert.deepEqual(asked, [{ method: 'GET', path: '/c/d/f.txt' }])
  }
})

test('a file that comes slowly is waited for', { skip }, async (t) => {
  const { port } = await serve(t, (response) => {
    response.write(CONTENT.slice(0, 5))
    setTimeout(() => response.end(CONTENT.slice(5)), 1_500)
  })
  assert.equal(await open(t).checker.check(domainAt(port)), null)
})

const wrong: [string, (response: ServerResponse) => void, RegExp][] = [
  ['another content', (response) => response.end('something else'), /must hold file_content and nothing else/],
  ['more than the content', (response) => response.end(`${CONTENT}x`), /nothing else/],
  ['the content in a long file', (response) => response.end(CONTENT + 'x'.repeat(5_000)), /nothing else/],
  ['an error', (response) => response.writeHead(404).end(CONTENT), /must answer with 200, not 404/],
  ['another 2xx', (response) => response.writeHead(201).end(CONTENT), /not 201/],
  ['a redirect', (response) => response.writeHead(302, { location: '/elsewhere' }).end(), /not 302/],
  ['too much', (response) => response.end('x'.repeat(200_000)), /nothing else/],
  ['nothing', (response) => response.destroy(), /could not be fetched: connection_reset/],
]
for (const [what, answer, reason] of wrong) {
  test(`${what} does not verify, and what was found is not told`, { skip }, async (t) => {
    const { port, asked } = await serve(t, answer)
    const fault = await open(t).checker.check(domainAt(port))
    assert.match(fault!, reason)
    assert.match(fault!, new RegExp(`^https://127\\.0\\.0\\.1:${port}/c/d/f\\.txt `))
    assert.ok(!fault!.includes('something else'))
    assert.equal(asked.length, 1)
  })
}

test('a certificate that nobody vouches for does not verify', { skip }, async (t) => {
  const { port, asked } = await serve(t, (response) => response.end(CONTENT))
  setDefaultCACertificates(trusted)
  assert.match((await open(t).checker.check(domainAt(port)))!, /could not be fetched: tls/)
  assert.equal(asked.length, 0)
})

test('a name that resolves to where the server may not go does not verify', { skip }, async (t) => {
  const { port, asked } = await serve(t, (response) => response.end(CONTENT))
  const { checker } = open(t, PUBLIC_TARGETS, { names: fakeNames(['127.0.0.1']) })
  assert.match((await checker.check(domainAt(port, 'inside.example')))!, /could not be fetched: blocked_target/)
  assert.equal(asked.length, 0)
})

test('an organization has four checks at once, and an end of the server ends them', { skip }, async (t) => {
  let arrived = 0
  const all = Promise.withResolvers<void>()
  const { port } = await serve(t, () => {
    if (++arrived === 5) all.resolve()
  })
  const { sender, checker } = open(t)
  const isProblem = (code: string) => (error: unknown) => error instanceof Problem && error.code === code
  const running = Array.from({ length: 4 }, () => checker.check(domainAt(port)))
  await assert.rejects(checker.check(domainAt(port)), isProblem('too_many_checks'))
  running.push(checker.check({ ...domainAt(port), organizationId: 'other' }))
  await all.promise
  sender.abort()
  for (const outcome of await Promise.allSettled(running)) {
    assert.ok(outcome.status === 'rejected' && isProblem('stopping')(outcome.reason))
  }
  await assert.rejects(
    (async () => {
      const next = checker.check(domainAt(port))
      setImmediate(() => sender.abort())
      return next
    })(),
    isProblem('stopping'),
  )
})
