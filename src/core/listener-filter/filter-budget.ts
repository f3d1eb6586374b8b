/**
 * Characters of texts, and entries of arrays, that the filters of a queue may look through for the messages of one request:
 * some fifty milliseconds. Everything else that a filter does costs no more than its own length.
 */
export const MAX_LOOKED_THROUGH = 16 * 1024 * 1024

/** What the filters of a queue have left to look through. Once it is over, what they say counts for nothing. */
export class FilterBudget {
  #left: number

  constructor(units = MAX_LOOKED_THROUGH) {
    this.#left = units
  }

  get isOver(): boolean {
    return this.#left < 0
  }

  /** False where there is too little left. */
  spend(units: number): boolean {
    this.#left -= units
    return this.#left >= 0
  }
}
