import { randomBytes } from 'node:crypto'
import { createIdFactory } from './core/id.ts'

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
  /** Uniform in [0, 1); not for secrets. */
  random(): number
  /** Cryptographically strong. */
  randomBytes(size: number): Buffer
  /** A fresh id: 21 characters, sorted by time of creation. */
  newId(): string
  log: Log
}

/** `setTimeout` fires at once when told to wait longer than this. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** The real clock, timers and randomness. */
export function createRuntime(log: Log): Runtime {
  return {
    now: Date.now,
    after,
    random: Math.random,
    randomBytes,
    newId: createIdFactory({ now: Date.now, randomBytes }),
    log,
  }
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
