import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { DeliverySettings } from '../../../src/core/delivery/listener.ts'
import type { Reply } from '../fake-sender.ts'
import { openTestEngine, type TestEngine } from '../test-engine.ts'

/** Longer than any pause that a receiver or a policy here asks for. */
const CALM_MS = 3 * 3_600_000
const RETRY = { maxAttempts: 6, initialDelayMs: 200, maxDelayMs: 60_000, multiplier: 3 }

/** How a receiver answers for a while. */
const mood = fc.constantFrom<(random: () => number) => Reply>(
  () => 200,
  () => 500,
  () => 'connection_refused',
  (random) => (random() < 0.5 ? 200 : 500),
  (random) => (random() < 0.1 ? { status: 503, directive: { retryAfterMs: 30_000 } } : 200),
  () => ({ status: 429, directive: { retryAfterMs: 5_000 } }),
  (random) => (random() < 0.2 ? { status: 400, directive: { noRetry: true } } : 200),
  (random) => (random() < 0.3 ? 410 : 200),
)

type Step =
  | { does: 'post'; count: number }
  | { does: 'wait'; ms: number }
  | { does: 'answer'; mood: (random: () => number) => Reply }
  | { does: 'check'; alive: boolean }
  | { does: 'change'; settings: Partial<DeliverySettings> }
  | { does: 'pause'; paused: boolean }
  | { does: 'judge'; byChecks: boolean }
  | { does: 'sweep' }

const settings = fc.constantFrom<Partial<DeliverySettings>>(
  { status: 'disabled' },
  { status: 'enabled' },
  { maxConcurrency: 1 },
  { maxConcurrency: 50 },
  { rateLimit: { requests: 20, perMs: 1_000 } },
  { rateLimit: null },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('post' as const), count: fc.integer({ min: 1, max: 60 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('wait' as const), ms: fc.constantFrom(1, 300, 2_000, 10_000, 60_000) }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('answer' as const), mood }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('check' as const), alive: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('change' as const), settings }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('pause' as const), paused: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('judge' as const), byChecks: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('sweep' as const) }) },
)

async function take(engine: TestEngine, given: Awaited<ReturnType<typeof furnished>>, it: Step): Promise<void> {
  const { queue, fixture } = given
  const change = async (changes: Parameters<TestEngine['store']['listeners']['update']>[0]['changes']) => {
    const { organizationId, queueId, id } = given.listener
    const ask = { organizationId, queueId, id, changes, now: engine.runtime.now() }
    const changed = await engine.store.listeners.update(ask)
    assert.ok(typeof changed === 'object')
  }
  if (it.does === 'post') given.messages.push(...(await engine.postMany(queue, it.count)))
  else if (it.does === 'wait') await engine.runtime.advance(it.ms)
  else if (it.does === 'answer') fixture.mood = it.mood
  else if (it.does === 'check') fixture.alive = it.alive
  else if (it.does === 'change') await change({ settings: it.settings })
  else if (it.does === 'pause') await engine.pause(queue, it.paused)
  else if (it.does === 'judge') await change({ livenessUrl: it.byChecks ? 'http://listener.test/alive' : null })
  else await engine.dispatcher.sweep()
}

async function furnished(engine: TestEngine) {
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { retry: RETRY })
  const fixture = { mood: (() => 200) as (random: () => number) => Reply, alive: true }
  engine.sender.reply = () => fixture.mood(engine.runtime.random)
  engine.sender.alive = () => (fixture.alive ? 200 : 503)
  await engine.checker.scan()
  return { queue, listener, fixture, messages: [] as Awaited<ReturnType<TestEngine['postMany']>> }
}

async function walk(t: TestContext, steps: Step[]): Promise<void> {
  const engine = await openTestEngine(t)
  const given = await furnished(engine)
  for (const it of steps) await take(engine, given, it)
  const calm: Step[] = [
    { does: 'answer', mood: () => 200 },
    { does: 'check', alive: true },
    // What is on its way comes first: a 410 disables what was enabled before it.
    { does: 'wait', ms: 1 },
    { does: 'pause', paused: false },
    { does: 'change', settings: { status: 'enabled', rateLimit: null } },
    { does: 'sweep' },
    { does: 'wait', ms: CALM_MS },
  ]
  for (const it of calm) await take(engine, given, it)
  // What one listener takes one at a time needs many turns in which no time passes.
  for (let left = 0; left !== engine.sender.sent.length; ) {
    left = engine.sender.sent.length
    await engine.runtime.advance(1_000)
  }

  const acknowledged = new Set<string>()
  for (const sent of engine.sender.sent) {
    assert.ok(!acknowledged.has(sent.id), 'what was acknowledged is never sent again')
    if (sent.status === 200) acknowledged.add(sent.id)
  }
  for (const message of given.messages) {
    const [delivery] = await engine.deliveriesOf(message)
    assert.ok(delivery!.status === 'delivered' || delivery!.status === 'missed', `${message.id} is ${delivery!.status}`)
    assert.equal(delivery!.status === 'delivered', acknowledged.has(message.id))
  }
  assert.equal(engine.store.leased(), 0)
  engine.checker.stop()
  await engine.dispatcher.stop()
  engine.runtime.assertNoErrors()
}

test('whatever a receiver does, and whatever is asked of its listener, nothing is lost, stuck or sent in vain', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => walk(t, steps)),
    { seed: 11, numRuns: 40 },
  )
})
