import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createQueueDirectory } from '../../../src/app/caches/queue-directory.ts'
import { createSchemaChecks } from '../../../src/app/caches/schema-checks.ts'
import type { Queue } from '../../../src/core/delivery/queue.ts'
import { firstDue, type Schedule } from '../../../src/core/schedule/schedule.ts'
import { createAttendance } from '../../../src/engine/schedule/attendance.ts'
import { createScheduler } from '../../../src/engine/schedule/scheduler.ts'
import type { Attendant, ScheduleRun } from '../../../src/store/schedules.ts'
import { createMake } from '../../store/make.ts'
import { cronCache } from '../../support/cron-cache.ts'
import { createManualRuntime } from '../../support/manual-runtime.ts'
import { openTestEngine, type TestEngine } from '../test-engine.ts'
import { onBothStores } from './on-both-stores.ts'

const SECOND = 1_000
const MINUTE = 60_000
const HOUR = 3_600_000
const make = createMake()

function run(engine: TestEngine, t: TestContext, node = 'node-1') {
  const { store, acceptor, runtime } = engine
  const parts = { directory: createQueueDirectory(store), schemaChecks: createSchemaChecks(), cronCache }
  const scheduler = createScheduler({ ...parts, store, acceptor, runtime, node })
  scheduler.start()
  runtime.onLeap(scheduler.wake)
  t.after(() => scheduler.stop())
  return scheduler
}

async function add({ store, runtime }: TestEngine, queue: Queue, what: Partial<Schedule>, nextAt?: number) {
  const now = runtime.now()
  const schedule = make.schedule(queue, { id: runtime.newId(), createdAt: now, timing: { everyMs: SECOND }, ...what })
  assert.equal(await store.schedules.create(schedule, nextAt ?? firstDue(schedule, now, cronCache)), 'created')
  return schedule
}

async function runsOf({ store }: TestEngine, { organizationId, queueId, id }: Schedule): Promise<ScheduleRun[]> {
  return (await store.schedules.runs({
    organizationId,
    queueId,
    id,
    before: null,
    offset: 0,
    limit: 10_000,
  }))!.reverse()
}

/** What became of a schedule, in order: the due times that ran, and `[count, first, last]` of those passed over. */
async function history(engine: TestEngine, schedule: Schedule, start: number) {
  return (await runsOf(engine, schedule)).map(({ dueAt, messageId, skipped }) => {
    if (skipped !== null) return [skipped.count, (skipped.firstAt - start) / SECOND, (dueAt - start) / SECOND]
    return messageId === null ? 'failed' : (dueAt - start) / SECOND
  })
}

/** Stops the server, and starts one on the same database when it has been away for so long. */
async function restart(engine: TestEngine, t: TestContext, { awayMs }: { awayMs: number }): Promise<TestEngine> {
  await engine.store.deliveries.release({ node: 'node-1' })
  const startAt = engine.runtime.now() + awayMs
  const after = await openTestEngine(t, { after: engine, node: 'node-2', startAt })
  await after.dispatcher.renewLeases()
  run(after, t, 'node-2')
  return after
}

onBothStores('a restart of seconds loses nothing, and each schedule catches up as it says', async (engine, t) => {
  const start = engine.runtime.now()
  const queue = await engine.addQueue()
  const scheduler = run(engine, t)
  const each = await Promise.all((['none', 'last', 'all'] as const).map((catchUp) => add(engine, queue, { catchUp })))
  const monthly = await add(engine, queue, { timing: { everyMs: 30 * 24 * HOUR } }, start + 3 * SECOND)
  const once = await add(engine, queue, { timing: { at: start + 4 * SECOND } })
  scheduler.dueAt(start + SECOND)
  await engine.runtime.advance(1.5 * SECOND)
  await scheduler.stop()
  const after = await restart(engine, t, { awayMs: 3 * SECOND })
  await after.runtime.advance(SECOND)
  const histories = await Promise.all(each.map((schedule) => history(engine, schedule, start)))
  assert.deepEqual(histories, [
    [1, [2, 2, 3], 4, 5],
    [1, [2, 2, 3], 4, 5],
    [1, 2, 3, 4, 5],
  ])
  assert.deepEqual(await history(engine, monthly, start), [3])
  assert.deepEqual(await history(engine, once, start), [4])
})

onBothStores(
  'after hours away nothing runs of what catches nothing up, but for what is due once',
  async (engine, t) => {
    const start = engine.runtime.now()
    const queue = await engine.addQueue()
    const timing = { everyMs: 10 * MINUTE }
    const each = await Promise.all(
      (['none', 'last'] as const).map((catchUp) => add(engine, queue, { catchUp, timing })),
    )
    const cron = await add(engine, queue, { timing: { cron: '*/10 * * * *' } })
    const once = await add(engine, queue, { timing: { at: start + HOUR } })
    const after = await restart(engine, t, { awayMs: 2 * HOUR + 5 * MINUTE })
    await after.runtime.advance(5 * MINUTE)
    const minutes = (await Promise.all([...each, once].map((schedule) => history(engine, schedule, start)))).map(
      (all) => all.map((it) => (Array.isArray(it) ? [it[0], it[1]! / 60, it[2]! / 60] : Number(it) / 60)),
    )
    assert.deepEqual(minutes, [[[12, 10, 120], 130], [[11, 10, 110], 120, 130], [60]])
    const [skipped] = await runsOf(engine, cron)
    assert.equal(skipped!.error, 'no server was running')
    assert.ok([12, 13].includes(skipped!.skipped!.count))
  },
)

onBothStores(
  'after days away a calendar period says what was missed, and goes on at its own time',
  async (engine, t) => {
    const start = engine.runtime.now()
    const queue = await engine.addQueue()
    const [first, timing] = [start + HOUR, { period: 'P1D' }]
    const each = await Promise.all(
      (['none', 'last', 'all'] as const).map((catchUp) =>
        add(engine, queue, { catchUp, timing, startsAt: first }, first),
      ),
    )
    const after = await restart(engine, t, { awayMs: 3 * 24 * HOUR + 2 * HOUR })
    await after.runtime.advance(23 * HOUR)
    const days = (await Promise.all(each.map((schedule) => history(engine, schedule, first)))).map((all) =>
      all.map((it) => (Array.isArray(it) ? [it[0], it[1]! / 86_400, it[2]! / 86_400] : Number(it) / 86_400)),
    )
    assert.deepEqual(days, [
      [[4, 0, 3], 4],
      [[3, 0, 2], 3, 4],
      [0, 1, 2, 3, 4],
    ])
  },
)

onBothStores('a schedule that cannot be read fails alone, and is named in the log', async (engine, t) => {
  const start = engine.runtime.now()
  const queue = await engine.addQueue()
  const zone = await add(engine, queue, { timing: { cron: '* * * * *' }, timezone: 'Atlantis/Capital' }, start + SECOND)
  const expression = await add(engine, queue, { timing: { cron: 'every day' } }, start + SECOND)
  const period = await add(engine, queue, { timing: { period: 'PX' } }, start + SECOND)
  const fine = await add(engine, queue, {})
  run(engine, t)
  await engine.runtime.advance(3 * SECOND)
  assert.deepEqual(await history(engine, fine, start), [1, 2, 3])
  assert.match((await runsOf(engine, zone))[0]!.error!, /"Atlantis\/Capital" is not in the time zone data/)
  assert.match((await runsOf(engine, expression))[0]!.error!, /"every day" cannot be read: .*must have 5 fields/)
  assert.match((await runsOf(engine, period))[0]!.error!, /period "PX" cannot be read: must be/)
  assert.equal((await runsOf(engine, zone)).length, 1)
  const named = engine.runtime.lines.filter(({ level }) => level === 'error')
  assert.deepEqual(named.map(({ fields }) => fields.scheduleId).sort(), [zone.id, expression.id, period.id].sort())
  engine.runtime.lines.splice(0)
})

onBothStores('a schedule that a server could not read comes back where one can', async (engine, t) => {
  const start = engine.runtime.now()
  const queue = await engine.addQueue()
  const back = await add(engine, queue, {})
  const due = { scheduleId: back.id, revision: 1, from: start + SECOND, messageBefore: null, nextAt: null }
  const failed = { dueAt: start + SECOND, ranAt: start, messageId: null, error: 'it cannot be read', skipped: null }
  assert.deepEqual(await engine.store.schedules.step([{ ...due, runs: [failed] }]), ['stepped'])
  run(engine, t)
  await engine.runtime.advance(3 * SECOND)
  assert.deepEqual(await history(engine, back, start), ['failed', 2, 3])
})

onBothStores(
  'a clock that was ahead at the start and is put right: everything runs, and nothing twice',
  async (engine, t) => {
    const queue = await engine.addQueue()
    const right = engine.runtime.now()
    const timing = { everyMs: MINUTE }
    const before = await add(engine, queue, { timing })
    await engine.runtime.leap(12 * MINUTE)
    const scheduler = run(engine, t)
    await engine.runtime.advance(SECOND)
    // By the clock that is wrong, twelve minutes were missed, and one more has run.
    await engine.runtime.advance(MINUTE)
    await engine.runtime.leap(-12 * MINUTE)
    const fresh = await add(engine, queue, { timing })
    const once = await add(engine, queue, { timing: { at: engine.runtime.now() + SECOND } })
    for (const { id } of [fresh, once]) assert.ok(id)
    scheduler.dueAt(engine.runtime.now() + SECOND)
    await engine.runtime.advance(18 * MINUTE)
    const all = (await runsOf(engine, before)).filter(({ messageId }) => messageId !== null)
    const times = all.map(({ dueAt }) => (dueAt - right) / MINUTE)
    assert.deepEqual(new Set(times).size, times.length)
    for (let minute = 2; minute <= 19; minute++) assert.ok(times.includes(minute), `${minute} is not in ${times}`)
    assert.equal((await runsOf(engine, fresh)).length, 18)
    assert.equal((await runsOf(engine, once)).length, 1)
  },
)

/** A store of which the other nodes are as the test says. */
async function since(others: (afterMs: number) => Attendant[] | null): Promise<{ atMs: number; since: number | null }> {
  const runtime = createManualRuntime(1_000_000)
  const told: { since: number }[] = []
  const store = {
    attendants: async () => others(runtime.now() - 1_000_000),
    attend: async (ask: { since: number }) => void told.push(ask),
  }
  let atMs = -1
  const known = () => {
    atMs = runtime.now() - 1_000_000
  }
  const attendance = createAttendance({ store, node: 'a', runtime, known })
  attendance.begin()
  await runtime.advance(20_000)
  assert.deepEqual(
    told.map((it) => it.since),
    [attendance.since],
  )
  return { atMs, since: attendance.since }
}

test('a node that is alone is there since its start, known at once', async () => {
  assert.deepEqual(await since(() => null), { atMs: 0, since: 1_000_000 })
  assert.deepEqual(await since(() => []), { atMs: 0, since: 1_000_000 })
})

test('a node that comes while another one lives was not needed before that one was there', async () => {
  const other = (aliveUntil: number) => [{ node: 'b', since: 5_000, aliveUntil }]
  assert.deepEqual(await since((ms) => other(ms < 3_000 ? 1 : 2)), { atMs: 3_000, since: 5_000 })
})

test('a node that has died has left its leases, and was not there any more', async () => {
  const dead = [{ node: 'b', since: 5_000, aliveUntil: 1 }]
  assert.deepEqual(await since(() => dead), { atMs: 8_000, since: 1_000_000 })
  assert.deepEqual(await since((ms) => (ms < 2_000 ? dead : [])), { atMs: 2_000, since: 1_000_000 })
})
