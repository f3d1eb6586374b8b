import type { RateLimit } from '../delivery/listener.ts'

/** Grants attempts at a rate. In a cluster the grants of all nodes together keep to it. */
export interface TokenSource {
  /** True where one attempt may begin now; false: not before `nextAt`. */
  take(now: number): boolean
  /** When to ask again. */
  nextAt(now: number): number
  /** Whether forgetting it now would grant nothing that it would not. */
  isFull(now: number): boolean
}

/** At once, after a rest: this part of the limit, so that no stretch of `perMs` ever sees more than 10 % over it. */
const BURST_SHARE = 0.1

/**
 * A token bucket: it fills evenly, holds a tenth of the limit but at least one, and starts full. Within any `perMs` at
 * most `requests` plus what it holds are granted.
 */
export class TokenBucket implements TokenSource {
  readonly #perToken: number
  readonly #size: number
  #tokens: number
  #at: number

  constructor({ requests, perMs }: RateLimit, now: number) {
    this.#perToken = perMs / requests
    this.#size = Math.max(1, Math.floor(requests * BURST_SHARE))
    this.#tokens = this.#size
    this.#at = now
  }

  take(now: number): boolean {
    this.#fill(now)
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  nextAt(now: number): number {
    this.#fill(now)
    // Up to the whole millisecond in which the token is there for certain.
    return this.#tokens >= 1 ? now : now + Math.ceil((1 - this.#tokens) * this.#perToken)
  }

  isFull(now: number): boolean {
    this.#fill(now)
    return this.#tokens >= this.#size
  }

  /** A clock that was set back fills nothing, and counts from there. */
  #fill(now: number): void {
    if (now > this.#at) this.#tokens = Math.min(this.#size, this.#tokens + (now - this.#at) / this.#perToken)
    this.#at = now
  }
}
