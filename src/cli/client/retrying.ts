import { Refused, Unreachable } from './api-client.ts'

const FIRST_MS = 500
const LONGEST_MS = 15_000

/** Whether trying again can help: nothing answered, or the server says that it cannot right now. */
export function isPassing(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof Refused && (error.status >= 500 || error.status === 429))
}

/**
 * How long to wait after the `failures`-th failure in a row, in milliseconds: twice as long each time, up to 15 s,
 * spread so that many that were cut off together do not come back together; never sooner than the server asked.
 */
export function waitMs(failures: number, error: unknown, random: () => number): number {
  const delay = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)) * (0.5 + random() / 2)
  return Math.max(delay, (error instanceof Refused && error.retryAfterMs) || 0)
}
