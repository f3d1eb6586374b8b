import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idsOf, openTestEngine } from '../test-engine.ts'

test('a listener is sent no more than its rate limit allows, in order, and all of it in the end', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, { rateLimit: { requests: 50, perMs: 1_000 } })
  engine.sender.reply = () => 200
  const start = engine.runtime.now()
  const messages = await engine.postMany(queue, 500)
  await engine.runtime.advance(12_000)
  assert.deepEqual(idsOf(engine.sender.sent), idsOf(messages))
  for (let second = 0; second < 10; second++) {
    const from = start + second * 1_000
    const count = engine.sender.sent.filter(({ at }) => at >= from && at < from + 1_000).length
    assert.ok(count <= 55 && count >= 40, `${count} in second ${second}`)
  }
})

test('retries count as well', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const retry = { maxAttempts: 100, initialDelayMs: 10, maxDelayMs: 10, multiplier: 1 }
  await engine.addListener(queue, { retry, rateLimit: { requests: 2, perMs: 1_000 } })
  engine.sender.reply = ({ attempt }) => (attempt <= 9 ? 500 : 200)
  await engine.postMany(queue, 2)
  await engine.runtime.advance(5_000)
  assert.ok(engine.sender.sent.length <= 11, `${engine.sender.sent.length} in 5 s`)
})

test('a limit is set, changed and removed while messages wait', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { rateLimit: { requests: 1, perMs: 3_600_000 } })
  engine.sender.reply = () => 200
  await engine.postMany(queue, 100)
  await engine.runtime.advance(1_000)
  assert.equal(engine.sender.sent.length, 1)
  await engine.change(listener, { settings: { rateLimit: { requests: 20, perMs: 1_000 } } })
  await engine.runtime.advance(1_000)
  const { length } = engine.sender.sent
  assert.ok(length >= 18 && length <= 24, `${length}`)
  await engine.change(listener, { settings: { rateLimit: null } })
  await engine.runtime.rest()
  assert.equal(engine.sender.sent.length, 100)
})

test('a lane that has sent what it may is not forgotten with what it knows of that', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, { rateLimit: { requests: 1, perMs: 86_400_000 } })
  engine.sender.reply = () => 200
  for (let hour = 0; hour < 12; hour++) {
    await engine.post(queue)
    await engine.runtime.advance(3_600_000)
    await engine.dispatcher.sweep()
  }
  assert.equal(engine.sender.sent.length, 1)
})

test('a rate limit of one listener delays no other', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, { rateLimit: { requests: 1, perMs: 60_000 } })
  const free = await engine.addListener(queue)
  engine.sender.reply = () => 200
  await engine.postMany(queue, 200)
  await engine.runtime.rest()
  assert.equal(engine.sender.sent.filter(({ url }) => url === free.notifyUrl).length, 200)
})
