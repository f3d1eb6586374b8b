import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { UNKNOWN_LIVENESS } from '../../../src/core/delivery/liveness.ts'
import type { Message } from '../../../src/core/delivery/message.ts'
import { bucketStart } from '../../../src/core/telemetry/stats.ts'
import { createPruner } from '../../../src/engine/upkeep/pruner.ts'
import { eventsListed } from '../../store/cases/reading/events.cases.ts'
import { accepted, storedFixture } from '../../store/fixture.ts'
import { createMake, NOW } from '../../store/make.ts'
import type { Given } from '../../store/suite.ts'
import { createManualRuntime, type ManualRuntime } from '../../support/manual-runtime.ts'
import { openMemoryStore } from '../../support/memory-store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const RETENTION = { messagesMs: 7 * DAY_MS, eventsMs: DAY_MS }

async function openHouse(t: TestContext, listenerCount: number) {
  const store = await openMemoryStore()
  t.after(() => store.close())
  const given: Given = { store, make: createMake(), now: NOW }
  const fixture = await storedFixture(given, listenerCount)
  const runtime = createManualRuntime(NOW)
  const tick = createPruner({ store, runtime, retention: RETENTION })
  const post = (at: number): Promise<Message> =>
    accepted({ ...given, now: at }, fixture.queue, { createdAt: at, deliverAt: at })
  const count = async () => {
    const page = { organizationId: fixture.organization.id, queueId: null, only: null }
    return (await store.messages.list({ ...page, before: null, offset: 0, limit: 10_000, full: false })).length
  }
  return { given, store, fixture, runtime, prune: () => untilIdle(runtime, tick), post, count }
}

/** Ticks for as long as a loop would without a pause. */
async function untilIdle(runtime: ManualRuntime, tick: () => Promise<number>): Promise<void> {
  for (let ticks = 0; (await tick()) > 0; ticks++) assert.ok(ticks < 1_000, `still busy at ${runtime.now()}`)
}

test('messages go when they are as old as they are kept, and not before', async (t) => {
  const { prune, post, count, runtime } = await openHouse(t, 0)
  for (let i = 0; i < 450; i++) await post(NOW + i)
  await runtime.advance(RETENTION.messagesMs)
  await prune()
  assert.equal(await count(), 450)
  await runtime.advance(200)
  await prune()
  assert.equal(await count(), 250)
  await runtime.advance(250)
  await prune()
  assert.equal(await count(), 0)
})

test('a message that was pending when the pruner came by goes within an hour of being settled', async (t) => {
  const { store, fixture, prune, post, count, runtime } = await openHouse(t, 1)
  for (let i = 0; i < 150; i++) await post(NOW)
  await runtime.advance(RETENTION.messagesMs + 1)
  await prune()
  assert.equal(await count(), 150)
  const listener = fixture.listeners[0]!
  await store.listeners.delete({ ...listener, now: runtime.now() })
  await runtime.advance(HOUR_MS)
  await prune()
  await prune()
  assert.equal(await count(), 0)
})

test('events go when they are as old as they are kept, and counts when nobody can ask for them', async (t) => {
  const { given, store, fixture, prune, post, runtime } = await openHouse(t, 0)
  const organizationId = fixture.organization.id
  const counts = () => store.stats.ofOrganization({ organizationId, from: bucketStart(NOW), until: NOW })
  await post(NOW)
  await post(NOW + 2 * HOUR_MS)
  await runtime.advance(DAY_MS)
  await prune()
  assert.equal((await eventsListed(given, { organizationId })).length, 2)
  await runtime.advance(1)
  await prune()
  assert.equal((await eventsListed(given, { organizationId })).length, 1)
  assert.equal((await counts()).length, 1)
  await runtime.advance(HOUR_MS + 300_000)
  await prune()
  assert.deepEqual(await counts(), [])
})

test('what listeners became is kept as long as messages are', async (t) => {
  const { store, fixture, prune, runtime } = await openHouse(t, 1)
  const { organizationId, queueId, id } = fixture.listeners[0]!
  for (const [index, state] of (['down', 'stable'] as const).entries()) {
    const news = { ...UNKNOWN_LIVENESS, state, stateAt: NOW + index }
    await store.liveness.note([{ listenerId: id, news }])
  }
  const changes = () => store.liveness.changes({ organizationId, queueId, id, before: null, offset: 0, limit: 10 })
  await runtime.advance(RETENTION.messagesMs)
  await prune()
  assert.equal((await changes())?.length, 2)
  await runtime.advance(1)
  await prune()
  assert.deepEqual(await changes(), [{ at: NOW + 1, from: 'down', state: 'stable', message: null }])
})

test('a schedule that was due once goes within an hour of the message that it made', async (t) => {
  const { given, store, fixture, prune, post, runtime } = await openHouse(t, 1)
  const message = await post(NOW)
  const schedule = given.make.schedule(fixture.queue, { timing: { at: NOW } })
  await store.schedules.create(schedule, NOW)
  const runs = [{ dueAt: NOW, ranAt: NOW, messageId: message.id, error: null, skipped: null }]
  await store.schedules.step([
    { scheduleId: schedule.id, revision: 1, from: NOW, messageBefore: null, nextAt: null, runs },
  ])
  const { organizationId, queueId, id } = schedule
  const there = async () => (await store.schedules.get({ organizationId, queueId, id })) !== null
  await runtime.advance(RETENTION.messagesMs + 1)
  await prune()
  // Its message waits for a listener still.
  assert.equal(await there(), true)
  await store.listeners.delete({ ...fixture.listeners[0]!, now: runtime.now() })
  await runtime.advance(HOUR_MS)
  await prune()
  await prune()
  const { organizationId: its, queueId: inQueue } = message
  assert.equal(await store.messages.get({ organizationId: its, queueId: inQueue, id: message.id }), null)
  await runtime.advance(HOUR_MS)
  await prune()
  assert.equal(await there(), false)
})
