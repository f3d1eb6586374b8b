import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createCronCache } from '../../src/app/caches/cron-cache.ts'
import type { Outcome } from '../../src/core/delivery/attempt.ts'
import { CircuitBreaker } from '../../src/core/delivery/circuit-breaker.ts'
import { afterAttempt, attemptOf } from '../../src/core/delivery/delivery.ts'
import { dueTimeOf, MAX_DELAY_MS } from '../../src/core/delivery/due-time.ts'
import { latencyBucket, MAX_LATENCY_BUCKET, percentile } from '../../src/core/delivery/latency.ts'
import { MAX_RATE_PER_MS, MAX_RATE_REQUESTS, MIN_RATE_PER_MS } from '../../src/core/delivery/listener.ts'
import { LIVENESS_STATES, nextCheckMs } from '../../src/core/delivery/liveness.ts'
import { afterLease, decodeReceipt, type LeaseEnd, leaseOutcome, RECEIPT_LENGTH } from '../../src/core/delivery/pull.ts'
import { retryAfterMs } from '../../src/core/delivery/retry-after.ts'
import {
  backoffMs,
  MAX_RETRY_DELAY_MS,
  MIN_RETRY_DELAY_MS,
  type RetryPolicy,
} from '../../src/core/delivery/retry-policy.ts'
import {
  dueTimesFrom,
  firstDue,
  MAX_TIME,
  MIN_EVERY_MS,
  nextDue,
  type Timetable,
} from '../../src/core/schedule/schedule.ts'
import { SlowStart } from '../../src/core/sharing/slow-start.ts'
import { TokenBucket } from '../../src/core/sharing/token-bucket.ts'
import { dayOf } from '../../src/core/telemetry/message-usage.ts'
import { bucketStart, windowStarts } from '../../src/core/telemetry/stats.ts'

// Every run tries the same numbers, so that a failure can be repeated.
const RUNS = { seed: 48, numRuns: 1_000 }
/** What a column of four bytes holds. */
const MAX_FOUR_BYTES = 2 ** 31 - 1

function assertWhole(number: number | null, what: string): void {
  assert.ok(number === null || Number.isSafeInteger(number), `${what} is ${number}`)
}

const upTo = (max: number, min = 0) => fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max))
const time = upTo(MAX_TIME)
const chance = fc.oneof(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.constantFrom(0, 1 - 2 ** -53))
const delay = upTo(MAX_RETRY_DELAY_MS, MIN_RETRY_DELAY_MS)
const retry: fc.Arbitrary<RetryPolicy> = fc.record({
  maxAttempts: upTo(100, 1),
  initialDelayMs: delay,
  maxDelayMs: delay,
  multiplier: fc.oneof(fc.double({ min: 1, max: 100, noNaN: true }), fc.constantFrom(1, 1.1, 1.5, 3.3, 99.999_9, 100)),
})
/** A clock that is put right by years moves while something is under way. */
const outcome: fc.Arbitrary<Outcome> = fc.record({
  startedAt: time,
  durationMs: fc.oneof(upTo(300_000), upTo(MAX_TIME)),
  status: fc.option(upTo(999, 100), { nil: null }),
  error: fc.constantFrom(null, 'timeout' as const),
  response: fc.constant(''),
  directive: fc.option(fc.record({ retryAfterMs: fc.option(upTo(3_600_000), { nil: null }), noRetry: fc.boolean() }), {
    nil: null,
  }),
})

test('a retry is due at a whole millisecond, whatever the policy, the jitter and the receiver say', () => {
  const property = fc.property(retry, outcome, time, chance, upTo(10_000), (policy, it, now, random, attempts) => {
    const by = { retry: policy, now, random: () => random }
    assertWhole(backoffMs(policy, 1 + (attempts % 100), by.random), 'a pause')
    const next = afterAttempt({ attempts, attemptsBefore: Math.max(0, attempts - 50) }, it, by)
    if (next.state === 'pending') assertWhole(next.dueAt, 'a due time')
  })
  fc.assert(property, RUNS)
})

test('the record of an attempt fits where it is stored, also where the clock was put on by years meanwhile', () => {
  const property = fc.property(outcome, upTo(1_000_000), (it, attempts) => {
    const { number, startedAt, durationMs } = attemptOf({ attempts }, it)
    assertWhole(startedAt, 'a beginning')
    for (const value of [number, durationMs]) assert.ok(Number.isInteger(value) && value <= MAX_FOUR_BYTES, `${value}`)
  })
  fc.assert(property, RUNS)
})

test('what becomes of a lease is due at a whole millisecond, however it ended', () => {
  const end: fc.Arbitrary<LeaseEnd> = fc.oneof(
    fc.record({ how: fc.constantFrom('acknowledged' as const, 'lease_expired' as const) }),
    fc.record({ how: fc.constant('returned' as const), delayMs: fc.option(upTo(MAX_RETRY_DELAY_MS), { nil: null }) }),
  )
  const property = fc.property(retry, end, time, time, chance, (policy, how, pulledAt, now, random) => {
    const by = { outcome: leaseOutcome(how, { pulledAt, endedAt: now }), retry: policy, now, random: () => random }
    assert.ok(attemptOf({ attempts: 0 }, by.outcome).durationMs <= MAX_FOUR_BYTES)
    const next = afterLease({ attempts: 3, attemptsBefore: 1, dueAt: pulledAt }, how, by)
    if (next.state === 'pending') assertWhole(next.dueAt, 'a due time')
  })
  fc.assert(property, RUNS)
})

test('a text with the form of a receipt says whole numbers, whoever made it up', () => {
  const letters = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz']
  const text = fc.array(fc.constantFrom(...letters), { minLength: RECEIPT_LENGTH, maxLength: RECEIPT_LENGTH })
  const property = fc.property(fc.oneof(text, fc.constant([...'z'.repeat(RECEIPT_LENGTH)])), (it) => {
    const { leaseUntil, attempt } = decodeReceipt(it.join(''))
    assertWhole(leaseUntil, 'the end of a lease')
    assert.ok(Number.isInteger(attempt) && attempt <= MAX_FOUR_BYTES)
  })
  fc.assert(property, RUNS)
})

test('a Retry-After asks for whole milliseconds or for nothing', () => {
  const number = fc.oneof(
    fc.double().map(String),
    fc.bigInt().map(String),
    fc.constantFrom('30.5', '1e21', '-1', '1'.repeat(400), 'NaN', 'Infinity', '.5', '5.', '0x10', ' 7 '),
  )
  const date = fc.date({ noInvalidDate: true }).map((it) => it.toUTCString())
  const property = fc.property(fc.oneof(number, date, fc.string()), time, (text, now) => {
    const ms = retryAfterMs(text, now)
    assertWhole(ms, text)
    assert.ok(ms === null || ms >= 0)
  })
  fc.assert(property, RUNS)
})

test('a message is due at a whole millisecond', () => {
  const property = fc.property(time, fc.option(time), upTo(MAX_DELAY_MS), (now, deliverAt, delayMs) => {
    assertWhole(dueTimeOf(deliverAt === null ? { delayMs } : { deliverAt }, now), 'a due time')
  })
  fc.assert(property, RUNS)
})

const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Africa/Monrovia', 'America/St_Johns']
const CRONS = ['* * * * *', '*/7 * * * * *', '30 2 * * *', '0 0 29 2 *', '0 12 1 * 1', '59 59 23 31 12 *']
const timetable: fc.Arbitrary<Timetable> = fc.record({
  timing: fc.oneof(
    fc.record({ cron: fc.constantFrom(...CRONS) }),
    fc.record({ everyMs: upTo(MAX_TIME, MIN_EVERY_MS) }),
    fc.record({ at: time }),
  ),
  timezone: fc.constantFrom(...ZONES),
  startsAt: fc.option(time, { nil: null }),
  endsAt: fc.option(time, { nil: null }),
  createdAt: time,
})

test('a schedule is due at whole milliseconds, in every zone and to the end of time', () => {
  const cronCache = createCronCache()
  const property = fc.property(timetable, time, (table, now) => {
    const first = firstDue(table, now, cronCache)
    for (const due of dueTimesFrom(table, first, 5, cronCache)) assertWhole(due, 'a due time')
    const next = nextDue(table, MAX_TIME, cronCache)
    assertWhole(next, 'a due time')
  })
  fc.assert(property, { ...RUNS, numRuns: 300 })
})

test('a bucket of tokens says whole milliseconds when to ask again', () => {
  const limit = fc.record({ requests: upTo(MAX_RATE_REQUESTS, 1), perMs: upTo(MAX_RATE_PER_MS, MIN_RATE_PER_MS) })
  const property = fc.property(
    limit,
    upTo(2 ** 42),
    fc.array(upTo(100_000), { maxLength: 30 }),
    (rate, from, steps) => {
      const bucket = new TokenBucket(rate, from)
      let now = from
      for (const step of steps) {
        now += step
        bucket.take(now)
        assertWhole(bucket.nextAt(now), 'when to ask again')
      }
    },
  )
  fc.assert(property, RUNS)
})

test('pauses between probes, and between checks, are whole milliseconds', () => {
  const probe = fc.record({ crowded: fc.boolean(), overdueMs: fc.oneof(upTo(10_000), upTo(MAX_TIME)) })
  const property = fc.property(fc.array(probe, { maxLength: 30 }), chance, (probes, random) => {
    const breaker = new CircuitBreaker()
    for (const it of probes) assertWhole(breaker.pauseMs(it), 'a pause')
    for (const state of LIVENESS_STATES)
      assertWhole(
        nextCheckMs(state, () => random),
        'a pause',
      )
  })
  fc.assert(property, RUNS)
})

test('a listener that comes back gets whole attempts, and never more than it wants', () => {
  const property = fc.property(upTo(1_000, 1), fc.array(fc.boolean(), { maxLength: 200 }), (max, outcomes) => {
    const start = new SlowStart(max)
    start.restart()
    for (const ok of outcomes) {
      start.ended(ok)
      assert.ok(Number.isInteger(start.window) && start.window >= 1 && start.window <= max, String(start.window))
    }
  })
  fc.assert(property, RUNS)
})

test('what is counted is counted by whole days, buckets and milliseconds', () => {
  const anything = fc.oneof(time, fc.double({ min: -1e15, max: 1e15, noNaN: true }))
  const property = fc.property(
    anything,
    fc.array(upTo(1e9), { minLength: 1, maxLength: 256 }),
    chance,
    (ms, counts, share) => {
      assertWhole(dayOf(ms), 'a day')
      for (const start of [bucketStart(ms), ...Object.values(windowStarts(ms))]) assertWhole(start, 'a start')
      const bucket = latencyBucket(ms)
      assert.ok(Number.isInteger(bucket) && bucket >= 0 && bucket <= MAX_LATENCY_BUCKET, `${bucket}`)
      assertWhole(percentile(counts, share), 'a percentile')
    },
  )
  fc.assert(property, RUNS)
})
