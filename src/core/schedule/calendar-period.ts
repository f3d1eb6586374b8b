import { quoted } from '../schema/fault-list.ts'
import type { Zone } from './zone.ts'

/** A period of the calendar, as ISO 8601 writes it (section 5.5.2.2): `P1Y2M`, `P2W`, `P10D`. */
export interface CalendarPeriod {
  years: number
  months: number
  weeks: number
  days: number
}

const PARTS = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?$/
/** Of each part; with more, the next due time would lie past what dates can say. */
const MOST = 9_999
const FORM = 'must be milliseconds, or a calendar period such as P1D, P2W, P1M or P1Y6M'

/** What else a text may say, and what is to be said of it; the first that fits. */
const REFUSALS: [RegExp, string][] = [
  [/^\d+$/, 'must be milliseconds as a number, not as a text'],
  [/^-P|^P.*-/, 'must not be negative'],
  [/^P.*[.,]/, 'must be in whole numbers: no calendar has a part of a day, a week, a month or a year'],
  [/^PT/, 'is a time, which is written in milliseconds: 900000 for PT15M'],
  [/^P.*T/, 'must be years, months, weeks and days alone; starts_at says at which time of the day'],
  [/^P$/, 'names no period; P1D is a day, P2W two weeks, P1M a month, P1Y a year'],
  [/^P(\d+[YMWD])+$/, 'must be years, months, weeks and days in this order, each once, such as P1Y6M'],
]

/** The period that a text names, or why it is none that a schedule can go by. */
export function parsePeriod(text: string): CalendarPeriod | { fault: string } {
  const found = PARTS.exec(text)
  if (found === null || text === 'P') {
    const refusal = REFUSALS.find(([pattern]) => pattern.test(text))
    return { fault: refusal === undefined ? `${FORM}, not ${quoted(text)}` : refusal[1] }
  }
  const [years = 0, months = 0, weeks = 0, days = 0] = found.slice(1).map((part) => Number(part ?? 0))
  if (years + months + weeks + days === 0) return { fault: 'must be at least one day' }
  if (Math.max(years, months, weeks, days) > MOST) return { fault: `must have no part above ${MOST}` }
  return { years, months, weeks, days }
}

/** Why a text is no period, or null. */
export function periodFault(text: string): string | null {
  const read = parsePeriod(text)
  return 'fault' in read ? read.fault : null
}

const DAY_MS = 86_400_000
const DAYS_OF_YEAR = 365.2425

/**
 * Due times that are apart by a calendar period, counted from an anchor (epoch ms), which is one of them. Each has the
 * anchor's local time and day of the month; in a month that has no such day, it is the last. All are counted from the
 * anchor, and not from the one before, so that a month with 31 days has a 31st again. A local time that the clocks leap
 * over is the first instant after the leap; one that they show twice is the first.
 */
export class PeriodTimes {
  readonly #months: number
  readonly #days: number
  readonly #anchor: number
  readonly #local: number
  readonly #zone: Zone
  readonly #averageMs: number

  constructor({ years, months, weeks, days }: CalendarPeriod, anchor: number, zone: Zone) {
    this.#months = years * 12 + months
    this.#days = weeks * 7 + days
    this.#averageMs = ((this.#months / 12) * DAYS_OF_YEAR + this.#days) * DAY_MS
    this.#anchor = anchor
    this.#local = zone.localOf(anchor)
    this.#zone = zone
  }

  /** The first after a moment. */
  next(after: number): number {
    return this.#timeOf(this.#indexAfter(after))
  }

  /** The last before a moment. */
  previous(before: number): number {
    return this.#timeOf(this.#indexAfter(before - 1) - 1)
  }

  /** How many there are from one to another; both are some, and count. */
  count(first: number, last: number): number {
    let count = this.#indexAfter(last) - this.#indexAfter(first - 1)
    // Where the clocks leap over a day and more, what was due in it is one.
    for (let leap = this.#zone.changesAfter(first - 1); leap <= last; leap = this.#zone.changesAfter(leap)) {
      const index = this.#indexAfter(leap - 1)
      for (let same = index + 1; this.#timeOf(same) === this.#timeOf(index); same++) count -= 1
    }
    return count
  }

  /** The index of the first that lies after a moment; that of the anchor is 0. */
  #indexAfter(moment: number): number {
    let index = Math.floor((moment - this.#anchor) / this.#averageMs)
    while (this.#timeOf(index) <= moment) index += 1
    while (this.#timeOf(index - 1) > moment) index -= 1
    return index
  }

  #timeOf(index: number): number {
    if (index === 0) return this.#anchor
    return this.#zone.instantOf(moved(this.#local, index * this.#months, index * this.#days))
  }
}

/** A local time so many months later, at the end of a month that is too short, and then so many days. */
function moved(local: number, months: number, days: number): number {
  const from = new Date(local)
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth() + months]
  const day = Math.min(from.getUTCDate(), midnight(year, month + 1, 0).getUTCDate())
  return midnight(year, month, day + days).getTime() + (local - Math.floor(local / DAY_MS) * DAY_MS)
}

/** Not by `Date.UTC`, which takes the years from 0 to 99 for those of the 20th century. */
function midnight(year: number, month: number, day: number): Date {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  return date
}
