import { FairQueue } from './fair-queue.ts'

/**
 * Lets pieces of long work go on one after the other, one of them in each turn of the event loop, however many requests
 * have some: owners (organizations) take turns. `afterTurn` calls back when everything else that has come had its turn.
 */
export class SerialTurns {
  readonly #waiting = new FairQueue<() => void>()
  readonly #afterTurn: (run: () => void) => void
  #isAwake = false

  constructor(afterTurn: (run: () => void) => void) {
    this.#afterTurn = afterTurn
  }

  /** Resolves when the next piece of this owner may be worked on. */
  next(owner: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(owner, resolve)
      this.#wake()
    })
  }

  #wake(): void {
    if (this.#isAwake) return
    this.#isAwake = true
    this.#afterTurn(() => {
      this.#isAwake = false
      this.#waiting.shift()!()
      if (this.#waiting.length > 0) this.#wake()
    })
  }
}
