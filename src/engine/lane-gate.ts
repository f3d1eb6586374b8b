import { acknowledges, type Outcome } from '../core/attempt.ts'
import { CircuitBreaker } from '../core/circuit-breaker.ts'
import type { Listener } from '../core/listener.ts'
import { failureMessage, type LivenessState } from '../core/liveness.ts'
import { SlowStart } from '../core/slow-start.ts'
import { TokenBucket, type TokenSource } from '../core/token-bucket.ts'
import type { Cancel, Runtime } from '../runtime.ts'
import type { LivenessRecord } from './liveness-book.ts'

/** `shut`: nothing is sent, and everything waits in the store; `probing`: one delivery at a time, to see. */
export type Passage = 'free' | 'probing' | 'shut'

/**
 * When deliveries may go to a listener: by how it is doing, by what it asked for, and by its own limits. It is told of
 * every attempt that ends, and calls `changed` whenever more, or less, may be sent than before.
 */
export class LaneGate {
  readonly #runtime: Runtime
  readonly #record: LivenessRecord
  readonly #changed: () => void
  readonly #slowStart: SlowStart
  /** Null where checks of the `livenessUrl` judge the listener. */
  #breaker: CircuitBreaker | null
  #tokens: TokenSource | null
  #cancelTokens: Cancel | null = null
  /** Since a delivery failed while the latest check had failed as well: the next check tells. */
  #inDoubt = false
  /** The pause between two probes is over. */
  #mayProbe = false
  #cancelProbe: Cancel | null = null
  /** Until when the receiver wants nothing. */
  #heldUntil = 0
  #cancelHold: Cancel | null = null
  #passage: Passage = 'free'
  /** Attempts that may be in flight at once. */
  #limit: number

  constructor(
    listener: Listener,
    { runtime, record }: { runtime: Runtime; record: LivenessRecord },
    changed: () => void,
  ) {
    this.#runtime = runtime
    this.#record = record
    this.#changed = changed
    this.#slowStart = new SlowStart(listener.settings.maxConcurrency)
    this.#breaker = listener.livenessUrl === null ? new CircuitBreaker() : null
    this.#tokens = this.#tokensFor(listener)
    if (this.#isDown) this.#slowStart.restart()
    this.#limit = this.#slowStart.window
    this.#passage = this.#passageNow()
  }

  get passage(): Passage {
    return this.#passage
  }

  /** Whether forgetting it now would forget a verdict, or grant what its limits would not. */
  get isAtRest(): boolean {
    if (this.#heldUntil > 0 || this.#inDoubt || !this.#slowStart.arrived || this.#breaker?.isOpen) return false
    return this.#tokens === null || this.#tokens.isFull(this.#runtime.now())
  }

  /** Whether one more attempt may begin, with so many in flight; one that is limited by its rate is told of later. */
  allows(active: number): boolean {
    return active < this.#limit && (this.#tokens === null || this.#hasToken(this.#tokens))
  }

  /** One attempt begins, as `allows` has said that it may. */
  begin(): void {
    if (this.#tokens !== null) this.#tokens.take(this.#runtime.now())
  }

  /** The listener has other settings. */
  change(before: Listener, listener: Listener): void {
    this.#slowStart.change(listener.settings.maxConcurrency)
    if (!sameRate(before, listener)) this.#tokens = this.#tokensFor(listener)
    const wasJudged = this.#breaker === null
    const isJudged = listener.livenessUrl !== null
    // Where it is sent to is somebody else now: whatever was said of the old one is void.
    if (wasJudged !== isJudged || before.notifyUrl !== listener.notifyUrl) {
      this.#breaker = isJudged ? null : new CircuitBreaker()
      this.#inDoubt = false
      this.#release()
      if (!isJudged) this.#record.become('unknown')
    }
    this.#weigh()
  }

  /** A check of the `livenessUrl` has ended. */
  checked(state: LivenessState): void {
    if (this.#breaker !== null) return
    const wasShut = this.#passage === 'shut'
    if (state === 'stable' || state === 'unknown') this.#inDoubt = false
    if (wasShut && this.#passageNow() === 'free') this.#slowStart.restart()
    this.#weigh()
  }

  /** The receiver wants nothing for so long. */
  hold(ms: number): void {
    const until = this.#runtime.now() + ms
    if (ms <= 0 || until <= this.#heldUntil) return
    this.#heldUntil = until
    this.#cancelHold?.()
    this.#cancelHold = this.#runtime.after(ms, () => {
      this.#release()
      this.#weigh()
    })
    this.#slowStart.restart()
    this.#weigh()
  }

  /** An attempt has ended. `dueAt`: when its delivery was due; `crowded`: others are due in the store. */
  ended(outcome: Outcome, dueAt: number, crowded: boolean): void {
    const ok = acknowledges(outcome)
    if (!this.#slowStart.arrived) this.#slowStart.ended(ok)
    if (this.#breaker !== null) this.#tell(this.#breaker, outcome, dueAt, crowded)
    else if (!ok && this.#record.state === 'unstable') this.#inDoubt = true
    this.#weigh()
  }

  close(): void {
    this.#cancelTokens?.()
    this.#cancelProbe?.()
    this.#cancelHold?.()
  }

  #tell(breaker: CircuitBreaker, outcome: Outcome, dueAt: number, crowded: boolean): void {
    const [now, ok] = [this.#runtime.now(), acknowledges(outcome)]
    if (ok) {
      this.#record.succeeded(now)
      if (breaker.succeeded(now)) this.#slowStart.restart()
    } else {
      this.#record.failed(now, { status: outcome.status, message: failureMessage(outcome) })
      const opened = breaker.failed(outcome.startedAt, now)
      if (opened || breaker.isProbe(outcome.startedAt)) {
        const pauseMs = breaker.pauseMs({ crowded, overdueMs: outcome.startedAt - dueAt })
        this.#probeAt(Math.max(now, outcome.startedAt + pauseMs))
      }
    }
    this.#record.become(breaker.isOpen ? 'down' : ok ? 'stable' : 'unstable')
  }

  #probeAt(at: number): void {
    this.#mayProbe = false
    this.#cancelProbe?.()
    this.#cancelProbe = this.#runtime.after(at - this.#runtime.now(), () => {
      this.#mayProbe = true
      this.#weigh()
    })
  }

  #release(): void {
    this.#cancelHold?.()
    this.#cancelHold = null
    this.#heldUntil = 0
  }

  get #isDown(): boolean {
    return this.#breaker === null && (this.#inDoubt || this.#record.state === 'down')
  }

  #passageNow(): Passage {
    if (this.#heldUntil > 0 || this.#isDown) return 'shut'
    if (this.#breaker === null || !this.#breaker.isOpen) return 'free'
    return this.#mayProbe ? 'probing' : 'shut'
  }

  #weigh(): void {
    const passage = this.#passageNow()
    const limit = passage === 'shut' ? 0 : passage === 'probing' ? 1 : this.#slowStart.window
    if (passage === this.#passage && limit === this.#limit) return
    this.#passage = passage
    this.#limit = limit
    this.#changed()
  }

  #hasToken(tokens: TokenSource): boolean {
    const now = this.#runtime.now()
    const at = tokens.nextAt(now)
    if (at <= now) return true
    this.#cancelTokens ??= this.#runtime.after(at - now, () => {
      this.#cancelTokens = null
      this.#changed()
    })
    return false
  }

  #tokensFor({ settings: { rateLimit } }: Listener): TokenSource | null {
    return rateLimit === null ? null : new TokenBucket(rateLimit, this.#runtime.now())
  }
}

function sameRate({ settings: { rateLimit: a } }: Listener, { settings: { rateLimit: b } }: Listener): boolean {
  return a?.requests === b?.requests && a?.perMs === b?.perMs
}
