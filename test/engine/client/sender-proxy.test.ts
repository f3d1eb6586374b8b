import assert from 'node:assert/strict'
import { createServer as createHttpsServer } from 'node:https'
import type { Server } from 'node:net'
import { after, type TestContext, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { type Egress, parseBypass, parseEgressProxy } from '../../../src/core/network/egress.ts'
import { ANY_TARGET, PUBLIC_TARGETS, type Targets } from '../../../src/core/network/target.ts'
import { ClientTls } from '../../../src/engine/client/client-tls.ts'
import { makeCertificate, NO_OPENSSL } from '../../support/server/certificate.ts'
import { fakeNames } from './fake-names.ts'
import { openHttpProxy, openSocksProxy, type TestProxy } from './proxies.ts'
import { listen, openHttp, openSender, sent, to } from './wire.ts'

const [own, ofProxy] = [makeCertificate('hook.test'), makeCertificate()]
const skip = own === null ? NO_OPENSSL : false
const trusted = getCACertificates()
if (ofProxy !== null) setDefaultCACertificates([...trusted, ofProxy.cert])
after(() => setDefaultCACertificates(trusted))

function egressOf(url: string, what: { bypass?: string; resolve?: Egress['resolve'] } = {}): Egress {
  const proxy = parseEgressProxy(url)
  assert.ok(proxy, url)
  return { proxy, bypass: parseBypass(what.bypass ?? '')!, resolve: what.resolve ?? 'here' }
}

function open(t: TestContext, egress: Egress, targets: Targets = ANY_TARGET) {
  const names = fakeNames(...Array.from({ length: 20 }, () => ['127.0.0.1']))
  return openSender(t, targets, { egress, names })
}

const KINDS: [string, (t: TestContext, what?: Parameters<typeof openHttpProxy>[1]) => Promise<TestProxy>][] = [
  ['HTTP', (t, what) => openHttpProxy(t, what)],
  ['HTTPS', (t, what) => openHttpProxy(t, { ...what, tls: ofProxy! })],
  ['SOCKS 5', (t, what) => openSocksProxy(t, what)],
]

for (const [kind, openProxy] of KINDS) {
  test(`a request goes through a proxy of ${kind}, which is asked for the judged address, once a connection`, {
    skip,
  }, async (t) => {
    const proxy = await openProxy(t)
    const origin = await openHttp(t, (_, response) => response.end('thanks'))
    const named = origin.replace('127.0.0.1', 'hook.test')
    const sender = open(t, egressOf(proxy.url))
    for (let turn = 0; turn < 2; turn++) assert.equal((await sent(sender, to(named))).response, 'thanks')
    assert.deepEqual(proxy.asked, [new URL(origin).host])
  })

  test(`TLS goes through a proxy of ${kind} with the name that was meant`, { skip }, async (t) => {
    const proxy = await openProxy(t)
    const server = createHttpsServer(own!, (request, response) => {
      response.end(`for ${(request.socket as unknown as { servername: string }).servername}`)
    })
    const at = await listen(t, server as unknown as Server)
    const origin = `https://${at.replace('127.0.0.1', 'hook.test')}`
    const tls = new ClientTls({ ca: own!.cert, cert: null, key: null, serverName: null, verify: true })
    const sender = open(t, egressOf(proxy.url))
    assert.equal((await sent(sender, to(origin, { tls }))).response, 'for hook.test')
    // Whom the proxy connects to is not taken for whom was meant.
    assert.equal((await sent(sender, to(origin))).error, 'tls')
    assert.deepEqual(new Set(proxy.asked), new Set([at]))
  })

  test(`credentials are told to a proxy of ${kind}, and never shown`, { skip }, async (t) => {
    const credentials = { name: 'discue', password: 'hunter2@%' }
    const proxy = await openProxy(t, { credentials })
    const origin = await openHttp(t, (_, response) => response.end())
    const at = (userinfo: string) => egressOf(proxy.url.replace('://', `://${userinfo}`))
    assert.equal((await sent(open(t, at('discue:hunter2%40%25@')), to(origin))).status, 200)
    for (const userinfo of ['', 'discue:wrong-password@']) {
      const { error, response } = await sent(open(t, at(userinfo)), to(origin))
      assert.equal(error, 'proxy')
      assert.doesNotMatch(response, /hunter2|wrong-password/)
    }
    assert.equal(proxy.asked.length, 1)
  })

  test(`a receiver that a proxy of ${kind} cannot reach is the one that failed`, { skip }, async (t) => {
    const proxy = await openProxy(t)
    const closed = await openHttp(t, () => {})
    const sender = open(t, egressOf(proxy.url))
    // A port where nothing listens any more.
    const port = await closedPort(t)
    const { error } = await sent(sender, to(`http://127.0.0.1:${port}`))
    assert.ok(error === 'connection_refused' || error === 'connection_failed', String(error))
    assert.notEqual(new URL(closed).port, String(port))
  })

  test(`what the rules of a proxy of ${kind} forbid fails as that receiver's own, while all others are served`, {
    skip,
  }, async (t) => {
    const [one, other] = [await openHttp(t, () => {}), await openHttp(t, (_, response) => response.end('thanks'))]
    const proxy = await openProxy(t, { forbidden: [new URL(one).host] })
    const sender = open(t, egressOf(proxy.url))
    const { status, error, response } = await sent(sender, to(one))
    assert.deepEqual([status, error], [null, 'blocked_by_proxy'])
    assert.match(response, /rules of the proxy/)
    assert.equal((await sent(sender, to(other))).response, 'thanks')
  })

  test(`where a proxy of ${kind} finds the addresses it is asked for names, and addresses are judged all the same`, {
    skip,
  }, async (t) => {
    const proxy = await openProxy(t, { names: { 'hook.test': '127.0.0.1' } })
    const origin = await openHttp(t, (_, response) => response.end())
    const sender = open(t, egressOf(proxy.url, { resolve: 'proxy' }), PUBLIC_TARGETS)
    const named = origin.replace('127.0.0.1', 'hook.test')
    assert.equal((await sent(sender, to(named))).status, 200)
    assert.deepEqual(proxy.asked, [new URL(named).host])
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
      const { error } = await sent(sender, to(origin.replace('127.0.0.1', host)))
      assert.equal(error, 'blocked_target', host)
    }
    assert.equal(proxy.asked.length, 1)
  })
}

async function closedPort(t: TestContext): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer()
  const port = Number((await listen(t, server)).split(':')[1])
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('a name that may not be sent to is not asked of the proxy, where it is resolved here', async (t) => {
  const proxy = await openHttpProxy(t)
  const sender = open(t, egressOf(proxy.url), PUBLIC_TARGETS)
  assert.equal((await sent(sender, to('http://hook.test'))).error, 'blocked_target')
  assert.deepEqual(proxy.asked, [])
})

test('hosts of the list are reached without the proxy', async (t) => {
  const proxy = await openHttpProxy(t)
  const origin = await openHttp(t, (_, response) => response.end())
  for (const bypass of ['127.0.0.0/8', '*', `127.0.0.1, x`]) {
    assert.equal((await sent(open(t, egressOf(proxy.url, { bypass })), to(origin))).status, 200)
  }
  const named = origin.replace('127.0.0.1', 'a.internal.test')
  assert.equal((await sent(open(t, egressOf(proxy.url, { bypass: 'internal.test' })), to(named))).status, 200)
  assert.deepEqual(proxy.asked, [])
  assert.equal((await sent(open(t, egressOf(proxy.url, { bypass: 'ternal.test' })), to(named))).status, 200)
  assert.equal(proxy.asked.length, 1)
})
