/**
 * Characters of filters, of the texts and entries of the arrays that they look through, that judging the messages of one
 * request may take: some hundred milliseconds.
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
