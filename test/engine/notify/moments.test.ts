import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createQueueDirectory } from '../../../src/app/caches/queue-directory.ts'
import { DEFAULT_RETRY_POLICY } from '../../../src/core/delivery/retry-policy.ts'
import { createMoments } from '../../../src/engine/notify/moments.ts'
import { openTestEngine } from '../test-engine.ts'

const MINUTE_MS = 60_000

async function openLog(t: TestContext) {
  const lines: [string, string, Record<string, unknown>][] = []
  const note = (level: string) => (fields: object, message: string) => {
    lines.push([level, message, fields as Record<string, unknown>])
  }
  const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  let now = 1_000 * MINUTE_MS
  const runtime = { now: () => now, log }
  const counters = { failedScheduleRuns: 0 }
  const moments = createMoments({
    counters,
    store: engine.store,
    directory: createQueueDirectory(engine.store),
    runtime,
  })
  return {
    ...{ engine, queue, moments },
    pass: (ms: number) => {
      now += ms
    },
    /** What was written since, each by its level and type. */
    async written() {
      await moments.tick()
      return lines.splice(0)
    },
    async types() {
      await moments.tick()
      return lines.splice(0).map(([level, , { type }]) => `${level} ${type}`)
    },
  }
}

test('a listener that goes down and is back is in the log, by its name and its queue', async (t) => {
  const { engine, queue, moments, written } = await openLog(t)
  const { id, name, organizationId } = await engine.addListener(queue)
  moments.state(id, 'unstable')
  assert.deepEqual(await written(), [])
  moments.state(id, 'down')
  const fields = { listener: name, listenerId: id, queue: queue.name, queueId: queue.id, organizationId }
  assert.deepEqual(await written(), [['warn', 'a listener is down', { type: 'listener.down', ...fields }]])
  moments.state(id, 'down')
  assert.deepEqual(await written(), [])
  moments.state(id, 'unstable')
  assert.deepEqual(await written(), [['info', 'a listener is back', { type: 'listener.up', ...fields }]])
})

test('one that flaps has a line a minute, and one that is back before the log was written has none', async (t) => {
  const { engine, queue, moments, types, pass } = await openLog(t)
  const { id } = await engine.addListener(queue)
  moments.state(id, 'down')
  moments.state(id, 'stable')
  assert.deepEqual(await types(), [])
  moments.state(id, 'down')
  assert.deepEqual(await types(), ['warn listener.down'])
  moments.state(id, 'stable')
  assert.deepEqual(await types(), ['info listener.up'])
  moments.state(id, 'down')
  assert.deepEqual(await types(), [])
  pass(MINUTE_MS)
  assert.deepEqual(await types(), ['warn listener.down'])
})

test('missed deliveries of a minute are one line with their number', async (t) => {
  const { engine, queue, moments, written, pass } = await openLog(t)
  const { id } = await engine.addListener(queue)
  const counts = async () => (await written()).map(([, , { count }]) => count)
  moments.missed(id)
  assert.deepEqual(await counts(), [1])
  for (let count = 0; count < 5; count++) moments.missed(id)
  assert.deepEqual(await counts(), [])
  pass(MINUTE_MS)
  assert.deepEqual(await counts(), [5])
})

test('a listener that was disabled, a schedule that failed and a limit that was reached say why', async (t) => {
  const { engine, queue, moments, written } = await openLog(t)
  const { id, organizationId } = queue
  const listener = await engine.addListener(queue)
  moments.disabled(listener, 'the listener answered 410 Gone')
  moments.scheduleFailed({ id: 's', name: 'nightly', organizationId, queueId: id }, 5, '/data must be JSON')
  moments.quotaReached(organizationId, { limit: 'storedMessages', value: 10 })
  const said = (await written()).map(([, , fields]) => fields)
  assert.deepEqual(
    said.map(({ type, reason, error, quota }) => [type, reason ?? error ?? quota]),
    [
      ['listener.disabled', 'the listener answered 410 Gone'],
      ['schedule.failed', '/data must be JSON'],
      ['quota.reached', 'stored_messages'],
    ],
  )
  assert.deepEqual([said[0]?.queue, said[1]?.queue], [queue.name, queue.name])
})

test('of a storm sixty lines are written in a minute, and the rest as one', async (t) => {
  const { queue, moments, types, pass } = await openLog(t)
  for (let count = 0; count < 100; count++) moments.missed(`listener-${count}`)
  assert.equal((await types()).length, 60)
  assert.deepEqual(await types(), [])
  pass(MINUTE_MS)
  assert.deepEqual(await types(), ['warn suppressed'])
  assert.deepEqual(await types(), [])
  assert.equal(queue.paused, false)
})

test('what waits to be written has a bound', async (t) => {
  const { moments, types, pass } = await openLog(t)
  for (let count = 0; count < 100_000; count++) {
    moments.missed(`m${count}`)
    moments.state(`s${count}`, 'down')
  }
  assert.equal((await types()).length, 60)
  pass(MINUTE_MS)
  // All the others of two thousand were counted.
  assert.deepEqual(await types(), ['warn suppressed'])
})

test('the log hears of listeners from what carries deliveries: down by their breaker, missed, and answered 410', async (t) => {
  const heard: string[] = []
  const note =
    (what: string) =>
    (it: string | { id: string }): void =>
      void heard.push(`${what} ${typeof it === 'string' ? it : it.id}`)
  const moments = { state: note('state'), missed: note('missed'), disabled: note('disabled') }
  const engine = await openTestEngine(t, { moments })
  const queue = await engine.addQueue()
  const retry = { ...DEFAULT_RETRY_POLICY, maxAttempts: 1 }
  const failing = await engine.addListener(queue, { retry }, { livenessUrl: null })
  const gone = await engine.addListener(queue, {}, { livenessUrl: null })
  engine.sender.reply = ({ url }) => (url === gone.notifyUrl ? 410 : 500)
  await engine.postMany(queue, 60)
  await engine.runtime.advance(2_000)
  assert.ok(heard.includes(`state ${failing.id}`), 'state')
  assert.ok(heard.includes(`missed ${failing.id}`), 'missed')
  assert.ok(heard.includes(`disabled ${gone.id}`), 'disabled')
})
