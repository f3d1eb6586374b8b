const MINUTE_MS = 60_000

/** Lets one of a key through in a minute, and so many of all; counts the rest. Bounded by the latter. */
export class MinuteThrottle {
  readonly #most: number
  readonly #lastAt = new Map<string, number>()
  #minute = -1
  #count = 0
  #suppressed = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Whether it may be told now; `waits`: it was told within the minute, `suppressed`: too much was. */
  admit(key: string, now: number): 'told' | 'waits' | 'suppressed' {
    this.#begin(now)
    if (this.#lastAt.has(key)) return 'waits'
    if (this.#count >= this.#most) {
      this.#suppressed += 1
      return 'suppressed'
    }
    this.#count += 1
    this.#lastAt.set(key, now)
    return 'told'
  }

  /** How many were suppressed in minutes that are over; each is answered once. */
  suppressed(now: number): number {
    if (Math.floor(now / MINUTE_MS) === this.#minute) return 0
    const count = this.#suppressed
    this.#suppressed = 0
    return count
  }

  #begin(now: number): void {
    const minute = Math.floor(now / MINUTE_MS)
    if (minute !== this.#minute) this.#count = 0
    this.#minute = minute
    // A clock that was set back must not keep anything from being told.
    for (const [key, at] of this.#lastAt) if (now < at || now - at >= MINUTE_MS) this.#lastAt.delete(key)
  }
}
