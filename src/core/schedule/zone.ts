/** A stretch of time in which a zone keeps one offset from UTC. `end` belongs to the next one. */
interface Period {
  start: number
  end: number
  offsetMs: number
}

const HOUR_MS = 3_600_000
/** No zone was ever further ahead of UTC, or behind it. */
const MAX_OFFSET_MS = 27 * HOUR_MS
/** What one schedule asks for lies close together; more would only cost looking through them. */
const KEPT_PERIODS = 8
/** Names only: an offset such as +01:00 is no zone, because it knows no daylight saving. */
const NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/

/** The name as the time zone database writes it, or null where there is no such zone. */
export function zoneNamed(name: string): string | null {
  if (!NAME.test(name)) return null
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId
  } catch {
    return null
  }
}

/** Why a zone is refused, or null where it is fine. */
export function zoneFault(name: string): string | null {
  return zoneNamed(name) === null ? 'must be the name of an IANA time zone, such as Europe/Berlin or UTC' : null
}

/**
 * Translates between instants and what clocks on the wall show in a time zone. A local time is written as the
 * instant at which a clock in UTC shows it. Both are epoch milliseconds.
 */
export class Zone {
  readonly #name: string
  #periods: Period[] = []

  /** Throws where there is no zone of this name. */
  constructor(name: string) {
    this.#name = name
  }

  /** What the clocks show at an instant. */
  localOf(instant: number): number {
    return instant + this.#periodAt(instant).offsetMs
  }

  /**
   * The first instant at which the clocks show a local time. Where they leap over it, the first instant after the
   * leap; where they show it twice, the first time.
   */
  instantOf(local: number): number {
    let period = this.#periodAt(local - MAX_OFFSET_MS)
    for (;;) {
      const instant = local - period.offsetMs
      if (instant < period.end) return Math.max(instant, period.start)
      period = this.#periodAt(period.end)
    }
  }

  /** The next local time that the clocks have not shown before, where they show again what they have shown; else null. */
  repeatedUntil(instant: number): number | null {
    const { start, offsetMs } = this.#periodAt(instant)
    if (start === Number.NEGATIVE_INFINITY) return null
    const before = this.#periodAt(start - 1)
    const shownBefore = start + before.offsetMs
    return instant + offsetMs < shownBefore ? shownBefore : null
  }

  /** The instant after this one at which the clocks are changed next; infinite where they never are. */
  changesAfter(instant: number): number {
    return this.#periodAt(instant).end
  }

  #periodAt(instant: number): Period {
    const known = this.#periods.find(({ start, end }) => start <= instant && instant < end)
    if (known !== undefined) return known
    const period = readPeriod(this.#name, instant)
    this.#periods = [period, ...this.#periods].slice(0, KEPT_PERIODS)
    return period
  }
}

function readPeriod(name: string, instant: number): Period {
  const at = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(name)
  // Looked for from the next millisecond, because a transition at this very instant is the beginning, not the one before.
  const before = at.add({ milliseconds: 1 }).getTimeZoneTransition('previous')
  const after = at.getTimeZoneTransition('next')
  return {
    start: before?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
    end: after?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
    offsetMs: at.offsetNanoseconds / 1e6,
  }
}
