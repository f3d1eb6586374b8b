// The instants are written by hand from the rules of each zone, which stand above them.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { dueTimesFrom, nextDue } from '../../../src/core/schedule/schedule.ts'
import { cronCache, dueTexts, timetable } from '../../support/cron-cache.ts'

interface Example {
  what: string
  cron: string
  after: string
  due: string[]
}

function inZone(zone: string, examples: Example[]): void {
  describe(zone, () => {
    for (const { what, cron, after, due } of examples) {
      test(`${cron}: ${what}`, () => assert.deepEqual(dueTexts(timetable(cron, zone), after, due.length), due))
    }
  })
}

// CET is +1, CEST +2. Summer time begins on 29 March 2026 at 01:00 UTC and ends on 25 October at 01:00 UTC.
inZone('Europe/Berlin', [
  {
    what: 'a time that the clocks leap over is due at the first instant after the leap',
    cron: '30 2 * * *',
    after: '2026-03-28T00:00:00Z',
    due: ['2026-03-28T01:30:00Z', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z'],
  },
  {
    what: 'a time that occurs twice is due when it occurs first',
    cron: '30 2 * * *',
    after: '2026-10-24T00:00:00Z',
    due: ['2026-10-24T00:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
  },
  {
    what: 'all times of the leap are one, and one with what is due right after it',
    cron: '*/30 1-3 * * *',
    after: '2026-03-28T23:00:00Z',
    due: [
      ...['2026-03-29T00:00:00Z', '2026-03-29T00:30:00Z', '2026-03-29T01:00:00Z', '2026-03-29T01:30:00Z'],
      '2026-03-29T23:00:00Z',
    ],
  },
  {
    what: 'nothing is due again while the clocks show again what they have shown',
    cron: '*/30 1-3 * * *',
    after: '2026-10-24T22:00:00Z',
    due: [
      ...['2026-10-24T23:00:00Z', '2026-10-24T23:30:00Z', '2026-10-25T00:00:00Z', '2026-10-25T00:30:00Z'],
      ...['2026-10-25T02:00:00Z', '2026-10-25T02:30:00Z', '2026-10-26T00:00:00Z'],
    ],
  },
  {
    what: 'asked within the repeated hour, the next due time is behind it',
    cron: '*/15 * * * *',
    after: '2026-10-25T01:07:00Z',
    due: ['2026-10-25T02:00:00Z', '2026-10-25T02:15:00Z'],
  },
  {
    what: 'the year ends an hour earlier in UTC',
    cron: '0 0 1 1 *',
    after: '2026-06-01T00:00:00Z',
    due: ['2026-12-31T23:00:00Z', '2027-12-31T23:00:00Z'],
  },
  {
    what: 'a day in summer and one in winter',
    cron: '0 9 1 1,7 *',
    after: '2026-01-15T00:00:00Z',
    due: ['2026-07-01T07:00:00Z', '2027-01-01T08:00:00Z'],
  },
])

// EST is -5, EDT -4. It begins on 8 March 2026 at 02:00 local (07:00 UTC) and ends on 1 November at 02:00 (06:00 UTC).
inZone('America/New_York', [
  {
    what: 'the leap',
    cron: '30 2 * * *',
    after: '2026-03-07T00:00:00Z',
    due: ['2026-03-07T07:30:00Z', '2026-03-08T07:00:00Z', '2026-03-09T06:30:00Z'],
  },
  {
    what: 'the repeated hour',
    cron: '30 1 * * *',
    after: '2026-10-31T00:00:00Z',
    due: ['2026-10-31T05:30:00Z', '2026-11-01T05:30:00Z', '2026-11-02T06:30:00Z'],
  },
  {
    what: 'every second before and after the leap',
    cron: '58-59 59 1 * * *',
    after: '2026-03-08T00:00:00Z',
    due: ['2026-03-08T06:59:58Z', '2026-03-08T06:59:59Z', '2026-03-09T05:59:58Z'],
  },
])

// +10:30, in summer +11: half an hour. It begins on 4 October 2026 at 02:00 local (3 October, 15:30 UTC) and ends on
// 5 April at 02:00 local (4 April, 15:00 UTC), when the clocks go back to 01:30.
inZone('Australia/Lord_Howe', [
  {
    what: 'a time within the half hour that is leapt over',
    cron: '15 2 * * *',
    after: '2026-10-02T00:00:00Z',
    due: ['2026-10-02T15:45:00Z', '2026-10-03T15:30:00Z', '2026-10-04T15:15:00Z'],
  },
  {
    what: 'a time behind it',
    cron: '45 2 * * *',
    after: '2026-10-03T00:00:00Z',
    due: ['2026-10-03T15:45:00Z', '2026-10-04T15:45:00Z'],
  },
  {
    what: 'a time within the half hour that occurs twice',
    cron: '45 1 * * *',
    after: '2026-04-04T00:00:00Z',
    due: ['2026-04-04T14:45:00Z', '2026-04-05T15:15:00Z'],
  },
  {
    what: 'a time before it',
    cron: '15 1 * * *',
    after: '2026-04-04T00:00:00Z',
    due: ['2026-04-04T14:15:00Z', '2026-04-05T14:45:00Z'],
  },
])

// -3, in summer -2 until 2019: from 4 November 2018 at 00:00 (03:00 UTC) to 17 February 2019 at 00:00 (02:00 UTC), when
// the clocks went back to 23:00 of the day before. There has been no summer time since.
inZone('America/Sao_Paulo', [
  {
    what: 'a midnight that did not exist',
    cron: '0 0 * * *',
    after: '2018-11-03T00:00:00Z',
    due: ['2018-11-03T03:00:00Z', '2018-11-04T03:00:00Z', '2018-11-05T02:00:00Z'],
  },
  {
    what: 'an evening hour that occurred twice',
    cron: '30 23 * * *',
    after: '2019-02-16T00:00:00Z',
    due: ['2019-02-16T01:30:00Z', '2019-02-17T01:30:00Z', '2019-02-18T02:30:00Z'],
  },
  {
    what: 'the same all year nowadays',
    cron: '0 9 1 1,7 *',
    after: '2026-01-02T00:00:00Z',
    due: ['2026-07-01T12:00:00Z', '2027-01-01T12:00:00Z'],
  },
])

// +05:45 all year.
inZone('Asia/Kathmandu', [
  {
    what: 'three quarters of an hour off the hour',
    cron: '0 9 * * *',
    after: '2026-01-01T00:00:00Z',
    due: ['2026-01-01T03:15:00Z', '2026-01-02T03:15:00Z'],
  },
  {
    what: 'the last minute of a year',
    cron: '59 23 31 12 *',
    after: '2026-06-01T00:00:00Z',
    due: ['2026-12-31T18:14:00Z'],
  },
])

// -10 until the end of 29 December 2011, then +14: the whole of 30 December was left out.
inZone('Pacific/Apia', [
  {
    what: 'a day that did not exist is due when the next one begins',
    cron: '0 10 * * *',
    after: '2011-12-29T00:00:00Z',
    due: ['2011-12-29T20:00:00Z', '2011-12-30T10:00:00Z', '2011-12-30T20:00:00Z'],
  },
])

inZone('UTC', [
  {
    what: 'leap days, and none in 2100',
    cron: '0 12 29 2 *',
    after: '2026-01-01T00:00:00Z',
    due: ['2028-02-29T12:00:00Z', '2032-02-29T12:00:00Z'],
  },
  { what: 'eight years apart', cron: '0 12 29 2 *', after: '2096-03-01T00:00:00Z', due: ['2104-02-29T12:00:00Z'] },
  {
    what: 'the last second of a year',
    cron: '59 59 23 31 12 *',
    after: '2026-12-31T23:59:58Z',
    due: ['2026-12-31T23:59:59Z', '2027-12-31T23:59:59Z'],
  },
  {
    what: 'the last day of each month',
    cron: '0 0 L * *',
    after: '2028-01-15T00:00:00Z',
    due: ['2028-01-31T00:00:00Z', '2028-02-29T00:00:00Z', '2028-03-31T00:00:00Z'],
  },
  {
    // 15 August 2026 is a Saturday, 15 November a Sunday.
    what: 'the weekday nearest to the 15th',
    cron: '0 0 15W 8,11 *',
    after: '2026-08-01T00:00:00Z',
    due: ['2026-08-14T00:00:00Z', '2026-11-16T00:00:00Z'],
  },
  {
    what: 'the second Friday',
    cron: '0 0 * * FRI#2',
    after: '2026-11-01T00:00:00Z',
    due: ['2026-11-13T00:00:00Z', '2026-12-11T00:00:00Z'],
  },
  {
    what: 'the last Friday',
    cron: '0 0 * * 5#L',
    after: '2026-11-01T00:00:00Z',
    due: ['2026-11-27T00:00:00Z', '2026-12-25T00:00:00Z'],
  },
  {
    what: 'the 13th and every Friday',
    cron: '0 0 13 * 5',
    after: '2026-12-10T00:00:00Z',
    due: ['2026-12-11T00:00:00Z', '2026-12-13T00:00:00Z', '2026-12-18T00:00:00Z'],
  },
  {
    what: 'names, lists, ranges and steps',
    cron: '0 */6,9 * JAN-MAR,dec mon-wed',
    after: '2026-12-28T17:00:00Z',
    due: ['2026-12-28T18:00:00Z', '2026-12-29T00:00:00Z', '2026-12-29T06:00:00Z', '2026-12-29T09:00:00Z'],
  },
  { what: 'Sunday is 0 and 7', cron: '0 0 * * 7', after: '2026-11-24T00:00:00Z', due: ['2026-11-29T00:00:00Z'] },
])

describe('the whole of a year', () => {
  const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Asia/Kathmandu']
  for (const zone of zones) {
    test(`${zone}: a daily time is due once on each of 365 days, in order`, () => {
      const table = timetable('30 2 * * *', zone)
      const until = Date.parse('2027-01-01T00:00:00Z')
      let count = 0
      let due = nextDue(table, Date.parse('2026-01-01T00:00:00Z'), cronCache)!
      for (; due < until; count++) {
        const next = nextDue(table, due, cronCache)!
        assert.ok(next - due >= 22 * 3_600_000 && next - due <= 26 * 3_600_000)
        due = next
      }
      assert.equal(count, 365)
    })
  }
  test('a minute schedule has one due time for each minute that the clocks show', () => {
    const year = (zone: string) => {
      const table = { ...timetable('* * * * *', zone), endsAt: Date.parse('2027-06-01T00:00:00Z') - 1 }
      const first = nextDue(table, Date.parse('2026-06-01T00:00:00Z') - 1, cronCache)
      return dueTimesFrom(table, first, 600_000, cronCache).length
    }
    assert.equal(year('UTC'), 525_600)
    // An hour in spring does not exist, and one in autumn is shown twice, of which the second is passed over.
    assert.equal(year('Europe/Berlin'), 525_600 - 60)
  })
})

/** Due times by Temporal's own resolution of local times, minute by minute. */
function expected(zone: string, from: number, until: number, everyMinutes: number): number[] {
  const found = new Set<number>()
  const step = everyMinutes * 60_000
  for (let local = Math.floor((from - 86_400_000) / step) * step; local < until + 86_400_000; local += step) {
    const shown = new Date(local).toISOString().slice(0, 19)
    const first = Temporal.PlainDateTime.from(shown).toZonedDateTime(zone, { disambiguation: 'earlier' })
    const exists = first.toPlainDateTime().toString().startsWith(shown.slice(0, 16))
    const at = exists ? first.epochMilliseconds : first.getTimeZoneTransition('next')!.epochMilliseconds
    if (at > from && at <= until) found.add(at)
  }
  return [...found].sort((a, b) => a - b)
}

test('around any change of clocks anywhere, due times are what the local times say', () => {
  const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'America/Santiago']
  const changes = zones.flatMap((zone) => {
    let at = Temporal.Instant.from('2015-01-01T00:00:00Z').toZonedDateTimeISO(zone)
    return Array.from({ length: 12 }, () => {
      at = at.getTimeZoneTransition('next')!
      return { zone, at: at.epochMilliseconds }
    })
  })
  const property = fc.property(fc.constantFrom(...changes), fc.constantFrom(5, 15, 30), (change, everyMinutes) => {
    const [from, until] = [change.at - 5 * 3_600_000, change.at + 5 * 3_600_000]
    const table = { ...timetable(`*/${everyMinutes} * * * *`, change.zone), endsAt: until }
    const due = dueTimesFrom(table, nextDue(table, from, cronCache), 1_000, cronCache)
    assert.deepEqual(due, expected(change.zone, from, until, everyMinutes))
  })
  fc.assert(property, { seed: 5, numRuns: 60 })
})
