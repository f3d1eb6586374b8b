import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reply } from './fake-sender.ts'
import { idsOf, openOffice } from './office.ts'

const later = (status: number, retryAfterMs: number): Reply => ({ status, wish: { retryAfterMs } })

for (const status of [429, 503]) {
  test(`${status} with Retry-After holds the whole listener until then, and it starts gently`, async (t) => {
    const office = await openOffice(t)
    const queue = await office.addQueue()
    const listener = await office.addListener(queue, { maxConcurrency: 4 })
    const start = office.runtime.now()
    const messages = await office.postMany(queue, 10)
    await office.runtime.rest()
    const open = office.sender.open()
    assert.equal(open.length, 4)
    open[0]!.answer(later(status, 30_000))
    await office.runtime.rest()
    for (const sent of open.slice(1)) sent.answer(200)
    messages.push(...(await office.postMany(queue, 5)))
    await office.runtime.advance(29_999)
    assert.equal(office.sender.sent.length, 4)
    assert.equal(office.store.leased(), 0)
    await office.runtime.advance(1)
    assert.deepEqual(
      office.sender.open().map(({ at }) => at - start),
      [30_000],
    )
    office.sender.reply = () => 200
    office.sender.open()[0]!.answer(200)
    await office.runtime.advance(1_000)
    assert.equal((await office.figuresOf(listener)).acknowledgedCount, messages.length)
    assert.equal((await office.deliveriesOf(messages[0]!))[0]!.attempts, 2)
  })
}

test('another failure with Retry-After puts off that one delivery, and no other', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  const failing = await office.post(queue)
  office.sender.reply = ({ id, attempt }) => (id === failing.id && attempt === 1 ? later(500, 60_000) : 200)
  office.sender.open()[0]?.answer(later(500, 60_000))
  await office.runtime.rest()
  await office.postMany(queue, 20)
  await office.runtime.advance(59_999)
  assert.equal(office.sender.sent.length, 21)
  await office.runtime.advance(1)
  assert.equal(office.sender.sent.length, 22)
  assert.equal(office.sender.sent.at(-1)!.id, failing.id)
})

test('a 429 or 503 without Retry-After, or with one of 0, is a failure like any other', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  let answered = 0
  const replies: Reply[] = [503, 429, later(503, 0), later(429, 0)]
  office.sender.reply = ({ attempt }) => (attempt === 1 ? (replies[answered++] ?? 200) : 200)
  await office.postMany(queue, 30)
  await office.runtime.rest()
  assert.equal(office.sender.sent.length, 30)
})

test('the longest of several pauses counts', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  await office.postMany(queue, 3)
  await office.runtime.rest()
  const [first, second, third] = office.sender.open()
  first!.answer(later(503, 10_000))
  second!.answer(later(503, 20_000))
  third!.answer(later(503, 5_000))
  await office.runtime.advance(19_999)
  assert.equal(office.sender.sent.length, 3)
  await office.runtime.advance(1)
  assert.equal(office.sender.sent.length, 4)
})

test('410 disables the listener for a reason, and its backlog, that delivery included, waits until it is enabled', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue, { maxConcurrency: 1 })
  const messages = await office.postMany(queue, 3)
  await office.runtime.advance(1)
  office.sender.open()[0]!.answer(410)
  await office.runtime.rest()
  assert.equal((await office.figuresOf(listener)).settings.status, 'disabled')
  messages.push(await office.post(queue))
  await office.runtime.advance(86_400_000)
  assert.equal(office.sender.sent.length, 1)
  const { organizationId } = queue
  const page = { organizationId, categories: ['listeners'] as const, only: null, since: 0, after: null, limit: 1 }
  const [event] = (await office.store.events.list(page)).events
  assert.deepEqual(
    [event!.type, event!.subject.id, event!.reason],
    ['listener_updated', listener.id, 'the listener answered 410 Gone'],
  )
  office.sender.reply = () => 200
  await office.change(listener, { settings: { status: 'enabled' } })
  await office.runtime.until(() => office.sender.sent.length === 5, 'everything is sent')
  await office.runtime.rest()
  assert.deepEqual(idsOf(office.sender.sent).slice(1).sort(), idsOf(messages).sort())
  assert.equal((await office.figuresOf(listener)).acknowledgedCount, 4)
  office.runtime.assertNoErrors()
})

test('a 410 to the last attempt is not the end of the delivery: it starts over when the listener is enabled', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const retry = { maxAttempts: 2, initialDelayMs: 10, maxDelayMs: 10, multiplier: 1 }
  const listener = await office.addListener(queue, { retry })
  office.sender.reply = ({ attempt }) => (attempt === 2 ? 410 : 500)
  const message = await office.post(queue)
  await office.runtime.advance(1_000)
  assert.equal((await office.deliveriesOf(message))[0]!.status, 'pending')
  await office.change(listener, { settings: { status: 'enabled' } })
  await office.runtime.advance(1_000)
  const [delivery] = await office.deliveriesOf(message)
  assert.deepEqual([delivery!.status, delivery!.attempts], ['missed', 4])
})

test('a 410 from where the listener was before does not disable what it is now', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue)
  const message = await office.post(queue)
  await office.runtime.advance(1)
  const [sent] = office.sender.open()
  const { organizationId, queueId, id } = listener
  const changes = { notifyUrl: 'http://moved.test/' }
  // Changed, and the lane does not know it yet.
  const moved = await office.store.listeners.update({ organizationId, queueId, id, changes, now: office.runtime.now() })
  office.sender.reply = () => 200
  sent!.answer(410)
  await office.runtime.rest()
  assert.ok(typeof moved === 'object')
  await office.runtime.advance(1_000)
  assert.equal((await office.figuresOf(listener)).settings.status, 'enabled')
  assert.equal(office.sender.sent.at(-1)!.url, 'http://moved.test/')
  assert.equal((await office.deliveriesOf(message))[0]!.status, 'delivered')
})

test('a listener that is gone is sent nothing while the store cannot be told', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue, { maxConcurrency: 1 })
  await office.postMany(queue, 3)
  await office.runtime.advance(1)
  const { disable } = office.store.listeners
  office.store.listeners.disable = async () => Promise.reject(new Error('the disk is full'))
  office.sender.open()[0]!.answer(410)
  await office.runtime.advance(10_000)
  assert.equal(office.sender.sent.length, 1)
  office.store.listeners.disable = disable
  await office.runtime.advance(10_000)
  assert.equal(office.sender.sent.length, 1)
  assert.equal((await office.figuresOf(listener)).settings.status, 'disabled')
  assert.deepEqual(new Set(office.runtime.errors()), new Set(['a listener that is gone could not be disabled']))
})

test('discue-retry: no has the delivery missed at once, and leaves the others alone', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue)
  let first = true
  office.sender.reply = () => {
    const reply: Reply = first ? { status: 400, wish: { noRetry: true } } : 200
    first = false
    return reply
  }
  const [refused] = await office.postMany(queue, 3)
  await office.runtime.advance(86_400_000)
  assert.equal(office.sender.sent.length, 3)
  const { missedMessageIds, acknowledgedCount } = await office.figuresOf(listener)
  assert.deepEqual([missedMessageIds, acknowledgedCount], [[refused!.id], 2])
})
