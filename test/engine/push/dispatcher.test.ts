import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LANE_CAPACITY } from '../../../src/engine/push/lane-buffer.ts'
import { idsOf, openTestEngine } from '../test-engine.ts'

test('a fresh message goes from memory to the wire without a claim', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  engine.sender.reply = () => 200
  const messages = await engine.postMany(queue, 300)
  await engine.runtime.until(() => engine.sender.sent.length === 300, 'everything is sent')
  await engine.runtime.rest()
  assert.deepEqual(idsOf(engine.sender.sent), idsOf(messages))
  assert.equal(engine.store.claims.length, 0)
  assert.equal((await engine.countersOf(listener)).acknowledgedCount, 300)
  engine.runtime.assertNoErrors()
})

test('a message goes to every listener of its queue, and to no other', async (t) => {
  const engine = await openTestEngine(t)
  const [queue, other] = [await engine.addQueue(), await engine.addQueue()]
  const listeners = [await engine.addListener(queue), await engine.addListener(queue)]
  await engine.addListener(other)
  engine.sender.reply = () => 200
  const message = await engine.post(queue)
  await engine.runtime.rest()
  assert.deepEqual(
    engine.sender.sent.map(({ url, id }) => [url, id]),
    listeners.map(({ notifyUrl }) => [notifyUrl, message.id]),
  )
  assert.deepEqual(
    (await engine.deliveriesOf(message)).map(({ status }) => status),
    ['delivered', 'delivered'],
  )
})

test('a message for later is sent when it is due and not before', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const dueAt = engine.runtime.now() + 86_400_000
  await engine.post(queue, { deliverAt: dueAt })
  await engine.runtime.advance(86_399_999)
  assert.equal(engine.sender.sent.length, 0)
  await engine.runtime.advance(1)
  assert.deepEqual(
    engine.sender.sent.map(({ at }) => at),
    [dueAt],
  )
})

test('messages for later are sent in the order of their due times, each at its own', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  engine.sender.reply = () => 200
  const start = engine.runtime.now()
  for (const delay of [5_000, 1_000, 3_000, 2_000, 4_000]) await engine.post(queue, { deliverAt: start + delay })
  await engine.runtime.advance(10_000)
  assert.deepEqual(
    engine.sender.sent.map(({ at }) => at - start),
    [1_000, 2_000, 3_000, 4_000, 5_000],
  )
})

test('a message for a queue that has changed meanwhile is not stored, and holds no place', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const { organizationId } = queue
  const route = await engine.store.queues.route({ organizationId, id: queue.id })
  const listener = await engine.addListener(queue)
  const posted = { ...(await engine.post(queue)), id: engine.runtime.newId() }
  assert.equal(await engine.acceptor.accept([posted], route!), 'stale')
  await engine.runtime.rest()
  assert.equal(await engine.store.messages.get({ organizationId, queueId: queue.id, id: posted.id }), null)
  assert.equal(engine.sender.sent.length, 2)
  for (const sent of engine.sender.open()) sent.answer(200)
  await engine.runtime.rest()
  await engine.dispatcher.stop()
  assert.equal((await engine.countersOf(listener)).acknowledgedCount, 1)
})

test('a lane whose listener never answers holds a bounded number in memory and delays nobody else', async (t) => {
  const engine = await openTestEngine(t)
  const [dead, alive] = [await engine.addQueue(), await engine.addQueue()]
  const silent = await engine.addListener(dead)
  await engine.addListener(alive)
  engine.sender.reply = ({ url }) => (url === silent.notifyUrl ? null : 200)
  await engine.postMany(dead, 3_000)
  await engine.runtime.advance(5_000)
  const held = engine.store.leased()
  assert.ok(held >= 1_000 && held <= LANE_CAPACITY, `${held} in memory`)
  await engine.postMany(dead, 500)
  const messages = await engine.postMany(alive, 500)
  await engine.runtime.until(() => engine.sender.sent.length === 64 + 500, 'the other lane gets everything')
  await engine.runtime.advance(5_000)
  assert.deepEqual(idsOf(engine.sender.sent.slice(64)), idsOf(messages))
  assert.equal(engine.store.leased(), held)
  engine.runtime.assertNoErrors()
})

test('lanes that hang leave slots to a lane that works', async (t) => {
  const engine = await openTestEngine(t, { maxInFlight: 20 })
  const [dead, alive] = [await engine.addQueue(), await engine.addQueue()]
  const silent = await engine.addListener(dead)
  await engine.addListener(alive)
  engine.sender.reply = ({ url }) => (url === silent.notifyUrl ? null : 200)
  await engine.postMany(dead, 100)
  await engine.runtime.rest()
  const hanging = engine.sender.open().length
  assert.ok(hanging < 20, `${hanging} of 20`)
  await engine.postMany(alive, 50)
  await engine.runtime.until(() => engine.sender.sent.length === hanging + 50, 'the working lane gets everything')
})

test('a lane that had to wait for a slot goes on when one is free', async (t) => {
  const engine = await openTestEngine(t, { maxInFlight: 2 })
  const queues = [await engine.addQueue(), await engine.addQueue(), await engine.addQueue()]
  for (const queue of queues) await engine.addListener(queue)
  for (const queue of queues) await engine.postMany(queue, 5)
  await engine.runtime.rest()
  assert.equal(engine.sender.open().length, 2)
  for (let answered = 0; answered < 15; answered++) {
    engine.sender.open()[0]!.answer(200)
    await engine.runtime.rest()
  }
  assert.equal(engine.sender.sent.length, 15)
  assert.equal(engine.sender.mostOpen, 2)
})
