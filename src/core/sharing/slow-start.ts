/**
 * How many attempts at once a listener gets after it was away: one, and twice as many after each round in which at
 * least half went well, half as many after any other. A round is as many attempts as were allowed. At the maximum it
 * has arrived, and failures count no longer: what they say then is for the liveness to judge.
 */
export class SlowStart {
  #max: number
  #window: number
  #left = 0
  #succeeded = 0

  constructor(max: number) {
    this.#max = max
    this.#window = max
  }

  /** Attempts that may be in flight now. */
  get window(): number {
    return this.#window
  }

  get arrived(): boolean {
    return this.#window >= this.#max
  }

  restart(): void {
    this.#begin(1)
  }

  /** The client has changed how many attempts the listener takes at once. */
  change(max: number): void {
    if (this.arrived) this.#window = max
    this.#max = max
    this.#window = Math.min(this.#window, max)
  }

  /** An attempt has ended. */
  ended(ok: boolean): void {
    if (this.arrived) return
    this.#left -= 1
    if (ok) this.#succeeded += 1
    if (this.#left > 0) return
    const wentWell = this.#succeeded * 2 >= this.#window
    this.#begin(wentWell ? Math.min(this.#max, this.#window * 2) : Math.max(1, Math.floor(this.#window / 2)))
  }

  #begin(window: number): void {
    this.#window = Math.min(window, this.#max)
    this.#left = this.#window
    this.#succeeded = 0
  }
}
