import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reply } from '../fake-sender.ts'
import { idsOf, openTestEngine } from '../test-engine.ts'

const later = (status: number, retryAfterMs: number): Reply => ({ status, directive: { retryAfterMs } })

for (const status of [429, 503]) {
  test(`${status} with Retry-After holds the whole listener until then, and it starts gently`, async (t) => {
    const engine = await openTestEngine(t)
    const queue = await engine.addQueue()
    const listener = await engine.addListener(queue, { maxConcurrency: 4 })
    const start = engine.runtime.now()
    const messages = await engine.postMany(queue, 10)
    await engine.runtime.rest()
    const open = engine.sender.open()
    assert.equal(open.length, 4)
    open[0]!.answer(later(status, 30_000))
    await engine.runtime.rest()
    for (const sent of open.slice(1)) sent.answer(200)
    messages.push(...(await engine.postMany(queue, 5)))
    await engine.runtime.advance(29_999)
    assert.equal(engine.sender.sent.length, 4)
    assert.equal(engine.store.leased(), 0)
    await engine.runtime.advance(1)
    assert.deepEqual(
      engine.sender.open().map(({ at }) => at - start),
      [30_000],
    )
    engine.sender.reply = () => 200
    engine.sender.open()[0]!.answer(200)
    await engine.runtime.advance(1_000)
    assert.equal((await engine.countersOf(listener)).acknowledgedCount, messages.length)
    assert.equal((await engine.deliveriesOf(messages[0]!))[0]!.attempts, 2)
  })
}

test('another failure with Retry-After puts off that one delivery, and no other', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const failing = await engine.post(queue)
  engine.sender.reply = ({ id, attempt }) => (id === failing.id && attempt === 1 ? later(500, 60_000) : 200)
  engine.sender.open()[0]?.answer(later(500, 60_000))
  await engine.runtime.rest()
  await engine.postMany(queue, 20)
  await engine.runtime.advance(59_999)
  assert.equal(engine.sender.sent.length, 21)
  await engine.runtime.advance(1)
  assert.equal(engine.sender.sent.length, 22)
  assert.equal(engine.sender.sent.at(-1)!.id, failing.id)
})

test('a 429 or 503 without Retry-After, or with one of 0, is a failure like any other', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  let answered = 0
  const replies: Reply[] = [503, 429, later(503, 0), later(429, 0)]
  engine.sender.reply = ({ attempt }) => (attempt === 1 ? (replies[answered++] ?? 200) : 200)
  await engine.postMany(queue, 30)
  await engine.runtime.rest()
  assert.equal(engine.sender.sent.length, 30)
})

test('the longest of several pauses counts', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  await engine.postMany(queue, 3)
  await engine.runtime.rest()
  const [first, second, third] = engine.sender.open()
  first!.answer(later(503, 10_000))
  second!.answer(later(503, 20_000))
  third!.answer(later(503, 5_000))
  await engine.runtime.advance(19_999)
  assert.equal(engine.sender.sent.length, 3)
  await engine.runtime.advance(1)
  assert.equal(engine.sender.sent.length, 4)
})

test('410 disables the listener for a reason, and its backlog, that delivery included, waits until it is enabled', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { maxConcurrency: 1 })
  const messages = await engine.postMany(queue, 3)
  await engine.runtime.advance(1)
  engine.sender.open()[0]!.answer(410)
  await engine.runtime.rest()
  assert.equal((await engine.countersOf(listener)).settings.status, 'disabled')
  messages.push(await engine.post(queue))
  await engine.runtime.advance(86_400_000)
  assert.equal(engine.sender.sent.length, 1)
  const { organizationId } = queue
  const page = { organizationId, categories: ['listeners'] as const, only: null, since: 0, after: null, limit: 1 }
  const [event] = (await engine.store.events.list(page)).events
  assert.deepEqual(
    [event!.type, event!.subject.id, event!.reason],
    ['listener_updated', listener.id, 'the listener answered 410 Gone'],
  )
  engine.sender.reply = () => 200
  await engine.change(listener, { settings: { status: 'enabled' } })
  await engine.runtime.until(() => engine.sender.sent.length === 5, 'everything is sent')
  await engine.runtime.rest()
  assert.deepEqual(idsOf(engine.sender.sent).slice(1).sort(), idsOf(messages).sort())
  assert.equal((await engine.countersOf(listener)).acknowledgedCount, 4)
  engine.runtime.assertNoErrors()
})

test('a 410 to the last attempt is not the end of the delivery: it starts over when the listener is enabled', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const retry = { maxAttempts: 2, initialDelayMs: 10, maxDelayMs: 10, multiplier: 1 }
  const listener = await engine.addListener(queue, { retry })
  engine.sender.reply = ({ attempt }) => (attempt === 2 ? 410 : 500)
  const message = await engine.post(queue)
  await engine.runtime.advance(1_000)
  assert.equal((await engine.deliveriesOf(message))[0]!.status, 'pending')
  await engine.change(listener, { settings: { status: 'enabled' } })
  await engine.runtime.advance(1_000)
  const [delivery] = await engine.deliveriesOf(message)
  assert.deepEqual([delivery!.status, delivery!.attempts], ['missed', 4])
})

test('a 410 from where the listener was before does not disable what it is now', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  const message = await engine.post(queue)
  await engine.runtime.advance(1)
  const [sent] = engine.sender.open()
  const { organizationId, queueId, id } = listener
  const changes = { notifyUrl: 'http://moved.test/' }
  // Changed by another node, and the lane does not know it yet.
  engine.unfollow()
  const moved = await engine.store.listeners.update({ organizationId, queueId, id, changes, now: engine.runtime.now() })
  engine.sender.reply = () => 200
  sent!.answer(410)
  await engine.runtime.rest()
  assert.ok(typeof moved === 'object')
  await engine.runtime.advance(1_000)
  assert.equal((await engine.countersOf(listener)).settings.status, 'enabled')
  assert.equal(engine.sender.sent.at(-1)!.url, 'http://moved.test/')
  assert.equal((await engine.deliveriesOf(message))[0]!.status, 'delivered')
})

test('a listener that is gone is sent nothing while the store cannot be told', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { maxConcurrency: 1 })
  await engine.postMany(queue, 3)
  await engine.runtime.advance(1)
  const { disable } = engine.store.listeners
  engine.store.listeners.disable = async () => Promise.reject(new Error('the disk is full'))
  engine.sender.open()[0]!.answer(410)
  await engine.runtime.advance(10_000)
  assert.equal(engine.sender.sent.length, 1)
  engine.store.listeners.disable = disable
  await engine.runtime.advance(10_000)
  assert.equal(engine.sender.sent.length, 1)
  assert.equal((await engine.countersOf(listener)).settings.status, 'disabled')
  assert.deepEqual(new Set(engine.runtime.errors()), new Set(['a listener that is gone could not be disabled']))
})

test('discue-retry: no has the delivery missed at once, and leaves the others alone', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  let first = true
  engine.sender.reply = () => {
    const reply: Reply = first ? { status: 400, directive: { noRetry: true } } : 200
    first = false
    return reply
  }
  const [refused] = await engine.postMany(queue, 3)
  await engine.runtime.advance(86_400_000)
  assert.equal(engine.sender.sent.length, 3)
  const { missedMessageIds, acknowledgedCount } = await engine.countersOf(listener)
  assert.deepEqual([missedMessageIds, acknowledgedCount], [[refused!.id], 2])
})
