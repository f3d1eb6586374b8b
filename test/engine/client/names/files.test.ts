import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parseHosts } from '../../../../src/engine/client/names/hosts-file.ts'
import {
  candidatesOf,
  othersMayKnow,
  parseSearch,
  parseSources,
} from '../../../../src/engine/client/names/resolver-settings.ts'
import { specialAddresses } from '../../../../src/engine/client/names/special-names.ts'
import { SystemFiles } from '../../../../src/engine/client/names/system-files.ts'
import { createManualRuntime } from '../../../support/manual-runtime.ts'
import { makeFolder } from '../../../support/server/server-process.ts'

describe('a hosts file', () => {
  const hosts = parseHosts(
    [
      '127.0.0.1\tlocalhost',
      '  10.0.0.1   Db.internal db # the first',
      '::1 localhost ip6-localhost',
      '10.0.0.1 db',
      '10.0.0.2 db',
      '# 10.0.0.3 db',
      'no.address db',
      '10.0.0.4',
      'fe80::1%eth0 link\r',
    ].join('\n'),
  )

  test('gives a name all of its addresses once, in the order of its lines', () => {
    assert.deepEqual(hosts.get('localhost'), ['127.0.0.1', '::1'])
    assert.deepEqual(hosts.get('db'), ['10.0.0.1', '10.0.0.2'])
  })

  test('knows names in lower case, and addresses with a zone', () => {
    assert.deepEqual(hosts.get('db.internal'), ['10.0.0.1'])
    assert.deepEqual(hosts.get('link'), ['fe80::1%eth0'])
  })

  test('passes over comments and lines that say nothing', () => {
    assert.deepEqual([...hosts.keys()], ['localhost', 'db.internal', 'db', 'ip6-localhost', 'link'])
  })
})

describe('the search list', () => {
  const kubernetes = parseSearch(
    'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
  )

  test('is what the last search or domain line says, without dots at the ends', () => {
    assert.deepEqual(parseSearch('domain a.example\nsearch b.example. C.example ; more').search, [
      'b.example',
      'c.example',
    ])
    assert.deepEqual(parseSearch('search b.example c.example\ndomain a.example').search, ['a.example'])
    assert.deepEqual(parseSearch('nameserver 127.0.0.11\noptions edns0 trust-ad ndots:0'), { search: [], ndots: 0 })
    assert.deepEqual(parseSearch(''), { search: [], ndots: 1 })
    assert.equal(parseSearch('options ndots:99').ndots, 15)
  })

  test('comes first for a name with fewer dots than ndots, as Kubernetes has it', () => {
    assert.deepEqual(candidatesOf('hook.example.com', kubernetes), [
      'hook.example.com.shop.svc.cluster.local',
      'hook.example.com.svc.cluster.local',
      'hook.example.com.cluster.local',
      'hook.example.com',
    ])
  })

  test('comes last for a name with as many dots, and not at all after a dot at the end', () => {
    const usual = { search: ['corp.example'], ndots: 1 }
    assert.deepEqual(candidatesOf('hook.example.com', usual), ['hook.example.com', 'hook.example.com.corp.example'])
    assert.deepEqual(candidatesOf('db', usual), ['db.corp.example', 'db'])
    assert.deepEqual(candidatesOf('hook.example.com.', kubernetes), ['hook.example.com'])
  })
})

describe('nsswitch.conf', () => {
  test('says in which order files and servers are asked, and what else there is', () => {
    const read = (hosts: string) => parseSources(`passwd: files\nhosts: ${hosts}\nnetworks: files\n`)
    assert.deepEqual(read('files dns'), { order: ['files', 'dns'], others: [] })
    assert.deepEqual(read('dns [!UNAVAIL=return] files # as told'), { order: ['dns', 'files'], others: [] })
    assert.deepEqual(read('files mdns4_minimal [NOTFOUND=return] dns myhostname'), {
      order: ['files', 'dns'],
      others: ['mdns4_minimal', 'myhostname'],
    })
    assert.deepEqual(read('files myhostname resolve [!UNAVAIL=return]'), {
      order: ['files', 'dns'],
      others: ['myhostname', 'resolve'],
    })
    assert.deepEqual(read('files').order, ['files'])
    assert.deepEqual(parseSources('# nothing on hosts'), { order: ['files', 'dns'], others: [] })
  })

  test('sources that only the system can ask are asked for names that they may know', () => {
    const know = (name: string, ...others: string[]) => othersMayKnow(name, { others })
    assert.equal(know('printer.local', 'mdns4_minimal'), true)
    assert.equal(know('hook.example.com', 'mdns4_minimal', 'myhostname', 'mymachines'), false)
    assert.equal(know('laptop', 'myhostname'), true)
    assert.equal(know('hook.example.com', 'resolve'), true)
    assert.equal(know('hook.example.com'), false)
  })
})

test('localhost and what is below it are this machine, invalid and onion names are nowhere', () => {
  for (const name of ['localhost', 'localhost.', 'app.localhost', 'a.b.localhost.']) {
    assert.deepEqual(specialAddresses(name), ['127.0.0.1', '::1'], name)
  }
  for (const name of ['invalid', 'nowhere.invalid', 'x.onion.']) assert.deepEqual(specialAddresses(name), [], name)
  for (const name of ['notlocalhost', 'localhost.example', 'invalid.example']) {
    assert.equal(specialAddresses(name), null, name)
  }
})

test('files are read again once they have changed, and one that is gone is empty', async () => {
  using folder = makeFolder()
  const runtime = createManualRuntime(0)
  const paths = { hosts: join(folder.path, 'hosts'), resolvConf: join(folder.path, 'resolv'), nsswitch: folder.path }
  const files = new SystemFiles(paths, runtime)
  assert.equal(files.hosts.size, 0)
  writeFileSync(paths.hosts, '10.0.0.1 db\n')
  assert.equal(files.hosts.size, 0, 'it is looked for changes once a second')
  await runtime.advance(1_000)
  assert.deepEqual(files.hosts.get('db'), ['10.0.0.1'])
  writeFileSync(paths.hosts, '10.0.0.22 db\n')
  writeFileSync(paths.resolvConf, 'search corp.example\n')
  await runtime.advance(1_000)
  assert.deepEqual(files.hosts.get('db'), ['10.0.0.22'])
  assert.deepEqual(files.search.search, ['corp.example'])
  rmSync(paths.hosts)
  await runtime.advance(1_000)
  assert.equal(files.hosts.size, 0)
  assert.deepEqual(files.sources.order, ['files', 'dns'])
  assert.deepEqual(
    runtime.lines.map(({ message }) => message),
    ['a file on names cannot be read, and counts as empty'],
  )
})
