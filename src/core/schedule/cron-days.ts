import { type CronFields, type DayRule, LAST_OF_MONTH, NTH } from './cron-fields.ts'

const DAY_MS = 86_400_000
/** The Gregorian calendar repeats after 400 years, weekdays included: these months, or 146,097 days. */
const MONTHS_OF_CYCLE = 4_800
const [SUNDAY, SATURDAY] = [0, 6]
/** Of the months with 28 to 31 days, each beginning on any of seven weekdays. */
const KINDS_OF_MONTHS = 4 * 7

/**
 * The days that a cron expression names, as midnights in UTC (epoch ms). A search looks at bits of months: at each month
 * of 400 years once at most, after which the calendar repeats, so that it takes some 20 µs for a day that never comes.
 */
export class CronDays {
  readonly #rule: DayRule
  /** Whether the month is named, from January. */
  readonly #months: readonly boolean[]
  /** What is known of the days of a kind of month: bit 0 is the 1st. -1 where nothing is known yet. */
  readonly #bits = new Int32Array(KINDS_OF_MONTHS).fill(-1)

  constructor({ months, days }: Pick<CronFields, 'months' | 'days'>) {
    this.#rule = days
    this.#months = Array.from({ length: 12 }, (_, month) => months.includes(month))
  }

  /** Whether the day of a time is one of them. */
  includes(time: number): boolean {
    const start = monthOf(time)
    return (this.#bitsOf(start) & (1 << (start.day - 1))) !== 0
  }

  /** The first of them after the day of a time; null where none follows. */
  after(time: number): number | null {
    const start = monthOf(time)
    let bits = this.#bitsOf(start) & -(2 << (start.day - 1))
    for (let looked = 0; looked <= MONTHS_OF_CYCLE; looked++) {
      if (bits !== 0) return Date.UTC(start.year, start.month, 32 - Math.clz32(bits & -bits))
      toNext(start)
      bits = this.#bitsOf(start)
    }
    return null
  }

  /** The last of them before the day of a time; null where none precedes. */
  before(time: number): number | null {
    const start = monthOf(time)
    let bits = this.#bitsOf(start) & ((1 << (start.day - 1)) - 1)
    for (let looked = 0; looked <= MONTHS_OF_CYCLE; looked++) {
      if (bits !== 0) return Date.UTC(start.year, start.month, 32 - Math.clz32(bits))
      toPrevious(start)
      bits = this.#bitsOf(start)
    }
    return null
  }

  #bitsOf({ month, length, firstWeekday }: Month): number {
    if (!this.#months[month]) return 0
    const kind = (length - 28) * 7 + firstWeekday
    // No month has 32 days, so that no set of days is -1.
    if (this.#bits[kind] === -1) this.#bits[kind] = bitsOf(this.#rule, length, firstWeekday)
    return this.#bits[kind]!
  }
}

interface Month {
  year: number
  /** From 0. */
  month: number
  /** The day of the month on which the search begins, from 1. */
  day: number
  /** In days. */
  length: number
  /** The weekday of the 1st, from Sunday. */
  firstWeekday: number
}

function monthOf(time: number): Month {
  const date = new Date(Math.floor(time / DAY_MS) * DAY_MS)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const firstWeekday = (((date.getUTCDay() - (day - 1)) % 7) + 7) % 7
  return { year, month, day, length: lengthOf(year, month), firstWeekday }
}

function toNext(at: Month): void {
  at.firstWeekday = (at.firstWeekday + at.length) % 7
  at.year = at.month === 11 ? at.year + 1 : at.year
  at.month = (at.month + 1) % 12
  at.length = lengthOf(at.year, at.month)
}

function toPrevious(at: Month): void {
  at.year = at.month === 0 ? at.year - 1 : at.year
  at.month = (at.month + 11) % 12
  at.length = lengthOf(at.year, at.month)
  at.firstWeekday = (at.firstWeekday + 35 - at.length) % 7
}

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function lengthOf(year: number, month: number): number {
  const leap = month === 1 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return leap ? 29 : LENGTHS[month]!
}

/** The days of a month that the rule means; bit 0 is the 1st. */
function bitsOf(rule: DayRule, length: number, firstWeekday: number): number {
  const named = daysNamed(rule, length, firstWeekday)
  let bits = 0
  for (let day = 1; day <= length; day++) {
    const byDate = named.has(day)
    const byWeekday = fitsWeekday(rule, day, length, (firstWeekday + day - 1) % 7)
    if (rule.both ? byDate && byWeekday : byDate || byWeekday) bits |= 1 << (day - 1)
  }
  return bits
}

function daysNamed(rule: DayRule, length: number, firstWeekday: number): Set<number> {
  const weekdayOf = (day: number) => (firstWeekday + day - 1) % 7
  const nearest = rule.nearestWeekdays.filter((day) => day <= length)
  return new Set([
    ...rule.daysOfMonth,
    ...nearest.map((day) => nearestWeekday(day, length, weekdayOf(day))),
    ...(rule.lastDay ? [length] : []),
    // The last day but 30 is one that most months do not have.
    ...rule.daysBeforeLast.map((days) => length - days).filter((day) => day >= 1),
    ...(rule.lastWeekday ? [nearestWeekday(length, length, weekdayOf(length))] : []),
  ])
}

/** From Monday to Friday, and never in another month. */
function nearestWeekday(day: number, length: number, weekday: number): number {
  if (weekday === SATURDAY) return day === 1 ? day + 2 : day - 1
  if (weekday === SUNDAY) return day === length ? day - 2 : day + 1
  return day
}

function fitsWeekday({ daysOfWeek }: DayRule, day: number, length: number, weekday: number): boolean {
  const wanted = daysOfWeek[weekday]!
  const nth = NTH[Math.ceil(day / 7) - 1]!
  return (wanted & nth) !== 0 || ((wanted & LAST_OF_MONTH) !== 0 && day + 7 > length)
}
