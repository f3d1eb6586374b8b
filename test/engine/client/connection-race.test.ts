import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { inTryingOrder, SlowAddresses } from '../../../src/engine/client/address-order.ts'
import { raceConnections } from '../../../src/engine/client/connection-race.ts'
import { createManualRuntime } from '../../support/manual-runtime.ts'

const NONE = () => false

/** Sockets that do what the test says, in place of connecting. */
function open(addresses: string[]) {
  const runtime = createManualRuntime(0)
  const tried = new Map<string, Socket>()
  const lost: string[] = []
  const told: (string | undefined)[] = []
  const connect = (address: string) => {
    const socket = new Socket()
    tried.set(address, socket)
    return socket
  }
  const deps = { addresses, open: connect, runtime, onLost: (address: string) => lost.push(address) }
  const race = raceConnections(deps, (error, socket) => {
    told.push(error === null ? addresses.find((address) => tried.get(address) === socket) : error.message)
  })
  const connected = (address: string) => tried.get(address)!.emit('connect')
  const failed = (address: string, code = 'ECONNREFUSED') =>
    tried.get(address)!.emit('error', Object.assign(new Error(`${address} ${code}`), { code }))
  return {
    runtime,
    tried,
    lost,
    told,
    race,
    connected,
    failed,
    destroyed: () => [...tried].filter(([, socket]) => socket.destroyed).map(([address]) => address),
  }
}

test('a next address is tried beside the first after 250 ms, which is not given up', async () => {
  const { runtime, tried, told, lost, connected, destroyed } = open(['a', 'b', 'c'])
  await runtime.advance(249)
  assert.deepEqual([...tried.keys()], ['a'])
  await runtime.advance(1)
  assert.deepEqual([...tried.keys()], ['a', 'b'])
  connected('a')
  assert.deepEqual([told, destroyed(), lost], [['a'], ['b'], ['b']])
  await runtime.advance(10_000)
  assert.deepEqual([...tried.keys()], ['a', 'b'], 'nothing is tried after it')
})

test('one that connects ends the others, whatever they say afterwards', async () => {
  const { runtime, told, connected, failed, destroyed } = open(['a', 'b', 'c'])
  await runtime.advance(500)
  connected('b')
  failed('a')
  connected('c')
  failed('b')
  assert.deepEqual([told, destroyed()], [['b'], ['a', 'c']])
})

test('an address that fails makes way for the next one at once', async () => {
  const { runtime, tried, told, lost, connected, failed } = open(['a', 'b', 'c'])
  failed('a')
  assert.deepEqual([...tried.keys()], ['a', 'b'])
  await runtime.advance(249)
  assert.equal(tried.size, 2, 'the time of the next one begins with it')
  failed('b')
  connected('c')
  assert.deepEqual([told, lost], [['c'], ['a', 'b']])
})

test('where all fail the reason is told that says most', () => {
  for (const [codes, expected] of [
    [['ENETUNREACH', 'ECONNREFUSED'], 'b ECONNREFUSED'],
    [['ECONNREFUSED', 'ENETUNREACH'], 'a ECONNREFUSED'],
    [['ETIMEDOUT', 'ECONNREFUSED'], 'a ETIMEDOUT'],
    [['ENETUNREACH', 'EHOSTUNREACH'], 'b EHOSTUNREACH'],
  ] as const) {
    const { told, failed } = open(['a', 'b'])
    failed('a', codes[0])
    assert.deepEqual(told, [])
    failed('b', codes[1])
    assert.deepEqual(told, [expected])
  }
})

test('it is not over while one of them may still connect, however long that takes', async () => {
  const { runtime, told, connected, failed } = open(['a', 'b'])
  await runtime.advance(250)
  failed('b')
  await runtime.advance(250_000)
  assert.deepEqual(told, [])
  connected('a')
  assert.deepEqual(told, ['a'])
})

test('what is destroyed tries nothing more, and tells nothing', async () => {
  const { runtime, tried, told, race, connected, failed, destroyed } = open(['a', 'b', 'c'])
  await runtime.advance(250)
  race.destroy()
  await runtime.advance(10_000)
  connected('a')
  failed('b')
  assert.deepEqual([told, destroyed(), tried.size], [[], ['a', 'b'], 2])
})

test('addresses of IPv6 and IPv4 are tried in turns, in their own order, and ten at most', () => {
  assert.deepEqual(inTryingOrder(['192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:db8::1'], NONE), [
    '2001:db8::1',
    '192.0.2.1',
    '192.0.2.2',
    '192.0.2.3',
  ])
  assert.deepEqual(inTryingOrder(['192.0.2.1', '2001:db8::2', '2001:db8::1'], NONE), [
    '2001:db8::2',
    '192.0.2.1',
    '2001:db8::1',
  ])
  const many = Array.from({ length: 300 }, (_, n) => `192.0.2.${n % 256}`)
  assert.deepEqual(inTryingOrder(many, NONE), many.slice(0, 10))
})

test('an address that was slow is tried after the others for a minute', () => {
  let now = 0
  const slow = new SlowAddresses(() => now)
  slow.add('2001:db8::1')
  const order = () => inTryingOrder(['2001:db8::1', '192.0.2.1', '192.0.2.2'], slow.has)
  now = 59_999
  assert.deepEqual(order(), ['192.0.2.1', '192.0.2.2', '2001:db8::1'])
  now = 60_000
  assert.deepEqual(order(), ['2001:db8::1', '192.0.2.1', '192.0.2.2'])
})

test('so many slow addresses are remembered, the latest ones', () => {
  const slow = new SlowAddresses(() => 0)
  for (let n = 0; n < 5_000; n++) slow.add(`address ${n}`)
  assert.deepEqual([slow.has('address 0'), slow.has('address 4999')], [false, true])
})
