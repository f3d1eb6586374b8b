import type { Outcome } from '../core/attempt.ts'
import { CircuitBreaker } from '../core/circuit-breaker.ts'
import type { Listener, RateLimit } from '../core/listener.ts'
import { failureMessage, type LivenessState } from '../core/liveness.ts'
import { SlowStart } from '../core/slow-start.ts'
import type { TokenSource } from '../core/token-bucket.ts'
import type { Cancel, Runtime } from '../runtime.ts'
import type { LivenessRecord } from './liveness-record.ts'
import { RateGate } from './rate-gate.ts'

export interface GateDeps {
  runtime: Runtime
  record: LivenessRecord
  tokensFor: (listenerId: string, limit: RateLimit) => TokenSource
}

/** `shut`: nothing is sent, and everything waits in the store; `probing`: one delivery at a time, to see. */
export type Passage = 'free' | 'probing' | 'shut'

/**
 * When deliveries may go to a listener: by how it is doing, by what it asked for, and by its own limits. It is told of
 * every attempt that ends, and calls `changed` whenever more, or less, may be sent than before.
 */
export class LaneGate {
  readonly #runtime: Runtime
  readonly #record: LivenessRecord
  readonly #rate: RateGate
  readonly #changed: () => void
  readonly #slowStart: SlowStart
  /** Null where checks of the `livenessUrl` judge the listener. */
  #breaker: CircuitBreaker | null
  /** Since a delivery failed while the latest check had failed as well: the next check tells. */
  #inDoubt = false
  /** The pause between two probes is over. */
  #mayProbe = false
  #cancelProbe: Cancel | null = null
  /** Until when the receiver wants nothing. */
  #heldUntil = 0
  #cancelHold: Cancel | null = null
  /** Grows with each verdict, so that what was on the wire before is not taken for a sign of what is now. */
  #era = 0
  #passage: Passage
  /** Attempts that may be in flight at once. */
  #limit: number

  constructor(listener: Listener, { runtime, record, tokensFor }: GateDeps, changed: () => void) {
    this.#runtime = runtime
    this.#record = record
    this.#rate = new RateGate(runtime, (limit) => tokensFor(listener.id, limit), changed)
    this.#rate.change(listener.settings.rateLimit)
    this.#changed = changed
    this.#slowStart = new SlowStart(listener.settings.maxConcurrency)
    this.#breaker = listener.livenessUrl === null ? new CircuitBreaker() : null
    if (this.#isDown) this.#slowStart.restart()
    this.#passage = this.#passageNow()
    this.#limit = this.#limitOf(this.#passage)
  }

  get passage(): Passage {
    return this.#passage
  }

  /** Whether forgetting it now would forget a verdict, or grant what its limits would not. */
  get isAtRest(): boolean {
    if (this.#heldUntil > 0 || this.#inDoubt || !this.#slowStart.arrived || this.#breaker?.isOpen) return false
    return this.#rate.isAtRest
  }

  /** Whether one more attempt may begin, with so many in flight; one that is limited by its rate is told of later. */
  allows(active: number): boolean {
    return active < this.#limit && this.#rate.isOpen
  }

  /** One attempt begins, as `allows` has said that it may. Answers with what is to be told when it has `ended`. */
  begin(): number {
    this.#rate.begin()
    return this.#era
  }

  /** The listener has other settings. */
  change(before: Listener, listener: Listener): void {
    this.#slowStart.change(listener.settings.maxConcurrency)
    this.#rate.change(listener.settings.rateLimit)
    const wasJudged = this.#breaker === null
    const isJudged = listener.livenessUrl !== null
    // Where it is sent to is somebody else now: whatever was said of the old one is void.
    if (wasJudged !== isJudged || before.notifyUrl !== listener.notifyUrl) {
      this.#era += 1
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
    if (wasShut && this.#passageNow() === 'free') this.#startSlowly()
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
    this.#startSlowly()
    this.#weigh()
  }

  /** An attempt that began in this era was acknowledged. */
  succeeded(era: number): void {
    this.#countDown(era, true)
    if (this.#breaker !== null) {
      const now = this.#runtime.now()
      this.#record.succeeded(now)
      this.#record.become('stable')
      if (this.#breaker.succeeded(now)) this.#startSlowly()
    }
    this.#weigh()
  }

  /** One has failed. `dueAt`: when its delivery was due; `crowded`: others are due as well. */
  failed(outcome: Outcome, it: { era: number; dueAt: number; crowded: boolean }): void {
    const isOfNow = this.#countDown(it.era, false)
    if (this.#breaker !== null) this.#tellOfFailure(this.#breaker, outcome, { ...it, isOfNow })
    else if (this.#record.state === 'unstable') this.#inDoubt = true
    this.#weigh()
  }

  close(): void {
    this.#rate.close()
    this.#cancelProbe?.()
    this.#cancelHold?.()
  }

  /** Whether the attempt began after the latest verdict; only then it counts for the slow start. */
  #countDown(era: number, ok: boolean): boolean {
    const isOfNow = era === this.#era
    if (isOfNow && !this.#slowStart.arrived) this.#slowStart.ended(ok)
    return isOfNow
  }

  #tellOfFailure(
    breaker: CircuitBreaker,
    outcome: Outcome,
    { isOfNow, dueAt, crowded }: { isOfNow: boolean; dueAt: number; crowded: boolean },
  ): void {
    const now = this.#runtime.now()
    this.#record.failed(now, { status: outcome.status, message: failureMessage(outcome) })
    // While it is open, nothing but a probe begins.
    const wasProbe = breaker.isOpen && isOfNow
    const opened = breaker.failed(outcome.startedAt, now)
    if (opened) this.#era += 1
    if (opened || wasProbe) {
      const pauseMs = breaker.pauseMs({ crowded, overdueMs: outcome.startedAt - dueAt })
      this.#probeAt(Math.max(now, outcome.startedAt + pauseMs))
    }
    this.#record.become(breaker.isOpen ? 'down' : 'unstable')
  }

  #startSlowly(): void {
    this.#era += 1
    this.#slowStart.restart()
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

  #limitOf(passage: Passage): number {
    if (passage === 'free') return this.#slowStart.window
    return passage === 'probing' ? 1 : 0
  }

  #weigh(): void {
    const passage = this.#passageNow()
    const limit = this.#limitOf(passage)
    if (passage === this.#passage && limit === this.#limit) return
    this.#passage = passage
    this.#limit = limit
    this.#changed()
  }
}
