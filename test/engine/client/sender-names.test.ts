import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { ANY_TARGET } from '../../../src/core/network/target.ts'
import { createNames } from '../../../src/engine/client/names/names.ts'
import { createSystemNames } from '../../../src/engine/client/names/system-names.ts'
import { createSender } from '../../../src/engine/client/sender.ts'
import { createRuntime } from '../../../src/runtime.ts'
import { openBlackHole } from '../../support/server/black-hole.ts'
import { startDnsServer } from '../../support/server/dns-server.ts'
import { silentLog } from '../../support/silent-log.ts'
import { fakeNames } from './fake-names.ts'
import { IMPATIENT_MS, openHttp, openSender, sent, to } from './wire.ts'

const runtime = createRuntime(silentLog)
const portOf = (origin: string) => new URL(origin).port

test('listeners with other names do not notice a hundred names that no server answers for', async (t) => {
  const port = portOf(await openHttp(t, (_, response) => response.end()))
  await using dns = await startDnsServer(({ name }) =>
    name.startsWith('silent') ? 'silent' : { addresses: ['127.0.0.1'], ttl: 0 },
  )
  const sender = openSender(t, ANY_TARGET, { names: createSystemNames(runtime, [dns.address]) })
  let ended = 0
  const silent = Array.from({ length: 1_000 }, async (_, n) => {
    const outcome = await sender.send(to(`http://silent-${n % 100}.example:${port}`))
    ended += 1
    return outcome
  })
  for (let n = 0; n < 20; n++) {
    assert.equal((await sent(sender, to(`http://healthy-${n}.example:${port}`))).status, 200)
  }
  assert.equal(ended, 0, 'all of them while the others still wait for their look-up')
  sender.abort()
  assert.deepEqual(new Set(await Promise.all(silent)), new Set(['aborted']))
})

test('a name that does not exist fails its attempt at once, and one that is silent once its look-up has ended', async (t) => {
  await using dns = await startDnsServer(({ name }) => (name === 'silent.example' ? 'silent' : 'nxdomain'))
  const hasty = { ...runtime, upkeep: (ms: number, run: () => void) => runtime.upkeep(ms / 10, run) }
  const sender = openSender(t, ANY_TARGET, { names: createSystemNames(hasty, [dns.address]) })
  assert.equal((await sent(sender, to('http://nowhere.example'))).error, 'dns')
  // Its own timeout is for what comes after the look-up.
  assert.equal((await sent(sender, to('http://silent.example', { timeoutMs: 10 }))).error, 'dns')
})

test('the time of a look-up is not taken from the timeout', async (t) => {
  const port = portOf(await openHttp(t, () => {}))
  const found = Promise.withResolvers<void>()
  const lookUp = async () => {
    await found.promise
    return { addresses: ['127.0.0.1'], ttlMs: 60_000 }
  }
  const timers: { delayMs: number; run: () => void; cancelled: boolean }[] = []
  const after = (delayMs: number, run: () => void) => {
    const timer = { delayMs, run, cancelled: false }
    timers.push(timer)
    return () => {
      timer.cancelled = true
    }
  }
  const watched = { ...runtime, after, now: () => 0 }
  const sender = createSender(watched, ANY_TARGET, { egress: null, names: createNames({ lookUp, runtime }) })
  t.after(() => sender.close())
  const outcome = sender.send(to(`http://slow.example:${port}`, { timeoutMs: 1_234 }))
  assert.deepEqual(
    timers.map(({ delayMs, cancelled }) => [delayMs, cancelled]),
    [[1_234, true]],
    'it stands still while the name is looked up',
  )
  found.resolve()
  while (timers.length < 2) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([timers[1]!.delayMs, timers[1]!.cancelled], [1_234, false], 'and goes on afterwards')
  timers[1]!.run()
  assert.ok((await outcome) !== 'aborted')
})

test('an attempt that is ended during its look-up does not connect afterwards', async (t) => {
  let connections = 0
  const server = createServer().on('connection', () => {
    connections += 1
  })
  server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  const found = Promise.withResolvers<{ addresses: string[]; ttlMs: number }>()
  const names = createNames({ lookUp: () => found.promise, runtime })
  const sender = openSender(t, ANY_TARGET, { names })
  const outcome = sender.send(to('http://slow.example'))
  sender.abort()
  assert.equal(await outcome, 'aborted')
  found.resolve({ addresses: ['127.0.0.1'], ttlMs: 60_000 })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(connections, 0)
})

test('look-ups are asked for in the name of the organization', async (t) => {
  const names = fakeNames(['127.0.0.1'], ['127.0.0.1'])
  const origin = await openHttp(t, (_, response) => response.end())
  const sender = openSender(t, ANY_TARGET, { names })
  await sent(sender, to(`http://a.example:${portOf(origin)}`, { organizationId: 'acme' }))
  await sent(sender, to(`http://b.example:${portOf(origin)}`))
  assert.deepEqual(names.askers, ['acme', ''])
})

test('an address that swallows connections costs a moment, once: the next one is tried beside it', async (t) => {
  await using hole = await openBlackHole('127.0.0.2')
  const server = createServer((_, response) => response.end('here')).listen(hole.port, '127.0.0.1')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const names = fakeNames(['127.0.0.2', '127.0.0.1'], ['127.0.0.2', '127.0.0.1'])
  let waits = 0
  const counting = {
    ...runtime,
    upkeep(ms: number, run: () => void) {
      return runtime.upkeep(ms, () => {
        waits += 1
        run()
      })
    },
  }
  const sender = createSender(counting, ANY_TARGET, { egress: null, names })
  t.after(() => sender.close())
  const request = to(`http://two.example:${hole.port}`, { headers: ['connection', 'close'] })
  assert.equal((await sent(sender, request)).response, 'here')
  assert.equal((await sent(sender, request)).response, 'here')
  assert.equal(waits, 1, 'the second connection is made to the address that works')
})

test('an address that swallows connections and is the only one times out, and no connection is left', async (t) => {
  await using hole = await openBlackHole('127.0.0.2')
  const sender = openSender(t, ANY_TARGET, { names: fakeNames(['127.0.0.2']) })
  const { error } = await sent(sender, to(`http://one.example:${hole.port}`, { timeoutMs: IMPATIENT_MS }))
  assert.equal(error, 'timeout')
})

test('a connection is used for a minute at most, and then the name is looked up again', async (t) => {
  const ports = new Set<number>()
  const origin = await openHttp(t, (request, response) => {
    ports.add(request.socket.remotePort!)
    response.setHeader('keep-alive', 'timeout=600')
    response.end()
  })
  let elapsed = 0
  const names = fakeNames(['127.0.0.1'], ['127.0.0.1'], ['127.0.0.1'])
  const sender = createSender({ ...runtime, elapsedMs: () => elapsed, random: () => 0 }, ANY_TARGET, {
    egress: null,
    names,
  })
  t.after(() => sender.close())
  const request = to(`http://moving.example:${portOf(origin)}`)
  for (const [at, connections] of [
    [0, 1],
    [59_999, 1],
    [60_000, 2],
    [119_999, 2],
    [120_000, 3],
  ] as const) {
    elapsed = at
    assert.equal((await sent(sender, request)).status, 200)
    assert.deepEqual([ports.size, names.asked.length], [connections, connections], `after ${at} ms`)
  }
})

test('connections that were opened together do not all end together, and none later than after a minute', async (t) => {
  const ports = new Set<number>()
  const origin = await openHttp(t, (request, response) => {
    ports.add(request.socket.remotePort!)
    response.setHeader('keep-alive', 'timeout=600')
    response.end()
  })
  let elapsed = 0
  const sender = createSender({ ...runtime, elapsedMs: () => elapsed, random: () => 0.5 }, ANY_TARGET, { egress: null })
  t.after(() => sender.close())
  for (const at of [0, 54_999, 55_000]) {
    elapsed = at
    await sent(sender, to(origin))
  }
  assert.equal(ports.size, 2)
})
