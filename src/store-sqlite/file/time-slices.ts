import { setImmediate } from 'node:timers/promises'

/** What may be looked at in one go: about a millisecond's work. */
const AT_ONCE = 10_000

/**
 * Divides long reading into short pieces, between which commits take place. Units are entries of an index; a statement
 * of its own counts as many as take the time of one.
 */
export class TimeSlices {
  #left = AT_ONCE

  /** Whether it is time for `pause`, after that much more. */
  due(units: number): boolean {
    this.#left -= units
    return this.#left <= 0
  }

  async pause(): Promise<void> {
    this.#left = AT_ONCE
    await setImmediate()
  }
}

/** What one statement that finds next to nothing costs, in entries of an index. */
export const STATEMENT_UNITS = 30
