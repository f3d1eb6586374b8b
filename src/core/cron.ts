import { Cron, CronPattern } from 'croner'
import { quoted } from './fault-list.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const MAX_LENGTH = 256

const OF_NUMBERS = 'lists (1,2), ranges (1-5) and steps (*/2, 0-8/2)'
const FIELDS = [
  { name: 'second', allowed: `0-59, ${OF_NUMBERS}` },
  { name: 'minute', allowed: `0-59, ${OF_NUMBERS}` },
  { name: 'hour', allowed: `0-23, ${OF_NUMBERS}` },
  { name: 'day of month', allowed: `1-31, ${OF_NUMBERS}, L for the last, 15W for the weekday nearest to the 15th` },
  { name: 'month', allowed: `1-12 or JAN-DEC, ${OF_NUMBERS}` },
  {
    name: 'day of week',
    allowed: `0-7 or SUN-SAT (0 and 7 are Sunday), ${OF_NUMBERS}, 5#2 for the second Friday, 5#L for the last`,
  },
]
const COUNT = 'must have 5 fields (minute, hour, day of month, month, day of week), or 6 with the second before them'
/** Any date will do: what does not occur in the centuries after it never does. */
const SOME_DAY = new Date(Date.UTC(2000, 0, 1))

/** Why a cron expression is refused, or null where it is fine: which field, what it says, and what it may say. */
export function cronFault(text: string): string | null {
  const fields = fieldsOf(text)
  if (text.length > MAX_LENGTH) return `must be at most ${MAX_LENGTH} characters`
  if (fields === null) return COUNT
  for (const [index, field] of fields.entries()) {
    if (parses(fields.map((_, at) => (at === index ? field : '*')))) continue
    const { name, allowed } = FIELDS[index]!
    return `has ${quoted(field)} as its ${name}, which is not valid; allowed are *, ${allowed}`
  }
  if (!parses(fields)) return 'is not valid'
  return daysOf(fields).nextRun(SOME_DAY) === null ? 'never occurs: there is no such day in any year' : null
}

/** Six fields, or null where there are fewer than five or more than six. */
function fieldsOf(text: string): string[] | null {
  const fields = text.trim().split(/\s+/)
  if (fields.length === FIELDS.length) return fields
  return fields.length === FIELDS.length - 1 ? ['0', ...fields] : null
}

function parses(fields: readonly string[]): boolean {
  try {
    new CronPattern(fields.join(' '), 'UTC', { mode: '6-part' })
    return true
  } catch {
    return false
  }
}

/** Midnights of the days that an expression names, in UTC, where every day has one. */
function daysOf(fields: readonly string[]): Cron {
  return new Cron(['0 0 0', ...fields.slice(3)].join(' '), { timezone: 'UTC', mode: '6-part', paused: true })
}

/**
 * The local times that a cron expression names, as epoch milliseconds of a clock in UTC. Which days it means is asked
 * of croner, once a day; the times within a day come out of its fields.
 */
export class CronTimes {
  readonly #days: Cron
  readonly #hours: number[]
  readonly #minutes: number[]
  readonly #seconds: number[]
  /** The last two answers: where a search began, and the midnight that it found. */
  #found: { after: number; day: number | null }[] = []

  /** Throws where `cronFault` finds a fault. */
  constructor(text: string) {
    const fields = fieldsOf(text)
    if (fields === null) throw new RangeError(COUNT)
    const pattern = new CronPattern(fields.join(' '), 'UTC', { mode: '6-part' })
    this.#days = daysOf(fields)
    this.#hours = namedIn(pattern.hour)
    this.#minutes = namedIn(pattern.minute)
    this.#seconds = namedIn(pattern.second)
  }

  /** The first of them after a local time; null where none follows. */
  next(after: number): number | null {
    const midnight = Math.floor(after / DAY_MS) * DAY_MS
    const today = this.#dayAfter(midnight - DAY_MS)
    if (today === midnight) {
      const time = this.#timeAfter(after - midnight)
      if (time !== null) return midnight + time
    }
    const day = today !== null && today > midnight ? today : this.#dayAfter(midnight)
    return day === null ? null : day + this.#timeAfter(-1)!
  }

  #dayAfter(after: number): number | null {
    const known = this.#found.find((it) => it.after <= after && (it.day === null || after < it.day))
    if (known !== undefined) return known.day
    const day = this.#days.nextRun(new Date(after))?.getTime() ?? null
    this.#found = [{ after, day }, ...this.#found].slice(0, 2)
    return day
  }

  #timeAfter(time: number): number | null {
    const from = Math.floor(time / SECOND_MS) + 1
    const [hour, minute, second] = [Math.floor(from / 3600), Math.floor(from / 60) % 60, from % 60]
    const sameHour = this.#hours.includes(hour)
    if (sameHour && this.#minutes.includes(minute)) {
      const next = this.#seconds.find((it) => it >= second)
      if (next !== undefined) return hour * HOUR_MS + minute * MINUTE_MS + next * SECOND_MS
    }
    const [firstMinute, firstSecond] = [this.#minutes[0]!, this.#seconds[0]!]
    if (sameHour) {
      const next = this.#minutes.find((it) => it > minute)
      if (next !== undefined) return hour * HOUR_MS + next * MINUTE_MS + firstSecond * SECOND_MS
    }
    const next = this.#hours.find((it) => it > hour)
    return next === undefined ? null : next * HOUR_MS + firstMinute * MINUTE_MS + firstSecond * SECOND_MS
  }
}

/** The positions of the ones. */
function namedIn(flags: readonly number[]): number[] {
  return flags.flatMap((flag, value) => (flag ? [value] : []))
}
