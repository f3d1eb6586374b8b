import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDiscarder } from '../../../src/engine/upkeep/discarder.ts'
import { idsOf, openTestEngine, type TestEngine } from '../test-engine.ts'

/** Has everything of the queue discarded, as a client would, and works it off as far as that goes now. */
async function discardAll(engine: TestEngine, { organizationId, id: queueId }: { organizationId: string; id: string }) {
  const { store, runtime } = engine
  const all = { listenerId: null, since: null, until: null, status: null, contains: null }
  const discard = { id: runtime.newId(), organizationId, queueId, ...all, createdAt: runtime.now() }
  assert.equal(await store.discards.create(discard), 'created')
  const workOff = async () => {
    const tick = createDiscarder({ store, runtime, node: 'node-1' })
    while ((await tick()) > 0);
    await runtime.rest()
    return (await store.discards.get({ organizationId, queueId, id: discard.id }))!
  }
  return { workOff, first: await workOff() }
}

async function statusesOf(engine: TestEngine, message: Parameters<TestEngine['deliveriesOf']>[0]) {
  return (await engine.deliveriesOf(message)).map(({ status }) => status)
}

test('what a lane holds and has not sent is never sent; what is on the wire is let finish, and only then it is done', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, { maxConcurrency: 1 })
  const sent = await engine.post(queue)
  const held = await engine.post(queue)
  const { first, workOff } = await discardAll(engine, queue)
  assert.equal(first.done, false)
  assert.deepEqual(await statusesOf(engine, held), ['discarded'])
  assert.deepEqual(await statusesOf(engine, sent), ['pending'])
  const later = await engine.post(queue)
  engine.sender.reply = () => 200
  engine.sender.open()[0]!.answer(200)
  await engine.runtime.advance(10_000)
  const { done, matched } = await workOff()
  assert.deepEqual([done, matched], [true, 1])
  assert.deepEqual(idsOf(engine.sender.sent), [sent.id, later.id])
  assert.deepEqual(await statusesOf(engine, sent), ['delivered'])
  engine.runtime.assertNoErrors()
})

test('what is under way and fails is not tried again', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  await engine.addListener(queue, {
    retry: { maxAttempts: 9, initialDelayMs: 60_000, maxDelayMs: 60_000, multiplier: 1 },
  })
  const message = await engine.post(queue)
  const { workOff } = await discardAll(engine, queue)
  engine.sender.open()[0]!.answer(503)
  await engine.runtime.advance(10_000)
  assert.equal((await workOff()).done, true)
  await engine.runtime.advance(86_400_000)
  assert.deepEqual(idsOf(engine.sender.sent), [message.id])
  assert.deepEqual(await statusesOf(engine, message), ['discarded'])
  engine.runtime.assertNoErrors()
})
