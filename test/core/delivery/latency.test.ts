import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  addLatencies,
  addLatency,
  type Latencies,
  latencyBucket,
  latencyCount,
  MAX_LATENCY_BUCKET,
  percentile,
} from '../../../src/core/delivery/latency.ts'

fc.configureGlobal({ seed: 48 })

const YEAR_MS = 366 * 86_400_000

function latenciesOf(values: readonly number[]): Latencies {
  const latencies: Latencies = []
  for (const ms of values) addLatency(latencies, latencyBucket(ms), 1)
  return latencies
}

test('a latency is remembered to a tenth, from a millisecond to a year', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: Math.log(YEAR_MS), noNaN: true }), (exponent) => {
      const ms = Math.round(Math.exp(exponent))
      const shown = percentile(latenciesOf([ms]), 0.5)!
      assert.ok(Math.abs(shown - ms) <= ms / 10, `${ms} is shown as ${shown}`)
    }),
    { numRuns: 2_000 },
  )
})

test('whole milliseconds below ten are remembered exactly', () => {
  for (let ms = 0; ms < 10; ms++) assert.equal(percentile(latenciesOf([ms]), 0.5), ms)
})

test('no latency takes more room than a fixed number of buckets', () => {
  assert.equal(latencyBucket(Number.MAX_SAFE_INTEGER), MAX_LATENCY_BUCKET)
  assert.ok(latencyBucket(YEAR_MS) < MAX_LATENCY_BUCKET)
  assert.equal(latencyBucket(-5), 0)
})

test('a percentile is what that share of all stayed within', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 600_000 }), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.5, 0.95, 0.99, 1),
      (values, share) => {
        const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1]!
        assert.ok(Math.abs(percentile(latenciesOf(values), share)! - exact) <= exact / 10)
      },
    ),
  )
})

test('of nothing there is no percentile', () => {
  assert.equal(percentile([], 0.5), null)
  assert.equal(percentile([0, 0], 0.5), null)
})

test('two sums of latencies make one', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1e6)), fc.array(fc.nat(1e6)), (some, others) => {
      const sum = latenciesOf(some)
      addLatencies(sum, latenciesOf(others))
      assert.deepEqual(sum, latenciesOf([...some, ...others]))
      assert.equal(latencyCount(sum), some.length + others.length)
    }),
  )
})
