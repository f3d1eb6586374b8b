import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TokenBucket } from '../../../src/core/sharing/token-bucket.ts'

const START = 1_700_000_000_000

/** When tokens are granted to a caller that always wants one. */
function grants(bucket: TokenBucket, forMs: number): number[] {
  const granted: number[] = []
  for (let now = START; now < START + forMs; ) {
    if (bucket.take(now)) granted.push(now)
    else now = bucket.nextAt(now)
  }
  return granted
}

const limits = fc.record({
  requests: fc.integer({ min: 1, max: 2_000 }),
  perMs: fc.integer({ min: 100, max: 100_000 }),
})

test('no stretch of time ever sees more than a tenth over the limit, and one below ten', () => {
  fc.assert(
    fc.property(limits, (limit) => {
      const granted = grants(new TokenBucket(limit, START), 3 * limit.perMs)
      const most = limit.requests + Math.max(1, Math.floor(limit.requests / 10))
      for (const [index, at] of granted.entries()) {
        const beyond = granted[index + most]
        assert.ok(beyond === undefined || beyond - at >= limit.perMs, `${most + 1} within ${beyond! - at} ms`)
      }
    }),
    { seed: 3, numRuns: 60 },
  )
})

test('whoever always wants one gets what the limit allows', () => {
  fc.assert(
    fc.property(limits, (limit) => {
      // A token each millisecond is the most that a clock of milliseconds can grant one at a time.
      fc.pre(limit.requests <= limit.perMs)
      const granted = grants(new TokenBucket(limit, START), 3 * limit.perMs).length
      assert.ok(granted >= 3 * limit.requests * 0.8 && granted <= 3 * limit.requests + limit.requests / 10 + 1)
    }),
    { seed: 3, numRuns: 60 },
  )
})

test('at a low rate they come evenly, the first at once', () => {
  const granted = grants(new TokenBucket({ requests: 5, perMs: 60_000 }, START), 60_000)
  assert.deepEqual(
    granted.map((at) => at - START),
    [0, 12_000, 24_000, 36_000, 48_000],
  )
})

test('after a rest a tenth of the limit is granted at once, however long the rest was', () => {
  const bucket = new TokenBucket({ requests: 100, perMs: 1_000 }, START)
  while (bucket.take(START));
  assert.equal(bucket.isFull(START), false)
  const later = START + 1e9
  assert.ok(bucket.isFull(later))
  let burst = 0
  while (bucket.take(later)) burst += 1
  assert.equal(burst, 10)
})

test('a clock that is set back grants nothing, and does not stop it for long', () => {
  const bucket = new TokenBucket({ requests: 10, perMs: 1_000 }, START)
  assert.ok(bucket.take(START))
  assert.equal(bucket.take(START - 3_600_000), false)
  assert.ok(bucket.nextAt(START - 3_600_000) <= START - 3_600_000 + 100)
  assert.ok(bucket.take(START - 3_600_000 + 100))
})
