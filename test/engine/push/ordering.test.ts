import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headersOf } from '../../../src/engine/client/http1/request-text.ts'
import { idsOf, openTestEngine } from '../test-engine.ts'

test('with one order for the queue a message is sent once the one before is acknowledged, and says its number', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, { ordering: 'queue' })
  const messages = await engine.postMany(queue, 5)
  for (const [index, message] of messages.entries()) {
    await engine.runtime.until(() => engine.sender.open().length > 0, 'the next message is sent')
    const [sent, ...others] = engine.sender.open()
    assert.deepEqual(others, [])
    assert.equal(sent!.id, message.id)
    assert.equal(sent!.header('discue-sequence'), String(index + 1))
    sent!.answer(200)
  }
  await engine.runtime.until(() => engine.store.leased() === 0, 'all is settled')
  assert.deepEqual(
    engine.sender.sent.map(({ id }) => id),
    idsOf(messages),
  )
  engine.runtime.assertNoErrors()
})

test('a message that fails is tried again before the next one is sent, with the same number', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, { ordering: 'queue' })
  engine.sender.reply = ({ attempt, header }) => (header('discue-sequence') === '1' && attempt < 3 ? 500 : 200)
  const [first, second] = await engine.postMany(queue, 2)
  await engine.runtime.advance(60_000)
  assert.deepEqual(
    engine.sender.sent.map((sent) => [sent.id, sent.attempt, sent.header('discue-sequence')]),
    [
      [first!.id, 1, '1'],
      [first!.id, 2, '1'],
      [first!.id, 3, '1'],
      [second!.id, 1, '2'],
    ],
  )
})

test('keys are served side by side, and a listener without an order says no number', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const ordered = await engine.addListener(queue, { ordering: 'key' })
  const other = await engine.addListener(queue)
  for (const key of ['a', 'a', 'b', null]) await engine.post(queue, { key })
  await engine.runtime.until(() => engine.sender.open().length === 7, 'all but the second of its key')
  assert.equal(engine.sender.open(ordered.notifyUrl!).length, 3)
  for (const { request } of engine.sender.open(other.notifyUrl!)) {
    assert.equal(headersOf(request).includes('discue-sequence'), false)
  }
})

test('after a crash each key goes on where it was', async (t) => {
  const before = await openTestEngine(t)
  const queue = await before.addQueue()
  await before.addListener(queue, { ordering: 'key' })
  const messages: { id: string }[] = []
  for (let i = 0; i < 12; i++) messages.push(await before.post(queue, { key: `key-${i % 3}` }))
  await before.runtime.until(() => before.sender.open().length === 3, 'the first of each key is sent')
  before.sender.open()[1]!.answer(200)
  await before.runtime.until(() => before.sender.open().length === 3, 'the next of that key is sent')
  const after = await openTestEngine(t, { after: before, node: 'node-2', startAt: before.runtime.now() + 60_000 })
  after.sender.reply = () => 200
  await after.dispatcher.renewLeases()
  await after.dispatcher.sweep()
  await after.runtime.until(() => after.sender.sent.length === 11, 'all the rest')
  const order = after.sender.sent.map(({ id }) => messages.findIndex((message) => message.id === id))
  for (const key of [0, 1, 2]) {
    const ofKey = order.filter((index) => index % 3 === key)
    assert.deepEqual(
      ofKey,
      ofKey.toSorted((a, b) => a - b),
    )
  }
  assert.equal(new Set(order).size, 11)
})
