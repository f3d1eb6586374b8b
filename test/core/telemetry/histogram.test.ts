import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Histogram } from '../../../src/core/telemetry/histogram.ts'

test('a value counts in the first bucket whose bound is not below it', () => {
  const histogram = new Histogram([1, 2, 5])
  for (const value of [0, 1, 1.5, 2, 5, 5.1, 100]) histogram.observe(value)
  assert.deepEqual([...histogram.counts], [2, 2, 1, 2])
  assert.ok(Math.abs(histogram.sum - 114.6) < 1e-9)
})

test('every value counts once, and the sum is that of all', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 5_000 })), (values) => {
      const histogram = new Histogram([10, 100, 1_000])
      for (const value of values) histogram.observe(value)
      const within = (from: number, until: number) => values.filter((value) => value > from && value <= until).length
      assert.deepEqual(
        [...histogram.counts],
        [within(-1, 10), within(10, 100), within(100, 1_000), within(1_000, 5_000)],
      )
      assert.equal(
        histogram.sum,
        values.reduce((sum, value) => sum + value, 0),
      )
    }),
  )
})
