import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { DeliverySettings } from '../../../src/core/delivery/listener.ts'
import type { RetryPolicy } from '../../../src/core/delivery/retry-policy.ts'
import { LANE_CAPACITY } from '../../../src/engine/push/lane-buffer.ts'
import { DELIVERY_BYTES, MemoryShare } from '../../../src/engine/push/memory-share.ts'
import { StoreUnavailable } from '../../../src/store/store.ts'
import { idsOf, type OfficeOptions, openTestEngine, type TestEngine } from '../test-engine.ts'

const ONCE: RetryPolicy = { maxAttempts: 1, initialDelayMs: 1_000, maxDelayMs: 1_000, multiplier: 1 }
const LANE_BYTES = 4 * 1024 * 1024
const RETRY_CLAIM_MS = 1_000

/** Delays without surprises: 1 s, 2 s, 4 s, …, each within a fifth of it. */
const RETRY: RetryPolicy = { maxAttempts: 4, initialDelayMs: 1_000, maxDelayMs: 60_000, multiplier: 2 }

async function openLane(t: TestContext, settings?: Partial<DeliverySettings>, options?: OfficeOptions) {
  const engine = await openTestEngine(t, options)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, settings)
  return {
    ...engine,
    queue,
    listener,
    postTo: engine.post,
    post: () => engine.post(queue),
    postMany: (n: number) => engine.postMany(queue, n),
  }
}

/** Puts messages into the store without telling the lane, as a server does that died right after. */
async function storedBehind(
  { post }: { post(): Promise<{ id: string }> },
  engine: Pick<TestEngine, 'dispatcher'>,
  count: number,
) {
  const { reserve, waitUntil } = engine.dispatcher
  Object.assign(engine.dispatcher, { reserve: () => false, waitUntil: () => undefined })
  const stored = await Promise.all(Array.from({ length: count }, post))
  Object.assign(engine.dispatcher, { reserve, waitUntil })
  return stored
}

test('what the server cannot send for its proxy waits, uses up no attempt, and goes on gently once it is back', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const listener = await engine.addListener(queue, { retry: { ...ONCE, maxAttempts: 1 }, maxConcurrency: 4 })
  engine.sender.reply = () => 'proxy'
  const messages = await engine.postMany(queue, 10)
  await engine.runtime.advance(600_000)
  const tries = engine.sender.sent.length
  // Four at first, and one after each pause, of which the longest are half a minute.
  assert.ok(tries > 10 && tries < 40, `${tries} tries`)
  assert.ok(engine.sender.mostOpen <= 4)
  assert.equal((await engine.countersOf(listener)).missedCount, 0)
  assert.equal(engine.store.leased(), 0)
  assert.equal(engine.dispatcher.holdUpOf(listener.id), 'proxy')
  engine.sender.reply = () => 200
  await engine.runtime.advance(60_000)
  assert.equal((await engine.countersOf(listener)).acknowledgedCount, messages.length)
  for (const message of messages) assert.equal((await engine.deliveriesOf(message))[0]!.attempts, 1)
})

test('a token URL that gives no token uses up attempts like any other failure', async (t) => {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const retry = { maxAttempts: 2, initialDelayMs: 1_000, maxDelayMs: 1_000, multiplier: 1 }
  const listener = await engine.addListener(queue, { retry, circuitBreaker: false })
  engine.sender.reply = () => 'auth'
  const message = await engine.post(queue)
  await engine.runtime.advance(10_000)
  assert.deepEqual((await engine.countersOf(listener)).missedMessageIds, [message.id])
  assert.equal(engine.sender.sent.length, 2)
})

test('a delivery that an error of the server keeps from being sent is an attempt that failed, and frees its place', async (t) => {
  for (const broken of [() => Promise.reject(new Error('broken')), () => assert.fail('broken')]) {
    const engine = await openTestEngine(t, { maxInFlight: 1 })
    const queue = await engine.addQueue()
    const retry = { maxAttempts: 2, initialDelayMs: 1_000, maxDelayMs: 1_000, multiplier: 1 }
    const listener = await engine.addListener(queue, { retry, circuitBreaker: false, maxConcurrency: 1 })
    const { send } = engine.sender
    engine.sender.reply = () => 200
    engine.sender.send = broken
    const message = await engine.post(queue)
    await engine.runtime.advance(10_000)
    assert.deepEqual((await engine.countersOf(listener)).missedMessageIds, [message.id])
    engine.sender.send = send
    await engine.post(queue)
    await engine.runtime.advance(1_000)
    assert.equal((await engine.countersOf(listener)).acknowledgedCount, 1)
  }
})

test('no more attempts are on the wire than the listener wants', async (t) => {
  const lane = await openLane(t, { maxConcurrency: 3 })
  lane.sender.reply = () => 200
  await lane.postMany(50)
  await lane.runtime.until(() => lane.sender.sent.length === 50, 'everything is sent')
  assert.equal(lane.sender.mostOpen, 3)
})

test('an answer makes room for the next attempt at once, before it is written', async (t) => {
  const lane = await openLane(t, { maxConcurrency: 1 })
  const [, second] = await lane.postMany(2)
  await lane.runtime.rest()
  const release = lane.store.holdCommits()
  lane.sender.open()[0]!.answer(200)
  await lane.runtime.rest()
  assert.deepEqual(idsOf(lane.sender.open()), [second!.id])
  release()
})

test('what a full lane leaves in the store is sent in the order of acceptance, each exactly once', async (t) => {
  const lane = await openLane(t, { maxConcurrency: 8 })
  const messages = []
  for (let posted = 0; posted < 3_600; posted += 400) messages.push(...(await lane.postMany(400)))
  assert.ok(lane.store.leased() <= LANE_CAPACITY)
  lane.sender.reply = () => 200
  for (const sent of lane.sender.open()) sent.answer(200)
  await lane.runtime.until(() => lane.sender.sent.length >= messages.length, 'everything is sent')
  await lane.runtime.rest()
  assert.deepEqual(idsOf(lane.sender.sent), idsOf(messages))
  assert.equal((await lane.countersOf(lane.listener)).acknowledgedCount, messages.length)
  assert.equal(lane.store.leased(), 0)
  lane.runtime.assertNoErrors()
})

test('a full lane never holds more than it may while it catches up', async (t) => {
  const lane = await openLane(t)
  await lane.postMany(3_000)
  lane.sender.reply = () => 200
  for (const sent of lane.sender.open()) sent.answer(200)
  let most = 0
  await lane.runtime.until(() => {
    most = Math.max(most, lane.store.leased())
    return lane.sender.sent.length === 3_000
  }, 'everything is sent')
  assert.ok(most <= LANE_CAPACITY, `${most} in memory`)
})

test('messages that come while the lane is behind do not overtake those that wait in the store', async (t) => {
  const lane = await openLane(t, { maxConcurrency: 1 })
  const messages = await lane.postMany(2_200)
  lane.sender.reply = () => 200
  lane.sender.open()[0]!.answer(200)
  while (messages.length < 2_300) {
    messages.push(await lane.post())
    await new Promise((resolve) => setImmediate(resolve))
  }
  await lane.runtime.until(() => lane.sender.sent.length === 2_300, 'everything is sent')
  assert.deepEqual(idsOf(lane.sender.sent), idsOf(messages))
})

test('messages that come while a slow store is being asked do not overtake what it answers', async (t) => {
  const lane = await openLane(t, { maxConcurrency: 1 })
  const old = await storedBehind(lane, lane, 1_000)
  const release = lane.store.holdClaims()
  await lane.dispatcher.sweep()
  lane.sender.reply = () => 200
  const fresh = await lane.post()
  release()
  await lane.runtime.until(() => lane.sender.sent.length === 1_001, 'everything is sent')
  assert.deepEqual(idsOf(lane.sender.sent), idsOf([...old, fresh]))
})

test('a lane holds no more than it may where messages come while a slow store is being asked', async (t) => {
  const lane = await openLane(t)
  await storedBehind(lane, lane, 500)
  const release = lane.store.holdClaims()
  await lane.dispatcher.sweep()
  await lane.postMany(LANE_CAPACITY + 100)
  release()
  await lane.runtime.rest()
  assert.ok(lane.store.leased() <= LANE_CAPACITY, `${lane.store.leased()} in memory`)
})

test('once it has caught up, a lane takes messages from memory again', async (t) => {
  const lane = await openLane(t)
  lane.sender.reply = () => 200
  await storedBehind(lane, lane, 700)
  await lane.dispatcher.sweep()
  await lane.runtime.until(() => lane.sender.sent.length === 700, 'the backlog is sent')
  await lane.runtime.rest()
  const claims = lane.store.claims.length
  await lane.postMany(100)
  await lane.runtime.until(() => lane.sender.sent.length === 800, 'the fresh ones are sent')
  assert.equal(lane.store.claims.length, claims)
})

test('a failed attempt is made again after its backoff and not before', async (t) => {
  const lane = await openLane(t, { retry: RETRY })
  lane.sender.reply = ({ attempt }) => (attempt < 4 ? 500 : 200)
  const start = lane.runtime.now()
  const message = await lane.post()
  await lane.runtime.advance(799)
  assert.equal(lane.sender.sent.length, 1)
  await lane.runtime.advance(60_000)
  const gaps = lane.sender.sent.map(({ at }, index) => at - (lane.sender.sent[index - 1]?.at ?? start))
  for (const [index, delay] of [0, 1_000, 2_000, 4_000].entries()) {
    assert.ok(
      gaps[index]! >= delay * 0.8 && gaps[index]! <= delay * 1.2,
      `attempt ${index + 1} after ${gaps[index]} ms`,
    )
  }
  const [delivery] = await lane.deliveriesOf(message)
  assert.deepEqual([delivery!.status, delivery!.attempts], ['delivered', 4])
})

test('the store says when the next attempt is due, and that is when it is made', async (t) => {
  const lane = await openLane(t, { retry: RETRY })
  lane.sender.reply = () => 'connection_refused'
  const message = await lane.post()
  await lane.runtime.rest()
  const nextAttemptAt = (await lane.deliveriesOf(message))[0]!.nextAttemptAt!
  await lane.runtime.advance(nextAttemptAt - lane.runtime.now() - 1)
  assert.equal(lane.sender.sent.length, 1)
  await lane.runtime.advance(1)
  assert.deepEqual([lane.sender.sent.length, lane.sender.sent[1]!.at], [2, nextAttemptAt])
})

test('every attempt carries its number and the time of the first', async (t) => {
  const lane = await openLane(t, { retry: RETRY })
  lane.sender.reply = () => 503
  const start = lane.runtime.now()
  await lane.post()
  await lane.runtime.advance(60_000)
  assert.deepEqual(
    lane.sender.sent.map((sent) => [sent.header('discue-attempt'), sent.header('discue-first-sent-at')]),
    ['1', '2', '3', '4'].map((number) => [number, String(start)]),
  )
  assert.equal(new Set(lane.sender.sent.map((sent) => sent.header('webhook-id'))).size, 1)
  assert.equal(new Set(lane.sender.sent.map((sent) => sent.header('webhook-timestamp'))).size, 4)
})

test('after the last attempt that the policy allows the delivery is missed, and never sent again', async (t) => {
  const lane = await openLane(t, { retry: RETRY })
  lane.sender.reply = () => 503
  const message = await lane.post()
  await lane.runtime.advance(86_400_000)
  assert.equal(lane.sender.sent.length, 4)
  const [delivery] = await lane.deliveriesOf(message)
  assert.deepEqual([delivery!.status, delivery!.attempts], ['missed', 4])
  assert.deepEqual((await lane.countersOf(lane.listener)).missedMessageIds, [message.id])
  lane.runtime.assertNoErrors()
})

test('a delivery that waits for its next attempt does not hold up the others', async (t) => {
  const lane = await openLane(t, { retry: RETRY, maxConcurrency: 1 })
  const failing = await lane.post()
  lane.sender.reply = ({ id }) => (id === failing.id ? 503 : 200)
  const messages = await lane.postMany(20)
  await lane.runtime.rest()
  lane.sender.open()[0]?.answer(503)
  await lane.runtime.until(() => lane.sender.sent.length === 21, 'all others are sent')
  assert.deepEqual(idsOf(lane.sender.sent), idsOf([failing, ...messages]))
})

test('a claim that fails is logged and made again a second later, not in a hot loop', async (t) => {
  const lane = await openLane(t)
  const old = await storedBehind(lane, lane, 3)
  lane.store.failClaim = () => new StoreUnavailable('the disk is gone')
  lane.sender.reply = () => 200
  await lane.dispatcher.sweep()
  await lane.runtime.advance(5 * RETRY_CLAIM_MS)
  await lane.post()
  await lane.dispatcher.sweep()
  await lane.runtime.rest()
  assert.equal(lane.store.claims.length, 6)
  assert.deepEqual(new Set(lane.runtime.errors()), new Set(['a claim failed']))
  assert.equal(lane.sender.sent.length, 0)
  lane.store.failClaim = () => null
  await lane.runtime.advance(RETRY_CLAIM_MS)
  assert.equal(lane.sender.sent.length, 4)
  assert.deepEqual(idsOf(lane.sender.sent.slice(0, 3)), idsOf(old))
})

test('while settlements cannot be written, a lane goes on sending what it holds and takes no more than it may', async (t) => {
  const lane = await openLane(t, { maxConcurrency: 10 })
  const messages = await lane.postMany(3_000)
  lane.store.failCommit = (batch) => (batch.settlements.length > 0 ? new StoreUnavailable('the disk is full') : null)
  lane.sender.reply = () => 200
  for (const sent of lane.sender.open()) sent.answer(200)
  await lane.runtime.advance(10_000)
  const sentWhileAway = lane.sender.sent.length
  assert.ok(sentWhileAway >= 1_000 && sentWhileAway <= LANE_CAPACITY, `${sentWhileAway} sent`)
  lane.store.failCommit = () => null
  await lane.runtime.advance(10_000)
  await lane.runtime.until(() => lane.sender.sent.length >= 3_000, 'everything is sent')
  await lane.runtime.rest()
  assert.deepEqual(idsOf(lane.sender.sent), idsOf(messages))
  assert.equal((await lane.countersOf(lane.listener)).acknowledgedCount, 3_000)
})

test('a delivery whose settlement the store refuses is sent again after a while, and not in a hot loop', async (t) => {
  const lane = await openLane(t)
  lane.sender.reply = () => 200
  lane.store.failCommit = (batch) => (batch.settlements.length > 0 ? new Error('not a number') : null)
  const message = await lane.post()
  await lane.runtime.advance(29_000)
  assert.equal(lane.sender.sent.length, 1)
  await lane.runtime.advance(32_000)
  assert.equal(lane.sender.sent.length, 3)
  lane.store.failCommit = () => null
  await lane.runtime.advance(31_000)
  assert.equal(lane.sender.sent.length, 4)
  assert.equal((await lane.deliveriesOf(message))[0]!.status, 'delivered')
  assert.ok(lane.runtime.errors().includes('a settlement was refused'))
})

test('a lane that is closed waits for nobody whose settlement was refused', async (t) => {
  const lane = await openLane(t)
  lane.sender.reply = () => 200
  lane.store.failCommit = (batch) => (batch.settlements.length > 0 ? new Error('not a number') : null)
  await lane.post()
  await lane.runtime.rest()
  await lane.dispatcher.stop()
})

test('places that were kept for messages that could not be stored are free again', async (t) => {
  const lane = await openLane(t)
  lane.store.failCommit = () => new StoreUnavailable('the disk is full')
  const refused = await Promise.allSettled(Array.from({ length: LANE_CAPACITY }, lane.post))
  assert.ok(refused.every(({ status }) => status === 'rejected'))
  lane.store.failCommit = () => null
  lane.sender.reply = () => 200
  await lane.postMany(100)
  await lane.runtime.until(() => lane.sender.sent.length === 100, 'the next ones are sent')
  assert.equal(lane.store.claims.length, 0)
})

test('a lane that waits for room asks the store again when places are given back unused', async (t) => {
  const lane = await openLane(t)
  const release = lane.store.holdCommits()
  lane.store.failCommit = () => new StoreUnavailable('the disk is full')
  const refused = Promise.allSettled(Array.from({ length: LANE_CAPACITY }, lane.post))
  await lane.runtime.rest()
  lane.dispatcher.waitUntil(lane.listener, lane.runtime.now())
  release()
  await refused
  await lane.runtime.rest()
  assert.equal(lane.store.claims.length, 1)
})

test('the more lanes hold something, the less each may hold', () => {
  const memory = new MemoryShare()
  assert.equal(memory.laneBytes('one'), LANE_BYTES)
  for (let lane = 0; lane < 16; lane++) memory.enter('one')
  assert.equal(memory.laneBytes('one'), LANE_BYTES)
  for (let lane = 16; lane < 64; lane++) memory.enter('one')
  assert.equal(memory.laneBytes('one'), LANE_BYTES / 4)
  for (let lane = 1; lane < 64; lane++) memory.leave('one')
  assert.equal(memory.laneBytes('one'), LANE_BYTES)
})

test('a thousand lanes of one organization leave the lane of another as much as it may ever hold', () => {
  const memory = new MemoryShare()
  for (let lane = 0; lane < 1_000; lane++) memory.enter('greedy')
  memory.enter('honest')
  assert.equal(memory.laneBytes('honest'), LANE_BYTES)
  assert.equal(memory.laneBytes('greedy'), Math.floor((8 * LANE_BYTES) / 1_000))
})

test('however many lanes hold something, each may hold whole bytes, and all of them together no more than there are', () => {
  const memory = new MemoryShare()
  for (let lanes = 1; lanes <= 10_000; lanes++) {
    memory.enter(`organization-${lanes % 3}`)
    const bytes = memory.laneBytes('organization-1')
    assert.ok(Number.isSafeInteger(bytes), `${bytes} bytes for each of ${lanes}`)
    assert.ok(bytes > 0 && bytes * Math.ceil(lanes / 3) <= 16 * LANE_BYTES)
  }
})

test('large messages fill a lane by their size, and all of them arrive in order', async (t) => {
  const lane = await openLane(t, { maxConcurrency: 2 })
  const data = 'x'.repeat(LANE_BYTES / 16 - DELIVERY_BYTES)
  const messages = []
  for (let posted = 0; posted < 60; posted++) messages.push(await lane.postTo(lane.queue, { data }))
  await lane.runtime.rest()
  assert.equal(lane.store.leased(), 16)
  lane.sender.reply = () => 200
  let most = 0
  for (const sent of lane.sender.open()) sent.answer(200)
  await lane.runtime.until(() => {
    most = Math.max(most, lane.store.leased())
    return lane.sender.sent.length === 60
  }, 'everything is sent')
  assert.ok(most <= 17, `${most} large messages in memory`)
  assert.deepEqual(idsOf(lane.sender.sent), idsOf(messages))
})
