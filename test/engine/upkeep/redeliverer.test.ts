import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Listener } from '../../../src/core/delivery/listener.ts'
import { createLoop } from '../../../src/engine/loop.ts'
import { createRedeliverer } from '../../../src/engine/upkeep/redeliverer.ts'
import { openTestEngine, type TestEngine } from '../test-engine.ts'

const MESSAGES = 250

/** The redeliverer of an office, as the engine runs it. */
function redelivererOf({ store, runtime }: TestEngine) {
  const tick = createRedeliverer({ store, runtime })
  return createLoop({ name: 'redeliverer', tick, idleMs: 10_000, busyMs: 5, runtime })
}

/** An office whose listener has missed many messages. */
async function missedMany(t: TestContext) {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { retry: { ...RETRY, maxAttempts: 1 } })
  engine.sender.reply = () => 500
  await engine.postMany(queue, MESSAGES)
  await engine.runtime.advance(1_000)
  assert.equal(engine.sender.sent.length, MESSAGES)
  engine.sender.reply = () => 200
  return { engine, queue, listener }
}
const RETRY = { initialDelayMs: 1_000, maxDelayMs: 1_000, multiplier: 1 }

async function begin({ store, runtime }: TestEngine, listener: Listener): Promise<void> {
  const { organizationId, queueId, id: listenerId } = listener
  const place = { id: runtime.newId(), organizationId, queueId, listenerId, createdAt: runtime.now() }
  await store.redeliveries.create({ ...place, since: null, until: null, status: 'missed', immediately: false })
}

async function missedCount({ store }: TestEngine, { organizationId, queueId, id }: Listener): Promise<number> {
  return (await store.listeners.get({ organizationId, queueId, id }))!.missedCount
}

test('what was missed is sent again in the background, each message once more', async (t) => {
  const { engine, listener } = await missedMany(t)
  const loop = redelivererOf(engine)
  loop.start()
  await begin(engine, listener)
  loop.wake()
  await engine.runtime.advance(1_000)
  await loop.stop()
  assert.equal(engine.sender.sent.length, MESSAGES * 2)
  const ids = new Set(engine.sender.sent.slice(MESSAGES).map(({ id }) => id))
  assert.equal(ids.size, MESSAGES)
  assert.ok(engine.sender.sent.slice(MESSAGES).every(({ attempt }) => attempt === 2))
  assert.equal(await missedCount(engine, listener), 0)
})

test('a redelivery that a crash cut short goes on where it was', async (t) => {
  const { engine, listener } = await missedMany(t)
  await begin(engine, listener)
  // One step, and nothing of what it set free is on the wire when the server dies.
  await engine.store.redeliveries.step({ limit: 100, now: engine.runtime.now() })
  assert.equal(await missedCount(engine, listener), MESSAGES - 100)
  const after = await openTestEngine(t, { after: engine, node: 'node-2', startAt: engine.runtime.now() + 60_000 })
  after.sender.reply = () => 200
  const loop = redelivererOf(after)
  await after.dispatcher.renewLeases()
  await after.dispatcher.sweep()
  loop.start()
  await after.runtime.advance(1_000)
  await loop.stop()
  assert.equal(new Set(after.sender.sent.map(({ id }) => id)).size, MESSAGES)
  assert.equal(after.sender.sent.length, MESSAGES)
  assert.equal(await missedCount(after, listener), 0)
})
