import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { StoreUnavailable } from '../../../src/store/store.ts'
import { openSqliteStore } from '../../../src/store-sqlite/database.ts'
import { makeFolder } from '../../support/server/server-process.ts'
import { idsOf, openTestEngine } from '../test-engine.ts'

const HOUR_MS = 3_600_000

test('a paused queue stores messages, sends none of them, and asks the store for nothing', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  await engine.pause(queue, true)
  const messages = await engine.postMany(queue, 20)
  await engine.dispatcher.sweep()
  await engine.runtime.advance(HOUR_MS)
  assert.equal(engine.sender.sent.length, 0)
  assert.equal(engine.store.leased(), 0)
  assert.equal(engine.store.claims.length, 0)
  assert.equal((await engine.deliveriesOf(messages[0]!))[0]!.status, 'pending')
  engine.runtime.assertNoErrors()
})

test('a resumed queue goes on at once, in the order of acceptance', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  await engine.pause(queue, true)
  const messages = await engine.postMany(queue, 1_200)
  engine.sender.reply = () => 200
  await engine.pause(queue, false)
  messages.push(...(await engine.postMany(queue, 100)))
  await engine.runtime.until(() => engine.sender.sent.length === 1_300, 'everything is sent')
  await engine.runtime.rest()
  assert.deepEqual(idsOf(engine.sender.sent), idsOf(messages))
  engine.runtime.assertNoErrors()
})

test('what is on the wire at the moment of pausing may finish, and nothing follows it', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { maxConcurrency: 2 })
  const messages = await engine.postMany(queue, 10)
  await engine.runtime.rest()
  await engine.pause(queue, true)
  for (const sent of engine.sender.open()) sent.answer(200)
  await engine.runtime.advance(HOUR_MS)
  assert.equal(engine.sender.sent.length, 2)
  assert.equal((await engine.countersOf(listener)).acknowledgedCount, 2)
  engine.sender.reply = () => 200
  await engine.pause(queue, false)
  await engine.runtime.until(() => engine.sender.sent.length === 10, 'the rest is sent')
  await engine.runtime.rest()
  assert.deepEqual(idsOf(engine.sender.sent), idsOf(messages))
  assert.equal((await engine.countersOf(listener)).acknowledgedCount, 10)
})

test('what a paused lane held in memory is free for any other node', async (t) => {
  const engine = await openTestEngine(t, { node: 'first' })
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { maxConcurrency: 1 })
  await engine.dispatcher.renewLeases()
  const messages = await engine.postMany(queue, 5)
  await engine.runtime.rest()
  await engine.pause(queue, true)
  await engine.runtime.rest()
  // Else this node would take them again.
  engine.unfollow()
  const { organizationId, id } = queue
  await engine.store.queues.update({ organizationId, id, changes: { paused: false }, now: engine.runtime.now() })
  const ask = { node: 'second', listenerId: listener.id, limit: 10, maxBytes: 1e9, now: engine.runtime.now() }
  const { deliveries } = await engine.store.deliveries.claimDue(ask)
  assert.deepEqual(idsOf(deliveries.map(({ message }) => message)), idsOf(messages.slice(1)))
})

test('an attempt that fails while its queue is paused is made again only after the pause', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const message = await engine.post(queue)
  await engine.runtime.rest()
  await engine.pause(queue, true)
  engine.sender.open()[0]!.answer(503)
  await engine.runtime.advance(HOUR_MS)
  assert.equal(engine.sender.sent.length, 1)
  await engine.pause(queue, false)
  await engine.runtime.rest()
  assert.deepEqual([idsOf(engine.sender.sent), engine.sender.sent[1]!.attempt], [[message.id, message.id], 2])
})

test('a retry that falls due within a pause is made when it ends, and one that is due later at its time', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const start = engine.runtime.now()
  await engine.post(queue, { deliverAt: start + 1_000 })
  await engine.post(queue, { deliverAt: start + 9_000 })
  await engine.pause(queue, true)
  await engine.runtime.advance(5_000)
  await engine.pause(queue, false)
  await engine.runtime.advance(10_000)
  assert.deepEqual(
    engine.sender.sent.map(({ at }) => at - start),
    [5_000, 9_000],
  )
})

test('messages that were leased before the pause and stored before the lane knew of it go back to the store', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  await engine.dispatcher.renewLeases()
  const release = engine.store.holdCommits()
  const posting = engine.postMany(queue, 3)
  await engine.runtime.rest()
  const { listeners } = (await engine.store.queues.get({ ...queue }))!
  for (const { id } of listeners) engine.dispatcher.pause(id)
  release()
  const messages = await posting
  await engine.runtime.rest()
  assert.equal(engine.sender.sent.length, 0)
  for (const { id } of listeners) engine.dispatcher.resume(id)
  await engine.runtime.rest()
  assert.deepEqual(idsOf(engine.sender.sent), idsOf(messages))
})

test('what the store answers to a claim after the pause goes back to the store', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue)
  await engine.pause(queue, true)
  const messages = await engine.postMany(queue, 3)
  const release = engine.store.holdClaims()
  await engine.pause(queue, false)
  await engine.runtime.rest()
  await engine.pause(queue, true)
  release()
  await engine.runtime.advance(HOUR_MS)
  assert.deepEqual([engine.sender.sent.length, engine.store.claims.length], [0, 1])
  await engine.pause(queue, false)
  await engine.runtime.rest()
  assert.deepEqual(idsOf(engine.sender.sent), idsOf(messages))
  assert.equal(engine.sender.sent[0]!.url, listener.notifyUrl)
})

test('what could not be handed back at first is delivered all the same once the queue is resumed', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, { maxConcurrency: 1 })
  const messages = await engine.postMany(queue, 4)
  await engine.runtime.rest()
  const { handBack } = engine.store.deliveries
  engine.store.deliveries.handBack = async () => Promise.reject(new StoreUnavailable('the connection is lost'))
  await engine.pause(queue, true)
  await engine.runtime.advance(2_500)
  await engine.pause(queue, false)
  engine.store.deliveries.handBack = handBack
  engine.sender.reply = () => 200
  engine.sender.open()[0]!.answer(200)
  await engine.runtime.advance(1_000)
  await engine.runtime.until(() => engine.sender.sent.length === 4, 'everything is sent')
  assert.deepEqual(idsOf(engine.sender.sent), idsOf(messages))
  assert.deepEqual(new Set(engine.runtime.errors()), new Set(['deliveries could not be handed back']))
})

test('a pause of one queue leaves the others alone, and a lane that was paused keeps no slot', async (t) => {
  const engine = await openTestEngine(t, { maxInFlight: 2 })
  const [paused, other] = [await engine.addQueue(), await engine.addQueue()]
  await engine.addListener(paused)
  await engine.addListener(other)
  await engine.postMany(paused, 5)
  await engine.runtime.rest()
  const waiting = await engine.postMany(other, 5)
  await engine.pause(paused, true)
  engine.sender.reply = () => 200
  for (const sent of engine.sender.open()) sent.answer(200)
  const before = engine.sender.sent.length
  await engine.runtime.until(() => idsOf(engine.sender.sent).includes(waiting.at(-1)!.id), 'the other queue is served')
  await engine.runtime.rest()
  assert.ok(before + 5 >= engine.sender.sent.length)
  assert.deepEqual(idsOf(engine.sender.sent).slice(-5), idsOf(waiting))
})

test('a queue that was paused when the server stopped is still paused after the start, and is resumed there', async (t) => {
  using folder = makeFolder()
  const path = join(folder.path, 'discue.db')
  const first = await openSqliteStore(path)
  const before = await openTestEngine(t, { node: 'before', store: first })
  const queue = await before.addQueue()
  await before.addListener(queue, { maxConcurrency: 1 })
  const messages = await before.postMany(queue, 10)
  await before.runtime.rest()
  await before.pause(queue, true)
  messages.push(...(await before.postMany(queue, 5)))
  await first.close()

  const second = await openSqliteStore(path)
  t.after(() => second.close())
  const heir = await openTestEngine(t, { node: 'heir', store: second })
  heir.sender.reply = () => 200
  await heir.dispatcher.renewLeases()
  await heir.dispatcher.sweep()
  await heir.runtime.advance(HOUR_MS)
  assert.equal(heir.sender.sent.length, 0)
  const { organizationId, id } = queue
  await second.queues.update({ organizationId, id, changes: { paused: false }, now: heir.runtime.now() })
  await heir.runtime.until(() => heir.sender.sent.length === 15, 'everything is sent')
  assert.deepEqual(idsOf(heir.sender.sent), idsOf(messages))
  heir.runtime.assertNoErrors()
})

test('a lane that nobody told of the end of a pause learns of it from the next sweep', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, { maxConcurrency: 1 })
  const messages = await engine.postMany(queue, 3)
  await engine.runtime.rest()
  await engine.pause(queue, true)
  engine.sender.reply = () => 200
  engine.sender.open()[0]!.answer(200)
  await engine.dispatcher.sweep()
  await engine.runtime.rest()
  assert.equal(engine.sender.sent.length, 1)
  const { organizationId, id } = queue
  await engine.store.queues.update({ organizationId, id, changes: { paused: false }, now: engine.runtime.now() })
  await engine.dispatcher.sweep()
  await engine.runtime.until(() => engine.sender.sent.length === 3, 'the rest is sent')
  assert.deepEqual(idsOf(engine.sender.sent), idsOf(messages))
})
