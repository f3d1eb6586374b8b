import assert from 'node:assert/strict'
import type { PullRequest } from '../../../src/app/deps.ts'
import { createPulling } from '../../../src/engine/pull/pulling.ts'
import { asking } from '../fixture.ts'
import { idsOf } from '../test-engine.ts'
import { onBothStores } from './on-both-stores.ts'

const SECOND = 1_000
const HOUR = 3_600_000
const TWO_HOURS = 2 * HOUR
const RETRY = { maxAttempts: 5, initialDelayMs: HOUR, maxDelayMs: HOUR, multiplier: 1 }

onBothStores('what is due by a clock that has leapt ahead is sent at once', async (engine) => {
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const delayed = await engine.post(queue, { deliverAt: engine.runtime.now() + HOUR })
  await engine.runtime.rest()
  assert.equal(engine.sender.sent.length, 0)
  await engine.runtime.leap(TWO_HOURS)
  await engine.runtime.until(() => engine.sender.sent.length === 1, 'the delayed message is sent')
  assert.deepEqual(idsOf(engine.sender.sent), [delayed.id])
})

onBothStores('a retry that is due by a clock that has leapt ahead is sent at once', async (engine) => {
  const queue = await engine.addQueue()
  await engine.addListener(queue, { retry: RETRY })
  engine.sender.reply = (sent) => (sent.attempt === 1 ? 500 : 200)
  await engine.post(queue)
  await engine.runtime.until(() => engine.sender.sent.length === 1, 'the first attempt')
  await engine.runtime.rest()
  await engine.runtime.leap(TWO_HOURS)
  await engine.runtime.until(() => engine.sender.sent.length === 2, 'the retry is sent')
})

onBothStores('what a sweep finds is sent, though a wake-up is set for later', async (engine) => {
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  await engine.post(queue, { deliverAt: engine.runtime.now() + HOUR })
  await engine.runtime.rest()
  // Nothing has compared the clocks yet.
  const { now } = engine.runtime
  engine.runtime.now = () => now() + TWO_HOURS
  await engine.dispatcher.renewLeases()
  await engine.dispatcher.sweep()
  await engine.runtime.until(() => engine.sender.sent.length === 1, 'the delayed message is sent')
})

onBothStores('a clock that is set back sends nothing early, and what is due at its time', async (engine) => {
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const dueAt = engine.runtime.now() + 10 * SECOND
  await engine.post(queue, { deliverAt: dueAt })
  await engine.runtime.rest()
  await engine.runtime.leap(-20 * SECOND)
  await engine.runtime.advance(29 * SECOND)
  assert.equal(engine.sender.sent.length, 0)
  await engine.runtime.advance(SECOND)
  await engine.runtime.until(() => engine.sender.sent.length === 1, 'the delayed message is sent')
  assert.equal(engine.sender.sent[0]!.at, dueAt)
})

onBothStores('a Retry-After that is over by the clock holds nothing back', async (engine) => {
  const queue = await engine.addQueue()
  await engine.addListener(queue, { retry: { ...RETRY, initialDelayMs: 10, maxDelayMs: 10 } })
  engine.sender.reply = (sent) => (sent.attempt === 1 ? asking(503, { retryAfterMs: HOUR }) : 200)
  await engine.post(queue)
  await engine.runtime.until(() => engine.sender.sent.length === 1, 'the first attempt')
  await engine.runtime.rest()
  await engine.runtime.leap(TWO_HOURS)
  await engine.runtime.until(() => engine.sender.sent.length === 2, 'the next attempt')
})

onBothStores('a rate that is counted by the clock lets through what has waited for it', async (engine) => {
  // PostgreSQL counts by its own clock, which was not set.
  if (engine.store.shared) return
  const queue = await engine.addQueue()
  await engine.addListener(queue, { rateLimit: { requests: 1, perMs: HOUR } })
  engine.sender.reply = () => 200
  await engine.postMany(queue, 2)
  await engine.runtime.until(() => engine.sender.sent.length === 1, 'the first one')
  await engine.runtime.rest()
  await engine.runtime.leap(TWO_HOURS)
  await engine.runtime.until(() => engine.sender.sent.length === 2, 'the second one')
})

onBothStores('a pull that waits, and a lease that has run out, go by a clock that has leapt ahead', async (engine) => {
  const { store, runtime } = engine
  const { committer, dispatcher } = engine
  const { pullService, expirer } = createPulling({ store, runtime, committer, dispatcher })
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  await engine.change(listener, { notifyUrl: null })
  const puller = { ...listener, notifyUrl: null }
  const pulls: string[][] = []
  const pull = (waitMs: number) => {
    const request: PullRequest = { listener: puller, max: 1, waitMs, leaseMs: HOUR, client: null, room: null }
    void pullService.pull(request).then((found) => pulls.push(found.map(({ message }) => message.id)))
  }
  pull(30 * SECOND)
  const later = await engine.post(queue, { deliverAt: runtime.now() + HOUR })
  pullService.due(puller.id, later.deliverAt)
  await runtime.rest()
  assert.deepEqual(pulls, [])
  await runtime.leap(TWO_HOURS)
  await runtime.until(() => pulls.length === 1, 'the pull that waits is answered')
  pull(30 * SECOND)
  await runtime.rest()
  await runtime.leap(TWO_HOURS)
  await runtime.until(() => pulls.length === 2, 'what was leased is to be had again')
  assert.deepEqual(pulls, [[later.id], [later.id]])
  // However far a clock goes back, a pull waits for no longer than it asked for.
  pull(30 * SECOND)
  await runtime.rest()
  await runtime.leap(-TWO_HOURS)
  pullService.due(puller.id, runtime.now())
  await runtime.advance(30 * SECOND)
  await runtime.until(() => pulls.length === 3, 'the pull is over')
  assert.deepEqual(pulls[2], [])
  pullService.stop()
  await expirer.stop()
})

onBothStores('a clock that is set back puts off no check of a listener that has failed', async (engine) => {
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, {}, { livenessUrl: 'http://listener.test/alive' })
  engine.sender.alive = () => 200
  engine.checker.listenerChanged(listener)
  await engine.runtime.advance(40 * SECOND)
  await engine.runtime.leap(-TWO_HOURS)
  const checks = engine.sender.checks.length
  assert.ok(checks > 0)
  engine.sender.alive = () => 503
  engine.sender.reply = () => 500
  await engine.post(queue)
  await engine.runtime.rest()
  await engine.runtime.advance(3 * SECOND)
  assert.ok(engine.sender.checks.length > checks, 'no check came of the failure')
  engine.checker.stop()
})
