import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bypasses, parseBypass, parseEgressProxy } from '../../../src/core/network/egress.ts'

test('a proxy is read with its port, its credentials and whatever brackets its address has', () => {
  const read = (text: string) => {
    const proxy = parseEgressProxy(text)
    return proxy && [proxy.protocol, proxy.hostname, proxy.port, proxy.credentials]
  }
  assert.deepEqual(read('http://proxy.test'), ['http:', 'proxy.test', 80, null])
  assert.deepEqual(read('HTTPS://proxy.test/'), ['https:', 'proxy.test', 443, null])
  assert.deepEqual(read('https://proxy.test:80'), ['https:', 'proxy.test', 80, null])
  assert.deepEqual(read('socks5://[::1]'), ['socks5:', '::1', 1080, null])
  assert.deepEqual(read('socks5://proxy.test:80'), ['socks5:', 'proxy.test', 80, null])
  const named = ['http:', '10.0.0.1', 3128, { name: 'a:b', password: 'p@%' }]
  assert.deepEqual(read('http://a%3Ab:p%40%25@10.0.0.1:3128'), named)
})

test('what is no proxy is none', () => {
  const none = [
    'proxy.test',
    'ftp://a',
    'socks4://a',
    'http://',
    'http://a/path',
    'http://a?b',
    'http://a:0',
    'http://a b',
  ]
  for (const text of [...none, 'http://%zz@a', 'socks5://name@a', `socks5://${'x'.repeat(256)}:y@a`, 'http://a\r\nb'])
    assert.equal(parseEgressProxy(text), null, text)
  fc.assert(fc.property(fc.string(), (text) => void parseEgressProxy(`http://${text}`)))
})

test('a list says what is reached without the proxy', () => {
  const list = parseBypass('10.0.0.0/8, ::1, .internal.test,*.corp.test, hooks.test:8443')!
  const direct: [string, number][] = [
    ...([
      ['10.1.2.3', 80],
      ['::1', 80],
      ['internal.test', 80],
      ['A.Internal.Test.', 443],
    ] as [string, number][]),
    ...([
      ['x.corp.test', 80],
      ['hooks.test', 8443],
    ] as [string, number][]),
  ]
  for (const [host, port] of direct) assert.ok(bypasses(list, host, port), host)
  for (const [host, port] of [
    ['11.0.0.1', 80],
    ['xinternal.test', 80],
    ['hooks.test', 443],
    ['::2', 80],
  ] as const)
    assert.ok(!bypasses(list, host, port), host)
  assert.ok(bypasses(parseBypass('*')!, 'anything.test', 1))
  assert.ok(!bypasses(parseBypass('')!, 'anything.test', 1))
  for (const text of ['http://a', 'a b', '10.0.0.0/33', 'a:b']) assert.equal(parseBypass(text), null, text)
})
