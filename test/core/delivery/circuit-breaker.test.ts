import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CircuitBreaker } from '../../../src/core/delivery/circuit-breaker.ts'
import { seededRandom } from '../../support/manual-runtime.ts'

const START = 1_700_000_000_000

/** Attempts of `tookMs` each that end `everyMs` apart; answers with how many it took to open, or null. */
function attemptsUntilOpen(
  succeeds: (n: number) => boolean,
  what: { count: number; everyMs: number; tookMs?: number },
) {
  const breaker = new CircuitBreaker()
  for (let n = 1; n <= what.count; n++) {
    const now = START + n * what.everyMs
    if (succeeds(n)) breaker.succeeded(now)
    else if (breaker.failed(now - (what.tookMs ?? 1), now)) return n
  }
  return null
}

test('ten failures in a row open it, where they took a second', () => {
  assert.equal(
    attemptsUntilOpen(() => false, { count: 100, everyMs: 200 }),
    10,
  )
})

test('attempts that hang are long by themselves, though they end together', () => {
  assert.equal(
    attemptsUntilOpen(() => false, { count: 100, everyMs: 0, tookMs: 15_000 }),
    10,
  )
})

test('a burst that fails at once is given the benefit of the doubt, but not for long', () => {
  assert.equal(
    attemptsUntilOpen(() => false, { count: 49, everyMs: 0 }),
    null,
  )
  assert.equal(
    attemptsUntilOpen(() => false, { count: 100, everyMs: 0 }),
    50,
  )
})

test('failures that are not in a row do not open it', () => {
  assert.equal(
    attemptsUntilOpen((n) => n % 10 === 0, { count: 10_000, everyMs: 400 }),
    null,
  )
})

test('at nine in ten it opens once there are enough to judge by', () => {
  const opened = attemptsUntilOpen((n) => n % 40 === 0, { count: 1_000, everyMs: 20 })
  assert.ok(opened !== null && opened >= 100, String(opened))
})

test('failures of long ago are not held against it', () => {
  const breaker = new CircuitBreaker()
  let now = START
  const attempt = (ok: boolean) => (ok ? breaker.succeeded(now) : breaker.failed(now, now))
  for (let n = 1; n <= 90; n++) attempt(n % 45 === 0)
  now += 20_000
  for (let n = 1; n <= 45; n++) assert.equal(attempt(n % 45 === 0), false)
})

for (const perSecond of [1, 10, 100, 1_000]) {
  test(`a listener that fails for half of ${perSecond} messages a second is hardly ever taken for dead`, () => {
    const random = seededRandom(7)
    const breaker = new CircuitBreaker()
    let opened = 0
    for (let n = 0; n < 20_000; n++) {
      const now = START + (n * 1_000) / perSecond
      if (random() < 0.5) breaker.succeeded(now)
      else if (breaker.failed(now - 20, now)) opened += 1
    }
    assert.ok(opened <= 20_000 / 500, `${opened} times in 20,000 attempts`)
  })
}

test('one success closes it, whatever was before', () => {
  const breaker = new CircuitBreaker()
  for (let n = 0; n < 60; n++) breaker.failed(START, START)
  assert.ok(breaker.isOpen && breaker.failing)
  assert.equal(breaker.succeeded(START + 1), true)
  assert.ok(!breaker.isOpen && !breaker.failing)
  assert.equal(breaker.succeeded(START + 2), false)
})

function pausesOf(count: number, what: { crowded: boolean; overdueMs: number }): number[] {
  const breaker = new CircuitBreaker()
  for (let n = 0; n < 50; n++) breaker.failed(START, START)
  return Array.from({ length: count }, () => breaker.pauseMs(what))
}

test('the pauses between probes grow to a minute', () => {
  const pauses = pausesOf(10, { crowded: false, overdueMs: 0 })
  assert.deepEqual(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
})

test('where others wait as well, they stay within ten seconds', () => {
  assert.deepEqual(pausesOf(8, { crowded: true, overdueMs: 0 }).slice(-3), [8_000, 10_000, 10_000])
})

test('the longer deliveries are overdue, the shorter the pauses, so that a growing backlog ends as well', () => {
  const last = (overdueMs: number) => pausesOf(12, { crowded: false, overdueMs }).at(-1)
  assert.deepEqual([60_000, 600_000, 3_600_000, 36_000_000, 3_600_000_000].map(last), [60_000, 6_000, 1_000, 100, 10])
})
