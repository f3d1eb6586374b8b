import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestEngine } from '../test-engine.ts'

test('nothing holds a listener up that answers, or that nothing was sent to', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  assert.equal(engine.dispatcher.holdUpOf(listener.id), null)
  engine.sender.reply = () => 200
  await engine.postMany(queue, 3)
  await engine.runtime.rest()
  assert.equal(engine.dispatcher.holdUpOf(listener.id), null)
})

test('a listener that is sent all that it may be is held up by its rate limit', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { rateLimit: { requests: 1, perMs: 3_600_000 } })
  engine.sender.reply = () => 200
  await engine.postMany(queue, 3)
  await engine.runtime.rest()
  assert.equal(engine.dispatcher.holdUpOf(listener.id), 'rate_limit')
})

test('a listener that has as many attempts under way as it may is held up by its concurrency', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { maxConcurrency: 2 })
  engine.sender.reply = () => null
  await engine.postMany(queue, 3)
  await engine.runtime.rest()
  assert.equal(engine.dispatcher.holdUpOf(listener.id), 'concurrency')
})

test('a listener whose circuit breaker is open is down', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, {}, { livenessUrl: null })
  engine.sender.reply = () => 'connection_refused'
  await engine.postMany(queue, 200)
  await engine.runtime.advance(1_000)
  assert.equal(engine.dispatcher.holdUpOf(listener.id), 'down')
})

test('a listener whose receiver said Retry-After is held up by that', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  engine.sender.reply = () => ({ status: 429, directive: { retryAfterMs: 60_000, noRetry: false } })
  await engine.post(queue)
  await engine.runtime.advance(1_000)
  assert.equal(engine.dispatcher.holdUpOf(listener.id), 'rate_limit')
})
