import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { DeliverySettings } from '../../../src/core/delivery/listener.ts'
import { idsOf, openTestEngine } from '../test-engine.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** A listener that only its deliveries can tell of. */
async function openUnchecked(t: TestContext, settings?: Partial<DeliverySettings>) {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, settings, { livenessUrl: null })
  return {
    ...engine,
    queue,
    listener,
    postTo: engine.post,
    post: () => engine.post(queue),
    postMany: (count: number) => engine.postMany(queue, count),
    state: () => engine.registry.newsOf(listener.id)?.state,
  }
}

test('a dead listener is left alone but for one delivery at a time, and what comes meanwhile waits in the store', async (t) => {
  const lane = await openUnchecked(t)
  lane.sender.reply = () => 'connection_refused'
  await lane.postMany(500)
  await lane.runtime.advance(1_000)
  assert.equal(lane.state(), 'down')
  const before = lane.sender.sent.length
  assert.ok(before <= 50 + 64 + 4, `${before} attempts`)
  await lane.postMany(500)
  lane.sender.mostOpen = 0
  await lane.runtime.advance(MINUTE_MS)
  assert.equal(lane.sender.mostOpen, 1)
  const probes = lane.sender.sent.length - before
  assert.ok(probes >= 6 && probes <= 12, `${probes} probes in a minute`)
  assert.equal(lane.store.leased(), 0)
  lane.runtime.assertNoErrors()
})

test('the first success opens the way again, gently, and everything arrives', async (t) => {
  const lane = await openUnchecked(t)
  lane.sender.reply = () => 'timeout'
  await lane.postMany(200)
  await lane.runtime.advance(10_000)
  assert.equal(lane.state(), 'down')
  lane.sender.reply = () => null
  await lane.runtime.advance(10_000)
  const rounds: number[] = []
  while (lane.sender.open().length > 0) {
    rounds.push(lane.sender.open().length)
    for (const sent of lane.sender.open()) sent.answer(200)
    await lane.runtime.rest()
  }
  assert.deepEqual(rounds.slice(0, 6), [1, 1, 2, 4, 8, 16])
  assert.equal(lane.state(), 'stable')
  lane.sender.reply = () => 200
  await lane.runtime.advance(HOUR_MS)
  assert.equal((await lane.countersOf(lane.listener)).acknowledgedCount, 200)
})

test('the messages of a dead listener end as missed, once a day has passed and no sooner', async (t) => {
  const retry = { maxAttempts: 5, initialDelayMs: 1_000, maxDelayMs: MINUTE_MS, multiplier: 2 }
  const lane = await openUnchecked(t, { retry })
  lane.sender.reply = () => 503
  const messages = await lane.postMany(100)
  await lane.runtime.advance(HOUR_MS)
  assert.equal((await lane.countersOf(lane.listener)).missedCount, 0)
  await lane.runtime.leap(DAY_MS)
  await lane.runtime.advance(10 * MINUTE_MS)
  assert.equal((await lane.countersOf(lane.listener)).missedCount, 100)
  const attempts = await Promise.all(messages.map(async (message) => (await lane.deliveriesOf(message))[0]!.attempts))
  // One of them was the probe for an hour, and none of the others paid for that.
  assert.ok(attempts.filter((count) => count > 10).length <= 2, `attempts: ${attempts}`)
})

test('without a circuit breaker every delivery is missed as its policy says, however many fail', async (t) => {
  const retry = { maxAttempts: 3, initialDelayMs: 1_000, maxDelayMs: 4_000, multiplier: 2 }
  const lane = await openUnchecked(t, { retry, circuitBreaker: false })
  lane.sender.reply = () => 500
  const messages = await lane.postMany(300)
  await lane.runtime.advance(10_000)
  assert.equal(lane.state(), 'unstable')
  assert.equal((await lane.countersOf(lane.listener)).missedCount, 300)
  const attempts = await Promise.all(messages.map(async (message) => (await lane.deliveriesOf(message))[0]!.attempts))
  assert.deepEqual(new Set(attempts), new Set([3]))
  lane.runtime.assertNoErrors()
})

test('a circuit breaker that is switched off lets everything through at once, one that is switched on judges anew', async (t) => {
  const lane = await openUnchecked(t)
  lane.sender.reply = () => 'connection_refused'
  await lane.postMany(200)
  await lane.runtime.advance(10_000)
  assert.equal(lane.state(), 'down')
  const change = (circuitBreaker: boolean) => lane.change(lane.listener, { settings: { circuitBreaker } })
  await change(false)
  lane.sender.reply = () => 200
  await lane.runtime.advance(10 * MINUTE_MS)
  assert.equal((await lane.countersOf(lane.listener)).acknowledgedCount, 200)
  await change(true)
  lane.sender.reply = () => 'connection_refused'
  await lane.postMany(200)
  await lane.runtime.advance(10_000)
  assert.equal(lane.state(), 'down')
})

test('with the default policy a dead listener has one message missed within three days', async (t) => {
  const lane = await openUnchecked(t)
  lane.sender.reply = () => 'connection_refused'
  const message = await lane.post()
  await lane.runtime.advance(3 * DAY_MS)
  assert.equal((await lane.deliveriesOf(message))[0]!.status, 'missed')
  assert.equal(lane.sender.sent.length, 16)
})

test('a listener that fails for every other message is sent as many at once as it wants', async (t) => {
  const lane = await openUnchecked(t, { maxConcurrency: 8 })
  let turn = 0
  lane.sender.reply = () => (turn++ % 2 === 0 ? 500 : 200)
  await lane.postMany(600)
  await lane.runtime.until(() => lane.sender.sent.length >= 600, 'every first attempt is made without a pause')
  assert.notEqual(lane.state(), 'down')
  assert.equal(lane.sender.mostOpen, 8)
  await lane.runtime.advance(3 * DAY_MS)
  assert.equal((await lane.countersOf(lane.listener)).acknowledgedCount, 600)
})

test('attempts that were on the wire when it opened neither count as probes nor hold up the next one for long', async (t) => {
  const lane = await openUnchecked(t)
  await lane.postMany(300)
  await lane.runtime.advance(2_000)
  const open = lane.sender.open()
  for (const sent of open.slice(0, 20)) sent.answer('timeout')
  await lane.runtime.rest()
  assert.equal(lane.state(), 'down')
  const before = lane.sender.sent.length
  await lane.runtime.advance(MINUTE_MS)
  assert.equal(lane.sender.sent.length, before)
  for (const sent of lane.sender.open()) sent.answer('timeout')
  await lane.runtime.advance(2_000)
  assert.equal(lane.sender.sent.length, before + 1)
})

test('a late success of an attempt from before shows that it lives', async (t) => {
  const lane = await openUnchecked(t)
  await lane.postMany(100)
  await lane.runtime.advance(2_000)
  const open = lane.sender.open()
  for (const sent of open.slice(1, 20)) sent.answer('timeout')
  await lane.runtime.rest()
  assert.equal(lane.state(), 'down')
  open[0]!.answer(200)
  await lane.runtime.rest()
  assert.equal(lane.state(), 'stable')
})

test('what deliveries tell is shown as the liveness of the listener, and is kept', async (t) => {
  const lane = await openUnchecked(t)
  assert.equal(lane.registry.newsOf(lane.listener.id), null)
  lane.sender.reply = () => 200
  await lane.postMany(3)
  await lane.runtime.rest()
  assert.deepEqual([lane.state(), lane.registry.newsOf(lane.listener.id)?.successCount], ['stable', 3])
  lane.sender.reply = () => 500
  await lane.post()
  await lane.runtime.rest()
  assert.equal(lane.state(), 'unstable')
  await lane.registry.write()
  const { liveness } = await lane.countersOf(lane.listener)
  const { lastFailureAt, lastSuccessAt, ...rest } = liveness
  assert.deepEqual(rest, {
    state: 'unstable',
    successCount: 3,
    failureCount: 1,
    lastFailureStatus: 500,
    lastFailureMsg: 'answered 500',
  })
  assert.ok(lastFailureAt !== null && lastSuccessAt !== null)
})

test('a lane whose listener is dead is kept, however long nothing comes', async (t) => {
  const lane = await openUnchecked(t, { retry: { maxAttempts: 1, initialDelayMs: 10, maxDelayMs: 10, multiplier: 1 } })
  lane.sender.reply = () => 'connection_refused'
  await lane.postMany(100)
  await lane.runtime.advance(HOUR_MS)
  assert.equal((await lane.countersOf(lane.listener)).missedCount, 100)
  await lane.dispatcher.sweep()
  lane.sender.mostOpen = 0
  const before = lane.sender.sent.length
  await lane.postMany(20)
  await lane.runtime.advance(1)
  assert.equal(lane.sender.sent.length, before + 1)
  await lane.runtime.advance(MINUTE_MS)
  assert.equal(lane.sender.mostOpen, 1)
})

test('another target is another listener: nothing of the old one is held against it', async (t) => {
  const lane = await openUnchecked(t)
  lane.sender.reply = ({ url }) => (url === lane.listener.notifyUrl ? 'connection_refused' : 200)
  await lane.postMany(200)
  await lane.runtime.advance(1_000)
  assert.equal(lane.state(), 'down')
  await lane.change(lane.listener, { notifyUrl: 'http://moved.test/' })
  await lane.runtime.advance(10_000)
  assert.equal(lane.state(), 'stable')
  assert.equal((await lane.countersOf(lane.listener)).acknowledgedCount, 200)
})

test('a probe that finds nothing due waits for what comes', async (t) => {
  const lane = await openUnchecked(t)
  lane.sender.reply = () => 503
  await lane.postMany(60)
  await lane.runtime.advance(500)
  assert.equal(lane.state(), 'down')
  for (const [, id] of lane.sender.sent.map(({ id }) => [0, id] as const))
    lane.dispatcher.messageGone(lane.listener.id, id)
  const { organizationId, id: queueId } = lane.queue
  for (const id of new Set(idsOf(lane.sender.sent))) {
    await lane.store.messages.delete({ organizationId, queueId, id, now: lane.runtime.now() })
  }
  await lane.runtime.advance(MINUTE_MS)
  lane.sender.reply = () => 200
  const message = await lane.post()
  await lane.runtime.rest()
  assert.equal(lane.sender.sent.at(-1)!.id, message.id)
  assert.equal(lane.state(), 'stable')
})
