import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AttemptError, acknowledges, type Outcome } from '../../../src/core/delivery/attempt.ts'
import { afterAttempt, attemptOf, expectFewDeliveries, holdMs, saysGone } from '../../../src/core/delivery/delivery.ts'
import { backoffMs, DEFAULT_RETRY_POLICY } from '../../../src/core/delivery/retry-policy.ts'

// Every run tries the same texts and numbers, so that a failure can be repeated.
fc.configureGlobal({ seed: 48 })

const NOW = 1_700_000_000_000
const unjittered = { retry: DEFAULT_RETRY_POLICY, now: NOW, random: () => 0.5 }

function outcome(what: Partial<Outcome>): Outcome {
  return { startedAt: NOW - 50, durationMs: 50, status: null, error: null, response: '', directive: null, ...what }
}

test('a 2xx acknowledges and nothing else does', () => {
  for (let status = 100; status < 600; status++) {
    assert.equal(acknowledges({ status, error: null }), status >= 200 && status < 300, String(status))
  }
})

test('a 2xx whose answer broke off does not acknowledge', () => {
  assert.equal(acknowledges({ status: 200, error: 'timeout' }), false)
  assert.equal(acknowledges({ status: 200, error: 'response_too_large' }), false)
  assert.equal(acknowledges({ status: null, error: null }), false)
})

test('an acknowledged delivery is done, whatever came before', () => {
  for (const attempts of [0, 1, 15, 99]) {
    assert.deepEqual(afterAttempt({ attempts, attemptsBefore: 0 }, outcome({ status: 204 }), unjittered), {
      state: 'acknowledged',
    })
  }
})

test('a first failure is tried again after the first delay, counted from when the outcome came', () => {
  const next = afterAttempt({ attempts: 0, attemptsBefore: 0 }, outcome({ status: 503 }), unjittered)
  assert.deepEqual(next, { state: 'pending', dueAt: NOW + 1_000 })
})

test('a redirect is a failure', () => {
  assert.equal(afterAttempt({ attempts: 0, attemptsBefore: 0 }, outcome({ status: 302 }), unjittered).state, 'pending')
})

test('the last attempt that the policy allows ends as missed', () => {
  const failed = outcome({ error: 'connection_refused' })
  assert.equal(afterAttempt({ attempts: 14, attemptsBefore: 0 }, failed, unjittered).state, 'pending')
  assert.deepEqual(afterAttempt({ attempts: 15, attemptsBefore: 0 }, failed, unjittered), {
    state: 'missed',
    reason: 'retries_used_up',
  })
})

test('a policy of one attempt has no retry', () => {
  const retry = { ...DEFAULT_RETRY_POLICY, maxAttempts: 1 }
  assert.equal(
    afterAttempt({ attempts: 0, attemptsBefore: 0 }, outcome({ status: 500 }), { ...unjittered, retry }).state,
    'missed',
  )
})

test('a policy that was cut down to less than was already tried ends with the next failure', () => {
  const retry = { ...DEFAULT_RETRY_POLICY, maxAttempts: 3 }
  assert.equal(
    afterAttempt({ attempts: 9, attemptsBefore: 0 }, outcome({ status: 500 }), { ...unjittered, retry }).state,
    'missed',
  )
})

test('an attempt is numbered after those before it and tells the outcome in full', () => {
  const { directive, ...failed } = outcome({ status: 500, response: 'oh no' })
  assert.deepEqual(attemptOf({ attempts: 0 }, { ...failed, directive }), { number: 1, ...failed })
  assert.deepEqual(attemptOf({ attempts: 4 }, { ...failed, directive }), { number: 5, ...failed })
})

const errors = fc.constantFrom<AttemptError | null>(
  null,
  'timeout',
  'connection_reset',
  'dns',
  'tls',
  'invalid_response',
)
const outcomes = fc.record({
  startedAt: fc.constant(NOW),
  durationMs: fc.integer({ min: 0, max: 300_000 }),
  status: fc.option(fc.integer({ min: 100, max: 599 })),
  error: errors,
  response: fc.string(),
  directive: fc.constant(null),
})
const policies = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 100 }),
  initialDelayMs: fc.integer({ min: 10, max: 10_000 }),
  maxDelayMs: fc.integer({ min: 10, max: 1_000_000 }),
  multiplier: fc.integer({ min: 1, max: 10 }),
})

test('the next state is acknowledged exactly for an acknowledgement, and due later exactly while attempts are left', () => {
  const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  const made = fc.integer({ min: 0, max: 120 })
  fc.assert(
    fc.property(made, outcomes, policies, randoms, (attempts, result, retry, random) => {
      const next = afterAttempt({ attempts, attemptsBefore: 0 }, result, { retry, now: NOW, random: () => random })
      const last = attempts + 1 >= retry.maxAttempts
      assert.equal(next.state, acknowledges(result) ? 'acknowledged' : last ? 'missed' : 'pending')
      if (next.state === 'pending') assert.equal(next.dueAt, NOW + backoffMs(retry, attempts + 1, () => random))
    }),
  )
})

test('a listener that never acknowledges gets exactly as many attempts as the policy allows', () => {
  fc.assert(
    fc.property(policies, (retry) => {
      let attempts = 0
      let state = 'pending'
      while (state === 'pending' && attempts <= 100) {
        state = afterAttempt({ attempts, attemptsBefore: 0 }, outcome({ status: 500 }), {
          retry,
          now: NOW,
          random: () => 0.5,
        }).state
        attempts += 1
      }
      assert.deepEqual({ state, attempts }, { state: 'missed', attempts: retry.maxAttempts })
    }),
  )
})

test('a redelivery starts the policy anew, though attempts go on counting', () => {
  const failed = outcome({ status: 500 })
  const again = { attempts: 16, attemptsBefore: 16 }
  assert.equal(attemptOf(again, failed).number, 17)
  assert.deepEqual(afterAttempt(again, failed, unjittered), { state: 'pending', dueAt: NOW + 1_000 })
  assert.equal(afterAttempt({ ...again, attempts: 31 }, failed, unjittered).state, 'missed')
})

const FIRST = { attempts: 0, attemptsBefore: 0 }
const directive = (what: Partial<NonNullable<Outcome['directive']>>) => ({
  retryAfterMs: null,
  noRetry: false,
  ...what,
})

test('a receiver can put the next attempt off, never bring it forward', () => {
  for (const status of [400, 429, 500, 503]) {
    const later = outcome({ status, directive: directive({ retryAfterMs: 60_000 }) })
    assert.deepEqual(afterAttempt(FIRST, later, unjittered), { state: 'pending', dueAt: NOW + 60_000 })
    const sooner = outcome({ status, directive: directive({ retryAfterMs: 10 }) })
    assert.deepEqual(afterAttempt(FIRST, sooner, unjittered), { state: 'pending', dueAt: NOW + 1_000 })
  }
})

test('putting off gives no attempt beyond the last', () => {
  const later = outcome({ status: 503, directive: directive({ retryAfterMs: 60_000 }) })
  assert.equal(afterAttempt({ attempts: 15, attemptsBefore: 0 }, later, unjittered).state, 'missed')
})

test('a receiver that wants no retry has the delivery missed at once', () => {
  for (const status of [400, 410, 500]) {
    const next = afterAttempt(FIRST, outcome({ status, directive: directive({ noRetry: true }) }), unjittered)
    assert.deepEqual(next, { state: 'missed', reason: 'refused' })
  }
})

test('what a receiver that is gone was sent waits, and starts over', () => {
  const gone = outcome({ status: 410 })
  assert.ok(saysGone(gone) && !saysGone(outcome({ status: 404 })))
  for (const attempts of [0, 15]) {
    const next = afterAttempt({ attempts, attemptsBefore: 0 }, gone, unjittered)
    assert.deepEqual(next, { state: 'pending', dueAt: NOW, anew: true })
  }
})

test('the whole listener is held by a 429 or 503 that says for how long, and by nothing else', () => {
  const later = directive({ retryAfterMs: 5_000 })
  for (let status = 100; status < 600; status++) {
    assert.equal(holdMs(outcome({ status, directive: later })), status === 429 || status === 503 ? 5_000 : null)
    assert.equal(holdMs(outcome({ status })), null)
    assert.equal(holdMs(outcome({ status, directive: directive({ noRetry: true }) })), null)
  }
})

test('a request makes at most 10,000 deliveries, and a refusal says how many they would be', () => {
  for (const [messages, listeners] of [
    [1, 10_000],
    [1_000, 10],
    [10, 1_000],
    [1_000, 0],
  ]) {
    expectFewDeliveries(messages!, listeners!)
  }
  assert.throws(() => expectFewDeliveries(1_000, 11), {
    code: 'too_many_deliveries',
    status: 422,
    message: /1000 messages to 11 listeners would make 11000 deliveries, and at most 10000 /,
  })
  assert.throws(() => expectFewDeliveries(1, 10_001), { message: /^1 message to 10001 listeners/ })
})
