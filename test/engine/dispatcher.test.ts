import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LANE_CAPACITY } from '../../src/engine/lane-stock.ts'
import { idsOf, openOffice } from './office.ts'

test('a fresh message goes from memory to the wire without a claim', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue)
  office.sender.reply = () => 200
  const messages = await office.postMany(queue, 300)
  await office.runtime.until(() => office.sender.sent.length === 300, 'everything is sent')
  await office.runtime.rest()
  assert.deepEqual(idsOf(office.sender.sent), idsOf(messages))
  assert.equal(office.store.claims.length, 0)
  assert.equal((await office.figuresOf(listener)).acknowledgedCount, 300)
  office.runtime.assertNoErrors()
})

test('a message goes to every listener of its queue, and to no other', async (t) => {
  const office = await openOffice(t)
  const [queue, other] = [await office.addQueue(), await office.addQueue()]
  const listeners = [await office.addListener(queue), await office.addListener(queue)]
  await office.addListener(other)
  office.sender.reply = () => 200
  const message = await office.post(queue)
  await office.runtime.rest()
  assert.deepEqual(
    office.sender.sent.map(({ url, id }) => [url, id]),
    listeners.map(({ notifyUrl }) => [notifyUrl, message.id]),
  )
  assert.deepEqual(
    (await office.deliveriesOf(message)).map(({ status }) => status),
    ['delivered', 'delivered'],
  )
})

test('a message for later is sent when it is due and not before', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  const dueAt = office.runtime.now() + 86_400_000
  await office.post(queue, { deliverAt: dueAt })
  await office.runtime.advance(86_399_999)
  assert.equal(office.sender.sent.length, 0)
  await office.runtime.advance(1)
  assert.deepEqual(
    office.sender.sent.map(({ at }) => at),
    [dueAt],
  )
})

test('messages for later are sent in the order of their due times, each at its own', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  office.sender.reply = () => 200
  const start = office.runtime.now()
  for (const delay of [5_000, 1_000, 3_000, 2_000, 4_000]) await office.post(queue, { deliverAt: start + delay })
  await office.runtime.advance(10_000)
  assert.deepEqual(
    office.sender.sent.map(({ at }) => at - start),
    [1_000, 2_000, 3_000, 4_000, 5_000],
  )
})

test('a message for a queue that has changed meanwhile is not stored, and holds no place', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  const { organizationId } = queue
  const route = await office.store.queues.route({ organizationId, id: queue.id })
  const listener = await office.addListener(queue)
  const posted = { ...(await office.post(queue)), id: office.runtime.newId() }
  assert.equal(await office.acceptor.accept([posted], route!), 'stale')
  await office.runtime.rest()
  assert.equal(await office.store.messages.get({ organizationId, queueId: queue.id, id: posted.id }), null)
  assert.equal(office.sender.sent.length, 2)
  for (const sent of office.sender.open()) sent.answer(200)
  await office.runtime.rest()
  await office.dispatcher.stop()
  assert.equal((await office.figuresOf(listener)).acknowledgedCount, 1)
})

test('a lane whose listener never answers holds a bounded number in memory and delays nobody else', async (t) => {
  const office = await openOffice(t)
  const [dead, alive] = [await office.addQueue(), await office.addQueue()]
  const silent = await office.addListener(dead)
  await office.addListener(alive)
  office.sender.reply = ({ url }) => (url === silent.notifyUrl ? null : 200)
  await office.postMany(dead, 3_000)
  await office.runtime.advance(5_000)
  const held = office.store.leased()
  assert.ok(held >= 1_000 && held <= LANE_CAPACITY, `${held} in memory`)
  await office.postMany(dead, 500)
  const messages = await office.postMany(alive, 500)
  await office.runtime.until(() => office.sender.sent.length === 64 + 500, 'the other lane gets everything')
  await office.runtime.advance(5_000)
  assert.deepEqual(idsOf(office.sender.sent.slice(64)), idsOf(messages))
  assert.equal(office.store.leased(), held)
  office.runtime.assertNoErrors()
})

test('lanes that hang leave slots to a lane that works', async (t) => {
  const office = await openOffice(t, { maxInFlight: 20 })
  const [dead, alive] = [await office.addQueue(), await office.addQueue()]
  const silent = await office.addListener(dead)
  await office.addListener(alive)
  office.sender.reply = ({ url }) => (url === silent.notifyUrl ? null : 200)
  await office.postMany(dead, 100)
  await office.runtime.rest()
  const hanging = office.sender.open().length
  assert.ok(hanging < 20, `${hanging} of 20`)
  await office.postMany(alive, 50)
  await office.runtime.until(() => office.sender.sent.length === hanging + 50, 'the working lane gets everything')
})

test('a lane that had to wait for a slot goes on when one is free', async (t) => {
  const office = await openOffice(t, { maxInFlight: 2 })
  const queues = [await office.addQueue(), await office.addQueue(), await office.addQueue()]
  for (const queue of queues) await office.addListener(queue)
  for (const queue of queues) await office.postMany(queue, 5)
  await office.runtime.rest()
  assert.equal(office.sender.open().length, 2)
  for (let answered = 0; answered < 15; answered++) {
    office.sender.open()[0]!.answer(200)
    await office.runtime.rest()
  }
  assert.equal(office.sender.sent.length, 15)
  assert.equal(office.sender.mostOpen, 2)
})
