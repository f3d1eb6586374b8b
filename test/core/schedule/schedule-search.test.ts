import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CronTimes } from '../../../src/core/schedule/cron.ts'
import { type CronCache, dueTimesFrom, firstDue, lastDueBefore, nextDue } from '../../../src/core/schedule/schedule.ts'
import { cronCache, timetable } from '../../support/cron-cache.ts'

const SPARSE = ['0 9 29 2 *', '0 9 29 2 +MON', '0 9 29 2 +MON#5', '30 2 31 12 +SUN']
const ZONES = ['UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'Pacific/Apia']

/** Counts the searches in a cron expression. */
function counting(): { cronCache: CronCache; searches: () => number } {
  let searches = 0
  const cron = (text: string) =>
    new (class extends CronTimes {
      override next(after: number) {
        searches += 1
        return super.next(after)
      }
      override previous(before: number) {
        searches += 1
        return super.previous(before)
      }
    })(text)
  return { cronCache: { cron, zone: cronCache.zone }, searches: () => searches }
}

test('the last due time takes two searches at most, however long nobody was there and however sparse they are', () => {
  for (const cron of [...SPARSE, '* * * * * *', '0 0 1 1 *']) {
    for (const zone of ZONES) {
      const table = timetable(cron, zone)
      const first = nextDue(table, 0, cronCache)!
      const counted = counting()
      const last = lastDueBefore(table, Date.UTC(2326, 5, 1), first, counted.cronCache)
      assert.ok(counted.searches() <= 2, `${cron} in ${zone}: ${counted.searches()} searches`)
      assert.ok(nextDue(table, last, cronCache)! >= Date.UTC(2326, 5, 1))
    }
  }
})

test('five due times of a sparse expression take two searches each at most', () => {
  for (const cron of SPARSE) {
    const table = timetable(cron, 'Europe/Berlin')
    const counted = counting()
    const first = firstDue(table, Date.UTC(2026, 0, 1), counted.cronCache)
    assert.equal(dueTimesFrom(table, first, 5, counted.cronCache).length, 5)
    assert.ok(counted.searches() <= 10, `${cron}: ${counted.searches()} searches`)
  }
})

test('an expression whose day never comes is known after 400 years of months, in both directions', () => {
  for (const cron of ['0 0 30 2 *', '0 0 31 4,6,9,11 *', '0 0 31W 2 *']) {
    const times = new CronTimes(cron)
    assert.equal(times.next(Date.UTC(2026, 0, 1)), null)
    assert.equal(times.previous(Date.UTC(2026, 0, 1)), null)
  }
})

test('a leap day that is 40 years away is found, over a year that has none, in both directions', () => {
  // 29 February 2072 and 2112 are Mondays; 2100 is no leap year.
  const table = timetable('0 9 29 2 +MON')
  const [from, to] = [Date.UTC(2072, 1, 29, 9), Date.UTC(2112, 1, 29, 9)]
  assert.equal(nextDue(table, from, cronCache), to)
  assert.equal(lastDueBefore(table, to, 0, cronCache), from)
})

test('ends_at and what is known to be the first bound the last due time', () => {
  const noon = (day: number) => Date.UTC(2026, 0, day, 12)
  const table = timetable('0 12 * * *', 'UTC', { endsAt: noon(5) })
  assert.equal(lastDueBefore(table, noon(20), noon(2), cronCache), noon(5))
  assert.equal(lastDueBefore({ ...table, endsAt: noon(5) - 1 }, noon(20), noon(2), cronCache), noon(4))
  assert.equal(lastDueBefore(table, noon(3), noon(3), cronCache), noon(3))
  const every = timetable('', 'UTC', { timing: { everyMs: 86_400_000 }, createdAt: noon(1), endsAt: noon(5) + 1 })
  assert.equal(lastDueBefore(every, noon(20), noon(2), cronCache), noon(5))
  assert.equal(lastDueBefore(every, noon(4), noon(2), cronCache), noon(3))
})

const changes = [
  ['Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  ['America/Sao_Paulo', '2019-02-17T02:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
] as const

test('around changes of clocks, the last due time before any moment is the last of those that are gone through forwards', () => {
  const crons = fc.constantFrom(
    '* * * * *',
    '*/7 * * * *',
    '30 * * * *',
    '30 2 * * *',
    '15 0,1,2,23 * * *',
    '0 0 * * *',
  )
  const offset = fc.integer({ min: -30 * 3600, max: 30 * 3600 })
  const property = fc.property(
    fc.constantFrom(...changes),
    crons,
    offset,
    fc.nat(1),
    ([zone, at], cron, seconds, ms) => {
      const before = Date.parse(at) + seconds * 1000 + ms
      const table = timetable(cron, zone)
      const first = nextDue(table, before - 4 * 86_400_000, cronCache)!
      const forwards = dueTimesFrom({ ...table, endsAt: before - 1 }, first, 10_000, cronCache)
      assert.equal(lastDueBefore(table, before, first, cronCache), forwards.at(-1))
    },
  )
  fc.assert(property, { seed: 21, numRuns: 400 })
})
