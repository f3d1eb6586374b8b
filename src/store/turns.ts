import { StoreUnavailable } from './store.ts'

/** More than this do not wait. */
const MAX_WAITING = 64

/**
 * Work that takes long, one after the other: a hundred such requests at once then cost everybody else no more than one
 * does. Throws `StoreUnavailable` where too many wait already.
 */
export class Turns {
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= MAX_WAITING) throw new StoreUnavailable('too many listings far down are under way')
    this.#waiting += 1
    const turn = this.#last.then(work).finally(() => {
      this.#waiting -= 1
    })
    // Whoever comes next starts however this one ends; its own caller is told.
    this.#last = turn.catch(() => undefined)
    return turn
  }
}
