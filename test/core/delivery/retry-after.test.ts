import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_RETRY_AFTER_MS, retryAfterMs } from '../../../src/core/delivery/retry-after.ts'

const NOW = Date.parse('Sun, 06 Nov 1994 08:49:00 GMT')

for (const [text, expected] of [
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7_000],
  ['3600', MAX_RETRY_AFTER_MS],
  ['999999999999999', MAX_RETRY_AFTER_MS],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
  ['Sun Nov  6 08:49:37 1994', 37_000],
  ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
  ['Mon, 07 Nov 2050 08:49:37 GMT', MAX_RETRY_AFTER_MS],
  ['', null],
  ['30.5', 30_500],
  ['0.0001', 1],
  ['.5', 500],
  ['7.', 7_000],
  ['1e3', 1_000_000],
  ['1e-05', 1],
  ['1e99', MAX_RETRY_AFTER_MS],
  ['9'.repeat(400), MAX_RETRY_AFTER_MS],
  ['-5', null],
  ['-1e99', null],
  ['+5', null],
  ['0x10', null],
  ['Infinity', null],
  ['NaN', null],
  ['.', null],
  ['1,5', null],
  ['5, 5', null],
  ['5s', null],
  ['Mon, 01 Jan 1601 00:00:00 GMT', 0],
  ['Fri, 31 Dec 999999 23:59:59 GMT', null],
  ['soon', null],
  ['1994', 1_994_000],
  ['2050-01-01T00:00:00Z', null],
  ['Sun, 99 Nov 1994 08:49:37 GMT', null],
] as const) {
  test(`${JSON.stringify(text.slice(0, 60))} means ${expected} ms`, () =>
    assert.equal(retryAfterMs(text, NOW), expected))
}

test('whatever it says, it is nothing or between now and an hour', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.integer().map(String), fc.date().map(String)), (text) => {
      const ms = retryAfterMs(text, NOW)
      assert.ok(ms === null || (Number.isInteger(ms) && ms >= 0 && ms <= MAX_RETRY_AFTER_MS), String(ms))
    }),
    { seed: 7, numRuns: 1_000 },
  )
})
