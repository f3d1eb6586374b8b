import { CronPattern } from 'croner'
import { quoted } from '../schema/fault-list.ts'
import { splitZone, type Translated, translated } from './cron-dialects.ts'

const MAX_LENGTH = 256

const OF_NUMBERS = 'lists (1,2), ranges (1-5, also 22-2) and steps (*/2, 0-8/2, 5/10)'
const FIELDS = [
  { name: 'second', allowed: `0-59, ${OF_NUMBERS}` },
  { name: 'minute', allowed: `0-59, ${OF_NUMBERS}` },
  { name: 'hour', allowed: `0-23, ${OF_NUMBERS}` },
  {
    name: 'day of month',
    allowed: `1-31, ${OF_NUMBERS}, L for the last, L-3 for three days before it, LW for the last weekday, 15W for the weekday nearest to the 15th`,
  },
  { name: 'month', allowed: `1-12 or JAN-DEC, ${OF_NUMBERS}` },
  {
    name: 'day of week',
    allowed: `0-7 or SUN-SAT (0 and 7 are Sunday), ${OF_NUMBERS}, 5#2 for the second Friday, 5#L for the last`,
  },
]

/** The fields of a cron expression as sets, ascending where they are lists. */
export interface CronFields {
  seconds: readonly number[]
  minutes: readonly number[]
  hours: readonly number[]
  /** From 0 to 11. */
  months: readonly number[]
  days: DayRule
}

/** Which days of a month a cron expression means. */
export interface DayRule {
  /** Days of the month, from 1. */
  daysOfMonth: readonly number[]
  /** `15W`: the weekdays, Monday to Friday, that are nearest to these days within the month. */
  nearestWeekdays: readonly number[]
  /** `L` */
  lastDay: boolean
  /** `L-3`: so many days before the last one of the month. */
  daysBeforeLast: readonly number[]
  /** `LW` */
  lastWeekday: boolean
  /** For each day of the week from Sunday: a set of `NTH[…]`, or 0 for none. */
  daysOfWeek: readonly number[]
  /** A day must fit the day of the month and the day of the week; else one of the two is enough. */
  both: boolean
}

/** Bits of `daysOfWeek`: `NTH[0]` is the first of its weekday in a month, up to the fifth; and the last one. */
export const NTH = [1, 2, 4, 8, 16] as const
export const LAST_OF_MONTH = 32

/** The fields, or what is wrong with the text: which field, what it says, and what it may say. */
export function parseCron(text: string): CronFields | { fault: string } {
  // First of all, because the rest reads the text as often as it has fields.
  if (text.length > MAX_LENGTH) return { fault: `must be at most ${MAX_LENGTH} characters` }
  const read = translated(splitZone(text).text)
  if ('fault' in read) return read
  const pattern = parse(read.fields)
  return pattern === null ? { fault: faultOf(read.fields) } : setsOf(pattern, read)
}

type TranslatedFields = Exclude<Translated, { fault: string }>

function parse(fields: readonly string[]): CronPattern | null {
  try {
    return new CronPattern(fields.join(' '), 'UTC', { mode: '6-part' })
  } catch {
    return null
  }
}

function faultOf(fields: readonly string[]): string {
  for (const [index, field] of fields.entries()) {
    if (parse(fields.map((_, at) => (at === index ? field : '*'))) !== null) continue
    const { name, allowed } = FIELDS[index]!
    return `has ${quoted(field)} as its ${name}, which is not valid; allowed are *, ${allowed}`
  }
  return 'is not valid'
}

function setsOf(pattern: CronPattern, { daysBeforeLast, nothingElse }: TranslatedFields): CronFields {
  return {
    seconds: namedIn(pattern.second),
    minutes: namedIn(pattern.minute),
    hours: namedIn(pattern.hour),
    months: namedIn(pattern.month),
    days: {
      daysOfMonth: namedIn(pattern.day).map((index) => index + 1),
      nearestWeekdays: namedIn(pattern.nearestWeekdays).map((index) => index + 1),
      lastDay: pattern.lastDayOfMonth && !nothingElse,
      daysBeforeLast,
      lastWeekday: pattern.lastWeekday,
      daysOfWeek: [...pattern.dayOfWeek],
      // Where one of the two is a star it fits every day, and would make the other meaningless.
      both: pattern.useAndLogic || pattern.starDOM || pattern.starDOW,
    },
  }
}

/** The values that a field's flags name: the indexes at which a flag is set. */
function namedIn(flags: readonly number[]): number[] {
  return flags.flatMap((flag, value) => (flag ? [value] : []))
}
