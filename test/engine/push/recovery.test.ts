import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { LEASE_MS } from '../../../src/engine/push/dispatcher.ts'
import { openSqliteStore } from '../../../src/store-sqlite/database.ts'
import { makeFolder } from '../../support/server/server-process.ts'
import { idsOf, openTestEngine } from '../test-engine.ts'

/** What arrived, whatever the order; a second arrival shows. */
function sortedIds(things: readonly { id: string }[]): string[] {
  return idsOf(things).sort()
}

test('what a dead node held is delivered by another one as soon as the leases have run out', async (t) => {
  const dead = await openTestEngine(t, { node: 'dead' })
  const queue = await dead.addQueue()
  await dead.addListener(queue)
  await dead.dispatcher.renewLeases()
  const messages = await dead.postMany(queue, 1_200)
  const heir = await openTestEngine(t, { node: 'heir', after: dead })
  heir.sender.reply = () => 200
  await heir.dispatcher.sweep()
  await heir.runtime.advance(LEASE_MS - 1)
  await heir.dispatcher.sweep()
  await heir.runtime.rest()
  assert.ok(!idsOf(heir.sender.sent).includes(messages[0]!.id), 'the node that holds it may still be sending')
  await heir.runtime.advance(1)
  await heir.dispatcher.sweep()
  await heir.runtime.until(() => heir.sender.sent.length >= 1_200, 'everything is delivered')
  await heir.runtime.rest()
  assert.deepEqual(sortedIds(heir.sender.sent), sortedIds(messages))
  heir.runtime.assertNoErrors()
})

test('everything that was pending when a server died is delivered once its database is opened again', async (t) => {
  using folder = makeFolder()
  const path = join(folder.path, 'discue.db')
  const first = await openSqliteStore(path)
  const dead = await openTestEngine(t, { node: 'dead', store: first })
  const queue = await dead.addQueue()
  await dead.addListener(queue)
  dead.sender.reply = ({ attempt }) => (attempt === 1 ? 503 : null)
  const retried = await dead.postMany(queue, 30)
  await dead.runtime.until(() => dead.sender.sent.length === 30, 'the first attempts')
  await dead.runtime.rest()
  dead.sender.reply = () => null
  const waiting = await dead.postMany(queue, 100)
  const later = await dead.post(queue, { deliverAt: dead.runtime.now() + 600_000 })
  await first.close()

  const second = await openSqliteStore(path)
  const heir = await openTestEngine(t, { node: 'heir', store: second })
  heir.sender.reply = () => 200
  await heir.dispatcher.renewLeases()
  await heir.dispatcher.sweep()
  await heir.runtime.advance(600_000)
  await second.close()
  assert.deepEqual(sortedIds(heir.sender.sent), sortedIds([...retried, ...waiting, later]))
  assert.ok(heir.sender.sent.every(({ id, attempt }) => attempt === (idsOf(retried).includes(id) ? 2 : 1)))
  heir.runtime.assertNoErrors()
})

test('a sweep finds nothing to do for deliveries that a lane holds', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  await engine.postMany(queue, 10)
  await engine.dispatcher.sweep()
  await engine.runtime.rest()
  assert.equal(engine.store.claims.length, 0)
  assert.equal(engine.sender.sent.length, 10)
})

test('a lane that has long been idle is forgotten, with all that it knew of its listener', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const { organizationId, queueId, id } = await engine.addListener(queue)
  engine.sender.reply = () => 200
  await engine.post(queue)
  await engine.runtime.advance(120_000)
  const changes = { notifyUrl: 'http://elsewhere.test/' }
  await engine.store.listeners.update({ organizationId, queueId, id, changes, now: engine.runtime.now() })
  await engine.dispatcher.sweep()
  await engine.post(queue)
  await engine.runtime.rest()
  assert.deepEqual(
    engine.sender.sent.map(({ url }) => url),
    [`http://listener.test/${id}`, 'http://elsewhere.test/'],
  )
})

test('stopping waits for what is on the wire, writes it, and sends nothing new', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { maxConcurrency: 2 })
  await engine.postMany(queue, 5)
  await engine.runtime.rest()
  let stopped = false
  const stopping = engine.dispatcher.stop().then(() => {
    stopped = true
  })
  engine.sender.open()[0]!.answer(200)
  await engine.runtime.advance(1_000)
  assert.equal(stopped, false)
  engine.sender.open()[0]!.answer(200)
  await stopping
  assert.equal((await engine.countersOf(listener)).acknowledgedCount, 2)
  assert.equal(engine.sender.sent.length, 2)
})

test('what a stopped server held is free for the next one once it has been released', async (t) => {
  const engine = await openTestEngine(t, { node: 'first' })
  const queue = await engine.addQueue()
  await engine.addListener(queue, { maxConcurrency: 2 })
  const messages = await engine.postMany(queue, 5)
  await engine.runtime.rest()
  const stopping = engine.dispatcher.stop()
  for (const sent of engine.sender.open()) sent.answer(200)
  await stopping
  await engine.store.deliveries.release({ node: 'first' })
  const next = await openTestEngine(t, { node: 'second', after: engine })
  next.sender.reply = () => 200
  await next.dispatcher.sweep()
  await next.runtime.rest()
  assert.deepEqual(idsOf(next.sender.sent), idsOf(messages.slice(2)))
})

test('messages that are accepted while the server stops stay in the store for the next one', async (t) => {
  const engine = await openTestEngine(t)
  const [queue, fresh] = [await engine.addQueue(), await engine.addQueue()]
  for (const it of [queue, fresh]) await engine.addListener(it)
  const release = engine.store.holdCommits()
  const reserved = engine.post(queue)
  await engine.runtime.rest()
  const stopping = engine.dispatcher.stop()
  const late = [engine.post(queue), engine.post(fresh)]
  release()
  await Promise.all([reserved, ...late, stopping])
  await engine.runtime.advance(60_000)
  assert.equal(engine.sender.sent.length, 0)
  const queues = await engine.store.queues.list({ organizationId: queue.organizationId, only: null, slice: null })
  assert.deepEqual(
    queues.map(({ pendingCount }) => pendingCount),
    [2, 1],
  )
})

test('an attempt that was aborted is not counted', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const message = await engine.post(queue)
  await engine.runtime.rest()
  const stopping = engine.dispatcher.stop()
  engine.sender.abort()
  await stopping
  const [delivery] = await engine.deliveriesOf(message)
  assert.deepEqual([delivery!.status, delivery!.attempts, delivery!.lastAttemptAt], ['pending', 0, null])
})
