import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  backoffMs,
  DEFAULT_RETRY_POLICY,
  MAX_RETRY_DELAY_MS,
  MIN_RETRY_DELAY_MS,
} from '../../../src/core/delivery/retry-policy.ts'

// Every run tries the same texts and numbers, so that a failure can be repeated.
fc.configureGlobal({ seed: 48 })

const HOUR_MS = 3_600_000
const unjittered = () => 0.5

test('the default policy is 16 attempts, from 1 s, times 4, up to 8 h', () => {
  const delays = Array.from({ length: 15 }, (_, i) => backoffMs(DEFAULT_RETRY_POLICY, i + 1, unjittered))
  const seconds = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, ...Array(7).fill(28_800)]
  assert.equal(DEFAULT_RETRY_POLICY.maxAttempts, 16)
  assert.deepEqual(
    delays,
    seconds.map((s) => s * 1_000),
  )
})

test('the default policy keeps trying for about two and a half days', () => {
  let totalMs = 0
  for (let attempts = 1; attempts < DEFAULT_RETRY_POLICY.maxAttempts; attempts++) {
    totalMs += backoffMs(DEFAULT_RETRY_POLICY, attempts, unjittered)
  }
  assert.ok(totalMs > 60 * HOUR_MS && totalMs < 64 * HOUR_MS, `${totalMs / HOUR_MS} h`)
})

test('the default policy cannot be changed by accident', () => {
  assert.throws(() => Object.assign(DEFAULT_RETRY_POLICY, { maxAttempts: 1 }), TypeError)
})

test('jitter spreads a delay from 20 % below to 20 % above', () => {
  const policy = { maxAttempts: 3, initialDelayMs: 10_000, maxDelayMs: 60_000, multiplier: 2 }
  assert.equal(
    backoffMs(policy, 1, () => 0),
    8_000,
  )
  assert.equal(backoffMs(policy, 1, unjittered), 10_000)
  assert.equal(
    backoffMs(policy, 1, () => 1 - Number.EPSILON),
    12_000,
  )
})

const policies = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 100 }),
  initialDelayMs: fc.integer({ min: MIN_RETRY_DELAY_MS, max: MAX_RETRY_DELAY_MS }),
  maxDelayMs: fc.integer({ min: MIN_RETRY_DELAY_MS, max: MAX_RETRY_DELAY_MS }),
  multiplier: fc.double({ min: 1, max: 1_000, noNaN: true }),
})
const attemptsMade = fc.integer({ min: 1, max: 100 })
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('every delay is a whole number of milliseconds within 20 % of what the policy says, and never past its cap', () => {
  fc.assert(
    fc.property(policies, attemptsMade, randoms, (policy, attempts, random) => {
      const delayMs = backoffMs(policy, attempts, () => random)
      const exact = Math.min(policy.maxDelayMs, policy.initialDelayMs * policy.multiplier ** (attempts - 1))
      assert.ok(Number.isSafeInteger(delayMs))
      assert.ok(delayMs >= Math.floor(exact * 0.8) && delayMs <= Math.ceil(exact * 1.2), `${delayMs} for ${exact}`)
      assert.ok(delayMs <= Math.ceil(policy.maxDelayMs * 1.2))
    }),
  )
})

test('a later attempt never waits less than an earlier one', () => {
  fc.assert(
    fc.property(policies, attemptsMade, randoms, (policy, attempts, random) => {
      assert.ok(backoffMs(policy, attempts + 1, () => random) >= backoffMs(policy, attempts, () => random))
    }),
  )
})
