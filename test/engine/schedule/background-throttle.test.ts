import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createQueueDirectory } from '../../../src/app/caches/queue-directory.ts'
import { createSchemaChecks } from '../../../src/app/caches/schema-checks.ts'
import { createBackgroundThrottle } from '../../../src/engine/schedule/background-throttle.ts'
import { createScheduler } from '../../../src/engine/schedule/scheduler.ts'
import { createMake } from '../../store/make.ts'
import { cronCache } from '../../support/cron-cache.ts'
import { createManualRuntime } from '../../support/manual-runtime.ts'
import { openTestEngine } from '../test-engine.ts'

const MINUTE = 60_000
const make = createMake()

/** A client comes every millisecond, or none does. */
type Others = 'every ms' | 'never'

/** Steps that take so long, one after the other, with the pauses between them. */
async function steps(howMany: number, { tookMs, lateMs, others }: { tookMs: number; lateMs: number; others: Others }) {
  const runtime = createManualRuntime(1_000_000)
  const othersCount = others === 'never' ? () => 0 : runtime.now
  const way = createBackgroundThrottle({ runtime, othersCount })
  const [pauses, about] = [[] as number[], [] as boolean[]]
  for (let step = 0; step < howMany; step++) {
    about.push(way.begin())
    await runtime.advance(tookMs)
    const endedAt = runtime.now()
    let resumed = false
    void way.pause(lateMs).then(() => {
      resumed = true
      pauses.push(runtime.now() - endedAt)
    })
    await runtime.rest()
    while (!resumed) await runtime.advance(1)
  }
  return { pauses, about }
}

test('where others are about, half as long as a step took is left to them', async () => {
  const { pauses, about } = await steps(4, { tookMs: 10, lateMs: 0, others: 'every ms' })
  assert.deepEqual(pauses, [5, 5, 5, 5])
  // The throttle cannot know before the first step.
  assert.deepEqual(about, [false, true, true, true])
})

test('where nobody is about, nothing is left', async () => {
  const { pauses, about } = await steps(3, { tookMs: 10, lateMs: 0, others: 'never' })
  assert.deepEqual(pauses, [0, 0, 0])
  assert.deepEqual(about, [false, false, false])
})

test('what is too short for a timer is added up', async () => {
  const { pauses } = await steps(6, { tookMs: 1, lateMs: 0, others: 'every ms' })
  assert.deepEqual(pauses, [0, 1, 0, 1, 0, 1])
})

test('the later the work is, the less is left, and in the end nothing', async () => {
  const left = async (lateMs: number) => (await steps(1, { tookMs: 40, lateMs, others: 'every ms' })).pauses[0]
  assert.deepEqual(await Promise.all([0, 2_000, 3_000, 3_800, 4_000, 3_600_000].map(left)), [20, 20, 10, 2, 0, 0])
})

test('work that is too late for pauses is not done in short steps either', async () => {
  const aboutAt = async (lateMs: number) => (await steps(3, { tookMs: 40, lateMs, others: 'every ms' })).about
  assert.deepEqual(await aboutAt(3_400), [false, true, true])
  assert.deepEqual(await aboutAt(4_000), [false, false, false])
})

test('a step that was kept waiting itself is followed by no longer pause', async () => {
  const { pauses } = await steps(1, { tookMs: 10_000, lateMs: 0, others: 'every ms' })
  assert.deepEqual(pauses, [25])
})

test('others are about until none has come for a while', async () => {
  const runtime = createManualRuntime(1_000_000)
  let count = 0
  const way = createBackgroundThrottle({ runtime, othersCount: () => count })
  count += 1
  assert.equal(way.begin(), true)
  await runtime.advance(49)
  assert.equal(way.begin(), true)
  await runtime.advance(1)
  assert.equal(way.begin(), false)
})

/** Schedules that are due at the same time, and a store that takes a while to find them. */
async function burst(t: TestContext, many: { schedules: number; others: Others; roundMs: number }) {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const { store, acceptor } = engine
  // Each time is the present, and no jump to another: that has rules of its own.
  const runtime = { ...engine.runtime, horizon: engine.runtime.now }
  const rounds: { at: number; limit: number }[] = []
  const due: typeof store.schedules.due = async (ask) => {
    // Before that it only looks.
    if (runtime.now() >= dueAt) rounds.push({ at: runtime.now() - dueAt, limit: ask.limit })
    await new Promise<void>((resolve) => runtime.after(many.roundMs, resolve))
    return store.schedules.due(ask)
  }
  const slow = { schedules: Object.assign(Object.create(store.schedules) as typeof store.schedules, { due }) }
  const othersCount = many.others === 'never' ? () => 0 : runtime.now
  const scheduler = createScheduler({
    ...{ store: slow, acceptor, cronCache, runtime },
    directory: createQueueDirectory(store),
    schemaChecks: createSchemaChecks(),
    throttle: createBackgroundThrottle({ runtime, othersCount }),
  })
  t.after(() => scheduler.stop())
  const now = runtime.now()
  const dueAt = now + MINUTE
  const ids: string[] = []
  for (let i = 0; i < many.schedules; i++) {
    const schedule = make.schedule(queue, { id: runtime.newId(), createdAt: now, timing: { at: dueAt } })
    assert.equal(await store.schedules.create(schedule, dueAt), 'created')
    ids.push(schedule.id)
  }
  scheduler.start()
  scheduler.dueAt(dueAt)
  await runtime.advance(MINUTE)
  return {
    engine,
    scheduler,
    rounds,
    /** How many messages each schedule has made. */
    async made() {
      const { organizationId, id: queueId } = queue
      const runsOf = (id: string) =>
        store.schedules.runs({ organizationId, queueId, id, before: null, offset: 0, limit: 9 })
      return await Promise.all(ids.map(async (id) => (await runsOf(id))!.length))
    },
  }
}

const once = (schedules: number) => Array.from({ length: schedules }, () => 1)

test('many that are due at once are made in long rounds, one after the other, where nobody else posts', async (t) => {
  const { engine, rounds, made } = await burst(t, { schedules: 400, others: 'never', roundMs: 10 })
  await engine.runtime.advance(100)
  assert.deepEqual(rounds.slice(0, 5), [
    { at: 0, limit: 100 },
    { at: 10, limit: 100 },
    { at: 20, limit: 100 },
    { at: 30, limit: 100 },
    { at: 40, limit: 100 },
  ])
  assert.deepEqual(await made(), once(400))
  engine.runtime.assertNoErrors()
})

test('they are made in short rounds with pauses between them while others post', async (t) => {
  const { engine, rounds, made } = await burst(t, { schedules: 250, others: 'every ms', roundMs: 10 })
  await engine.runtime.advance(100)
  assert.deepEqual(rounds.slice(0, 5), [
    { at: 0, limit: 50 },
    { at: 15, limit: 50 },
    { at: 30, limit: 50 },
    { at: 45, limit: 50 },
    { at: 60, limit: 50 },
  ])
  assert.deepEqual(await made(), once(250))
  engine.runtime.assertNoErrors()
})

test('others who never cease put nothing off for ever: what is late is made without pauses', async (t) => {
  const { engine, rounds, made } = await burst(t, { schedules: 900, others: 'every ms', roundMs: 500 })
  await engine.runtime.advance(10_000)
  // Of a round that begins then, the end is later than anything that is put off.
  const late = rounds.filter(({ at }) => at >= 4_000)
  assert.ok(late.length >= 4)
  for (let index = 1; index < late.length; index++) {
    assert.deepEqual(late[index], { at: late[index - 1]!.at + 500, limit: 100 })
  }
  assert.deepEqual(await made(), once(900))
  engine.runtime.assertNoErrors()
})

test('stopping ends a pause, and what is left is made by whoever comes next', async (t) => {
  const { engine, scheduler, rounds, made } = await burst(t, { schedules: 150, others: 'every ms', roundMs: 40 })
  await engine.runtime.advance(41)
  assert.equal(rounds.length, 1)
  await scheduler.stop()
  assert.equal(rounds.length, 1)
  assert.deepEqual(
    (await made()).toSorted((a, b) => a - b),
    [...Array(100).fill(0), ...Array(50).fill(1)],
  )
})

test('who posts counts as others, and what schedules make does not', async (t) => {
  const { engine } = await burst(t, { schedules: 2, others: 'never', roundMs: 0 })
  await engine.runtime.rest()
  assert.equal(engine.committer.askedFor(), 0)
  await engine.postMany(await engine.addQueue(), 3)
  assert.equal(engine.committer.askedFor(), 3)
})
