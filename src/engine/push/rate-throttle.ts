import type { RateLimit } from '../../core/delivery/listener.ts'
import type { TokenSource } from '../../core/sharing/token-bucket.ts'
import type { Cancel, Runtime } from '../../runtime.ts'

/** Lets attempts through at the rate that a listener allows; calls `onToken` when one is there again. */
export class RateThrottle {
  readonly #runtime: Runtime
  readonly #newTokens: (limit: RateLimit) => TokenSource
  readonly #onToken: () => void
  #limit: RateLimit | null = null
  /** Null: no limit. */
  #tokens: TokenSource | null = null
  #cancel: Cancel | null = null

  constructor(runtime: Runtime, newTokens: (limit: RateLimit) => TokenSource, onToken: () => void) {
    this.#runtime = runtime
    this.#newTokens = newTokens
    this.#onToken = onToken
  }

  /** Whether forgetting it now would grant nothing that it would not. */
  get isAtRest(): boolean {
    return this.#tokens === null || this.#tokens.isFull(this.#runtime.now())
  }

  /** Whether an attempt may begin now. */
  get isOpen(): boolean {
    return this.#tokens === null || this.#hasToken(this.#tokens)
  }

  /** An attempt begins. */
  begin(): void {
    if (this.#tokens !== null) this.#tokens.take(this.#runtime.now())
  }

  /** From now on this limit holds; the same one again changes nothing. */
  change(limit: RateLimit | null): void {
    if (limit?.requests === this.#limit?.requests && limit?.perMs === this.#limit?.perMs) return
    this.close()
    this.#limit = limit
    this.#tokens = limit === null ? null : this.#newTokens(limit)
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  #hasToken(tokens: TokenSource): boolean {
    const now = this.#runtime.now()
    const at = tokens.nextAt(now)
    if (at <= now) return true
    this.#cancel ??= this.#runtime.at(at, () => {
      this.#cancel = null
      this.#onToken()
    })
    return false
  }
}
