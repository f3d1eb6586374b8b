import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { catchUp } from '../../../src/core/schedule/missed.ts'
import { type CatchUp, countDue, nextDue, type Timing } from '../../../src/core/schedule/schedule.ts'
import { createMake } from '../../store/make.ts'
import { cronCache } from '../../support/cron-cache.ts'

const NOW = Date.UTC(2026, 0, 1)
const SECOND = 1_000
const MINUTE = 60_000
const make = createMake()

function after(catchingUp: CatchUp, timing: Timing, { awayMs }: { awayMs: number }) {
  const queue = make.queue(make.organization())
  const schedule = make.schedule(queue, { timing, catchUp: catchingUp, createdAt: NOW, startsAt: null })
  const nextAt = nextDue(schedule, NOW, cronCache)!
  const { nextAt: goesOn, skipped } = catchUp(schedule, { nextAt, since: NOW + awayMs, cronCache })
  const at = (time: number) => (time - NOW) / MINUTE
  return [goesOn === null ? null : at(goesOn), skipped && [skipped.count, at(skipped.firstAt), at(skipped.lastAt)]]
}

test('what was missed less than a minute ago runs late, and nothing is passed over', () => {
  for (const catchingUp of ['none', 'last', 'all'] as const) {
    assert.deepEqual(after(catchingUp, { everyMs: 5 * MINUTE }, { awayMs: 5.5 * MINUTE }), [5, null])
  }
})

test('what was missed a minute ago or more is passed over, by those that catch nothing up', () => {
  const timing = { everyMs: 5 * MINUTE }
  assert.deepEqual(after('none', timing, { awayMs: 6 * MINUTE }), [10, [1, 5, 5]])
  assert.deepEqual(after('none', timing, { awayMs: 22 * MINUTE }), [25, [4, 5, 20]])
  assert.deepEqual(after('last', timing, { awayMs: 22 * MINUTE }), [20, [3, 5, 15]])
  assert.deepEqual(after('all', timing, { awayMs: 22 * MINUTE }), [5, null])
})

test('what is due once runs however late it is', () => {
  assert.deepEqual(after('none', { at: NOW + MINUTE }, { awayMs: 1e10 }), [1, null])
})

test('what comes every second is passed over up to the newest', () => {
  assert.deepEqual(after('none', { everyMs: SECOND }, { awayMs: 2 * MINUTE }), [119 / 60, [118, 1 / 60, 118 / 60]])
})

test('due times are counted as they come, whatever the zone does', () => {
  const crons = ['* * * * *', '30 2 * * *', '*/15 1-3 * * *', '0 0 1 * *', '0 */10 2 * * 0']
  const zones = [
    'UTC',
    'Europe/Berlin',
    'Australia/Lord_Howe',
    'America/St_Johns',
    'Africa/Casablanca',
    'Asia/Kathmandu',
  ]
  const day = 86_400_000
  fc.assert(
    fc.property(
      fc.constantFrom(...crons),
      fc.constantFrom(...zones),
      fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) }),
      fc.integer({ min: 0, max: 45 * day }),
      (cron, timezone, from, lengthMs) => {
        const table = { timing: { cron }, timezone, startsAt: null, endsAt: null, createdAt: 0 }
        const first = nextDue(table, from, cronCache)!
        let [last, count] = [first, 1]
        for (
          let due = nextDue(table, first, cronCache)!;
          due <= from + lengthMs;
          due = nextDue(table, due, cronCache)!
        ) {
          last = due
          count += 1
        }
        assert.equal(countDue(table, first, last, cronCache), count)
      },
    ),
    { numRuns: 60 },
  )
})
