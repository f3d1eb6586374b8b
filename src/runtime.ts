import { randomBytes } from 'node:crypto'
import { setTimeout as timeout } from 'node:timers/promises'
import { createIdFactory } from './core/id.ts'
import { ManualClock } from './core/schedule/manual-clock.ts'
import { WallClock } from './core/schedule/wall-clock.ts'

/** What a log line can be written to; pino's shape, fields first. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Stops a timer that has not fired; harmless afterwards. */
export type Cancel = () => void

/** Everything that makes a program unpredictable, handed in so that tests can predict it. */
export interface Runtime {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Runs `run` once, no sooner than `delayMs` from now. A pending timer does not keep the process alive. */
  after(delayMs: number, run: () => void): Cancel
  /**
   * Runs `run` once `now()` is `time` or later, at once where it is. Unlike `after` it goes by the clock on the wall: where
   * the machine was asleep or the clock was set, it comes within a second of that.
   */
  at(time: number, run: () => void): Cancel
  /** Calls `hear` after each leap of the clock that timers do not know of, with how far it went (ms, below 0: back). */
  onLeap(hear: (byMs: number) => void): Cancel
  /**
   * Runs `run` once for work that has no due time of its own, such as looking for what can be removed. It goes by the
   * real time even where the clock is moved by hand: a jump over a year must not do it six million times.
   */
  upkeep(delayMs: number, run: () => void): Cancel
  /** Up to when the clock will go before a caller can read it: now, or the end of a jump that is under way. */
  horizon(): number
  /** Milliseconds of the real time since some moment, with fractions: for how long something took. */
  elapsedMs(): number
  /** Uniform in [0, 1); not for secrets. */
  random(): number
  /** Cryptographically strong. */
  randomBytes(size: number): Buffer
  /** A fresh id: 21 characters, sorted by time of creation, which is now unless told. */
  newId(at?: number): string
  log: Log
}

/** A runtime whose clock stands still until it is moved. */
export interface ManualRuntime extends Runtime {
  /**
   * Moves the clock on by `ms`, firing every timer on the way at its own time, in order. Before the clock moves on
   * from a time, what happens at it must have come to rest, which is what `rest` waits for. Answers with the new time.
   */
  advance(ms: number, rest: () => Promise<void>): Promise<number>
  /** Runs `run` after so much real time: for waiting on a peer that may never answer. */
  patience(delayMs: number, run: () => void): Cancel
  /** From now on the clock runs by itself, so that a server which stops does not wait for ever. */
  release(): void
}

/** `setTimeout` fires at once when told to wait longer than this. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** The real clock, timers and randomness. */
export function createRuntime(log: Log): Runtime {
  const wall = new WallClock({ now: Date.now, elapsedMs, after })
  const wallTimers = { at: wall.at.bind(wall), onLeap: wall.onLeap.bind(wall) }
  return { now: Date.now, after, ...wallTimers, upkeep: after, horizon: Date.now, elapsedMs, ...chance(Date.now), log }
}

/** Starts at the wall time, or at `notBefore` if that is later. */
export function createManualRuntime(log: Log, notBefore: number): ManualRuntime {
  const clock = new ManualClock(Math.max(Date.now(), notBefore))
  const upkeep = createUpkeep()
  let releasedAt: number | null = null
  const now = () => (releasedAt === null ? clock.now : clock.now + Date.now() - releasedAt)
  const afterMs = (delayMs: number, run: () => void) => {
    if (releasedAt !== null) return after(delayMs, run)
    return delayMs > 0 ? clock.after(delayMs, run) : soon(run)
  }

  return {
    now,
    after: afterMs,
    // Its timers hang on the clock itself, which never leaps past one.
    at: (time, run) => afterMs(time - now(), run),
    onLeap: () => () => undefined,
    upkeep: upkeep.after,
    horizon: () => (releasedAt === null ? clock.horizon : now()),
    elapsedMs,
    ...chance(now),
    log,
    patience: after,
    async advance(ms, rest) {
      const until = clock.now + ms
      const arrived = clock.heading(until)
      try {
        await rest()
        while (releasedAt === null && clock.fireNext(until)) {
          while (clock.hasDue) clock.fireNext(until)
          await rest()
        }
      } finally {
        arrived()
      }
      upkeep.fireAll()
      await rest()
      return now()
    },
    release() {
      if (releasedAt !== null) return
      releasedAt = Date.now()
      for (const { delayMs, run } of clock.takeAll()) after(delayMs, run)
    },
  }
}

/** Real timers that can be made to fire early, each once. */
function createUpkeep() {
  const pending = new Map<Cancel, () => void>()
  return {
    after(delayMs: number, run: () => void): Cancel {
      const fire = () => {
        pending.delete(cancelTimer)
        run()
      }
      const cancelTimer = after(delayMs, fire)
      pending.set(cancelTimer, fire)
      return () => {
        pending.delete(cancelTimer)
        cancelTimer()
      }
    },
    fireAll(): void {
      for (const [cancelTimer, fire] of [...pending]) {
        cancelTimer()
        fire()
      }
    },
  }
}

function elapsedMs(): number {
  return performance.now()
}

function chance(now: () => number) {
  return { random: Math.random, randomBytes, newId: createIdFactory({ now, randomBytes }) }
}

function after(delayMs: number, run: () => void): Cancel {
  let timer: NodeJS.Timeout
  const arm = (leftMs: number) => {
    const waitMs = Math.min(leftMs, MAX_TIMER_MS)
    timer = setTimeout(() => (leftMs > waitMs ? arm(leftMs - waitMs) : run()), waitMs)
    timer.unref()
  }
  arm(Math.max(0, delayMs))
  return () => clearTimeout(timer)
}

/** What is due at once needs no clock that moves. */
function soon(run: () => void): Cancel {
  const turn = setImmediate(run)
  return () => clearImmediate(turn)
}

/** Resolves after that long, or sooner when the signal is aborted. For commands: unlike a timer of a runtime it keeps
 * the process alive. */
export async function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  await timeout(Math.min(delayMs, MAX_TIMER_MS), undefined, { signal }).catch((error: unknown) => {
    if (!signal?.aborted) throw error
  })
}
