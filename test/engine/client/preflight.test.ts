import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, type TestContext, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { Webhook } from 'standardwebhooks'
import type { Pushed } from '../../../src/core/delivery/listener.ts'
import type { CheckReport } from '../../../src/core/delivery/preflight.ts'
import { ANY_TARGET, PUBLIC_TARGETS } from '../../../src/core/network/target.ts'
import { Problem } from '../../../src/core/problem.ts'
import { CLEAR_BOX, createSecretBox } from '../../../src/core/tenant/secret-box.ts'
import { createSystemNames } from '../../../src/engine/client/names/system-names.ts'
import { createPreflight, type PreflightDeps } from '../../../src/engine/client/preflight.ts'
import { createSender } from '../../../src/engine/client/sender.ts'
import { createTokens } from '../../../src/engine/client/tokens/tokens.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { createMake } from '../../store/make.ts'
import { predictableBytes } from '../../support/predictable-bytes.ts'
import { makeCertificate, NO_OPENSSL } from '../../support/server/certificate.ts'
import { startReceiver } from '../../support/server/receiver.ts'
import { fakeNames } from './fake-names.ts'
import { openHttp, openTcp, PATIENCES_MS, PATIENT_MS } from './wire.ts'

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const make = createMake()
const queue = make.queue(make.organization())
const certificate = makeCertificate()
const skip = certificate === null ? NO_OPENSSL : false
const trusted = getCACertificates()
after(() => setDefaultCACertificates(trusted))

function open(what: Partial<PreflightDeps> = {}) {
  const runtime = createRuntime(silent)
  const names = createSystemNames(runtime)
  const userAgent = 'discue/test'
  const tokens = createTokens({ sender: createSender(runtime, ANY_TARGET, { egress: null }), runtime, userAgent })
  return createPreflight({
    runtime,
    names,
    tokens,
    targets: ANY_TARGET,
    secretBox: CLEAR_BOX,
    userAgent,
    ...what,
  })
}

function listenerAt(notifyUrl: string, timeoutMs = PATIENT_MS): Pushed {
  const listener = make.listener(queue)
  return { ...listener, notifyUrl, settings: { ...listener.settings, timeoutMs, headers: { 'x-own': 'yes' } } }
}

/** Each phase as `name verdict` or `name verdict error`. */
function told({ phases }: CheckReport): string[] {
  return phases.map(({ name, verdict, error }) => [name, verdict, ...(error === null ? [] : [error])].join(' '))
}

test('a listener that is well gets a signed test message like a delivery, and every phase passes', async () => {
  const receiver = await startReceiver((_, response) => response.end('thanks'))
  const listener = listenerAt(`${receiver.url.replace('127.0.0.1', 'hook.example.com')}/in?x=1`)
  const report = await open({ names: fakeNames(['127.0.0.1']) }).check(listener)
  assert.deepEqual(told(report), ['resolve passed', 'target passed', 'connect passed', 'tls not_needed', 'send passed'])
  assert.deepEqual([report.passed, report.status, report.response], [true, 200, 'thanks'])
  assert.deepEqual(report.addresses, ['127.0.0.1'])
  const [{ headers, body, path } = assert.fail()] = receiver.received
  assert.equal(path, '/in?x=1')
  assert.equal(headers['discue-test'], 'true')
  assert.deepEqual(
    [headers['discue-queue'], headers['discue-listener'], headers['x-own']],
    [queue.id, listener.id, 'yes'],
  )
  assert.doesNotThrow(() => new Webhook(listener.secret).verify(body, headers as Record<string, string>))
})

test('an answer that is no acknowledgement fails the last phase, and is shown', async (t) => {
  const origin = await openHttp(t, (_, response) => response.writeHead(503).end('closed'))
  const report = await open().check(listenerAt(origin))
  assert.deepEqual(told(report), [
    'resolve not_needed',
    'target passed',
    'connect passed',
    'tls not_needed',
    'send failed',
  ])
  assert.deepEqual([report.passed, report.status, report.response], [false, 503, 'closed'])
})

test('a listener whose answer has a body that is large, or never ends, is well', async (t) => {
  const answers: ((response: ServerResponse) => void)[] = [
    (response) => response.end('x'.repeat(100 * 1024)),
    (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: x\n\n'),
    (response) => response.writeHead(200, { 'x-large': 'y'.repeat(100 * 1024) }).end(),
  ]
  for (const answer of answers) {
    const report = await open().check(listenerAt(await openHttp(t, (_, response) => void answer(response))))
    assert.deepEqual([report.passed, report.status, told(report).at(-1)], [true, 200, 'send passed'])
  }
})

test('a failure says in words what went wrong', async (t) => {
  const origin = await openTcp(t, (socket) => socket.write('220 mail.example ESMTP\r\n'))
  const report = await open().check(listenerAt(origin))
  assert.equal(told(report).at(-1), 'send failed invalid_response')
  assert.equal(report.response, 'the answer is not HTTP: it begins with "220 mail.example ESMTP"')
})

test('a name that is not known fails at once, and nothing after it is tried', async () => {
  const report = await open({ names: fakeNames() }).check(listenerAt('https://nowhere.example/'))
  assert.deepEqual(told(report), [
    'resolve failed dns',
    'target skipped',
    'connect skipped',
    'tls skipped',
    'send skipped',
  ])
})

test('a target that is not allowed is refused before it is connected to, and its addresses are not told', async (t) => {
  let connections = 0
  const origin = await openHttp(t, (_, response) => response.end())
  const blocked = { targets: PUBLIC_TARGETS, names: fakeNames(['127.0.0.1']) }
  for (const url of [origin.replace('127.0.0.1', 'inside.example'), origin]) {
    const report = await open(blocked).check(listenerAt(url))
    assert.deepEqual(
      told(report).slice(1),
      ['target failed blocked_target', 'connect skipped', 'tls not_needed', 'send skipped'].map((text) =>
        text.replace('not_needed', 'skipped'),
      ),
    )
    assert.deepEqual(report.addresses, [])
    connections += report.status === null ? 0 : 1
  }
  assert.equal(connections, 0)
})

test('a port where nobody listens fails to connect', async (t) => {
  const origin = await openHttp(t, () => {})
  const port = Number(new URL(origin).port)
  const closed = await new Promise<string>((resolve) => {
    // One that was given out and taken back.
    const server = createServer().listen(0, '127.0.0.1', () => {
      const free = (server.address() as AddressInfo).port
      server.close(() => resolve(`http://127.0.0.1:${free}`))
    })
  })
  assert.notEqual(Number(new URL(closed).port), port)
  assert.deepEqual(told(await open().check(listenerAt(closed))), [
    'resolve not_needed',
    'target passed',
    'connect failed connection_refused',
    'tls skipped',
    'send skipped',
  ])
})

test('a listener that does not answer in its time fails by that, and no later', async (t) => {
  const origin = await openTcp(t, () => {})
  for (const timeoutMs of PATIENCES_MS) {
    const report = await open().check(listenerAt(origin, timeoutMs))
    if (told(report)[2] !== 'connect passed' && timeoutMs < PATIENT_MS) continue
    return assert.equal(told(report).at(-1), 'send failed timeout')
  }
})

async function secure(t: TestContext): Promise<string> {
  const server = createServer(certificate!, (_, response) => response.end('secure'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a certificate that nobody vouches for fails the handshake, one that is trusted passes', { skip }, async (t) => {
  setDefaultCACertificates(trusted)
  const origin = await secure(t)
  assert.deepEqual(told(await open().check(listenerAt(origin))), [
    'resolve not_needed',
    'target passed',
    'connect passed',
    'tls failed tls',
    'send skipped',
  ])
  setDefaultCACertificates([...trusted, certificate!.cert])
  assert.deepEqual(told(await open().check(listenerAt(origin))).slice(2), [
    'connect passed',
    'tls passed',
    'send passed',
  ])
})

test('without the key of its secret nothing is sent', async () => {
  const receiver = await startReceiver()
  const box = createSecretBox(['k'.repeat(32)], predictableBytes())
  const listener = listenerAt(receiver.url)
  const report = await open().check({ ...listener, secret: box.seal(listener.secret, listener.id) })
  assert.deepEqual(told(report), [
    'resolve skipped',
    'target skipped',
    'connect skipped',
    'tls skipped',
    'send failed secret_unreadable',
  ])
  assert.equal(receiver.received.length, 0)
})

const refused = (code: string) => (error: unknown) => error instanceof Problem && error.code === code

test('an organization runs four checks at once, others are not kept waiting by that, and a stop ends all', async (t) => {
  let arrived = 0
  const all = Promise.withResolvers<void>()
  const origin = await openTcp(t, () => {
    if (++arrived === 5) all.resolve()
  })
  const preflight = open()
  const listener = listenerAt(origin)
  const running = Array.from({ length: 4 }, () => preflight.check(listener))
  await assert.rejects(preflight.check(listener), refused('too_many_checks'))
  running.push(preflight.check({ ...listener, organizationId: make.id() }))
  await all.promise
  preflight.stop()
  const outcomes = await Promise.allSettled(running)
  for (const outcome of outcomes) assert.ok(outcome.status === 'rejected' && refused('stopping')(outcome.reason))
  await assert.rejects(preflight.check(listener), refused('stopping'))
})

test('a check that has ended makes room for another', async (t) => {
  const origin = await openHttp(t, (_, response) => response.end())
  const preflight = open()
  for (let round = 0; round < 3; round++) {
    const reports = await Promise.all(Array.from({ length: 4 }, () => preflight.check(listenerAt(origin))))
    assert.ok(reports.every(({ passed }) => passed))
  }
})
