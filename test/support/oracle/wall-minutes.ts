/**
 * Minutes as the clocks of a zone show them, one after the other, read from `Intl` alone. All times are whole seconds: of
 * the Unix epoch, or, for what clocks show, those at which a clock in UTC shows the same.
 */
export interface WallMinute {
  /** When the clocks show `local`. */
  at: number
  /** What they show then, and have not shown before. */
  local: number
  /** How many seconds they show from there on that they have not shown before. */
  seconds: number
  /** How many seconds of local time right before `local` they leap over at this moment. */
  leapt: number
}

const MINUTE = 60
const HOUR = 3600
/** No clock was ever set by more than a day: what was shown longer ago is never shown again. */
const WARM_UP = 2 * 24 * 3600

/** What the clocks of a zone show at a second of the epoch. */
export function wallClock(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (at) => {
    const [month, day, year, hour, minute, second] = format
      .format(at * 1000)
      .match(/\d+/g)!
      .map(Number)
    return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) / 1000
  }
}

/** All minutes from one second of the epoch up to another; a minute in which clocks are set comes in its seconds. */
export function wallMinutes(zone: string, from: number, until: number): WallMinute[] {
  const shows = wallClock(zone)
  const minutes: WallMinute[] = []
  const begin = Math.floor((from - WARM_UP) / MINUTE) * MINUTE
  let local = shows(begin)
  let unseen = local
  for (let at = begin; at < until; at += MINUTE) {
    const next = shows(at + MINUTE)
    const step = next === local + MINUTE ? MINUTE : 1
    for (let second = at; second < at + MINUTE; second += step) {
      const shown = step === MINUTE ? local : shows(second)
      const again = Math.max(0, unseen - shown)
      if (again < step) {
        const minute = {
          at: second + again,
          local: shown + again,
          seconds: step - again,
          leapt: Math.max(0, shown - unseen),
        }
        if (minute.at >= from) minutes.push(minute)
        unseen = shown + step
      }
    }
    local = next
  }
  return minutes
}

/** The first second of the epoch at which the clocks of a zone show a local second, or have leapt over it. */
export function firstShown(zone: string, local: number): number {
  const shows = wallClock(zone)
  return searchFirst(shows, local, { from: local - 27 * HOUR, until: local + 27 * HOUR, steps: [HOUR, MINUTE, 1] })!
}

interface Search {
  from: number
  until: number
  /** By how much to go; smaller, where the clocks are set meanwhile. */
  steps: readonly number[]
}

function searchFirst(shows: (at: number) => number, local: number, { from, until, steps }: Search): number | null {
  const [step, ...finer] = steps
  for (let at = from; at < until; at += step!) {
    const [shown, next] = [shows(at), shows(at + step!)]
    if (shown >= local) return at
    if (next - shown === step) {
      if (next > local) return at + local - shown
    } else if (finer.length > 0) {
      const found = searchFirst(shows, local, { from: at, until: at + step!, steps: finer })
      if (found !== null) return found
    }
  }
  return null
}
