import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMessageExpirer } from '../../../src/engine/upkeep/message-expirer.ts'
import { idsOf, openTestEngine, type TestEngine } from '../test-engine.ts'

/** What the engine's loop does again and again, until nothing is over. */
function expirerOf({ store, runtime, dispatcher }: TestEngine): () => Promise<void> {
  const tick = createMessageExpirer({ store, runtime, node: 'node-1', endHeld: dispatcher.endExpired })
  return async () => {
    await dispatcher.renewLeases()
    while ((await tick()) > 0);
    await runtime.rest()
  }
}

async function statusesOf(engine: TestEngine, message: Parameters<TestEngine['deliveriesOf']>[0]) {
  return (await engine.deliveriesOf(message)).map(({ status }) => status)
}

test('what a lane holds and cannot send in time is never sent, and what comes after it is', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, { maxConcurrency: 1 })
  const expiresAt = engine.runtime.now() + 1_000
  const first = await engine.post(queue, { expiresAt })
  const second = await engine.post(queue, { expiresAt })
  const third = await engine.post(queue)
  await engine.runtime.advance(1_000)
  engine.sender.reply = () => 200
  engine.sender.open()[0]!.answer(200)
  await engine.runtime.rest()
  assert.deepEqual(idsOf(engine.sender.sent), [first.id, third.id])
  assert.deepEqual(await statusesOf(engine, first), ['delivered'])
  assert.deepEqual(await statusesOf(engine, second), ['expired'])
  engine.runtime.assertNoErrors()
})

test('what a lane holds is discarded when its time is over, however long the lane cannot send', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, { maxConcurrency: 1 })
  await engine.post(queue)
  const message = await engine.post(queue, { expiresAt: engine.runtime.now() + 1_000 })
  await engine.runtime.advance(1_000)
  assert.deepEqual(await statusesOf(engine, message), ['pending'])
  await expirerOf(engine)()
  assert.deepEqual(await statusesOf(engine, message), ['expired'])
  engine.runtime.assertNoErrors()
})

test('what waits for a proxy that fails is over when its time is, and is not sent once the proxy is back', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  engine.sender.reply = () => 'proxy'
  const short = await engine.post(queue, { expiresAt: engine.runtime.now() + 60_000 })
  const lasting = await engine.post(queue)
  await engine.runtime.advance(120_000)
  await expirerOf(engine)()
  assert.equal(engine.dispatcher.holdUpOf(listener.id), 'proxy')
  assert.deepEqual(await statusesOf(engine, short), ['expired'])
  const tried = idsOf(engine.sender.sent).length
  engine.sender.reply = () => 200
  await engine.runtime.advance(60_000)
  assert.deepEqual(idsOf(engine.sender.sent).slice(tried), [lasting.id])
  assert.deepEqual(await statusesOf(engine, lasting), ['delivered'])
  engine.runtime.assertNoErrors()
})

test('a request that is under way is let finish; where it fails, no other is made', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const message = await engine.post(queue, { expiresAt: engine.runtime.now() + 1_000 })
  await engine.runtime.advance(1_000)
  const expire = expirerOf(engine)
  await expire()
  assert.deepEqual(await statusesOf(engine, message), ['pending'])
  engine.sender.open()[0]!.answer(503)
  await engine.runtime.rest()
  await engine.runtime.advance(10_000)
  await expire()
  await engine.runtime.advance(86_400_000)
  assert.deepEqual(idsOf(engine.sender.sent), [message.id])
  assert.deepEqual(await statusesOf(engine, message), ['expired'])
  engine.runtime.assertNoErrors()
})

test('what waited through an outage of the receiver is not sent late, and the rest is', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  engine.sender.reply = () => 500
  const short = await engine.post(queue, { expiresAt: engine.runtime.now() + 60_000 })
  const long = await engine.post(queue)
  await engine.runtime.advance(50_000)
  engine.sender.reply = () => 200
  const before = engine.sender.sent.length
  await engine.pause(queue, true)
  await engine.runtime.advance(20_000)
  await engine.pause(queue, false)
  await engine.runtime.advance(86_400_000)
  assert.deepEqual(idsOf(engine.sender.sent.slice(before)), [long.id])
  await expirerOf(engine)()
  assert.deepEqual(await statusesOf(engine, short), ['expired'])
  assert.deepEqual(await statusesOf(engine, long), ['delivered'])
})

test('where the store cannot be written, what has expired is not sent either, and is discarded once it can', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, { maxConcurrency: 1 })
  const first = await engine.post(queue)
  const message = await engine.post(queue, { expiresAt: engine.runtime.now() + 1_000 })
  const { endLeased } = engine.store.expiries
  engine.store.expiries.endLeased = async () => {
    throw new Error('the disk is full')
  }
  await engine.runtime.advance(1_000)
  engine.sender.open()[0]!.answer(200)
  await engine.runtime.rest()
  engine.store.expiries.endLeased = endLeased
  await engine.runtime.advance(10_000)
  await expirerOf(engine)()
  assert.deepEqual(idsOf(engine.sender.sent), [first.id])
  assert.deepEqual(await statusesOf(engine, message), ['expired'])
})

test('what is on the wire while the machine sleeps past its time and its lease is let finish', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const message = await engine.post(queue, { expiresAt: engine.runtime.now() + 1_000 })
  await engine.runtime.leap(86_400_000)
  // The expirer comes before the node renews what it holds.
  const tick = createMessageExpirer({ ...engine, node: 'node-1', endHeld: engine.dispatcher.endExpired })
  while ((await tick()) > 0);
  engine.sender.open()[0]!.answer(200)
  await engine.runtime.rest()
  assert.deepEqual(await statusesOf(engine, message), ['delivered'])
  engine.runtime.assertNoErrors()
})
