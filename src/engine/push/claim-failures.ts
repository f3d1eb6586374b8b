import type { EngineCounters } from '../../core/telemetry/counters.ts'
import type { Runtime } from '../../runtime.ts'

/** What fails in the same words is logged no more often. */
const LOGGED_EVERY_MS = 60_000
/** A node whose every claim has failed for so long is not ready. */
const PATIENCE_MS = 10_000
/** Claims and sweeps are tried again within this: what failed before, and not since, is over. */
const RECENT_MS = 25_000

/**
 * Counts what keeps a node from what is due: claims, and the look for listeners that something is due for. One listener
 * whose claims fail is counted and logged; that a node can claim nothing at all makes it not ready.
 */
export class ClaimFailures {
  readonly #runtime: Pick<Runtime, 'elapsedMs' | 'log'>
  readonly #counters: Pick<EngineCounters, 'failedClaims'>
  /** When the first of those that failed one after the other did, and the last. */
  #failing: { since: number; until: number } | null = null
  #logged: { message: string; at: number } | null = null
  #unlogged = 0

  constructor(runtime: Pick<Runtime, 'elapsedMs' | 'log'>, counters: Pick<EngineCounters, 'failedClaims'>) {
    this.#runtime = runtime
    this.#counters = counters
  }

  /** `listenerId` is null where no listener's claim has failed, but the look for all of them. */
  failed(error: unknown, listenerId: string | null): void {
    const now = this.#runtime.elapsedMs()
    this.#counters.failedClaims += 1
    const goesOn = this.#failing !== null && now - this.#failing.until <= RECENT_MS
    this.#failing = { since: goesOn ? this.#failing!.since : now, until: now }
    this.#log(error, listenerId, now)
  }

  succeeded(): void {
    this.#failing = null
  }

  /** Why this node is not ready, in words for strangers; null while it is. */
  reason(): string | null {
    if (this.#failing === null) return null
    const { since, until } = this.#failing
    const isOver = this.#runtime.elapsedMs() - until > RECENT_MS
    return isOver || until - since < PATIENCE_MS ? null : 'what is due cannot be read from the store'
  }

  #log(err: unknown, listenerId: string | null, now: number): void {
    const message = err instanceof Error ? err.message : String(err)
    if (this.#logged?.message === message && now - this.#logged.at < LOGGED_EVERY_MS) {
      this.#unlogged += 1
      return
    }
    const fields = { err, ...(listenerId !== null && { listenerId }), notLoggedSince: this.#unlogged }
    this.#runtime.log.error(fields, 'a claim failed')
    this.#logged = { message, at: now }
    this.#unlogged = 0
  }
}
