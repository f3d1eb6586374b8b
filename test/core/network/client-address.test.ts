import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contains, type Network, parseAddress, parseNetwork } from '../../../src/core/network/address.ts'
import { clientAddress } from '../../../src/core/network/client-address.ts'

fc.configureGlobal({ seed: 48 })

const trusted = ['10.0.0.0/8', '2001:db8::/32'].map((text) => parseNetwork(text)!)

function client(peer: string | undefined, forwardedFor?: string, networks: readonly Network[] = trusted) {
  return clientAddress({ peer, forwardedFor, trusted: networks })?.toString() ?? null
}

test('without trusted proxies the peer is the client, whatever it says', () => {
  assert.equal(client('192.0.2.1', '198.51.100.1', []), '192.0.2.1')
  assert.equal(client('10.0.0.1', '198.51.100.1', []), '10.0.0.1')
})

test('a trusted proxy is believed, a peer that is none is not', () => {
  assert.equal(client('10.0.0.1', '198.51.100.1'), '198.51.100.1')
  assert.equal(client('::ffff:10.0.0.1', '198.51.100.1'), '198.51.100.1')
  assert.equal(client('192.0.2.1', '198.51.100.1'), '192.0.2.1')
  assert.equal(client('10.0.0.1'), '10.0.0.1')
})

test('through several proxies the client is the last address that is not one of them', () => {
  assert.equal(client('10.0.0.1', '203.0.113.9, 198.51.100.1, 10.0.0.3, 2001:db8::2'), '198.51.100.1')
  assert.equal(client('10.0.0.1', '10.0.0.9,10.0.0.8'), '10.0.0.9')
})

test('ports, brackets and spaces do not matter', () => {
  assert.equal(client('10.0.0.1', ' 198.51.100.1:4711 '), '198.51.100.1')
  assert.equal(client('10.0.0.1', '[2001:db9::1]:4711'), '2001:db9::1')
  assert.equal(client('10.0.0.1', '[2001:db9::1]'), '2001:db9::1')
})

test('where a proxy says something that is no address, nothing before it counts', () => {
  for (const odd of ['unknown', '', '_hidden', '1.2.3', 'fe80::1%', '[::1', '1.2.3.4:x', '-']) {
    assert.equal(client('10.0.0.1', `198.51.100.1, ${odd}`), '10.0.0.1', odd)
  }
})

test('nobody knows where a request comes from whose connection is gone', () => {
  assert.equal(client(undefined, '198.51.100.1'), null)
})

const anyHeader = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc
    .array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('unknown', '', ' ', '10.0.0.1', '"x"', '[::1]:80')))
    .map(String),
)
const stranger = fc.oneof(fc.ipV4(), fc.ipV6()).filter((text) => {
  const address = parseAddress(text)
  return address !== null && !trusted.some((network) => contains(network, address))
})
const proxy = fc.constantFrom('10.0.0.1', '10.255.1.2', '2001:db8::1', '::ffff:10.3.3.3')

test('a stranger who talks to the server itself is known by its own address, whatever header it sends', () => {
  fc.assert(fc.property(stranger, anyHeader, (peer, header) => client(peer, header) === parseAddress(peer)!.toString()))
})

test('behind proxies that append, a client is known by its own address, whatever it has sent before', () => {
  fc.assert(
    fc.property(anyHeader, stranger, fc.array(proxy, { maxLength: 5 }), proxy, (spoofed, real, between, peer) => {
      return client(peer, [spoofed, real, ...between].join(', ')) === parseAddress(real)!.toString()
    }),
  )
})

test('any header behind a proxy gives an address, and one that the header or the connection holds', () => {
  fc.assert(
    fc.property(proxy, anyHeader, (peer, header) => {
      const found = client(peer, header)
      assert.ok(found !== null && parseAddress(found) !== null)
    }),
  )
})
