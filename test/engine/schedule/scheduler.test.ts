import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createQueueDirectory, type QueueDirectory } from '../../../src/app/caches/queue-directory.ts'
import { createSchemaChecks } from '../../../src/app/caches/schema-checks.ts'
import type { Acceptor } from '../../../src/app/deps.ts'
import type { Queue } from '../../../src/core/delivery/queue.ts'
import { firstDue, type Schedule } from '../../../src/core/schedule/schedule.ts'
import { schemaId } from '../../../src/core/schema/schema-id.ts'
import { createScheduler } from '../../../src/engine/schedule/scheduler.ts'
import { StoreUnavailable } from '../../../src/store/store.ts'
import { createMake } from '../../store/make.ts'
import { cronCache } from '../../support/cron-cache.ts'
import { type OfficeOptions, openTestEngine, type TestEngine } from '../test-engine.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const make = createMake()

interface Hall {
  engine: TestEngine
  queue: Queue
  scheduler: ReturnType<typeof createScheduler>
  start: number
  add(what?: Partial<Schedule>, queue?: Queue): Promise<Schedule>
  /** Due times that have a message, in order, and messages there are. */
  ran(schedule: Schedule): Promise<number[]>
  messages(): Promise<number>
  details(schedule: Schedule): Promise<NonNullable<Awaited<ReturnType<TestEngine['store']['schedules']['get']>>>>
}

interface HallOptions extends OfficeOptions {
  queue?: Queue
  /** Stand between the scheduler and the rest. */
  between?: (parts: { directory: QueueDirectory; acceptor: Acceptor }) => {
    directory: QueueDirectory
    acceptor: Acceptor
  }
}

async function open(t: TestContext, options: HallOptions = {}): Promise<Hall> {
  const engine = await openTestEngine(t, options)
  const queue = options.queue ?? (await engine.addQueue())
  const { store, runtime } = engine
  engine.sender.reply = () => 200
  const plain = { directory: createQueueDirectory(store), acceptor: engine.acceptor }
  const { directory, acceptor } = options.between?.(plain) ?? plain
  const schemaChecks = createSchemaChecks()
  const scheduler = createScheduler({ store, acceptor, directory, schemaChecks, cronCache, runtime })
  scheduler.start()
  t.after(() => scheduler.stop())
  const start = runtime.now()
  const idsOf = ({ organizationId, queueId, id }: Schedule) => ({ organizationId, queueId, id })
  return {
    engine,
    queue,
    scheduler,
    start,
    async add(what, into = queue) {
      const now = runtime.now()
      const schedule = make.schedule(into, { id: runtime.newId(), createdAt: now, ...what })
      const nextAt = schedule.paused ? null : firstDue(schedule, now, cronCache)
      assert.equal(await store.schedules.create(schedule, nextAt), 'created')
      scheduler.dueAt(nextAt)
      return schedule
    },
    async ran(schedule) {
      const runs = await store.schedules.runs({ ...idsOf(schedule), before: null, offset: 0, limit: 1_000_000 })
      return runs!
        .filter(({ messageId }) => messageId !== null)
        .map(({ dueAt }) => dueAt - start)
        .reverse()
    },
    async messages() {
      const { organizationId, id: queueId } = queue
      const ask = { organizationId, queueId, only: null, before: null, offset: 0, limit: 1_000_000, full: false }
      return (await store.messages.list(ask)).length
    },
    async details(schedule) {
      return (await store.schedules.get(idsOf(schedule)))!
    },
  }
}

const upTo = (count: number, every = MINUTE) => Array.from({ length: count }, (_, i) => (i + 1) * every)

test('a message is made at each due time, at that time, and sent', async (t) => {
  const hall = await open(t)
  await hall.engine.addListener(hall.queue)
  const schedule = await hall.add()
  await hall.engine.runtime.advance(MINUTE - 1)
  assert.equal(await hall.messages(), 0)
  await hall.engine.runtime.advance(1)
  await hall.engine.runtime.advance(4 * MINUTE)
  assert.deepEqual(await hall.ran(schedule), upTo(5))
  assert.deepEqual(
    hall.engine.sender.sent.map(({ at }) => at - hall.start),
    upTo(5),
  )
  const { runCount, lastRunAt, nextAt } = await hall.details(schedule)
  assert.deepEqual([runCount, lastRunAt, nextAt], [5, hall.start + 5 * MINUTE, hall.start + 6 * MINUTE])
  hall.engine.runtime.assertNoErrors()
})

test('a jump over a day makes each message once, whatever else is due in it', async (t) => {
  const hall = await open(t)
  const minutely = await hall.add()
  const hourly = await hall.add({ timing: { everyMs: 60 * MINUTE } })
  const once = await hall.add({ timing: { at: hall.start + 90 * MINUTE } })
  await hall.engine.runtime.advance(DAY)
  assert.deepEqual(await hall.ran(minutely), upTo(1_440))
  assert.deepEqual(await hall.ran(hourly), upTo(24, 60 * MINUTE))
  assert.deepEqual(await hall.ran(once), [90 * MINUTE])
  assert.equal((await hall.details(once)).nextAt, null)
  assert.equal(await hall.messages(), 1_440 + 24 + 1)
  hall.engine.runtime.assertNoErrors()
})

test('messages that a jump makes ahead carry the times for which they are made, and are in their order', async (t) => {
  const hall = await open(t)
  await hall.add()
  await hall.add({ timing: { everyMs: 7 * MINUTE } })
  await hall.engine.runtime.advance(DAY)
  const { organizationId, id: queueId } = hall.queue
  const ask = { organizationId, queueId, only: null, before: null, offset: 0, limit: 10_000, full: false }
  const messages = (await hall.engine.store.messages.list(ask)).map(({ message }) => message).reverse()
  const times = messages.map(({ createdAt }) => createdAt)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
  assert.ok(messages.every(({ createdAt, deliverAt }) => createdAt === deliverAt))
  assert.equal(times.at(-1), hall.start + DAY)
})

test('two nodes that run the same schedules make each message once', async (t) => {
  const hall = await open(t)
  const schedule = await hall.add()
  const other = await open(t, { after: hall.engine, queue: hall.queue, node: 'node-2' })
  await other.engine.runtime.rest()
  for (let minute = 0; minute < 10; minute++) {
    await Promise.all([hall.engine.runtime.advance(MINUTE), other.engine.runtime.advance(MINUTE)])
  }
  assert.deepEqual(await hall.ran(schedule), upTo(10))
  assert.equal(await hall.messages(), 10)
})

test('after downtime a schedule catches up as it says', async (t) => {
  const before = await open(t)
  const schedules = []
  for (const catchUp of ['none', 'last', 'all'] as const) schedules.push(await before.add({ catchUp }))
  await before.engine.runtime.advance(2 * MINUTE)
  await before.scheduler.stop()
  const startAt = before.start + 6.5 * MINUTE
  const after = await open(t, { after: before.engine, queue: before.queue, node: 'next', startAt })
  await after.engine.runtime.advance(MINUTE)
  const minutes = await Promise.all(schedules.map(async (one) => (await before.ran(one)).map((at) => at / MINUTE)))
  assert.deepEqual(minutes, [
    // The newest was less than a minute past.
    [1, 2, 6, 7],
    [1, 2, 6, 7],
    [1, 2, 3, 4, 5, 6, 7],
  ])
})

test('a clock that leaps ahead was asleep, which is downtime; one that is set back repeats nothing', async (t) => {
  const hall = await open(t)
  const schedule = await hall.add()
  await hall.engine.runtime.advance(2 * MINUTE)
  await hall.scheduler.stop()
  const back = await open(t, { after: hall.engine, queue: hall.queue, node: 'back', startAt: hall.start })
  await back.engine.runtime.advance(2.5 * MINUTE)
  assert.deepEqual(await hall.ran(schedule), upTo(2))
  await back.engine.runtime.advance(MINUTE)
  assert.deepEqual(await hall.ran(schedule), upTo(3))
})

test('a pause skips what falls into it', async (t) => {
  const hall = await open(t)
  const schedule = await hall.add()
  await hall.engine.runtime.advance(MINUTE)
  const replace = async (paused: boolean) => {
    const { revision, nextAt } = await hall.details(schedule)
    const next = { ...schedule, paused }
    const planned = paused ? null : firstDue(schedule, hall.engine.runtime.now(), cronCache)
    await hall.engine.store.schedules.replace({ schedule: next, nextAt: planned, expected: { revision, nextAt } })
    hall.scheduler.dueAt(planned)
  }
  await replace(true)
  await hall.engine.runtime.advance(3.5 * MINUTE)
  await replace(false)
  await hall.engine.runtime.advance(MINUTE)
  assert.deepEqual(await hall.ran(schedule), [MINUTE, 5 * MINUTE])
})

test('data that fits the schema of its queue no more is a failed run with the reason, and the schedule goes on', async (t) => {
  const hall = await open(t)
  const schedule = await hall.add({ data: '{"a":1}' })
  const fine = await hall.add({ data: '{"a":"x"}' })
  const { organizationId, id } = hall.queue
  const setSchema = (rules: { a: { type: 'string' } } | null) => {
    const schema = rules === null ? null : { id: schemaId(rules), rules }
    return hall.engine.store.queues.update({ organizationId, id, changes: { schema }, now: hall.engine.runtime.now() })
  }
  await hall.engine.runtime.advance(MINUTE)
  await setSchema({ a: { type: 'string' } })
  await hall.engine.runtime.advance(MINUTE)
  await setSchema(null)
  await hall.engine.runtime.advance(MINUTE)
  const ask = { organizationId, queueId: id, id: schedule.id, before: null, offset: 0, limit: 9 }
  const runs = (await hall.engine.store.schedules.runs(ask))!
  assert.deepEqual(
    runs.map(({ dueAt, messageId }) => [(dueAt - hall.start) / MINUTE, messageId !== null]),
    [
      [3, true],
      [2, false],
      [1, true],
    ],
  )
  assert.match(runs[1]!.error!, /does not fit its queue's schema; \/data\/a/)
  assert.equal((await hall.details(schedule)).runCount, 2)
  assert.deepEqual(await hall.ran(fine), upTo(3))
  hall.engine.runtime.assertNoErrors()
})

test('a frozen organization makes no messages; its runs fail until it is active again', async (t) => {
  const hall = await open(t)
  const schedule = await hall.add()
  const { organizationId } = hall.queue
  const set = (status: 'frozen' | 'active') =>
    hall.engine.store.organizations.update({ id: organizationId, changes: { status }, now: hall.engine.runtime.now() })
  await set('frozen')
  await hall.engine.runtime.advance(2 * MINUTE)
  assert.equal(await hall.messages(), 0)
  await set('active')
  await hall.engine.runtime.advance(MINUTE)
  assert.deepEqual(await hall.ran(schedule), [3 * MINUTE])
})

test('a limit that is used up fails the runs that have no room, each by itself', async (t) => {
  const hall = await open(t)
  const schedule = await hall.add({ catchUp: 'all' })
  const changes = { limits: { storedMessages: 3 } }
  await hall.engine.store.organizations.update({ id: hall.queue.organizationId, changes, now: hall.start })
  await hall.engine.runtime.advance(10 * MINUTE)
  assert.deepEqual(await hall.ran(schedule), upTo(3))
  const { runCount, nextAt } = await hall.details(schedule)
  assert.deepEqual([runCount, nextAt], [3, hall.start + 11 * MINUTE])
})

/** Makes the scheduler believe that the queue has so many listeners; notes how many messages each accept has. */
function crowded(listeners: number, accepts: number[] = []): HallOptions['between'] {
  const crowd = <Route extends { listeners: object[] }>(route: Route) => {
    return { ...route, listeners: Array.from({ length: listeners }, () => route.listeners[0]!) }
  }
  return ({ directory, acceptor }) => ({
    directory: {
      ...directory,
      peek: () => undefined,
      load: async (organizationId, queueId) => crowd((await directory.load(organizationId, queueId))!),
    },
    acceptor: {
      ...acceptor,
      accept(messages, route, ...rest) {
        accepts.push(messages.length)
        return acceptor.accept(messages, { ...route, listeners: route.listeners.slice(0, 1) }, ...rest)
      },
    },
  })
}

test('runs of a queue with many listeners are stored in portions of 10,000 deliveries, in the order of due times', async (t) => {
  const accepts: number[] = []
  const hall = await open(t, { between: crowded(4_000, accepts) })
  await hall.engine.addListener(hall.queue)
  const schedules = [await hall.add(), await hall.add({ timing: { everyMs: 1.5 * MINUTE } })]
  await hall.engine.runtime.advance(9 * MINUTE)
  assert.deepEqual(await hall.ran(schedules[0]!), upTo(9))
  assert.deepEqual(await hall.ran(schedules[1]!), upTo(6, 1.5 * MINUTE))
  assert.equal(await hall.messages(), 15)
  assert.ok(accepts.length >= 8 && accepts.every((count) => count <= 2), `accepts of ${accepts}`)
  const sent = hall.engine.sender.sent.map(({ at }) => at)
  assert.deepEqual(
    sent,
    sent.toSorted((a, b) => a - b),
  )
  hall.engine.runtime.assertNoErrors()
})

test('a run that would make more than 10,000 deliveries fails with the reason, and the schedule goes on', async (t) => {
  const hall = await open(t, { between: crowded(10_001) })
  await hall.engine.addListener(hall.queue)
  const schedule = await hall.add()
  await hall.engine.runtime.advance(2 * MINUTE)
  assert.equal(await hall.messages(), 0)
  const { organizationId, queueId, id } = schedule
  const runs = (await hall.engine.store.schedules.runs({
    organizationId,
    queueId,
    id,
    before: null,
    offset: 0,
    limit: 9,
  }))!
  assert.equal(runs.length, 2)
  assert.match(runs[0]!.error!, /1 message to 10001 listeners would make 10001 deliveries, and at most 10000/)
  assert.equal((await hall.details(schedule)).nextAt, hall.start + 3 * MINUTE)
})

test('a paused queue stores what its schedules make, and delivers it later', async (t) => {
  const hall = await open(t)
  await hall.engine.addListener(hall.queue)
  const schedule = await hall.add()
  await hall.engine.pause(hall.queue, true)
  await hall.engine.runtime.advance(2 * MINUTE)
  assert.deepEqual(await hall.ran(schedule), upTo(2))
  assert.equal(hall.engine.sender.sent.length, 0)
  await hall.engine.pause(hall.queue, false)
  await hall.engine.runtime.rest()
  assert.equal(hall.engine.sender.sent.length, 2)
})

test('schedules of a queue that is gone come to nothing', async (t) => {
  const hall = await open(t)
  await hall.add()
  const { organizationId, id } = hall.queue
  await hall.engine.store.queues.delete({ organizationId, id, now: hall.start })
  await hall.engine.runtime.advance(5 * MINUTE)
  assert.deepEqual((await hall.engine.store.schedules.due({ until: hall.start + DAY, limit: 9 })).due, [])
  hall.engine.runtime.assertNoErrors()
})

test('what the store could not take is made when it is back, once', async (t) => {
  const hall = await open(t)
  const schedule = await hall.add()
  let away = true
  hall.engine.store.failCommit = () => (away ? new StoreUnavailable('away') : null)
  await hall.engine.runtime.advance(2.5 * MINUTE)
  assert.equal(await hall.messages(), 0)
  away = false
  await hall.engine.runtime.advance(1_000)
  assert.deepEqual(await hall.ran(schedule), upTo(2))
  assert.ok(hall.engine.runtime.errors().includes('schedules could not be run; they are tried again'))
})

test('a schedule that is due sooner than what it sleeps for wakes the scheduler', async (t) => {
  const hall = await open(t)
  await hall.add({ timing: { everyMs: DAY } })
  await hall.engine.runtime.advance(1_000)
  const soon = await hall.add({ timing: { at: hall.engine.runtime.now() + 1_500 } })
  await hall.engine.runtime.advance(1_500)
  assert.deepEqual(await hall.ran(soon), [2_500])
})

test('many schedules of many queues that are due at once are all run', async (t) => {
  const hall = await open(t)
  const queues = [hall.queue, await hall.engine.addQueue(), await hall.engine.addQueue()]
  const schedules = []
  for (let i = 0; i < 900; i++) schedules.push(await hall.add({}, queues[i % 3]!))
  await hall.engine.runtime.advance(2 * MINUTE)
  for (const schedule of schedules) assert.equal((await hall.details(schedule)).runCount, 2)
  hall.engine.runtime.assertNoErrors()
})
