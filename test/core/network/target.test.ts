import assert from 'node:assert/strict'
import { BlockList, isIPv4 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ANY_TARGET,
  hostFault,
  PUBLIC_TARGETS,
  parseTargets,
  permitsAddress,
} from '../../../src/core/network/target.ts'

const HOST = 'hook.example.com'
const isPublic = (address: string) => permitsAddress(PUBLIC_TARGETS, HOST, address)
const listed = (text: string) => parseTargets(text)!

const refused: [string, string[]][] = [
  ['unspecified', ['0.0.0.0', '0.1.2.3', '::']],
  ['loopback', ['127.0.0.1', '127.255.255.254', '::1']],
  ['private', ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', 'fc00::1', 'fdff::1']],
  ['link-local', ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1']],
  ['metadata', ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '192.0.0.192']],
  ['of a provider', ['100.64.0.1', '100.127.255.255']],
  ['multicast', ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1']],
  ['for benchmarks', ['198.18.0.1', '198.19.255.255', '2001:2::1']],
  ['for documentation', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1']],
  ['reserved', ['240.0.0.1', '255.255.255.255', '192.0.0.1', '192.88.99.1', '100::1', '5f00::1', '4000::1', '8::1']],
  ['wrapped IPv4', ['::ffff:127.0.0.1', '::ffff:a00:1', '::10.0.0.1', '::7f00:1', '::ffff:0:127.0.0.1']],
  ['translated IPv4', ['64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::8.8.8.8']],
  ['tunnels', ['2002:7f00:1::', '2002:a00:1::1', '2002:808:808::1', '2001:0:7f00:1::', '2001:0:808:808::1']],
  ['no address', ['', 'localhost', '0x7f.1', '127.1', '2130706433', '0177.0.0.1', '127.0.0.1.', '１２７.0.0.1']],
]
for (const [kind, addresses] of refused) {
  test(`with public targets an address is refused that is ${kind}`, () => {
    assert.deepEqual(addresses.filter(isPublic), [])
  })
}

test('with public targets what is public is allowed, in both kinds of addresses', () => {
  const edges = ['9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0']
  const more = ['169.253.255.255', '172.15.255.255', '172.32.0.0', '192.167.255.255', '223.255.255.255', '8.8.8.8']
  const wide = ['2606:4700::1111', '2a00:1450:4001:81b::200e', '2001:4860:4860::8888', '::ffff:8.8.8.8']
  for (const address of [...edges, ...more, ...wide, '64:ff9b::8.8.8.8']) assert.ok(isPublic(address), address)
})

/** What IANA's registry of special-purpose addresses says is not globally reachable, in another implementation. */
const special = new BlockList()
const NETWORKS = `
  0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
  192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 192.31.196.0/24 192.52.193.0/24
  192.175.48.0/24`
for (const network of NETWORKS.trim().split(/\s+/)) {
  const [address, bits] = network.split('/') as [string, string]
  special.addSubnet(address, Number(bits), 'ipv4')
}

/** Half of them at the edges of what is special. */
const edge = fc
  .tuple(fc.constantFrom(...NETWORKS.trim().split(/\s+/)), fc.integer({ min: -2, max: 2 }), fc.boolean())
  .map(([network, offset, upper]) => {
    const [address, bits] = network.split('/') as [string, string]
    const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
    const first = ((a * 256 + b) * 256 + c) * 256 + d
    return (first + (upper ? 2 ** (32 - Number(bits)) : 0) + offset + 2 ** 32) % 2 ** 32
  })
const number = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), edge)
const dotted = (n: number) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join('.')
const groups = (n: number) => `${(n >>> 16).toString(16)}:${(n & 0xffff).toString(16)}`

test('an address of IPv4 is public exactly where the registry of special ones does not have it', () => {
  fc.assert(fc.property(number, (n) => assert.equal(isPublic(dotted(n)), !special.check(dotted(n)), dotted(n))))
})

test('an address of IPv4 is never more public for being wrapped into IPv6', () => {
  const wrappings = [
    (n: number) => `::ffff:${dotted(n)}`,
    (n: number) => `::ffff:${groups(n)}`,
    (n: number) => `0:0:0:0:0:ffff:${groups(n)}`,
    (n: number) => `::${groups(n)}`,
    (n: number) => `::ffff:0:${groups(n)}`,
    (n: number) => `64:ff9b::${groups(n)}`,
    (n: number) => `64:ff9b:1::${groups(n)}`,
    (n: number) => `2002:${groups(n)}::1`,
    (n: number) => `2001:0:${groups(n)}::1`,
    (n: number) => `2001:0:0:0:0:0:${groups(~n >>> 0)}`,
  ]
  const property = fc.property(number, fc.constantFrom(...wrappings), (n, wrap) => {
    if (special.check(dotted(n))) assert.equal(isPublic(wrap(n)), false, wrap(n))
  })
  fc.assert(property, { numRuns: 2_000 })
})

/** Every way to write an address of IPv4 that a URL understands. */
const octal = (n: number) => `0${n.toString(8)}`
const hex = (n: number) => `0x${n.toString(16)}`
const octets = (n: number) => dotted(n).split('.').map(Number)
const notations: ((n: number) => string)[] = [
  dotted,
  (n) => `${dotted(n)}.`,
  String,
  hex,
  octal,
  (n) => octets(n).map(octal).join('.'),
  (n) => octets(n).map(hex).join('.'),
  (n) => `${n >>> 24}.${n & 0xffffff}`,
  (n) => `${hex(n >>> 24)}.${octal((n >>> 16) & 255)}.${n & 0xffff}`,
  (n) => dotted(n).replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (n) => dotted(n).replaceAll('.', '\u3002'),
  (n) => dotted(n).replace(/\d/g, (digit) => `%3${digit}`),
  (n) => `[::ffff:${groups(n)}]`,
  (n) => `[64:ff9b::${groups(n)}]`,
]

test('a URL with a special address is refused however the address is written', () => {
  const property = fc.property(number, fc.constantFrom(...notations), (n, write) => {
    const { hostname } = new URL(`http://${write(n)}:8080/hook`)
    const fault = hostFault(PUBLIC_TARGETS, hostname)
    assert.equal(fault !== null, special.check(dotted(n)), `${write(n)} is ${hostname}: ${fault}`)
  })
  fc.assert(property, { numRuns: 3_000 })
})

test('a name is judged by what it resolves to, but for those of this machine', () => {
  for (const host of ['localhost', 'LOCALHOST', 'localhost.', 'a.b.localhost', 'localhost.'.repeat(2)]) {
    assert.match(
      hostFault(PUBLIC_TARGETS, host)!,
      /^must be at a public address; .* is a loopback address \(see DISCUE_TARGETS\)$/,
      host,
    )
  }
  for (const host of [HOST, 'localhost.example.com', 'notlocalhost', 'metadata.google.internal']) {
    assert.equal(hostFault(PUBLIC_TARGETS, host), null, host)
  }
})

test('the reason says what kind of address it is, and keeps the list of the server to itself', () => {
  const faults = ['10.0.0.1', '169.254.169.254', '[fd00:ec2::254]', '[ff02::1]', '0.0.0.0', '240.0.0.1'].map((host) =>
    hostFault(PUBLIC_TARGETS, host)!.replace(/^.* is (.*) \(see DISCUE_TARGETS\)$/, '$1'),
  )
  assert.deepEqual(faults, [
    'a private address',
    'a link-local address',
    'a private address',
    'a multicast address',
    'an address of this machine itself',
    'a reserved address',
  ])
  const fault = hostFault(listed('10.1.0.0/16,secret.internal'), '10.2.0.1')
  assert.equal(fault, 'must be at a host that this server may send to; 10.2.0.1 is none of them (see DISCUE_TARGETS)')
})

test('any target is any target', () => {
  for (const address of refused.flatMap(([, addresses]) => addresses)) {
    assert.ok(permitsAddress(ANY_TARGET, HOST, address))
    assert.equal(hostFault(ANY_TARGET, address), null)
  }
})

test('a list allows what is in its ranges, what its names resolve to, and nothing else', () => {
  const targets = listed('10.1.0.0/16, fd12::/16,hooks.internal,*.svc.local,Bücher.example')
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1']) assert.ok(permitsAddress(targets, HOST, address))
  for (const address of ['10.2.0.1', '8.8.8.8', '127.0.0.1', '::1']) {
    assert.equal(permitsAddress(targets, HOST, address), false, address)
  }
  for (const host of ['hooks.internal', 'HOOKS.internal.', 'a.svc.local', 'a.b.svc.local', 'xn--bcher-kva.example']) {
    assert.ok(permitsAddress(targets, host, '127.0.0.1'), host)
    assert.equal(hostFault(targets, host), null, host)
  }
  for (const host of ['nothooks.internal', 'a.hooks.internal', 'svc.local', 'asvc.local', 'svc.local.evil.example']) {
    assert.equal(permitsAddress(targets, host, '127.0.0.1'), false, host)
  }
  assert.equal(hostFault(targets, HOST), null, 'it may resolve to an address in a range')
})

test('public can be one entry of a list', () => {
  const targets = listed('public,10.1.0.0/16')
  assert.deepEqual(
    ['8.8.8.8', '10.1.0.1', '10.2.0.1'].map((address) => permitsAddress(targets, HOST, address)),
    [true, true, false],
  )
})

test('where only names are listed, any other name is refused at once', () => {
  assert.match(hostFault(listed('hooks.internal'), HOST)!, /hook\.example\.com is none of them/)
})

test('what is neither a range nor a name cannot be listed', () => {
  const wrong = ['', 'a b', 'http://a', 'a/b', '10.0.0.0/33', 'a,', '*', '*.', '*a.b', 'a.*', 'a:80', '.a.b', 'a..b']
  for (const text of [...wrong, '2130706433', '0x7f.1', '127.1', '[::1]', 'a_b', 'a@b']) {
    assert.equal(parseTargets(text), null, text)
  }
})

test('the oracle of these tests knows what it is asked', () => {
  assert.ok(isIPv4(dotted(0x7f000001)) && special.check('127.0.0.1') && !special.check('8.8.8.8'))
})
