import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Listener } from '../../src/core/listener.ts'
import { createLoop } from '../../src/engine/loop.ts'
import { createRedeliverer } from '../../src/engine/redeliverer.ts'
import { type Office, openOffice } from './office.ts'

const MESSAGES = 250

/** The redeliverer of an office, as the engine runs it. */
function redelivererOf({ store, runtime, dispatcher }: Office) {
  const tick = createRedeliverer({ store, runtime, wake: dispatcher.messageMoved })
  return createLoop({ name: 'redeliverer', tick, idleMs: 10_000, busyMs: 5, runtime })
}

/** An office whose listener has missed many messages. */
async function missedMany(t: TestContext) {
  const office = await openOffice(t)
  const queue = await office.addQueue()
  const listener = await office.addListener(queue, { retry: { ...RETRY, maxAttempts: 1 } })
  office.sender.reply = () => 500
  await office.postMany(queue, MESSAGES)
  await office.runtime.advance(1_000)
  assert.equal(office.sender.sent.length, MESSAGES)
  office.sender.reply = () => 200
  return { office, queue, listener }
}
const RETRY = { initialDelayMs: 1_000, maxDelayMs: 1_000, multiplier: 1 }

async function begin({ store, runtime }: Office, listener: Listener): Promise<void> {
  const { organizationId, queueId, id: listenerId } = listener
  const place = { id: runtime.newId(), organizationId, queueId, listenerId, createdAt: runtime.now() }
  await store.redeliveries.create({ ...place, since: null, until: null, status: 'missed' })
}

async function missedCount({ store }: Office, { organizationId, queueId, id }: Listener): Promise<number> {
  return (await store.listeners.get({ organizationId, queueId, id }))!.missedCount
}

test('what was missed is sent again in the background, each message once more', async (t) => {
  const { office, listener } = await missedMany(t)
  const loop = redelivererOf(office)
  loop.start()
  await begin(office, listener)
  loop.wake()
  await office.runtime.advance(1_000)
  await loop.stop()
  assert.equal(office.sender.sent.length, MESSAGES * 2)
  const ids = new Set(office.sender.sent.slice(MESSAGES).map(({ id }) => id))
  assert.equal(ids.size, MESSAGES)
  assert.ok(office.sender.sent.slice(MESSAGES).every(({ attempt }) => attempt === 2))
  assert.equal(await missedCount(office, listener), 0)
})

test('a redelivery that a crash cut short goes on where it was', async (t) => {
  const { office, listener } = await missedMany(t)
  await begin(office, listener)
  // One step, and nothing of what it set free is on the wire when the server dies.
  await office.store.redeliveries.step({ limit: 100, now: office.runtime.now() })
  assert.equal(await missedCount(office, listener), MESSAGES - 100)
  const after = await openOffice(t, { after: office, node: 'node-2', startAt: office.runtime.now() + 60_000 })
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
