import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { DeliverySettings } from '../../src/core/listener.ts'
import type { Reply } from './fake-sender.ts'
import { type Office, openOffice } from './office.ts'

/** Longer than any pause that a receiver or a policy here asks for. */
const CALM_MS = 3 * 3_600_000
const RETRY = { maxAttempts: 6, initialDelayMs: 200, maxDelayMs: 60_000, multiplier: 3 }

/** How a receiver answers for a while. */
const mood = fc.constantFrom<(random: () => number) => Reply>(
  () => 200,
  () => 500,
  () => 'connection_refused',
  (random) => (random() < 0.5 ? 200 : 500),
  (random) => (random() < 0.1 ? { status: 503, wish: { retryAfterMs: 30_000 } } : 200),
  () => ({ status: 429, wish: { retryAfterMs: 5_000 } }),
  (random) => (random() < 0.2 ? { status: 400, wish: { noRetry: true } } : 200),
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

async function take(office: Office, given: Awaited<ReturnType<typeof furnished>>, it: Step): Promise<void> {
  const { queue, world } = given
  const change = async (changes: Parameters<Office['store']['listeners']['update']>[0]['changes']) => {
    const { organizationId, queueId, id } = given.listener
    const ask = { organizationId, queueId, id, changes, now: office.runtime.now() }
    const changed = await office.store.listeners.update(ask)
    assert.ok(typeof changed === 'object')
    office.carrier.listenerChanged(changed)
  }
  if (it.does === 'post') given.messages.push(...(await office.postMany(queue, it.count)))
  else if (it.does === 'wait') await office.runtime.advance(it.ms)
  else if (it.does === 'answer') world.mood = it.mood
  else if (it.does === 'check') world.alive = it.alive
  else if (it.does === 'change') await change({ settings: it.settings })
  else if (it.does === 'pause') await office.pause(queue, it.paused)
  else if (it.does === 'judge') await change({ livenessUrl: it.byChecks ? 'http://listener.test/alive' : null })
  else await office.dispatcher.sweep()
}

async function furnished(office: Office) {
  const queue = await office.addQueue()
  const listener = await office.addListener(queue, { retry: RETRY })
  const world = { mood: (() => 200) as (random: () => number) => Reply, alive: true }
  office.sender.reply = () => world.mood(office.runtime.random)
  office.sender.alive = () => (world.alive ? 200 : 503)
  await office.checker.scan()
  return { queue, listener, world, messages: [] as Awaited<ReturnType<Office['postMany']>> }
}

async function walk(t: TestContext, steps: Step[]): Promise<void> {
  const office = await openOffice(t)
  const given = await furnished(office)
  for (const it of steps) await take(office, given, it)
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
  for (const it of calm) await take(office, given, it)
  // What one listener takes one at a time needs many turns in which no time passes.
  for (let left = 0; left !== office.sender.sent.length; ) {
    left = office.sender.sent.length
    await office.runtime.advance(1_000)
  }

  const acknowledged = new Set<string>()
  for (const sent of office.sender.sent) {
    assert.ok(!acknowledged.has(sent.id), 'what was acknowledged is never sent again')
    if (sent.status === 200) acknowledged.add(sent.id)
  }
  for (const message of given.messages) {
    const [delivery] = await office.deliveriesOf(message)
    assert.ok(delivery!.status === 'delivered' || delivery!.status === 'missed', `${message.id} is ${delivery!.status}`)
    assert.equal(delivery!.status === 'delivered', acknowledged.has(message.id))
  }
  assert.equal(office.store.leased(), 0)
  office.checker.stop()
  await office.dispatcher.stop()
  office.runtime.assertNoErrors()
}

test('whatever a receiver does, and whatever is asked of its listener, nothing is lost, stuck or sent in vain', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => walk(t, steps)),
    { seed: 11, numRuns: 40 },
  )
})
