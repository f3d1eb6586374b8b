import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CANNOT_MOVE } from '../../torture/servers/moved-clock.ts'
import { testDatabase } from '../support/postgres/postgres.ts'
import { type MovableServer, startMovableServer } from '../support/server/movable-server.ts'
import { type Received, startReceiver } from '../support/server/receiver.ts'
import { makeFolder } from '../support/server/server-process.ts'
import { waitFor } from '../support/wait-for.ts'

const HOUR = 3_600_000
const TWO_HOURS = 2 * HOUR
const timeout = 300_000
/** Long enough for what comes twice to come. */
const QUIET_MS = 2_500

const database = await testDatabase()
let schemas = 0

const databases: Record<string, (t: TestContext) => Record<string, string>> = {
  sqlite(t) {
    const folder = makeFolder()
    t.after(() => folder[Symbol.dispose]())
    return { DISCUE_DATABASE_URL: `sqlite:${join(folder.path, 'discue.db')}` }
  },
  postgres: () => ({ DISCUE_DATABASE_URL: database.url, DISCUE_DATABASE_SCHEMA: `moved_${++schemas}` }),
}

interface Run {
  due_at: number
  message_id: string | null
  skipped?: { count: number; reason: string }
}

/** A queue with a listener that fails for the first attempt at each `retry`, and one with a listener that pulls. */
async function prepare(moved: MovableServer) {
  const call = async (method: string, path: string, body?: object) => {
    const answer = await moved.client.call(method, path, body)
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  let alive = true
  const failed = new Set<string>()
  const receiver = await startReceiver((request, response) => {
    const isFirst = request.body === 'retry' && !failed.has(request.body)
    if (isFirst) failed.add(request.body)
    response.statusCode = request.path === '/alive' ? (alive ? 200 : 503) : isFirst ? 500 : 200
    response.end()
  })
  const add = async (name: string, listener: object) => {
    const queue: string = (await call('POST', '/queues', { name })).queue.id
    const { id } = (await call('POST', `/queues/${queue}/listeners`, { name: 'l', ...listener })).listener
    return { at: `/queues/${queue}`, listener: `/queues/${queue}/listeners/${id}` }
  }
  const retry = { max_attempts: 5, initial_delay: HOUR, max_delay: HOUR, multiplier: 1 }
  const pushed = await add('pushed', { notify_url: `${receiver.url}/hook`, retry })
  const down = await add('down', { notify_url: `${receiver.url}/down`, liveness_url: `${receiver.url}/alive` })
  const pulled = await add('pulled', {})
  const bodies = (path: string) => receiver.received.filter((it) => it.path === path).map((it: Received) => it.body)
  return {
    call,
    pushed,
    pulled,
    down,
    setAlive(is: boolean) {
      alive = is
    },
    post: (to: { at: string }, body: object) => call('POST', `${to.at}/messages`, body),
    pull: async (body: object) => (await call('POST', `${pulled.listener}/pull`, body)).messages as { id: string }[],
    schedule: (name: string, body: object) => call('POST', `${pushed.at}/schedules`, { name, data: name, ...body }),
    runs: async (id: string) => (await call('GET', `${pushed.at}/schedules/${id}/runs`)).runs as Run[],
    hook: () => bodies('/hook'),
    countOf: (body: string) => bodies('/hook').filter((it) => it === body).length,
    downCount: () => bodies('/down').length,
    state: async () => (await call('GET', down.listener)).listener.liveness.state as string,
  }
}

/** What waits for an hour, in every way in which something waits. */
async function waitForAnHour(moved: MovableServer) {
  const it = await prepare(moved)
  await it.post(it.pushed, { data: 'delayed', delay: HOUR })
  await it.post(it.pushed, { data: 'retry' })
  await it.post(it.pulled, { data: 'leased' })
  assert.equal((await it.pull({ lease: HOUR })).length, 1)
  await waitFor('the first attempt of the retry', () => it.countOf('retry'), 1)
  it.setAlive(false)
  await waitFor('the listener to be down', async () => (await it.state()) === 'down')
  await it.post(it.down, { data: 'waits' })
  it.setAlive(true)
  const once = (await it.schedule('once', { at: moved.now() + HOUR })).schedule.id
  // Last, because the newest due time of it must be less than a minute past when the clock has been moved.
  const hourly = (await it.schedule('hourly', { every: HOUR })).schedule.id
  return { ...it, hourly, once }
}

async function expectAllOnce(it: Awaited<ReturnType<typeof waitForAnHour>>): Promise<void> {
  await waitFor('the delayed message', () => it.countOf('delayed'), 1)
  await waitFor('the retry', () => it.countOf('retry'), 2)
  await waitFor('the hourly schedule', () => it.countOf('hourly'), 1)
  await waitFor('what is due once', () => it.countOf('once'), 1)
  await waitFor('what waited for a listener that is back', () => it.downCount(), 1)
  const again = await it.pull({ wait: 30_000 })
  assert.equal(again.length, 1, 'the lease has run out, and the message is to be had')
  await sleep(QUIET_MS)
  assert.deepEqual(['delayed', 'retry', 'hourly', 'once'].map(it.countOf), [1, 2, 1, 1])
  assert.equal(it.downCount(), 1)
  const [latest, skipped] = await it.runs(it.hourly)
  assert.ok(latest!.message_id !== null, 'the newest due time is less than a minute past')
  assert.deepEqual([skipped!.skipped?.count, skipped!.skipped?.reason], [1, 'no server was running'])
}

for (const [label, environment] of Object.entries(databases)) {
  describe(`a server on ${label} whose clock is moved`, { skip: CANNOT_MOVE ?? false }, () => {
    test('two hours ahead: all that is due by the clock is done, once', { timeout }, async (t) => {
      const moved = await startMovableServer(t, { aheadMs: 0, env: environment(t) })
      const it = await waitForAnHour(moved)
      moved.setAhead(TWO_HOURS)
      await expectAllOnce(it)
    })

    test('two hours ahead while the machine sleeps: the same', { timeout }, async (t) => {
      const moved = await startMovableServer(t, { aheadMs: 0, env: environment(t) })
      const it = await waitForAnHour(moved)
      await moved.sleepUntilAhead(TWO_HOURS)
      await expectAllOnce(it)
    })

    test('two hours back: what comes from then on is done at its time, and nothing twice', { timeout }, async (t) => {
      const moved = await startMovableServer(t, { aheadMs: 0, env: environment(t) })
      await expectGoingOn(moved, { aheadMs: -TWO_HOURS })
    })

    test('ahead at the start and then put right: the same', { timeout }, async (t) => {
      const moved = await startMovableServer(t, { aheadMs: TWO_HOURS, env: environment(t) })
      await expectGoingOn(moved, { aheadMs: 0 })
    })
  })
}

/** Schedules, delayed messages, leases and checks go on after the clock went back. */
async function expectGoingOn(moved: MovableServer, { aheadMs }: { aheadMs: number }): Promise<void> {
  const it = await prepare(moved)
  const before = (await it.schedule('ticks', { every: 1_000 })).schedule.id
  await waitFor('some runs', () => it.countOf('ticks') >= 3)
  await it.post(it.pulled, { data: 'leased' })
  moved.setAhead(aheadMs)
  // The library looks for the new time once a second, and the server for a leap.
  await sleep(3_000)
  const ran = it.countOf('ticks')
  await waitFor('more runs of the schedule', () => it.countOf('ticks') >= ran + 3)
  await it.post(it.pushed, { data: 'now' })
  await it.post(it.pushed, { data: 'delayed', delay: 2_000 })
  const once = (await it.schedule('once', { at: moved.now() + 2_000 })).schedule.id
  const fresh = (await it.schedule('fresh', { every: 1_000 })).schedule.id
  for (const body of ['now', 'delayed', 'once']) await waitFor(body, () => it.countOf(body), 1)
  await waitFor('runs of a schedule that was made afterwards', () => it.countOf('fresh') >= 3)
  assert.equal((await it.pull({ lease: 1_000, wait: 20_000 })).length, 1, 'what was accepted before is to be had')
  assert.equal((await it.pull({ wait: 30_000 })).length, 1, 'the lease has run out')
  it.setAlive(false)
  await waitFor('the listener to be down', async () => (await it.state()) === 'down')
  it.setAlive(true)
  await waitFor('the listener to be back', async () => (await it.state()) === 'stable')
  assert.deepEqual(['now', 'delayed', 'once'].map(it.countOf), [1, 1, 1])
  for (const id of [before, fresh, once]) {
    const dueAts = (await it.runs(id)).filter((run) => run.message_id !== null).map((run) => run.due_at)
    assert.equal(new Set(dueAts).size, dueAts.length)
  }
}
