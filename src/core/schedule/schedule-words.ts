import { parsePeriod } from './calendar-period.ts'
import { dayWords, monthWords } from './cron-day-words.ts'
import { type CronFields, parseCron } from './cron-fields.ts'
import { isClockTimes, timeWords } from './cron-time-words.ts'
import type { CronCache, Timetable } from './schedule.ts'
import { counted, listed, MONTH_NAMES, twoDigits } from './word-lists.ts'

/**
 * When a timetable is due, as an English sentence without its full stop. It says what the expression means and not how it is
 * written, so that all ways to write the same say the same. Throws where the timetable cannot be read.
 */
export function scheduleWords(table: Timetable, cronCache: CronCache): string {
  const { timing, startsAt, endsAt } = table
  const moment = (time: number) => momentWords(time, table.timezone, cronCache)
  const until = endsAt === null ? [] : [`until ${moment(endsAt)}`]
  if ('at' in timing) return `Once, on ${moment(timing.at)}`
  if ('cron' in timing) {
    const from = startsAt === null ? [] : [`from ${moment(startsAt)} on`]
    return capitalized([cronWords(timing.cron), ...from, ...until].join(', '))
  }
  const counting = startsAt === null ? 'counted from its creation' : `counted from ${moment(startsAt)}`
  const every = 'period' in timing ? periodWords(timing.period) : durationWords(timing.everyMs)
  return capitalized([every, counting, ...until].join(', '))
}

function cronWords(text: string): string {
  const fields = parseCron(text)
  if ('fault' in fields) throw new Error(fields.fault)
  return fieldWords(fields)
}

/** "at 09:00 on Monday to Friday, in January"; days and months stand by where there are others. */
function fieldWords(fields: CronFields): string {
  const [days, months] = [dayWords(fields.days), monthWords(fields)]
  const everyDay = isClockTimes(fields) ? ' every day' : ''
  return `${timeWords(fields)}${days === null ? everyDay : ` ${days}`}${months === null ? '' : `, ${months}`}`
}

function periodWords(text: string): string {
  const read = parsePeriod(text)
  if ('fault' in read) throw new Error(read.fault)
  return everyWords([
    [read.years, 'year'],
    [read.months, 'month'],
    [read.weeks, 'week'],
    [read.days, 'day'],
  ])
}

/** No days: one that the clocks make shorter is no 24 hours. */
const UNITS: readonly [ms: number, unit: string][] = [
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
  [1, 'millisecond'],
]

/** "every 1 hour and 30 minutes". */
function durationWords(everyMs: number): string {
  let left = everyMs
  return everyWords(
    UNITS.map(([size, unit]) => {
      const count = Math.floor(left / size)
      left -= count * size
      return [count, unit]
    }),
  )
}

/** "every month", "every 2 weeks", "every 1 year and 6 months". */
function everyWords(counts: readonly [count: number, unit: string][]): string {
  const some = counts.filter(([count]) => count > 0)
  if (some.length === 1 && some[0]![0] === 1) return `every ${some[0]![1]}`
  return `every ${listed(some.map(([count, unit]) => counted(count, unit)))}`
}

/** "31 January 2027 at 09:00 in Europe/Berlin". */
function momentWords(time: number, timezone: string, cronCache: CronCache): string {
  const local = new Date(cronCache.zone(timezone).localOf(time))
  const [day, month, year] = [local.getUTCDate(), MONTH_NAMES[local.getUTCMonth()], local.getUTCFullYear()]
  return `${day} ${month} ${year} at ${clockWords(local)} in ${timezone}`
}

/** As exactly as the moment is, from minutes to milliseconds. */
function clockWords(local: Date): string {
  const [seconds, ms] = [local.getUTCSeconds(), local.getUTCMilliseconds()]
  const minutes = `${twoDigits(local.getUTCHours())}:${twoDigits(local.getUTCMinutes())}`
  if (seconds === 0 && ms === 0) return minutes
  return `${minutes}:${twoDigits(seconds)}${ms === 0 ? '' : `.${String(ms).padStart(3, '0')}`}`
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
