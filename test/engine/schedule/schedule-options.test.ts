import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { createQueueDirectory } from '../../../src/app/caches/queue-directory.ts'
import { createSchemaChecks } from '../../../src/app/caches/schema-checks.ts'
import type { Acceptor } from '../../../src/app/deps.ts'
import type { Queue } from '../../../src/core/delivery/queue.ts'
import { runAtOf } from '../../../src/core/schedule/jitter.ts'
import { firstDue, type Schedule } from '../../../src/core/schedule/schedule.ts'
import { createLoop } from '../../../src/engine/loop.ts'
import { RENEW_EVERY_MS } from '../../../src/engine/push/dispatcher.ts'
import { createScheduler } from '../../../src/engine/schedule/scheduler.ts'
import { StoreUnavailable } from '../../../src/store/store.ts'
import { createMake } from '../../store/make.ts'
import { cronCache } from '../../support/cron-cache.ts'
import { openTestEngine, type TestEngine } from '../test-engine.ts'
import { onBothStores } from '../time/on-both-stores.ts'

const MINUTE = 60_000
const PENDING = 'the message before it was still pending'
const make = createMake()

function run(
  engine: TestEngine,
  t: TestContext,
  what: { node?: string; store?: Pick<TestEngine['store'], 'schedules'>; acceptor?: Acceptor } = {},
) {
  const { store, acceptor, runtime } = engine
  const parts = { directory: createQueueDirectory(store), schemaChecks: createSchemaChecks(), cronCache }
  const { node = 'node-1', ...between } = what
  const scheduler = createScheduler({ ...parts, store, acceptor, runtime, node, ...between })
  scheduler.start()
  t.after(() => scheduler.stop())
  return scheduler
}

async function add({ store, runtime }: TestEngine, queue: Queue, what: Partial<Schedule>): Promise<Schedule> {
  const now = runtime.now()
  const schedule = make.schedule(queue, { id: runtime.newId(), createdAt: now, timing: { everyMs: MINUTE }, ...what })
  const nextAt = runAtOf(schedule, firstDue(schedule, now, cronCache)!, cronCache)
  assert.equal(await store.schedules.create(schedule, nextAt), 'created')
  return schedule
}

/** In order: each due time that made a message, in minutes; `[count, first, last]` of those passed over by overlap. */
async function history({ store }: TestEngine, { organizationId, queueId, id }: Schedule, start: number) {
  const ask = { organizationId, queueId, id, before: null, offset: 0, limit: 10_000 }
  const minute = (time: number) => (time - start) / MINUTE
  return (await store.schedules.runs(ask))!.reverse().map(({ dueAt, messageId, error, skipped }) => {
    if (skipped === null) return messageId === null ? `failed: ${error}` : minute(dueAt)
    assert.ok(error === PENDING && messageId === null)
    return [skipped.count, minute(skipped.firstAt), minute(dueAt)]
  })
}

/** Another server on the same database. */
async function next(engine: TestEngine, t: TestContext, startAt: number): Promise<TestEngine> {
  await engine.store.deliveries.release({ node: 'node-1' })
  const after = await openTestEngine(t, { after: engine, node: 'node-2', startAt })
  await after.dispatcher.renewLeases()
  return after
}

onBothStores('a due time is passed over while the message before is pending, with the reason', async (engine, t) => {
  const start = engine.runtime.now()
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const skipping = await add(engine, queue, { overlap: 'skip', key: 'k', messageName: 'm' })
  const allowing = await add(engine, queue, { overlap: 'allow' })
  run(engine, t).dueAt(start + MINUTE)
  await engine.runtime.advance(3.5 * MINUTE)
  assert.deepEqual(await history(engine, skipping, start), [1, [1, 2, 2], [1, 3, 3]])
  for (const sent of engine.sender.open()) sent.answer(200)
  await engine.runtime.advance(2 * MINUTE)
  assert.deepEqual(await history(engine, skipping, start), [1, [1, 2, 2], [1, 3, 3], 4, [1, 5, 5]])
  assert.deepEqual(await history(engine, allowing, start), [1, 2, 3, 4, 5])
  const { organizationId, queueId, id } = skipping
  const { runCount, lastRunAt, lastMessageId } = (await engine.store.schedules.get({ organizationId, queueId, id }))!
  assert.deepEqual([runCount, lastRunAt], [2, start + 4 * MINUTE])
  const { message } = (await engine.store.messages.get({ organizationId, queueId, id: lastMessageId! }))!
  assert.deepEqual([message.key, message.name], ['k', 'm'])
})

onBothStores('a jump of the clock passes nothing over that is delivered within it', async (engine, t) => {
  const start = engine.runtime.now()
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  engine.sender.reply = () => 200
  const skipping = await add(engine, queue, { overlap: 'skip' })
  const other = await add(engine, queue, {})
  run(engine, t).dueAt(start + MINUTE)
  await engine.runtime.advance(20 * MINUTE)
  const all = Array.from({ length: 20 }, (_, n) => n + 1)
  assert.deepEqual(await history(engine, skipping, start), all)
  assert.deepEqual(await history(engine, other, start), all)
})

onBothStores(
  'of what is caught up, the first runs, and the rest is passed over while it is pending',
  async (engine, t) => {
    const start = engine.runtime.now()
    const queue = await engine.addQueue()
    await engine.addListener(queue)
    const all = await add(engine, queue, { overlap: 'skip', catchUp: 'all' })
    const last = await add(engine, queue, { overlap: 'skip', catchUp: 'last' })
    const after = await next(engine, t, start + 7.5 * MINUTE)
    run(after, t, { node: 'node-2' })
    // So long it takes to find out that the node before is gone.
    await after.runtime.advance(20_000)
    assert.deepEqual(await history(after, all, start), [1, [6, 2, 7]])
    const [missed, newest] = (await after.store.schedules.runs({
      ...last,
      before: null,
      offset: 0,
      limit: 9,
    }))!.reverse()
    assert.deepEqual([missed!.error, missed!.skipped!.count], ['no server was running', 6])
    assert.equal(newest!.dueAt, start + 7 * MINUTE)
  },
)

onBothStores('a message that becomes pending again between the look and the commit is noticed', async (engine, t) => {
  const start = engine.runtime.now()
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const schedule = await add(engine, queue, { overlap: 'skip' })
  const { schedules } = engine.store
  let looks = 0
  const wrong = async (ask: Parameters<typeof schedules.withPendingMessage>[0]) => {
    looks += 1
    const pending = await schedules.withPendingMessage(ask)
    // Each first look of a due time says the opposite of what is so when its step is written.
    return looks % 2 === 0 ? pending : ask.scheduleIds.filter((id) => !pending.includes(id))
  }
  const asked = new Proxy(schedules, {
    get: (target, name, receiver) => (name === 'withPendingMessage' ? wrong : Reflect.get(target, name, receiver)),
  })
  run(engine, t, { store: { schedules: asked } }).dueAt(start + MINUTE)
  await engine.runtime.advance(3 * MINUTE)
  assert.deepEqual(await history(engine, schedule, start), [1, [1, 2, 2], [1, 3, 3]])
  assert.equal(looks, 6)
})

onBothStores('two nodes make each message once or pass it over once', async (engine, t) => {
  const start = engine.runtime.now()
  const queue = await engine.addQueue()
  await engine.addListener(queue)
  const other = await openTestEngine(t, { after: engine, node: 'node-2' })
  await other.dispatcher.renewLeases()
  const { runtime, dispatcher } = other
  const renewal = createLoop({ name: 'leases', tick: dispatcher.renewLeases, idleMs: RENEW_EVERY_MS, runtime })
  if (other.store.shared) renewal.start()
  t.after(renewal.stop)
  const skipping = await add(engine, queue, { overlap: 'skip' })
  const jittered = await add(engine, queue, { overlap: 'skip', jitterMs: 30_000 })
  for (const [one, node] of [
    [engine, 'node-1'],
    [other, 'node-2'],
  ] as const) {
    run(one, t, { node }).dueAt(start + MINUTE)
  }
  for (let minute = 0; minute < 6; minute++) {
    await Promise.all([engine.runtime.advance(MINUTE / 2), other.runtime.advance(MINUTE / 2)])
    await Promise.all([engine.runtime.advance(MINUTE / 2), other.runtime.advance(MINUTE / 2)])
    if (minute === 3) for (const sent of [...engine.sender.open(), ...other.sender.open()]) sent.answer(200)
  }
  assert.deepEqual(await history(engine, skipping, start), [1, [1, 2, 2], [1, 3, 3], [1, 4, 4], 5, [1, 6, 6]])
  // What was answered at the fourth minute, its fourth due time comes after.
  assert.deepEqual(await history(engine, jittered, start), [1, [1, 2, 2], [1, 3, 3], 4, [1, 5, 5]])
  assert.ok(runAtOf(jittered, start + 4 * MINUTE, cronCache) > start + 4 * MINUTE)
})

onBothStores(
  'with jitter each due time runs later by its own, in order, and the last one by its end',
  async (engine, t) => {
    const start = engine.runtime.now()
    const queue = await engine.addQueue()
    await engine.addListener(queue)
    engine.sender.reply = () => 200
    const schedule = await add(engine, queue, { jitterMs: MINUTE / 2, endsAt: start + 10 * MINUTE })
    run(engine, t)
    for (let step = 0; step < 22; step++) await engine.runtime.advance(MINUTE / 2)
    const dueAts = Array.from({ length: 10 }, (_, n) => start + (n + 1) * MINUTE)
    assert.deepEqual(
      await history(engine, schedule, start),
      dueAts.map((dueAt) => (dueAt - start) / MINUTE),
    )
    assert.deepEqual(
      engine.sender.sent.map(({ at }) => at),
      dueAts.map((dueAt) => runAtOf(schedule, dueAt, cronCache)),
    )
    const { organizationId, queueId, id } = schedule
    assert.equal((await engine.store.schedules.get({ organizationId, queueId, id }))!.nextAt, null)
  },
)

onBothStores(
  'a server that dies between deciding and writing, or right after, changes neither what runs nor when',
  async (engine, t) => {
    const start = engine.runtime.now()
    const queue = await engine.addQueue()
    const schedule = await add(engine, queue, { jitterMs: MINUTE / 2, catchUp: 'all' })
    const [first, second] = [1, 2].map((minute) => runAtOf(schedule, start + minute * MINUTE, cronCache)) as [
      number,
      number,
    ]
    // The first due time is written, and its answer lost; of the second nothing is.
    let tries = 0
    const accept: Acceptor['accept'] = async (...asked) => {
      tries += 1
      if (tries === 1) await engine.acceptor.accept(...asked)
      throw new StoreUnavailable('the process dies here')
    }
    const dying = run(engine, t, { acceptor: { ...engine.acceptor, accept } })
    dying.dueAt(first)
    await engine.runtime.advance(first - start)
    await engine.runtime.advance(second - first)
    await dying.stop()
    assert.ok(tries >= 2)
    engine.runtime.lines.splice(0)
    const after = await next(engine, t, second)
    run(after, t, { node: 'node-2' })
    await after.runtime.advance(start + 4 * MINUTE - second)
    const ask = { organizationId: queue.organizationId, queueId: queue.id, only: null, before: null, offset: 0 }
    const listed = await after.store.messages.list({ ...ask, limit: 100, full: false })
    const times = listed.map(({ message }) => message.createdAt).reverse()
    const ranAts = [1, 2, 3].map((minute) => runAtOf(schedule, start + minute * MINUTE, cronCache))
    assert.deepEqual(times, ranAts)
    assert.deepEqual(await history(after, schedule, start), [1, 2, 3])
  },
)

onBothStores(
  'each delivery says which schedule and which due time it is of, when it is tried again and redelivered, too',
  async (engine, t) => {
    const start = engine.runtime.now()
    const queue = await engine.addQueue()
    await engine.addListener(queue)
    const what = {
      catchUp: 'all' as const,
      jitterMs: MINUTE / 2,
      headers: '{"X-Team":"billing"}',
      expiresInMs: 60 * MINUTE,
    }
    const schedule = await add(engine, queue, what)
    const after = await next(engine, t, start + 3.75 * MINUTE)
    after.sender.reply = () => 500
    const scheduler = run(after, t, { node: 'node-2' })
    await after.runtime.advance(20_000)
    await scheduler.stop()
    const { schedules, messages } = after.store
    const { organizationId, queueId, id } = schedule
    const { nextAt, revision } = (await schedules.get({ organizationId, queueId, id }))!
    await schedules.replace({ schedule: { ...schedule, name: 'renamed' }, nextAt, expected: { nextAt, revision } })
    await after.runtime.advance(MINUTE)
    await schedules.delete({ organizationId, queueId, id })
    await after.runtime.advance(3 * MINUTE)
    const ask = { organizationId, queueId, only: null, before: null, offset: 0, limit: 100, full: false }
    const listed = (await messages.list(ask)).map(({ message }) => message).reverse()
    assert.ok(listed.every(({ createdAt, expiresAt }) => expiresAt === createdAt + 60 * MINUTE))
    const made = listed.map((message) => message.id)
    // Those that were made together are stored in the order of their due times, too.
    const sequences = listed.map(({ sequence }) => sequence)
    assert.deepEqual(
      sequences,
      sequences.toSorted((a, b) => a - b),
    )
    assert.ok(made.length >= 3)
    for (const [index, messageId] of made.slice(0, 3).entries()) {
      const sent = after.sender.sent.filter((it) => it.id === messageId)
      assert.ok(sent.length >= 3, 'it was tried again')
      const dueAt = new Date(start + (index + 1) * MINUTE).toISOString()
      for (const it of sent) {
        const headers = ['X-Team', 'discue-schedule', 'discue-due-at'].map(it.header)
        assert.deepEqual(headers, ['billing', schedule.name, dueAt])
      }
    }
  },
)
