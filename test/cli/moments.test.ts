import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageFailure } from '../../src/cli/client/failure.ts'
import { durationMs, momentMs, momentText } from '../../src/cli/client/moments.ts'
import { looksLikeId } from '../../src/cli/client/names.ts'
import { createIdFactory } from '../../src/core/id.ts'

const NOW = Date.UTC(2026, 0, 31, 9)

test('durations have units, and are milliseconds without one', () => {
  const readings: [string, number][] = [
    ['250', 250],
    ['250ms', 250],
    ['1.5s', 1_500],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ]
  for (const [text, ms] of readings) assert.equal(durationMs(text), ms, text)
  for (const text of ['', 's', '-1s', '1 s', '1w', '1e3', 'ten'])
    assert.throws(() => durationMs(text), UsageFailure, text)
})

test('times are dates, distances from now, or milliseconds since 1970', () => {
  const readings: [string, number][] = [
    ['2026-01-31T09:00:00Z', NOW],
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    [String(NOW), NOW],
    ['+10m', NOW + 600_000],
    ['-1h', NOW - 3_600_000],
  ]
  for (const [text, ms] of readings) assert.equal(momentMs(text, NOW), ms, text)
  for (const text of ['', '5', 'tomorrow', '2026-13-01', '+', '31.1.2026']) {
    assert.throws(() => momentMs(text, NOW), UsageFailure, text)
  }
  assert.equal(momentText(NOW + 123), '2026-01-31T09:00:00Z')
  assert.equal(momentText(null), '-')
})

test('a name of 21 letters is told from an id by the time that an id begins with', () => {
  const newId = createIdFactory({ now: () => NOW, randomBytes: (size) => new Uint8Array(size).fill(7) })
  assert.ok(looksLikeId(newId(), NOW))
  assert.ok(looksLikeId(newId(), NOW - 60_000))
  for (const name of ['orderprocessingqueue1', 'ORDERPROCESSINGQUEUE1', '000000000000000000000', 'short']) {
    assert.ok(!looksLikeId(name, NOW), name)
  }
})
