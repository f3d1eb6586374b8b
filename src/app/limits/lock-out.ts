const MAX_FAILURES = 10
const WITHIN_MS = 60_000
const LOCKED_MS = 60_000
/** For each of the two lists below; a place takes a few hundred bytes. */
const MAX_SOURCES = 10_000

/** Keeps out a source that tries key after key. */
export interface LockOut {
  /** Whether any source is kept out at all; where none is, the request's source need not be found out. */
  readonly active: boolean
  /** How long this source is still kept out, in milliseconds; 0 where it is not. */
  left(source: string): number
  /** A key from there was rejected. */
  failed(source: string): void
}

/**
 * Ten failures within a minute keep a source out for a minute. Both lists are bounded. At the bound a new source takes
 * the place of the one whose failure, or whose lock-out, is longest ago: a flood from many addresses can make the
 * server forget what it knows of other sources, but never keep out a source that has not failed.
 */
export function createLockOut({ now }: { now: () => number }): LockOut {
  /** When each source failed, at most nine times; the latest to fail is last. */
  const failing = new Map<string, number[]>()
  /** Until when each is kept out; the first to be let in again is first. */
  const locked = new Map<string, number>()

  function lock(source: string, at: number): void {
    failing.delete(source)
    locked.delete(source)
    for (const [other, until] of locked) {
      if (isLocked(until, at) && locked.size < MAX_SOURCES) break
      locked.delete(other)
    }
    locked.set(source, at + LOCKED_MS)
  }

  function remember(source: string, failures: number[], at: number): void {
    failing.delete(source)
    for (const [other, times] of failing) {
      if (isRecent(times[times.length - 1]!, at) && failing.size < MAX_SOURCES) break
      failing.delete(other)
    }
    failing.set(source, failures)
  }

  return {
    get active() {
      return locked.size > 0
    },
    left(source) {
      const until = locked.get(source)
      if (until === undefined) return 0
      const at = now()
      if (isLocked(until, at)) return until - at
      locked.delete(source)
      return 0
    },
    failed(source) {
      const at = now()
      const recent = (failing.get(source) ?? []).filter((time) => isRecent(time, at))
      recent.push(at)
      if (recent.length >= MAX_FAILURES) lock(source, at)
      else remember(source, recent, at)
    },
  }
}

/** A time that is further ahead than it can be belongs to a clock that was put back since. */
function isLocked(until: number, at: number): boolean {
  return at < until && until - at <= LOCKED_MS
}

function isRecent(time: number, at: number): boolean {
  return time <= at && at - time < WITHIN_MS
}
