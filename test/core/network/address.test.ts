import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contains, parseAddress, parseNetwork, sourceOf } from '../../../src/core/network/address.ts'

const source = (text: string) => sourceOf(parseAddress(text)!)

test('an address of IPv4 stands for itself, also where it comes wrapped into IPv6', () => {
  assert.equal(source('192.0.2.7'), '192.0.2.7')
  assert.equal(source('::ffff:192.0.2.7'), '192.0.2.7')
  assert.equal(source('::ffff:c000:207'), '192.0.2.7')
})

test('addresses of IPv6 stand for their network of 64 bits, however they are written', () => {
  assert.equal(source('2001:db8:0:1::1'), '2001:db8:0:1::/64')
  assert.equal(source('2001:0DB8:0000:0001:ffff:ffff:ffff:ffff'), source('2001:db8:0:1::1'))
  assert.notEqual(source('2001:db8:0:2::1'), source('2001:db8:0:1::1'))
  assert.equal(source('fe80::1%eth0-x.1'), source('fe80::2'))
})

test('what is not an address as it is usually written is none', () => {
  for (const text of [
    '',
    'unknown',
    '127.1',
    '0x7f000001',
    '1.2.3.4.5',
    '1.2.3',
    '01.2.3.4',
    '1.2.3.4 ',
    ':::',
    'a:b',
  ]) {
    assert.equal(parseAddress(text), null, text)
  }
})

const ranges: [string, string[], string[]][] = [
  ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'], ['9.255.255.255', '11.0.0.0', '::a00:1']],
  ['192.168.1.7', ['192.168.1.7', '::ffff:192.168.1.7'], ['192.168.1.6', '192.168.1.8']],
  ['::ffff:10.0.0.0/104', ['10.9.9.9', '::ffff:10.9.9.9'], ['11.0.0.0']],
  ['2001:db8::/32', ['2001:db8:ffff::1'], ['2001:db9::1', '32.1.13.184']],
  ['::1', ['::1'], ['::2', '127.0.0.1']],
  ['0.0.0.0/0', ['1.2.3.4', '255.255.255.255'], ['::1']],
]
for (const [range, within, without] of ranges) {
  test(`the range ${range} holds what is in it and nothing else`, () => {
    const network = parseNetwork(range)!
    for (const text of within) assert.equal(contains(network, parseAddress(text)!), true, text)
    for (const text of without) assert.equal(contains(network, parseAddress(text)!), false, text)
  })
}

test('what is not a range is none', () => {
  const texts = ['', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '::/129', '10.0.0.0/8/8', '10/8', 'any', '10.0.0.0/8.0']
  for (const text of [...texts, '::ffff:10.0.0.0/95', '::ffff:10.0.0.0/129'])
    assert.equal(parseNetwork(text), null, text)
})
