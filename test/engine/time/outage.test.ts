import assert from 'node:assert/strict'
import { asking } from '../fixture.ts'
import { idsOf } from '../test-engine.ts'
import { onBothStores } from './on-both-stores.ts'

const SECOND = 1_000
const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 24 * HOUR

for (const livenessUrl of [null, 'http://listener.test/alive']) {
  const how = livenessUrl === null ? 'by its deliveries' : 'by its liveness_url'
  onBothStores(
    `after an outage that is known ${how}, all that has waited is sent at once, and gently`,
    async (engine) => {
      const queue = await engine.addQueue()
      const retry = { maxAttempts: 16, initialDelayMs: HOUR, maxDelayMs: 8 * HOUR, multiplier: 4 }
      const listener = await engine.addListener(queue, { retry }, { livenessUrl })
      engine.sender.alive = () => 503
      engine.sender.reply = () => 503
      if (livenessUrl !== null) engine.checker.listenerChanged(listener)
      const messages = []
      for (let posted = 0; posted < 30; posted++) {
        messages.push(await engine.post(queue))
        await engine.runtime.advance(5 * SECOND)
      }
      assert.equal(engine.registry.newsOf(listener.id)?.state ?? 'down', 'down')
      const before = engine.sender.sent.length
      engine.sender.alive = () => 200
      engine.sender.reply = () => 200
      await engine.runtime.advance(MINUTE)
      const sent = engine.sender.sent.slice(before)
      const delivered = new Set(idsOf(sent.filter(({ status }) => status === 200)))
      assert.deepEqual(delivered, new Set(idsOf(messages)))
      assert.equal(engine.sender.sent.filter(({ status }) => status === 200).length, messages.length)
      engine.checker.stop()
    },
  )
}

onBothStores('what a Retry-After has put off keeps its time, also after an outage', async (engine) => {
  const queue = await engine.addQueue()
  const retry = { maxAttempts: 16, initialDelayMs: SECOND, maxDelayMs: MINUTE, multiplier: 2 }
  await engine.addListener(queue, { retry }, { livenessUrl: null })
  engine.sender.reply = () => asking(500, { retryAfterMs: HOUR })
  const asked = await engine.post(queue)
  await engine.runtime.rest()
  engine.sender.reply = () => 500
  const rest = await engine.postMany(queue, 20)
  await engine.runtime.advance(MINUTE)
  engine.sender.reply = () => 200
  await engine.runtime.advance(2 * MINUTE)
  const delivered = () => new Set(idsOf(engine.sender.sent.filter(({ status }) => status === 200)))
  assert.deepEqual(delivered(), new Set(idsOf(rest)))
  await engine.runtime.advance(HOUR)
  assert.ok(delivered().has(asked.id))
})

onBothStores(
  'while its breaker is open only the oldest delivery is tried, and it is missed after a day',
  async (engine) => {
    const queue = await engine.addQueue()
    const retry = { maxAttempts: 12, initialDelayMs: 100, maxDelayMs: 100, multiplier: 1 }
    const listener = await engine.addListener(queue, { retry }, { livenessUrl: null })
    engine.sender.reply = () => 'connection_refused'
    await engine.post(queue)
    await engine.runtime.advance(2 * SECOND)
    assert.equal(engine.registry.newsOf(listener.id)?.state, 'down')
    const waiting = await engine.postMany(queue, 5)
    const before = engine.sender.sent.length
    await engine.runtime.advance(10 * MINUTE)
    const tried = new Set(idsOf(engine.sender.sent.slice(before)))
    assert.ok(tried.size <= 2, `${tried.size} were tried`)
    for (const message of waiting) {
      const [delivery] = await engine.deliveriesOf(message)
      assert.ok(delivery!.attempts === 0 || tried.has(message.id))
    }
    assert.equal((await engine.countersOf(listener)).missedCount, 0)
    await engine.runtime.leap(DAY)
    await engine.runtime.advance(2 * MINUTE)
    assert.equal((await engine.countersOf(listener)).missedCount, 6)
  },
)
