// The instants are written by hand; the property compares with a walk from day to day that knows nothing of the source.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parsePeriod, periodFault } from '../../../src/core/schedule/calendar-period.ts'
import { catchUp } from '../../../src/core/schedule/missed.ts'
import {
  countDue,
  dueTimesFrom,
  firstDue,
  lastDueBefore,
  nextDue,
  type Timetable,
} from '../../../src/core/schedule/schedule.ts'
import { createMake } from '../../store/make.ts'
import { cronCache, dueTexts, timetable } from '../../support/cron-cache.ts'
import { walkPeriods } from '../../support/oracle/calendar-walk.ts'
import { ODD_ZONES } from '../../support/oracle/zones.ts'
import { rounds } from '../../support/thorough.ts'

function periodic(period: string, zone: string, startsAt: string, what: Partial<Timetable> = {}): Timetable {
  return timetable('', zone, { timing: { period }, startsAt: Date.parse(startsAt), ...what })
}

const EXAMPLES: { what: string; table: Timetable; after: string; due: string[] }[] = [
  {
    what: 'the first is starts_at itself, and each 31st after a shorter month is a 31st again',
    table: periodic('P1M', 'UTC', '2027-01-31T09:00:00Z'),
    after: '2026-11-30T00:00:00Z',
    due: ['2027-01-31T09:00:00Z', '2027-02-28T09:00:00Z', '2027-03-31T09:00:00Z', '2027-04-30T09:00:00Z'],
  },
  {
    what: 'every two weeks on Tuesday at nine, through the change of the clocks',
    table: periodic('P2W', 'Europe/Berlin', '2026-03-17T08:00:00Z'),
    after: '2026-03-17T07:59:59Z',
    due: ['2026-03-17T08:00:00Z', '2026-03-31T07:00:00Z', '2026-04-14T07:00:00Z'],
  },
  {
    what: 'a time that the clocks leap over is due at the first instant after the leap, and at its own time again',
    table: periodic('P1D', 'Europe/Berlin', '2026-03-28T01:30:00Z'),
    after: '2026-03-28T01:30:00Z',
    due: ['2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z'],
  },
  {
    what: 'a time that occurs twice is due when it occurs first',
    table: periodic('P1D', 'Europe/Berlin', '2026-10-24T00:30:00Z'),
    after: '2026-10-24T00:30:00Z',
    due: ['2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
  },
  {
    what: 'starts_at itself is due also where it is the second of two',
    table: periodic('P1D', 'Europe/Berlin', '2026-10-25T01:30:00Z'),
    after: '2026-10-25T00:30:00Z',
    due: ['2026-10-25T01:30:00Z', '2026-10-26T01:30:00Z'],
  },
  {
    what: 'a leap day is the last of February in other years',
    table: periodic('P1Y', 'UTC', '2028-02-29T12:00:00Z'),
    after: '2028-02-29T12:00:00Z',
    due: ['2029-02-28T12:00:00Z', '2030-02-28T12:00:00Z', '2031-02-28T12:00:00Z', '2032-02-29T12:00:00Z'],
  },
  {
    what: 'a day that a zone left out is due when the next one begins, which is one with what is due there',
    table: periodic('P1D', 'Pacific/Apia', '2011-12-29T10:00:00Z'),
    after: '2011-12-29T00:00:00Z',
    due: ['2011-12-29T10:00:00Z', '2011-12-30T10:00:00Z', '2011-12-31T10:00:00Z'],
  },
  {
    what: 'years, months, weeks and days together, each counted from the beginning',
    table: periodic('P1Y2M1W3D', 'UTC', '2026-01-31T00:00:00Z'),
    after: '2026-01-31T00:00:00Z',
    due: ['2027-04-10T00:00:00Z', '2028-06-20T00:00:00Z'],
  },
  {
    what: 'without starts_at it counts from the creation, first after one period',
    table: timetable('', 'UTC', { timing: { period: 'P1M' }, createdAt: Date.parse('2026-01-31T09:00:00Z') }),
    after: '2026-01-31T09:00:00Z',
    due: ['2026-02-28T09:00:00Z', '2026-03-31T09:00:00Z'],
  },
]

describe('a calendar period', () => {
  for (const { what, table, after, due } of EXAMPLES) {
    test(what, () => assert.deepEqual(dueTexts(table, after, due.length), due))
  }

  test('ends with ends_at, which counts, and is not due before starts_at, whenever it was made', () => {
    const at = (text: string) => Date.parse(text)
    const table = periodic('P1M', 'UTC', '2027-01-31T09:00:00Z', { endsAt: at('2027-02-28T09:00:00Z') })
    const first = firstDue(table, at('2020-06-01T00:00:00Z'), cronCache)
    assert.equal(first, table.startsAt)
    assert.deepEqual(dueTimesFrom(table, first, 9, cronCache), [table.startsAt, table.endsAt])
    assert.equal(lastDueBefore(table, at('2030-01-01T00:00:00Z'), first!, cronCache), table.endsAt)
  })

  test('what was missed of it is counted, also where two are one', () => {
    const startsAt = Date.parse('2011-12-20T10:00:00Z')
    const make = createMake()
    const when = { timing: { period: 'P1D' }, timezone: 'Pacific/Apia', startsAt, createdAt: startsAt }
    const schedule = make.schedule(make.queue(make.organization()), when)
    const since = Date.parse('2012-01-05T00:00:00Z')
    const { nextAt, skipped } = catchUp(schedule, { nextAt: startsAt, since, cronCache })
    // Fifteen days and the first, without the one that was left out.
    assert.deepEqual(skipped, { count: 16, firstAt: startsAt, lastAt: Date.parse('2012-01-04T10:00:00Z') })
    assert.equal(nextAt, Date.parse('2012-01-05T10:00:00Z'))
  })

  test('is found in a few steps, however long ago it began and however long it is', () => {
    const table = periodic('P1D', 'Europe/Berlin', '1970-01-01T00:00:00Z')
    assert.equal(nextDue(table, Date.parse('9999-01-01T12:00:00Z'), cronCache), Date.parse('9999-01-02T00:00:00Z'))
    const rare = periodic('P9999Y9999M9999W9999D', 'UTC', '2026-01-01T00:00:00Z')
    assert.equal(nextDue(rare, Date.parse('2026-01-01T00:00:00Z'), cronCache), null)
    assert.equal(nextDue(rare, Date.parse('2025-01-01T00:00:00Z'), cronCache), rare.startsAt)
  })
})

test('what is no period is refused with what to write', () => {
  const refused: [string, RegExp][] = [
    ['P', /names no period; P1D is a day/],
    ['PT15M', /is a time, which is written in milliseconds/],
    ['P1DT2H', /starts_at says at which time of the day/],
    ['P0D', /at least one day/],
    ['P0Y0M', /at least one day/],
    ['-P1D', /negative/],
    ['P-1D', /negative/],
    ['P0.5D', /in whole numbers/],
    ['P1,5M', /in whole numbers/],
    ['P1D1M', /in this order, each once/],
    ['P1M1M', /in this order, each once/],
    ['P10000D', /no part above 9999/],
    ['60000', /as a number/],
    ['p1m', /such as P1D, P2W, P1M or P1Y6M, not "p1m"/],
    ['monthly', /such as P1D/],
    ['', /such as P1D/],
  ]
  for (const [text, says] of refused) assert.match(periodFault(text) ?? 'taken', says, text)
  for (const text of ['P1D', 'P2W', 'P1M', 'P1Y', 'P1Y2M', 'P1M15D', 'P0Y1M', 'P9999D']) {
    assert.equal(periodFault(text), null, text)
  }
})

const period = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map((days) => `P${days}D`),
  fc.integer({ min: 1, max: 9 }).map((weeks) => `P${weeks}W`),
  fc.integer({ min: 1, max: 14 }).map((months) => `P${months}M`),
  fc.constantFrom('P1Y', 'P1Y2M', 'P1M1D', 'P2M3W2D'),
)
const days = Object.entries(ODD_ZONES).flatMap(([zone, dates]) =>
  dates.map((date) => ({ zone, day: Date.parse(date) })),
)
const DAY_MS = 86_400_000

test('due times are those that a walk from day to day finds by Intl, in both directions', () => {
  const change = fc.constantFrom(...days.filter(({ day }) => day > 0))
  const offset = fc.oneof(
    fc.integer({ min: -400 * 1_440, max: 1_440 }).map((minutes) => minutes * 60_000),
    fc.integer({ min: -60 * DAY_MS, max: DAY_MS }),
  )
  const property = fc.property(period, change, offset, (text, { zone, day }, from) => {
    const anchor = Math.max(0, day + from)
    const read = parsePeriod(text)
    assert.ok(!('fault' in read))
    const expected = walkPeriods(read, anchor, zone, 12)
    const table = timetable('', zone, { timing: { period: text }, startsAt: anchor })
    assert.deepEqual(dueTimesFrom(table, nextDue(table, anchor - 1, cronCache), 12, cronCache), expected)
    for (const [index, due] of expected.entries()) {
      assert.equal(countDue(table, anchor, due, cronCache), index + 1)
      if (index > 0) assert.equal(lastDueBefore(table, due, anchor, cronCache), expected[index - 1])
      assert.equal(lastDueBefore(table, due + 1, anchor, cronCache), due)
    }
  })
  fc.assert(property, { seed: 41, numRuns: rounds({ quick: 150, long: 1_000 }) })
})
