// What the sentences say is read a second time, by a reader that knows nothing of how they are made.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cronFault } from '../../../src/core/schedule/cron.ts'
import type { Timing } from '../../../src/core/schedule/schedule.ts'
import { scheduleWords } from '../../../src/core/schedule/schedule-words.ts'
import { cronCache, timetable } from '../../support/cron-cache.ts'
import { cronMeaning } from '../../support/oracle/cron-meaning.ts'
import { cronTexts } from '../../support/oracle/cron-texts.ts'
import { readWords } from '../../support/oracle/cron-words-reader.ts'
import { rounds } from '../../support/thorough.ts'

function wordsOf(timing: Timing, what: Parameters<typeof timetable>[2] = {}, zone = 'Europe/Berlin'): string {
  return scheduleWords(timetable('', zone, { timing, ...what }), cronCache)
}

const CRONS: [cron: string, words: string][] = [
  ['* * * * *', 'Every minute'],
  ['*/5 * * * *', 'Every 5 minutes'],
  ['*/7 * * * *', 'At minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour'],
  ['0 * * * *', 'Every hour, on the hour'],
  ['@hourly', 'Every hour, on the hour'],
  ['30 * * * *', 'At minute 30 of every hour'],
  ['0 */2 * * *', 'Every 2 hours, on the hour'],
  ['0 9 * * *', 'At 09:00 every day'],
  ['0 9 * * 1-5', 'At 09:00 on Monday to Friday'],
  ['0 9 * * FRI-MON', 'At 09:00 on Monday and Friday to Sunday'],
  ['0 9-17 * * *', 'Every hour from 09:00 to 17:00'],
  ['*/5 9-17 * * MON-FRI', 'Every 5 minutes from 09:00 to 17:55 on Monday to Friday'],
  ['* 9 * * *', 'Every minute from 09:00 to 09:59'],
  ['*/15 8-10,20 * * *', 'Every 15 minutes in the hours 08 to 10 and 20'],
  ['0 22-2 * * *', 'At 00:00, 01:00, 02:00, 22:00 and 23:00 every day'],
  ['*/10 * * * * *', 'Every 10 seconds'],
  ['30 * * * * *', 'At second 30 of every minute'],
  ['*/20 10-11 * * * *', 'Every 20 seconds of minutes 10 and 11 of every hour'],
  ['5 30 4 * * *', 'At 04:30:05 every day'],
  ['@yearly', 'At 00:00 on the 1st of the month, in January'],
  ['0 0 1,15,22,23 * *', 'At 00:00 on the 1st, 15th, 22nd and 23rd of the month'],
  ['0 0 11-13 3-5,12 *', 'At 00:00 on the 11th to 13th of the month, in March to May and December'],
  ['0 0 L * *', 'At 00:00 on the last day of the month'],
  ['0 0 L-1,L-3 * *', 'At 00:00 on the 3rd day before the last and the day before the last of the month'],
  ['0 0 LW * *', 'At 00:00 on the last working day of the month'],
  ['0 0 15W * *', 'At 00:00 on the working day nearest to the 15th of the month'],
  ['0 0 13 * FRI', 'At 00:00 on the 13th of the month, and also on Friday'],
  ['0 0 13 * +FRI', 'At 00:00 on the 13th of the month, where that is Friday'],
  ['0 9 * * TUE#2,TUE#4', 'At 09:00 on the 2nd Tuesday and the 4th Tuesday of the month'],
  ['0 9 * * 5L', 'At 09:00 on the last Friday of the month'],
  ['0 0 1-31 * 1', 'At 00:00 every day'],
]

test('cron expressions in words', () => {
  for (const [cron, words] of CRONS) assert.equal(wordsOf({ cron }), words, cron)
})

test('other schedules in words', () => {
  const [startsAt, endsAt] = [Date.UTC(2027, 0, 31, 8), Date.UTC(2027, 6, 1, 7, 30, 5)]
  const start = '31 January 2027 at 09:00 in Europe/Berlin'
  const end = '1 July 2027 at 09:30:05 in Europe/Berlin'
  assert.equal(wordsOf({ everyMs: 900_000 }), 'Every 15 minutes, counted from its creation')
  assert.equal(wordsOf({ everyMs: 1_000 }), 'Every second, counted from its creation')
  assert.equal(wordsOf({ everyMs: 172_800_000 }), 'Every 48 hours, counted from its creation')
  const odd = 'Every 1 hour, 1 second and 5 milliseconds'
  assert.equal(wordsOf({ everyMs: 3_601_005 }, { startsAt }), `${odd}, counted from ${start}`)
  assert.equal(wordsOf({ period: 'P2W' }, { startsAt, endsAt }), `Every 2 weeks, counted from ${start}, until ${end}`)
  assert.equal(wordsOf({ period: 'P1M' }), 'Every month, counted from its creation')
  assert.equal(wordsOf({ period: 'P1Y6M' }), 'Every 1 year and 6 months, counted from its creation')
  assert.equal(
    wordsOf({ cron: '0 9 * * *' }, { startsAt, endsAt }),
    `At 09:00 every day, from ${start} on, until ${end}`,
  )
  assert.equal(wordsOf({ at: 1_798_761_600_005 }, {}, 'UTC'), 'Once, on 1 January 2027 at 00:00:00.005 in UTC')
})

test('what cannot be read has no words', () => {
  assert.throws(() => wordsOf({ cron: 'every day' }), /must have 5 fields/)
  assert.throws(() => wordsOf({ period: 'P0D' }), /at least one day/)
})

const HOURS = Array.from({ length: 24 }, (_, hour) => hour)
const SIXTY = Array.from({ length: 60 }, (_, minute) => minute)
const DAYS = Array.from({ length: 3 * 365 + 1 }, (_, day) => new Date(Date.UTC(2026, 0, 1 + day)))

test('the words mean what the expression means', () => {
  const property = fc.property(cronTexts, (cron) => {
    fc.pre(cronFault(cron) === null)
    const words = wordsOf({ cron })
    const [said, meant] = [readWords(words), cronMeaning(cron)]
    const told = `${cron}: ${words}`
    for (const hour of HOURS) {
      for (const minute of SIXTY) assert.equal(said.inMinute(hour, minute), meant.inMinute(hour, minute), told)
    }
    for (const second of SIXTY) assert.equal(said.inSecond(second), meant.inSecond(second), told)
    for (const date of DAYS) {
      const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
      assert.equal(said.onDay(year, month, day), meant.onDay(year, month, day), `${told}, ${date.toISOString()}`)
    }
  })
  fc.assert(property, { seed: 51, numRuns: rounds({ quick: 300, long: 2_000 }) })
})
