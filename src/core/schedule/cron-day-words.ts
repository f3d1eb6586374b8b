import { type CronFields, type DayRule, LAST_OF_MONTH, NTH } from './cron-fields.ts'
import { listed, listedNumbers, MONTH_NAMES, ordinal } from './word-lists.ts'

const WEEKDAY_NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const ALL_OF_A_WEEKDAY = NTH.reduce((all, bit) => all | bit, 0)

/**
 * The days that an expression names: "on the 1st and 15th of the month", "on Monday to Friday"; null where every day is.
 * Where both a day of the month and one of the week are named, whether one is enough or both must fit.
 */
export function dayWords(rule: DayRule): string | null {
  const [everyDate, everyWeekday] = [rule.daysOfMonth.length === 31, rule.daysOfWeek.every(isWhole)]
  if (everyDate && everyWeekday) return null
  if (!rule.both) return everyDate || everyWeekday ? null : `on ${dateWords(rule)}, and also on ${weekdayWords(rule)}`
  if (everyDate) return `on ${weekdayWords(rule)}`
  return everyWeekday ? `on ${dateWords(rule)}` : `on ${dateWords(rule)}, where that is ${weekdayWords(rule)}`
}

/** "in January and July"; null where every month is named. */
export function monthWords({ months }: Pick<CronFields, 'months'>): string | null {
  return months.length === 12 ? null : `in ${listedNumbers(months, (month) => MONTH_NAMES[month]!)}`
}

function dateWords({ daysOfMonth, nearestWeekdays, lastDay, daysBeforeLast, lastWeekday }: DayRule): string {
  const before = [...new Set(daysBeforeLast)].sort((one, other) => other - one)
  const parts = [
    ...(daysOfMonth.length > 0 ? [`the ${listedNumbers(daysOfMonth, ordinal)}`] : []),
    ...nearestWeekdays.map((day) => `the working day nearest to the ${ordinal(day)}`),
    ...before
      .filter((days) => days > 0)
      .map((days) => `the ${days === 1 ? 'day' : `${ordinal(days)} day`} before the last`),
    ...(lastDay || before.includes(0) ? ['the last day'] : []),
    ...(lastWeekday ? ['the last working day'] : []),
  ]
  return `${listed(parts)} of the month`
}

function weekdayWords({ daysOfWeek }: DayRule): string {
  // From Monday on: Friday to Sunday are one range then.
  const flags = [...daysOfWeek.slice(1), daysOfWeek[0]!]
  const whole = flags.flatMap((flag, day) => (isWhole(flag) ? [day] : []))
  const some = flags.flatMap((flag, day) => (isWhole(flag) ? [] : someOf(flag, WEEKDAY_NAMES[day]!)))
  const parts = [...(whole.length > 0 ? [listedNumbers(whole, (day) => WEEKDAY_NAMES[day]!)] : []), ...some]
  return some.length === 0 ? parts[0]! : `${listed(parts)} of the month`
}

/** "the 2nd Friday", "the last Friday". */
function someOf(flag: number, name: string): string[] {
  const nths = NTH.flatMap((bit, index) => ((flag & bit) !== 0 ? [`the ${ordinal(index + 1)} ${name}`] : []))
  return (flag & LAST_OF_MONTH) !== 0 ? [...nths, `the last ${name}`] : nths
}

/** Whether every such weekday of a month is meant. */
function isWhole(flag: number): boolean {
  return (flag & ALL_OF_A_WEEKDAY) === ALL_OF_A_WEEKDAY
}
