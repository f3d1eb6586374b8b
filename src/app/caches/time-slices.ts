import { setImmediate } from 'node:timers/promises'

/**
 * Divides long work of a request into pieces, between which the thread is free for whatever else has come. What a piece
 * is worth is counted in units that the caller chooses, such as characters.
 */
export class TimeSlices {
  /** How often the thread was set free. */
  pauses = 0
  readonly #units: number
  #left: number

  constructor(unitsOfASlice: number) {
    this.#units = unitsOfASlice
    this.#left = unitsOfASlice
  }

  /** Whether it is time for `pause`, after that much more. */
  due(units: number): boolean {
    this.#left -= units
    return this.#left <= 0
  }

  /** Resolves when everything else that has come had its turn of the event loop. */
  async pause(): Promise<void> {
    this.#left = this.#units
    this.pauses += 1
    await setImmediate()
  }
}
