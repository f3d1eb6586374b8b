/**
 * Characters of filters, of the texts and entries of the arrays that they look through, that judging one message may take:
 * some hundred milliseconds, in one go.
 */
export const MAX_LOOKED_THROUGH = 16 * 1024 * 1024
/** What the messages of a batch may take together, in pieces: a thousand of them, by a thousand filters of 100 characters. */
export const MAX_LOOKED_THROUGH_OF_BATCH = 100_000_000

/** What the filters of a queue have left to look through. Once it is over, what they say counts for nothing. */
export class FilterBudget {
  readonly #units: number
  #left: number

  constructor(units = MAX_LOOKED_THROUGH) {
    this.#units = units
    this.#left = units
  }

  get spent(): number {
    return this.#units - this.#left
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
