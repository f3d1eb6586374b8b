import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { StoreUnavailable } from '../../src/store/store.ts'
import { openSqliteStore } from '../../src/store-sqlite/database.ts'
import { makeFolder } from '../support/server-process.ts'
import { idsOf, openOffice } from './office.ts'

const HOUR_MS = 3_600_000

test('a paused queue stores messages, sends none of them, and asks the store for nothing', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  await office.pause(queue, true)
  const messages = await office.postMany(queue, 20)
  await office.dispatcher.sweep()
  await office.runtime.advance(HOUR_MS)
  assert.equal(office.sender.sent.length, 0)
  assert.equal(office.store.leased(), 0)
  assert.equal(office.store.claims.length, 0)
  assert.equal((await office.deliveriesOf(messages[0]!))[0]!.status, 'pending')
  office.runtime.assertNoErrors()
})

test('a resumed queue goes on at once, in the order of acceptance', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  await office.pause(queue, true)
  const messages = await office.postMany(queue, 1_200)
  office.sender.reply = () => 200
  await office.pause(queue, false)
  messages.push(...(await office.postMany(queue, 100)))
  await office.runtime.until(() => office.sender.sent.length === 1_300, 'everything is sent')
  await office.runtime.rest()
  assert.deepEqual(idsOf(office.sender.sent), idsOf(messages))
  office.runtime.assertNoErrors()
})

test('what is on the wire at the moment of pausing may finish, and nothing follows it', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue, { maxConcurrency: 2 })
  const messages = await office.postMany(queue, 10)
  await office.runtime.rest()
  await office.pause(queue, true)
  for (const sent of office.sender.open()) sent.answer(200)
  await office.runtime.advance(HOUR_MS)
  assert.equal(office.sender.sent.length, 2)
  assert.equal((await office.figuresOf(listener)).acknowledgedCount, 2)
  office.sender.reply = () => 200
  await office.pause(queue, false)
  await office.runtime.until(() => office.sender.sent.length === 10, 'the rest is sent')
  await office.runtime.rest()
  assert.deepEqual(idsOf(office.sender.sent), idsOf(messages))
  assert.equal((await office.figuresOf(listener)).acknowledgedCount, 10)
})

test('what a paused lane held in memory is free for any other node', async (t) => {
  const office = await openOffice(t, { node: 'first' })
  const queue = await office.addQueue()
  const listener = await office.addListener(queue, { maxConcurrency: 1 })
  await office.dispatcher.renewLeases()
  const messages = await office.postMany(queue, 5)
  await office.runtime.rest()
  await office.pause(queue, true)
  await office.runtime.rest()
  const { organizationId, id } = queue
  await office.store.queues.update({ organizationId, id, changes: { paused: false }, now: office.runtime.now() })
  const ask = { node: 'second', listenerId: listener.id, limit: 10, maxBytes: 1e9, now: office.runtime.now() }
  const { deliveries } = await office.store.deliveries.claimDue(ask)
  assert.deepEqual(idsOf(deliveries.map(({ message }) => message)), idsOf(messages.slice(1)))
})

test('an attempt that fails while its queue is paused is made again only after the pause', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  const message = await office.post(queue)
  await office.runtime.rest()
  await office.pause(queue, true)
  office.sender.open()[0]!.answer(503)
  await office.runtime.advance(HOUR_MS)
  assert.equal(office.sender.sent.length, 1)
  await office.pause(queue, false)
  await office.runtime.rest()
  assert.deepEqual([idsOf(office.sender.sent), office.sender.sent[1]!.attempt], [[message.id, message.id], 2])
})

test('a retry that falls due within a pause is made when it ends, and one that is due later at its time', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  const start = office.runtime.now()
  await office.post(queue, { deliverAt: start + 1_000 })
  await office.post(queue, { deliverAt: start + 9_000 })
  await office.pause(queue, true)
  await office.runtime.advance(5_000)
  await office.pause(queue, false)
  await office.runtime.advance(10_000)
  assert.deepEqual(
    office.sender.sent.map(({ at }) => at - start),
    [5_000, 9_000],
  )
})

test('messages that were leased before the pause and stored before the lane knew of it go back to the store', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue)
  await office.dispatcher.renewLeases()
  const release = office.store.holdCommits()
  const posting = office.postMany(queue, 3)
  await office.runtime.rest()
  office.dispatcher.queuePaused((await office.store.queues.get({ ...queue }))!.listeners.map(({ id }) => id))
  release()
  const messages = await posting
  await office.runtime.rest()
  assert.equal(office.sender.sent.length, 0)
  await office.pause(queue, false)
  await office.runtime.rest()
  assert.deepEqual(idsOf(office.sender.sent), idsOf(messages))
})

test('what the store answers to a claim after the pause goes back to the store', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue)
  await office.pause(queue, true)
  const messages = await office.postMany(queue, 3)
  const release = office.store.holdClaims()
  await office.pause(queue, false)
  await office.runtime.rest()
  await office.pause(queue, true)
  release()
  await office.runtime.advance(HOUR_MS)
  assert.deepEqual([office.sender.sent.length, office.store.claims.length], [0, 1])
  await office.pause(queue, false)
  await office.runtime.rest()
  assert.deepEqual(idsOf(office.sender.sent), idsOf(messages))
  assert.equal(office.sender.sent[0]!.url, listener.notifyUrl)
})

test('what could not be handed back at first is delivered all the same once the queue is resumed', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue, { maxConcurrency: 1 })
  const messages = await office.postMany(queue, 4)
  await office.runtime.rest()
  const { handBack } = office.store.deliveries
  office.store.deliveries.handBack = async () => Promise.reject(new StoreUnavailable('the connection is lost'))
  await office.pause(queue, true)
  await office.runtime.advance(2_500)
  await office.pause(queue, false)
  office.store.deliveries.handBack = handBack
  office.sender.reply = () => 200
  office.sender.open()[0]!.answer(200)
  await office.runtime.advance(1_000)
  await office.runtime.until(() => office.sender.sent.length === 4, 'everything is sent')
  assert.deepEqual(idsOf(office.sender.sent), idsOf(messages))
  assert.deepEqual(new Set(office.runtime.errors()), new Set(['deliveries could not be handed back']))
})

test('a pause of one queue leaves the others alone, and a lane that was paused keeps no slot', async (t) => {
  const office = await openOffice(t, { maxInFlight: 2 })
  const [paused, other] = [await office.addQueue(), await office.addQueue()]
  await office.addListener(paused)
  await office.addListener(other)
  await office.postMany(paused, 5)
  await office.runtime.rest()
  const waiting = await office.postMany(other, 5)
  await office.pause(paused, true)
  office.sender.reply = () => 200
  for (const sent of office.sender.open()) sent.answer(200)
  const before = office.sender.sent.length
  await office.runtime.until(() => idsOf(office.sender.sent).includes(waiting.at(-1)!.id), 'the other queue is served')
  await office.runtime.rest()
  assert.ok(before + 5 >= office.sender.sent.length)
  assert.deepEqual(idsOf(office.sender.sent).slice(-5), idsOf(waiting))
})

test('a queue that was paused when the server stopped is still paused after the start, and is resumed there', async (t) => {
  using folder = makeFolder()
  const path = join(folder.path, 'discue.db')
  const first = await openSqliteStore(path)
  const before = await openOffice(t, { node: 'before', store: first })
  const queue = await before.addQueue()
  await before.addListener(queue, { maxConcurrency: 1 })
  const messages = await before.postMany(queue, 10)
  await before.runtime.rest()
  await before.pause(queue, true)
  messages.push(...(await before.postMany(queue, 5)))
  await first.close()

  const second = await openSqliteStore(path)
  t.after(() => second.close())
  const heir = await openOffice(t, { node: 'heir', store: second })
  heir.sender.reply = () => 200
  await heir.dispatcher.renewLeases()
  await heir.dispatcher.sweep()
  await heir.runtime.advance(HOUR_MS)
  assert.equal(heir.sender.sent.length, 0)
  const { organizationId, id } = queue
  await second.queues.update({ organizationId, id, changes: { paused: false }, now: heir.runtime.now() })
  const listeners = (await second.queues.get({ organizationId, id }))!.listeners
  heir.dispatcher.queueResumed(idsOf(listeners))
  await heir.runtime.until(() => heir.sender.sent.length === 15, 'everything is sent')
  assert.deepEqual(idsOf(heir.sender.sent), idsOf(messages))
  heir.runtime.assertNoErrors()
})

test('a lane that nobody told of the end of a pause learns of it from the next sweep', async (t) => {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  await office.addListener(queue, { maxConcurrency: 1 })
  const messages = await office.postMany(queue, 3)
  await office.runtime.rest()
  await office.pause(queue, true)
  office.sender.reply = () => 200
  office.sender.open()[0]!.answer(200)
  await office.dispatcher.sweep()
  await office.runtime.rest()
  assert.equal(office.sender.sent.length, 1)
  const { organizationId, id } = queue
  await office.store.queues.update({ organizationId, id, changes: { paused: false }, now: office.runtime.now() })
  await office.dispatcher.sweep()
  await office.runtime.until(() => office.sender.sent.length === 3, 'the rest is sent')
  assert.deepEqual(idsOf(office.sender.sent), idsOf(messages))
})
