import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { parseHosts } from '../../../../src/engine/client/names/hosts-file.ts'
import { createLookUp, type Found, type LookUpDeps } from '../../../../src/engine/client/names/look-up.ts'
import { NameError } from '../../../../src/engine/client/names/name-error.ts'
import { parseSearch, parseSources } from '../../../../src/engine/client/names/resolver-settings.ts'
import { SystemLookup } from '../../../../src/engine/client/names/system-lookup.ts'
import { createRuntime } from '../../../../src/runtime.ts'
import { type DnsReply, type DnsServer, startDnsServer } from '../../../support/server/dns-server.ts'
import { silentLog } from '../../../support/silent-log.ts'

const real = createRuntime(silentLog)
const never = new AbortController().signal
/** For silence: time limits come that much sooner. */
const HASTE = 4
const hasty = {
  elapsedMs: () => real.elapsedMs() * HASTE,
  upkeep: (ms: number, run: () => void) => real.upkeep(ms / HASTE, run),
}

async function open(
  t: TestContext,
  replies: Record<string, DnsReply>,
  {
    hosts = '',
    resolvConf = '',
    nsswitch = '',
    ...deps
  }: Partial<LookUpDeps> & { hosts?: string; resolvConf?: string; nsswitch?: string } = {},
) {
  const server = await startDnsServer(({ name }) => replies[name] ?? 'nxdomain')
  t.after(() => server[Symbol.asyncDispose]())
  const lookUp = createLookUp({
    runtime: real,
    files: { hosts: parseHosts(hosts), search: parseSearch(resolvConf), sources: parseSources(nsswitch) },
    servers: [server.address],
    system: new SystemLookup((name) => assert.fail(`the system was asked for ${name}`)),
    platform: 'linux',
    ...deps,
  })
  return { server, find: (name: string, signal = never) => lookUp(name, signal) }
}

const addresses = async (found: Promise<Found>) => [...(await found).addresses].sort()
const refuses = (code: NameError['code'], message: RegExp) => (error: unknown) =>
  error instanceof NameError && error.code === code && message.test(error.message)
const namesAsked = ({ asked }: DnsServer) => [...new Set(asked.map(({ name }) => name))]

test('a name has the addresses of both families, and the shortest of their times', async (t) => {
  const { server, find } = await open(t, {})
  server.answer = ({ type }) => ({ addresses: ['192.0.2.1', '192.0.2.2', '2001:db8::1'], ttl: type === 'A' ? 30 : 20 })
  const found = await find('hook.example.com')
  assert.deepEqual([...found.addresses].sort(), ['192.0.2.1', '192.0.2.2', '2001:db8::1'])
  assert.equal(found.ttlMs, 20_000)
})

test('a name of one family is found without the other', async (t) => {
  const { find } = await open(t, { four: { addresses: ['192.0.2.1'] }, six: { addresses: ['2001:db8::1'] } })
  assert.deepEqual(await addresses(find('four')), ['192.0.2.1'])
  assert.deepEqual(await addresses(find('six')), ['2001:db8::1'])
})

test('a name server that says nothing of IPv6 delays nothing but a moment', async (t) => {
  const { server, find } = await open(t, {}, { runtime: hasty })
  server.answer = ({ type }) => (type === 'A' ? { addresses: ['192.0.2.1'] } : 'silent')
  assert.deepEqual(await addresses(find('hook.example.com')), ['192.0.2.1'])
  server.answer = ({ type }) => (type === 'A' ? 'silent' : { addresses: ['2001:db8::1'] })
  assert.deepEqual(await addresses(find('other.example.com')), ['2001:db8::1'])
})

test('a name that does not exist is unknown, as is one without addresses and one that no name can be', async (t) => {
  const { find } = await open(t, { empty: 'nodata' })
  for (const name of ['nowhere.example', 'empty', 'a..b', `${'x'.repeat(64)}.example`]) {
    await assert.rejects(find(name), refuses('NAME_UNKNOWN', /has no address/), name)
  }
})

test('a name that no server answers for may be found later, and the servers are let go of', async (t) => {
  const { server, find } = await open(t, { silent: 'silent' }, { runtime: hasty })
  await assert.rejects(
    find('silent'),
    refuses('NAME_UNANSWERED', /silent could not be looked up: no name server has answered/),
  )
  assert.ok(server.asked.length >= 2)
})

test('a look-up ends when it is told to', async (t) => {
  const { server, find } = await open(t, { silent: 'silent' })
  const stop = new AbortController()
  const asked = server.answer
  server.answer = (question) => {
    stop.abort()
    return asked(question)
  }
  await assert.rejects(find('silent', stop.signal), refuses('NAME_UNANSWERED', /no name server/))
})

test('a server that fails is told of', async (t) => {
  const { find } = await open(t, { broken: 'servfail', closed: 'refused' })
  await assert.rejects(find('broken'), refuses('NAME_UNANSWERED', /have failed \(ESERVFAIL\)/))
  await assert.rejects(find('closed'), refuses('NAME_UNANSWERED', /have failed \(EREFUSED\)/))
})

test('of several servers the next one is asked where one fails, says nothing, or is not there', async (t) => {
  const good = await startDnsServer(() => ({ addresses: ['192.0.2.1'] }))
  t.after(() => good[Symbol.asyncDispose]())
  const gone = await startDnsServer(() => 'silent')
  await gone[Symbol.asyncDispose]()
  for (const said of ['servfail', 'refused', 'silent'] as const) {
    const bad = await startDnsServer(() => said)
    t.after(() => bad[Symbol.asyncDispose]())
    const { find } = await open(t, {}, { servers: [bad.address, gone.address, good.address] })
    assert.deepEqual(await addresses(find('hook.example.com')), ['192.0.2.1'], said)
  }
})

test('an answer that does not fit into a packet comes over TCP', async (t) => {
  const many = Array.from({ length: 60 }, (_, n) => `192.0.2.${n}`)
  const { server, find } = await open(t, { many: { addresses: many } })
  server.truncates = true
  const { addresses } = await find('many')
  assert.equal(addresses.length, 32, 'and is cut to what can be of use')
  assert.deepEqual(new Set(server.asked.map(({ over }) => over)), new Set(['udp', 'tcp']))
})

test('the hosts file comes before the servers, whatever the case of a name, and with a dot at its end', async (t) => {
  const { server, find } = await open(t, {}, { hosts: '10.0.0.1 db.internal\n::2 db.internal' })
  for (const name of ['db.internal', 'DB.Internal', 'db.internal.']) {
    assert.deepEqual(await addresses(find(name)), ['10.0.0.1', '::2'], name)
  }
  assert.deepEqual(server.asked, [])
})

test('the hosts file comes after the servers where nsswitch.conf says so', async (t) => {
  const options = { hosts: '10.0.0.1 db\n10.0.0.1 other', nsswitch: 'hosts: dns files' }
  const { find } = await open(t, { db: { addresses: ['192.0.2.1'] } }, options)
  assert.deepEqual(await addresses(find('db')), ['192.0.2.1'])
  assert.deepEqual(await addresses(find('other')), ['10.0.0.1'])
})

test('this machine and names that cannot exist are known without asking', async (t) => {
  const { server, find } = await open(t, {}, { hosts: '127.0.0.7 localhost' })
  assert.deepEqual(await addresses(find('app.localhost')), ['127.0.0.1', '::1'])
  assert.deepEqual(await addresses(find('localhost')), ['127.0.0.7'])
  await assert.rejects(find('nowhere.invalid'), refuses('NAME_UNKNOWN', /nowhere\.invalid has no address/))
  assert.deepEqual(server.asked, [])
})

test('search domains are tried in their order, until one knows the name', async (t) => {
  const replies: Record<string, DnsReply> = {
    'db.svc.cluster.local': { addresses: ['10.0.0.1'] },
    'hook.example.com': { addresses: ['192.0.2.1'] },
  }
  const resolvConf = 'search shop.svc.cluster.local svc.cluster.local\noptions ndots:5'
  const { server, find } = await open(t, replies, { resolvConf })
  assert.deepEqual(await addresses(find('db')), ['10.0.0.1'])
  assert.deepEqual(namesAsked(server), ['db.shop.svc.cluster.local', 'db.svc.cluster.local'])
  server.asked.length = 0
  assert.deepEqual(await addresses(find('hook.example.com')), ['192.0.2.1'])
  assert.equal(namesAsked(server).at(-1), 'hook.example.com')
  server.asked.length = 0
  assert.deepEqual(await addresses(find('hook.example.com.')), ['192.0.2.1'])
  assert.deepEqual(namesAsked(server), ['hook.example.com'])
})

test('a search domain whose server fails or is silent does not keep a name from being found', async (t) => {
  const replies: Record<string, DnsReply> = {
    'hook.example.com.broken.local': 'servfail',
    'hook.example.com.silent.local': 'silent',
    'hook.example.com': { addresses: ['192.0.2.1'] },
    'other.broken.local': 'servfail',
  }
  const resolvConf = 'search broken.local silent.local\noptions ndots:5'
  const { find } = await open(t, replies, { resolvConf, runtime: hasty })
  assert.deepEqual(await addresses(find('hook.example.com')), ['192.0.2.1'])
  await assert.rejects(find('other'), refuses('NAME_UNANSWERED', /ESERVFAIL/), 'it may exist')
})

/** A C library that is asked and answers when told. */
function systemThat() {
  const asked: string[] = []
  const answers: ((addresses: string[]) => void)[] = []
  const system = new SystemLookup((hostname, done) => {
    asked.push(hostname)
    answers.push((found) =>
      done(
        null,
        found.map((address) => ({ address, family: 4 })),
      ),
    )
  })
  return { system, asked, answers }
}

test('what only the system can find, it is asked for: one name at a time', async (t) => {
  const { system, asked, answers } = systemThat()
  const { find } = await open(t, {}, { system, servers: null, nsswitch: 'hosts: mdns4 files' })
  const first = find('printer.local')
  const second = find('scanner.local')
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(asked, ['printer.local'])
  answers[0]!(['10.0.0.9'])
  assert.deepEqual(await addresses(first), ['10.0.0.9'])
  assert.deepEqual(asked, ['printer.local', 'scanner.local'])
  answers[1]!([])
  await assert.rejects(second, refuses('NAME_UNKNOWN', /scanner\.local has no address/))
  await assert.rejects(find('hook.example.com'), refuses('NAME_UNKNOWN', /hook\.example\.com/))
  assert.equal(asked.length, 2)
})

test('a system that does not answer keeps nobody longer than his time, and is asked nothing more', async (t) => {
  const { system, asked } = systemThat()
  const { find } = await open(t, {}, { system, servers: null, nsswitch: 'hosts: mdns4 files' })
  const stop = new AbortController()
  const finds = [find('a.local', stop.signal), find('b.local', stop.signal)]
  await new Promise((resolve) => setImmediate(resolve))
  stop.abort()
  for (const found of finds) await assert.rejects(found, refuses('NAME_UNKNOWN', /has no address/))
  assert.deepEqual(asked, ['a.local'])
})

test('where name servers were given, nothing else is asked', async (t) => {
  const { find } = await open(t, {}, { nsswitch: 'hosts: files mdns4 resolve', platform: 'darwin' })
  await assert.rejects(find('printer.local'), refuses('NAME_UNKNOWN', /printer\.local/))
})
