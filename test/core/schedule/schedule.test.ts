import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  firstDue,
  lastDueBefore,
  MAX_TIME,
  nextDue,
  type Timetable,
  timetableFault,
} from '../../../src/core/schedule/schedule.ts'
import { cronCache, timetable } from '../../support/cron-cache.ts'

const NOW = Date.UTC(2026, 0, 1, 12)
const every = (everyMs: number, what: Partial<Timetable> = {}) =>
  timetable('', 'UTC', { timing: { everyMs }, createdAt: NOW, ...what })
const at = (time: number, what: Partial<Timetable> = {}) =>
  timetable('', 'UTC', { timing: { at: time }, createdAt: NOW, ...what })

test('every counts from the creation, first after one period', () => {
  const table = every(1_500)
  assert.equal(firstDue(table, NOW, cronCache), NOW + 1_500)
  assert.equal(nextDue(table, NOW + 1_500, cronCache), NOW + 3_000)
  assert.equal(nextDue(table, NOW + 2_999, cronCache), NOW + 3_000)
  // A clock that was set back since comes to due times before it, at the same distances.
  assert.equal(nextDue(table, NOW - 10_000, cronCache), NOW - 9_000)
})

test('every counts from starts_at where that is given, before or after now', () => {
  assert.equal(firstDue(every(1_000, { startsAt: NOW + 250 }), NOW, cronCache), NOW + 1_250)
  assert.equal(firstDue(every(1_000, { startsAt: NOW - 250 }), NOW, cronCache), NOW + 750)
})

test('at is due once, and may be due right now', () => {
  assert.equal(firstDue(at(NOW + 5), NOW, cronCache), NOW + 5)
  assert.equal(firstDue(at(NOW), NOW, cronCache), NOW)
  assert.equal(nextDue(at(NOW), NOW, cronCache), null)
  assert.equal(firstDue(at(NOW - 1), NOW, cronCache), null)
})

test('starts_at and ends_at belong to the time between them', () => {
  const noon = Date.UTC(2026, 0, 2, 12)
  const table = timetable('0 12 * * *', 'UTC', { startsAt: noon, endsAt: noon + 86_400_000 })
  assert.equal(nextDue(table, NOW, cronCache), noon)
  assert.equal(nextDue(table, noon, cronCache), noon + 86_400_000)
  assert.equal(nextDue(table, noon + 86_400_000, cronCache), null)
  assert.equal(nextDue({ ...table, startsAt: noon + 1 }, NOW, cronCache), noon + 86_400_000)
  assert.equal(nextDue({ ...table, endsAt: noon - 1 }, NOW, cronCache), null)
})

test('nothing is due past the year 9999', () => {
  assert.equal(nextDue(every(1_000), MAX_TIME, cronCache), null)
})

test('the last due time before a moment is found, however dense they are', () => {
  const since = Date.UTC(2026, 5, 15, 10, 30, 30)
  const from = (cron: string) => {
    const table = timetable(cron)
    return lastDueBefore(table, since, nextDue(table, NOW, cronCache)!, cronCache)
  }
  assert.equal(from('* * * * * *'), since - 1_000)
  assert.equal(from('* * * * *'), since - 30_000)
  assert.equal(from('0 9 * * *'), Date.UTC(2026, 5, 15, 9))
  assert.equal(from('0 9 1 * *'), Date.UTC(2026, 5, 1, 9))
  assert.equal(from('0 9 1 2 *'), Date.UTC(2026, 1, 1, 9))
  // The only one there is.
  assert.equal(from('0 9 1 6 *'), Date.UTC(2026, 5, 1, 9))
  assert.equal(lastDueBefore(every(60_000), NOW + 150_000, NOW + 60_000, cronCache), NOW + 120_000)
})

test('a timetable that would never run is refused with the property to blame', () => {
  const fault = (table: Timetable) => timetableFault(table, NOW, cronCache)?.path ?? null
  assert.equal(fault(at(NOW - 1)), '/at')
  assert.equal(fault(at(NOW + 10, { endsAt: NOW + 9 })), '/at')
  assert.equal(fault(at(NOW + 10, { startsAt: NOW + 11 })), '/at')
  assert.equal(fault(every(1_000, { endsAt: NOW + 999 })), '/every')
  assert.equal(fault(timetable('0 0 * * *', 'UTC', { endsAt: NOW })), '/cron')
  assert.equal(fault(timetable('* * * * *', 'UTC', { startsAt: NOW + 5, endsAt: NOW + 4 })), '/ends_at')
  assert.equal(fault(at(NOW)), null)
  assert.equal(fault(every(1_000, { endsAt: NOW + 1_000 })), null)
})
