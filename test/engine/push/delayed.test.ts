import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from '../../../src/core/delivery/message.ts'
import { idsOf, openTestEngine, type TestEngine } from '../test-engine.ts'

async function move(
  engine: TestEngine,
  message: Pick<Message, 'organizationId' | 'queueId' | 'id'>,
  deliverAt: number,
) {
  const { organizationId, queueId, id } = message
  const ask = { organizationId, queueId, id, changes: { deliverAt }, now: engine.runtime.now() }
  const moved = await engine.store.messages.update(ask)
  assert.ok(typeof moved === 'object')
}

test('a message that was moved is sent at its new time, earlier or later, and once', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  engine.sender.reply = () => 200
  const start = engine.runtime.now()
  const [early, late] = await engine.postMany(queue, 2, { deliverAt: start + 60_000 })
  await move(engine, early!, start + 5_000)
  await move(engine, late!, start + 90_000)
  await engine.runtime.advance(100_000)
  assert.deepEqual(
    engine.sender.sent.map(({ id, at }) => [id, at - start]),
    [
      [early!.id, 5_000],
      [late!.id, 90_000],
    ],
  )
  engine.runtime.assertNoErrors()
})

test('a message that is moved while its queue is paused waits until that is over', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  engine.sender.reply = () => 200
  const start = engine.runtime.now()
  const message = await engine.post(queue, { deliverAt: start + 60_000 })
  await engine.pause(queue, true)
  await move(engine, message, start + 1_000)
  await engine.runtime.advance(30_000)
  assert.equal(engine.sender.sent.length, 0)
  await engine.pause(queue, false)
  await engine.runtime.rest()
  assert.deepEqual(idsOf(engine.sender.sent), [message.id])
})

test('a message that is moved to a lane which nobody needed so far is sent all the same', async (t) => {
  const before = await openTestEngine(t, { node: 'before' })
  const queue = await before.addQueue()
  await before.addListener(queue)
  const start = before.runtime.now()
  const message = await before.post(queue, { deliverAt: start + 86_400_000 })
  const engine = await openTestEngine(t, { after: before, node: 'heir' })
  engine.sender.reply = () => 200
  await move(engine, message, start + 2_000)
  await engine.runtime.advance(2_000)
  assert.deepEqual(
    engine.sender.sent.map(({ id, at }) => [id, at]),
    [[message.id, start + 2_000]],
  )
})

test('a hundred listeners with a hundred scheduled messages each are served, each message at its due time', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  for (let i = 0; i < 100; i++) await engine.addListener(queue)
  engine.sender.reply = () => 200
  const start = engine.runtime.now()
  for (let i = 1; i <= 100; i++) await engine.post(queue, { deliverAt: start + i * 1_000 })
  await engine.runtime.advance(100_000)
  assert.equal(engine.sender.sent.length, 10_000)
  const late = engine.sender.sent.filter(({ at }) => (at - start) % 1_000 !== 0)
  assert.deepEqual(late, [])
  engine.runtime.assertNoErrors()
})

test('a burst that is due in one second is drained at the pace of the listener, in the order of due times', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  engine.sender.reply = () => 200
  const start = engine.runtime.now()
  for (let i = 0; i < 3_000; i++) await engine.post(queue, { deliverAt: start + 60_000 + (i % 1_000) })
  await engine.runtime.advance(60_999)
  await engine.runtime.until(() => engine.sender.sent.length === 3_000, 'everything is sent')
  assert.ok(engine.sender.sent.every(({ at }) => at >= start + 60_000))
  engine.runtime.assertNoErrors()
})
