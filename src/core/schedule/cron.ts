import { CronDays } from './cron-days.ts'
import { splitZone } from './cron-dialects.ts'
import { type CronFields, parseCron } from './cron-fields.ts'
import { zoneFault } from './zone.ts'

const SECOND_MS = 1_000
const DAY_MS = 86_400_000
const SECONDS_OF_DAY = 86_400
/** Any day will do: the calendar of the 400 years after it is that of all time. */
const SOME_DAY = Date.UTC(2000, 0, 1)

/** Why a cron expression is refused, or null where it is fine: which field, what it says, and what it may say. */
export function cronFault(text: string): string | null {
  const { zone } = splitZone(text)
  if (zone !== null && zoneFault(zone) !== null) return `has a zone before it that ${zoneFault(zone)}`
  const fields = parseCron(text)
  if ('fault' in fields) return fields.fault
  return new CronDays(fields).after(SOME_DAY) === null ? 'never occurs: there is no such day in any year' : null
}

/**
 * The local times that a cron expression names, as epoch milliseconds of a clock in UTC. A search, in either direction,
 * looks for the day in bits of months, and then for the time within that day: its work does not depend on how far away
 * the answer is.
 */
export class CronTimes {
  readonly #fields: CronFields
  readonly #days: CronDays

  /** Throws a `RangeError` for a text that cannot be read. */
  constructor(text: string) {
    const fields = parseCron(text)
    if ('fault' in fields) throw new RangeError(`the cron expression ${fields.fault}`)
    this.#fields = fields
    this.#days = new CronDays(fields)
  }

  /** The first of them after a local time; null where none follows. */
  next(after: number): number | null {
    const midnight = Math.floor(after / DAY_MS) * DAY_MS
    const second = this.#days.includes(midnight) ? this.#secondAfter(secondOf(after - midnight)) : null
    if (second !== null) return midnight + second * SECOND_MS
    const day = this.#days.after(midnight)
    return day === null ? null : day + this.#secondAfter(-1)! * SECOND_MS
  }

  /** The last of them before a local time; null where none precedes. */
  previous(before: number): number | null {
    // A time within a second is behind that second.
    const end = Math.ceil(before / SECOND_MS) * SECOND_MS
    const midnight = Math.floor(end / DAY_MS) * DAY_MS
    const second = this.#days.includes(midnight) ? this.#secondBefore(secondOf(end - midnight)) : null
    if (second !== null) return midnight + second * SECOND_MS
    const day = this.#days.before(midnight)
    return day === null ? null : day + this.#secondBefore(SECONDS_OF_DAY)! * SECOND_MS
  }

  /** How many of them lie after a local time, up to another one, inclusive: work for each day between. */
  countBetween(after: number, until: number): number {
    const midnightOf = (time: number) => Math.floor(time / DAY_MS) * DAY_MS
    const { hours, minutes, seconds } = this.#fields
    const aDay = hours.length * minutes.length * seconds.length
    const [first, last] = [midnightOf(after), midnightOf(until)]
    let count = 0
    for (let day: number | null = this.#days.after(first - DAY_MS); day !== null && day <= last; ) {
      const before = day === first ? this.#countUpTo(secondOf(after - day)) : 0
      count += (day === last ? this.#countUpTo(secondOf(until - day)) : aDay) - before
      day = this.#days.after(day)
    }
    return count
  }

  /** How many of a day's there are up to this second of it. */
  #countUpTo(second: number): number {
    const { hours, minutes, seconds } = this.#fields
    const [hour, minute] = [Math.floor(second / 3600), Math.floor(second / 60) % 60]
    const upTo = (values: readonly number[], value: number) => values.filter((it) => it < value).length
    let count = upTo(hours, hour) * minutes.length * seconds.length
    if (!hours.includes(hour)) return count
    count += upTo(minutes, minute) * seconds.length
    return minutes.includes(minute) ? count + upTo(seconds, (second % 60) + 1) : count
  }

  /** The first second of a day after another, or null. */
  #secondAfter(after: number): number | null {
    const { hours, minutes, seconds } = this.#fields
    const from = after + 1
    const [hour, minute, second] = [Math.floor(from / 3600), Math.floor(from / 60) % 60, from % 60]
    if (hours.includes(hour)) {
      const sameMinute = minutes.includes(minute) ? seconds.find((it) => it >= second) : undefined
      if (sameMinute !== undefined) return (hour * 60 + minute) * 60 + sameMinute
      const later = minutes.find((it) => it > minute)
      if (later !== undefined) return (hour * 60 + later) * 60 + seconds[0]!
    }
    const later = hours.find((it) => it > hour)
    return later === undefined ? null : (later * 60 + minutes[0]!) * 60 + seconds[0]!
  }

  /** The last second of a day before another, or null. */
  #secondBefore(before: number): number | null {
    const { hours, minutes, seconds } = this.#fields
    const until = before - 1
    if (until < 0) return null
    const [hour, minute, second] = [Math.floor(until / 3600), Math.floor(until / 60) % 60, until % 60]
    if (hours.includes(hour)) {
      const sameMinute = minutes.includes(minute) ? seconds.findLast((it) => it <= second) : undefined
      if (sameMinute !== undefined) return (hour * 60 + minute) * 60 + sameMinute
      const earlier = minutes.findLast((it) => it < minute)
      if (earlier !== undefined) return (hour * 60 + earlier) * 60 + seconds.at(-1)!
    }
    const earlier = hours.findLast((it) => it < hour)
    return earlier === undefined ? null : (earlier * 60 + minutes.at(-1)!) * 60 + seconds.at(-1)!
  }
}

/** The second of the day that a time of the day lies in. */
function secondOf(timeOfDay: number): number {
  return Math.floor(timeOfDay / SECOND_MS)
}
