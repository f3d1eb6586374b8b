import type { RateLimit } from '../../core/delivery/listener.ts'
import type { TokenSource } from '../../core/sharing/token-bucket.ts'
import type { Runtime } from '../../runtime.ts'
import type { RateStore } from '../../store/cluster/rates.ts'

/**
 * Together these keep every stretch of `perMs` within 10 % of the limit: what the bucket holds for a burst, and what a
 * node has been granted and not used yet.
 */
const BURST_SHARE = 0.05
const PORTION_SHARE = 0.02
/** After the store could not be asked. */
const RETRY_MS = 1_000
const MIN_WAIT_MS = 5

/** Tokens of a listener's rate that all nodes share: taken from the store a portion at a time, granted from memory. */
export class SharedTokens implements TokenSource {
  readonly #deps: { rates: RateStore; runtime: Runtime }
  readonly #ask: { key: string; perTokenMs: number; size: number; want: number }
  #tokens = 0
  #asking = false
  #nextAt = 0
  #askedAt = 0

  constructor(deps: { rates: RateStore; runtime: Runtime }, listenerId: string, { requests, perMs }: RateLimit) {
    this.#deps = deps
    const size = Math.max(1, Math.floor(requests * BURST_SHARE))
    const want = Math.max(1, Math.floor(requests * PORTION_SHARE))
    this.#ask = { key: `listener ${listenerId}`, perTokenMs: perMs / requests, size, want }
    this.#refill(0)
  }

  take(now: number): boolean {
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    // The next portion is on its way before this one is used up.
    if (this.#tokens <= this.#ask.want / 2) this.#refill(now)
    return true
  }

  nextAt(now: number): number {
    if (this.#tokens >= 1) return now
    this.#refill(now)
    return Math.max(this.#isPutOff(now) ? this.#nextAt : 0, now + MIN_WAIT_MS)
  }

  /** What there is, is in the store: nothing is gained by forgetting this. */
  isFull(): boolean {
    return !this.#asking
  }

  /** Whether the store has put this off. A clock that was set back since is no reason to wait until it has come so far. */
  #isPutOff(now: number): boolean {
    return now < this.#nextAt && now >= this.#askedAt
  }

  #refill(now: number): void {
    if (this.#asking || this.#isPutOff(now)) return
    this.#asking = true
    this.#askedAt = now
    const { rates, runtime } = this.#deps
    rates
      .takeOfBucket(this.#ask)
      .then(
        ({ granted, againMs }) => {
          this.#tokens += granted
          this.#nextAt = granted > 0 ? 0 : runtime.now() + Math.max(MIN_WAIT_MS, againMs)
        },
        (error: unknown) => {
          this.#nextAt = runtime.now() + RETRY_MS
          runtime.log.warn({ err: error }, 'the rate of a listener could not be looked up; it waits')
        },
      )
      .finally(() => {
        this.#asking = false
      })
  }
}
