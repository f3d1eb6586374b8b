import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { idsOf as addressOf } from '../../store/fixture.ts'
import { createMake, NOW } from '../../store/make.ts'
import type { Reply } from '../fake-sender.ts'
import { idsOf, type OfficeOptions, openTestEngine } from '../test-engine.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** An office with one listener that is checked; it lives while `alive` says so, for checks and deliveries alike. */
async function openChecked(t: TestContext, options?: OfficeOptions) {
  const engine = await openTestEngine(t, options)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  await engine.checker.scan()
  const receiver = { alive: true, dead: 'connection_refused' as Reply }
  const answer = () => (receiver.alive ? 200 : receiver.dead)
  engine.sender.alive = answer
  engine.sender.reply = answer
  const shown = async () => {
    const { liveness } = await engine.countersOf(listener)
    return { stored: liveness, news: engine.registry.newsOf(listener.id) }
  }
  return { ...engine, queue, listener, receiver, shown }
}

test('a listener that lives is asked about every half minute, and each time at another moment', async (t) => {
  const { runtime, sender, listener } = await openChecked(t)
  await runtime.advance(10 * MINUTE_MS)
  const times = sender.checks.map(({ at }) => at - NOW)
  assert.ok(times[0]! <= 1_000, `first after ${times[0]} ms`)
  const pauses = times.slice(1).map((at, index) => at - times[index]!)
  assert.ok(
    pauses.every((pause) => pause >= 24_000 && pause <= 36_100),
    String(pauses),
  )
  assert.ok(new Set(pauses).size > pauses.length / 2, 'jittered')
  assert.ok(sender.checks.every(({ url }) => url === listener.livenessUrl))
})

test('a check that an error of the server ends says nothing about the listener, and is made again', async (t) => {
  const { runtime, sender, registry, listener } = await openChecked(t)
  await runtime.advance(5_000)
  const { send } = sender
  let broken = 0
  sender.send = () => {
    broken += 1
    return Promise.reject(new Error('broken'))
  }
  await runtime.advance(2 * MINUTE_MS)
  assert.ok(broken >= 3, `${broken} checks`)
  assert.equal(registry.newsOf(listener.id)?.state, 'stable')
  sender.send = send
  const before = sender.checks.length
  await runtime.advance(MINUTE_MS)
  assert.ok(sender.checks.length > before)
})

test('checks that the proxy of the server makes impossible say nothing of the listener, and go on', async (t) => {
  const { runtime, sender, receiver, registry, listener, shown } = await openChecked(t)
  await runtime.advance(5_000)
  receiver.alive = false
  receiver.dead = 'proxy'
  await runtime.advance(5 * MINUTE_MS)
  assert.ok(sender.checks.length >= 8, `${sender.checks.length} checks`)
  assert.equal(registry.newsOf(listener.id)?.state ?? (await shown()).stored.state, 'stable')
  receiver.dead = 'connection_refused'
  await runtime.advance(MINUTE_MS)
  assert.equal(registry.newsOf(listener.id)?.state, 'down')
})

test('three failed checks in a row make it down, in seconds and not minutes, and one success makes it stable', async (t) => {
  const { runtime, sender, receiver, registry, listener } = await openChecked(t)
  const state = () => registry.newsOf(listener.id)?.state
  await runtime.advance(5_000)
  assert.equal(state(), 'stable')
  receiver.alive = false
  await runtime.advance(36_000)
  const failed = sender.checks.length
  await runtime.advance(10_000)
  assert.equal(state(), 'down')
  assert.ok(sender.checks.length >= failed + 1)
  receiver.alive = true
  await runtime.advance(12_000)
  assert.equal(state(), 'stable')
})

test('an hour of outage uses up no attempt of what waits, and afterwards everything arrives, gently at first', async (t) => {
  const { runtime, sender, receiver, queue, listener, ...engine } = await openChecked(t)
  await runtime.advance(5_000)
  receiver.alive = false
  await runtime.advance(MINUTE_MS)
  assert.equal(engine.registry.newsOf(listener.id)?.state, 'down')
  const messages = []
  for (let posted = 0; posted < 5_000; posted += 500) messages.push(...(await engine.postMany(queue, 500)))
  await runtime.advance(HOUR_MS)
  assert.equal(sender.sent.length, 0)
  assert.equal(engine.store.leased(), 0)
  const waiting = await engine.deliveriesOf(messages[0]!)
  assert.deepEqual([waiting[0]!.status, waiting[0]!.attempts], ['pending', 0])

  receiver.alive = true
  sender.reply = () => null
  await runtime.advance(12_000)
  const rounds: number[] = []
  while (sender.open().length > 0) {
    rounds.push(sender.open().length)
    for (const sent of sender.open()) sent.answer(200)
    await runtime.rest()
  }
  assert.deepEqual(rounds.slice(0, 8), [1, 2, 4, 8, 16, 32, 64, 64])
  assert.deepEqual(idsOf(sender.sent), idsOf(messages))
  assert.ok(sender.sent.every(({ attempt }) => attempt === 1))
  assert.equal((await engine.countersOf(listener)).acknowledgedCount, 5_000)
  runtime.assertNoErrors()
})

test('an outage that begins under load costs the attempts that were on the wire, and hardly any more', async (t) => {
  const { runtime, sender, receiver, queue, listener, ...engine } = await openChecked(t)
  await runtime.advance(5_000)
  receiver.alive = false
  const messages = await engine.postMany(queue, 900)
  await runtime.advance(HOUR_MS)
  assert.ok(sender.sent.length <= 2 * 64 + 2, `${sender.sent.length} attempts`)
  receiver.alive = true
  await runtime.advance(MINUTE_MS)
  await runtime.until(() => new Set(idsOf(sender.sent)).size === 900, 'everything is sent')
  await runtime.rest()
  assert.equal((await engine.countersOf(listener)).acknowledgedCount, messages.length)
})

test('a failed delivery has the listener checked at once, but not again and again', async (t) => {
  const { runtime, sender, queue, post } = await openChecked(t)
  sender.reply = ({ attempt }) => (attempt === 1 ? 500 : 200)
  await runtime.advance(10_000)
  const before = sender.checks.length
  await post(queue)
  await runtime.rest()
  assert.equal(sender.checks.length, before + 1)
  for (let n = 0; n < 20; n++) await post(queue)
  await runtime.advance(10_000)
  assert.ok(sender.checks.length <= before + 6, `${sender.checks.length - before} checks in 10 s`)
})

test('a check that fails while deliveries arrive changes nothing', async (t) => {
  const { runtime, sender, queue, postMany, registry, listener } = await openChecked(t)
  sender.alive = () => 503
  sender.reply = () => 200
  await runtime.advance(1_500)
  assert.equal(registry.newsOf(listener.id)?.state, 'unstable')
  await postMany(queue, 50)
  await runtime.until(() => sender.sent.length === 50, 'they are sent')
})

test('what is known of a listener is written down, survives a restart, and holds from the first moment', async (t) => {
  const before = await openChecked(t)
  await before.runtime.advance(5_000)
  before.receiver.alive = false
  await before.runtime.advance(MINUTE_MS)
  await before.registry.write()
  const { stored, news } = await before.shown()
  assert.deepEqual([stored.state, stored.lastFailureMsg, news?.failureCount], ['down', 'connection_refused', 0])
  await before.post(before.queue)
  await before.registry.writeAll()
  const { stored: left } = await before.shown()
  assert.ok(left.successCount >= 1 && left.failureCount >= 3)

  const heir = await openTestEngine(t, { node: 'heir', after: before, startAt: before.runtime.now() })
  heir.sender.alive = () => null
  await heir.checker.scan()
  await heir.dispatcher.sweep()
  await heir.runtime.advance(HOUR_MS)
  assert.equal(heir.sender.sent.length, 0)
  heir.sender.alive = () => 200
})

test('the store is not asked to write what it would gain nothing from', async (t) => {
  const { runtime, registry, store } = await openChecked(t)
  let written = 0
  const { note } = store.liveness
  store.liveness.note = async (notes) => {
    written += notes.length
    await note(notes)
  }
  await runtime.advance(5_000)
  await registry.write()
  assert.equal(written, 1)
  for (let second = 0; second < 120; second++) {
    await runtime.advance(1_000)
    await registry.write()
  }
  assert.ok(written <= 3, `${written} writes in two minutes`)
})

test('news that could not be written are neither lost nor counted twice', async (t) => {
  const { runtime, registry, store, listener, countersOf } = await openChecked(t)
  await runtime.advance(5_000)
  const { note } = store.liveness
  store.liveness.note = async () => Promise.reject(new Error('the disk is full'))
  await assert.rejects(registry.write())
  await runtime.advance(MINUTE_MS)
  store.liveness.note = note
  await registry.writeAll()
  const { liveness } = await countersOf(listener)
  assert.deepEqual([liveness.state, liveness.successCount >= 2], ['stable', true])
  const changes = await store.liveness.changes({ ...addressOf(listener), before: null, offset: 0, limit: 10 })
  assert.deepEqual(
    changes?.map(({ from, state }) => [from, state]),
    [['unknown', 'stable']],
  )
  assert.ok(changes[0]!.at <= NOW + 5_000, 'the time of the change, not that of the writing')
  const once = liveness.successCount
  await registry.writeAll()
  assert.equal((await countersOf(listener)).liveness.successCount, once)
})

test('another liveness_url starts over, and none leaves the judgement to the deliveries', async (t) => {
  const { runtime, sender, receiver, store, registry, queue, listener, post } = await openChecked(t)
  receiver.alive = false
  await runtime.advance(MINUTE_MS)
  await post(queue)
  const { organizationId, queueId, id } = listener
  const change = async (livenessUrl: string | null) => {
    const ask = { organizationId, queueId, id, changes: { livenessUrl }, now: runtime.now() }
    const changed = await store.listeners.update(ask)
    assert.ok(typeof changed === 'object')
    await runtime.rest()
  }
  sender.alive = () => null
  sender.reply = () => null
  await change('http://127.0.0.1:9/other')
  assert.equal(registry.newsOf(id)?.state, 'unknown')
  assert.equal(sender.open().length, 1)
  await runtime.advance(1_000)
  assert.equal(sender.checks.at(-1)!.url, 'http://127.0.0.1:9/other')
  const checks = sender.checks.length
  await change(null)
  await runtime.advance(HOUR_MS)
  assert.equal(sender.checks.length, checks)
})

test('what was deleted, disabled, or has no liveness_url is not checked any more', async (t) => {
  const engine = await openChecked(t)
  const { runtime, sender, queue, listener } = engine
  const other = await engine.addListener(queue)
  await engine.checker.scan()
  await runtime.advance(MINUTE_MS)
  await engine.change(other, { settings: { status: 'disabled' } })
  const { organizationId, queueId, id } = listener
  await engine.store.listeners.delete({ organizationId, queueId, id, now: runtime.now() })
  const { length } = sender.checks
  await runtime.advance(10 * MINUTE_MS)
  assert.equal(sender.checks.length, length)
})

test('a scan finds who is new, and forgets who is gone, without being told', async (t) => {
  const engine = await openChecked(t)
  const { runtime, sender, queue, listener } = engine
  await runtime.advance(MINUTE_MS)
  const added = await engine.addListener(queue)
  const { organizationId, queueId, id } = listener
  await engine.store.listeners.delete({ organizationId, queueId, id, now: runtime.now() })
  const { length } = sender.checks
  await engine.checker.scan()
  await runtime.advance(MINUTE_MS)
  assert.ok(sender.checks.length > length)
  assert.ok(engine.registry.newsOf(added.id)!.successCount >= 2)
})

test('ten thousand listeners are checked, a bounded number at once, and all of them in their time', async (t) => {
  const engine = await openTestEngine(t)
  const make = createMake()
  const listener = make.listener({ ...(await engine.addQueue()) })
  let open = 0
  let most = 0
  engine.sender.send = async () => {
    open += 1
    most = Math.max(most, open)
    await new Promise((resolve) => setImmediate(resolve))
    open -= 1
    return { startedAt: engine.runtime.now(), durationMs: 1, status: 200, error: null, response: '', directive: null }
  }
  for (let n = 0; n < 10_000; n++) engine.checker.listenerChanged({ ...listener, id: `${n}` })
  await engine.runtime.advance(2_000)
  const stable = Array.from({ length: 10_000 }, (_, n) => engine.registry.newsOf(`${n}`)?.state)
  assert.equal(stable.filter((state) => state === 'stable').length, 10_000)
  assert.ok(most <= 256, `${most} at once`)
  engine.checker.stop()
})
