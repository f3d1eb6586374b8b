/** A lane may have this part of the slots that are free, and always one. */
const SHARE = 1 / 4

/**
 * Limits attempts in flight over all lanes, which is memory and sockets. The fewer slots are free, the fewer a lane
 * may hold, so that lanes whose attempts hang leave room for those that work.
 */
export class SendSlots {
  readonly #limit: number
  readonly #waiting = new Set<() => void>()
  #used = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Takes a slot for a lane that has `active` attempts already; where there is none, `retry` runs when one is free. */
  take(active: number, retry: () => void): boolean {
    const free = this.#limit - this.#used
    if (free <= 0 || active >= Math.max(1, free * SHARE)) {
      this.#waiting.add(retry)
      return false
    }
    this.#used += 1
    return true
  }

  /** Gives a slot back. */
  give(): void {
    this.#used -= 1
    // Whoever is still over its share waits on; the first one that takes the slot ends the search.
    const before = this.#used
    for (const retry of [...this.#waiting]) {
      if (this.#used > before) return
      this.#waiting.delete(retry)
      retry()
    }
  }
}
