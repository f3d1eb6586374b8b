import type { Runtime } from '../../runtime.ts'

/** Clients count as active until none has asked for anything for so long. */
const ABOUT_FOR_MS = 50
/** Of the time that a step took, so much is left to clients after it, while the work is not late. */
const SHARE = 1 / 2
/** Work that is so late leaves clients less; from `EASE_UNTIL_MS` on, nothing. */
const EASE_FROM_MS = 2_000
const EASE_UNTIL_MS = 4_000
/** No step counts for longer: one that took longer was kept waiting itself. */
const MAX_STEP_MS = 50

/** Lets clients' requests come in between the steps of a long piece of background work. */
export interface BackgroundThrottle {
  /**
   * A step begins. Answers whether clients are active and are to be left something, so that it should be a short one.
   */
  begin(): boolean
  /** The step has ended; resolves when the next may begin. `lateMs`: for how long the work has been due. */
  pause(lateMs: number): Promise<void>
  /** Ends a pause that is under way, and there are none any more. */
  end(): void
}

/** For work that competes with no client: steps are long, and follow each other at once. */
export const NO_THROTTLE: BackgroundThrottle = {
  begin: () => false,
  pause: async () => undefined,
  end: () => undefined,
}

export interface ThrottleDeps {
  runtime: Pick<Runtime, 'elapsedMs' | 'upkeep'>
  /** Grows with everything that clients want done. */
  othersCount: () => number
}

/**
 * While clients are active, pauses for half as long as each step took: they find an idle store then, and processors.
 * The later the work is, the shorter are the pauses, so that it is done whatever comes, and no slower than without them
 * for long. It goes by how long steps take, and so by the machine and what else is done on it.
 */
export function createBackgroundThrottle({ runtime, othersCount }: ThrottleDeps): BackgroundThrottle {
  let begunAt = runtime.elapsedMs()
  let seen = othersCount()
  let seenAt = Number.NEGATIVE_INFINITY
  /** By how much pauses fell short of what they should have been, below 0 by how much they were longer: timers are coarse. */
  let owedMs = 0
  /** What is left to clients, by how late the work was at the end of the last step. */
  let share = SHARE
  let wake: (() => void) | null = null
  let ended = false

  function areOthersAbout(at: number): boolean {
    const count = othersCount()
    if (count !== seen) seenAt = at
    seen = count
    return at - seenAt < ABOUT_FOR_MS
  }

  function sleep(forMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = runtime.upkeep(forMs, done)
      function done(): void {
        wake = null
        cancel()
        resolve()
      }
      wake = done
    })
  }

  return {
    begin() {
      begunAt = runtime.elapsedMs()
      return areOthersAbout(begunAt) && share > 0
    },
    async pause(lateMs) {
      const endedAt = runtime.elapsedMs()
      share = shareAt(lateMs)
      if (ended || !areOthersAbout(endedAt)) return
      owedMs += share * Math.min(endedAt - begunAt, MAX_STEP_MS)
      if (owedMs < 1) return
      await sleep(Math.floor(owedMs))
      owedMs -= runtime.elapsedMs() - endedAt
    },
    end() {
      ended = true
      wake?.()
    },
  }
}

function shareAt(lateMs: number): number {
  const left = (EASE_UNTIL_MS - lateMs) / (EASE_UNTIL_MS - EASE_FROM_MS)
  return SHARE * Math.min(1, Math.max(0, left))
}
