import assert from 'node:assert/strict'
import { test } from 'node:test'
import { poolOf } from '../../../src/engine/client/connections.ts'
import { StoreUnavailable } from '../../../src/store/store.ts'
import { NOW } from '../../store/make.ts'
import { idsOf, openTestEngine, type TestEngine } from '../test-engine.ts'

test('a slot is not lost with the lane that was told of it: its listener may have gone', async (t) => {
  const engine = await openTestEngine(t, { maxInFlight: 1 })
  const queues = [await engine.addQueue(), await engine.addQueue(), await engine.addQueue()]
  const listeners = []
  for (const queue of queues) listeners.push(await engine.addListener(queue))
  for (const queue of queues) await engine.post(queue)
  await engine.runtime.rest()
  await removeListener(engine, listeners[1]!)
  engine.sender.open()[0]!.answer(200)
  await engine.runtime.rest()
  assert.deepEqual(
    engine.sender.open().map(({ url }) => url),
    [listeners[2]!.notifyUrl],
  )
})

test('a deleted message that waits in memory is not sent', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, { maxConcurrency: 1 })
  const [first, deleted, last] = await engine.postMany(queue, 3)
  await engine.runtime.rest()
  await removeMessage(engine, deleted!)
  engine.sender.reply = () => 200
  engine.sender.open()[0]!.answer(200)
  await engine.runtime.advance(60_000)
  assert.deepEqual(idsOf(engine.sender.sent), [first!.id, last!.id])
  engine.runtime.assertNoErrors()
})

test('a deleted message that waits for its next attempt is not sent again', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  engine.sender.reply = () => 503
  const message = await engine.post(queue)
  await engine.runtime.rest()
  await removeMessage(engine, message)
  await engine.runtime.advance(86_400_000)
  assert.equal(engine.sender.sent.length, 1)
  engine.runtime.assertNoErrors()
})

test('the answer to a message that was deleted meanwhile writes nothing and frees its place', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { maxConcurrency: 1 })
  const deleted = await engine.post(queue)
  await engine.runtime.rest()
  await removeMessage(engine, deleted)
  engine.sender.open()[0]!.answer(200)
  await engine.runtime.rest()
  assert.equal((await engine.countersOf(listener)).acknowledgedCount, 0)
  const next = await engine.post(queue)
  await engine.runtime.rest()
  assert.deepEqual(idsOf(engine.sender.open()), [next.id])
  engine.runtime.assertNoErrors()
})

test('a deleted listener is sent nothing more, and its late answers write nothing', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const gone = await engine.addListener(queue, { maxConcurrency: 2 })
  const messages = await engine.postMany(queue, 5)
  await engine.runtime.rest()
  await removeListener(engine, gone)
  const commits = engine.store.commits.length
  for (const [index, sent] of engine.sender.open().entries()) sent.answer(index === 0 ? 200 : 503)
  await engine.runtime.advance(3_600_000)
  assert.equal(engine.sender.sent.length, 2)
  assert.ok(engine.store.commits.length - commits <= 2)
  for (const { queueId, id } of messages) {
    assert.deepEqual(await engine.store.messages.attempts({ organizationId: queue.organizationId, queueId, id }), [])
  }
  engine.runtime.assertNoErrors()
})

test('a changed URL, secret and concurrency hold from the next attempt on', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { maxConcurrency: 1, timeoutMs: 1_000 })
  await engine.postMany(queue, 4)
  await engine.runtime.advance(1)
  await engine.change(listener, {
    notifyUrl: 'http://moved.test/x?y=1',
    settings: { maxConcurrency: 3, timeoutMs: 9_000 },
  })
  await engine.runtime.rest()
  assert.deepEqual(
    engine.sender.sent.map(({ url, request }) => [url, request.timeoutMs]),
    [
      [listener.notifyUrl, 1_000],
      ['http://moved.test/x?y=1', 9_000],
      ['http://moved.test/x?y=1', 9_000],
    ],
  )
})

test('connections to where a listener was are closed once it has moved, and not while it stays', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  await engine.post(queue)
  await engine.runtime.rest()
  const { origin, organizationId } = engine.sender.sent[0]!.request
  await engine.change(listener, { settings: { timeoutMs: 9_000 } })
  assert.deepEqual(engine.sender.droppedPools, [])
  await engine.change(listener, { notifyUrl: 'http://moved.test/' })
  assert.deepEqual(engine.sender.droppedPools, [poolOf({ origin, organizationId })])
})

test('a changed retry policy judges the attempts that end from now on', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  const message = await engine.post(queue)
  await engine.runtime.rest()
  await engine.change(listener, { settings: { retry: { ...listener.settings.retry, maxAttempts: 1 } } })
  engine.sender.open()[0]!.answer(503)
  await engine.runtime.rest()
  assert.deepEqual((await engine.countersOf(listener)).missedMessageIds, [message.id])
})

test('a change that is older than what the lane knows is ignored', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  await engine.post(queue)
  await engine.change(listener, { notifyUrl: 'http://moved.test/' })
  engine.dispatcher.listenerChanged(listener)
  await engine.post(queue)
  await engine.runtime.rest()
  assert.equal(engine.sender.sent.at(-1)!.url, 'http://moved.test/')
})

test('a node that was not told of changes for a while finds out what became of its listeners, queues and messages', async (t) => {
  const engine = await openTestEngine(t)
  const { store, runtime, sender, dispatcher } = engine
  const [queue, paused] = [await engine.addQueue(), await engine.addQueue()]
  const moved = await engine.addListener(queue, { maxConcurrency: 1 })
  const gone = await engine.addListener(queue, { maxConcurrency: 1 })
  const held = await engine.addListener(paused, { maxConcurrency: 1 })
  await dispatcher.renewLeases()
  const [first, deleted, last] = await engine.postMany(queue, 3)
  await engine.postMany(paused, 2)
  await runtime.rest()
  assert.equal(sender.sent.length, 3)
  engine.unfollow()
  await engine.change(moved, { notifyUrl: 'http://moved.test/' })
  await removeListener(engine, gone)
  await removeMessage(engine, deleted!)
  await engine.pause(paused, true)
  dispatcher.newsMissed()
  await runtime.rest()
  sender.reply = () => 200
  for (const sent of sender.open()) sent.answer(200)
  await runtime.advance(60_000)
  const sentTo = (url: string) => idsOf(sender.sent.filter((sent) => sent.url === url))
  assert.deepEqual(sentTo(moved.notifyUrl!), [first!.id])
  assert.deepEqual(sentTo('http://moved.test/'), [last!.id])
  assert.equal(sentTo(gone.notifyUrl!).length, 1)
  assert.equal(sentTo(held.notifyUrl!).length, 1)
  assert.equal((await store.queues.get({ ...paused }))!.pendingCount, 1)
  runtime.assertNoErrors()
})

test('while the store is away the news that were missed are asked for once, and again with the next ones', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { maxConcurrency: 1 })
  const [, second] = await engine.postMany(queue, 2)
  await engine.runtime.rest()
  engine.unfollow()
  await engine.change(listener, { notifyUrl: 'http://moved.test/' })
  let asked = 0
  engine.store.listeners.find = async () => {
    asked += 1
    throw new StoreUnavailable('the store is away')
  }
  for (let times = 0; times < 10; times++) engine.dispatcher.newsMissed()
  await engine.runtime.rest()
  assert.equal(asked, 2)
  engine.store.listeners.find = async () => ({ ...listener, notifyUrl: 'http://moved.test/', updatedAt: NOW * 2 })
  engine.dispatcher.newsMissed()
  await engine.runtime.rest()
  engine.sender.open()[0]!.answer(200)
  await engine.runtime.rest()
  assert.deepEqual([engine.sender.sent.at(-1)!.url, engine.sender.sent.at(-1)!.id], ['http://moved.test/', second!.id])
})

async function removeMessage(
  { store, runtime }: TestEngine,
  message: { organizationId: string; queueId: string; id: string },
): Promise<void> {
  const { organizationId, queueId, id } = message
  const outcome = await store.messages.delete({ organizationId, queueId, id, now: runtime.now() })
  assert.ok(typeof outcome === 'object')
}

async function removeListener(
  { store }: TestEngine,
  listener: { organizationId: string; queueId: string; id: string },
): Promise<void> {
  const { organizationId, queueId, id } = listener
  assert.equal(await store.listeners.delete({ organizationId, queueId, id, now: NOW }), 'deleted')
}
