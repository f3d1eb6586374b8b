import type { Outcome } from '../../core/delivery/attempt.ts'
import { CircuitBreaker } from '../../core/delivery/circuit-breaker.ts'
import type { Listener, RateLimit } from '../../core/delivery/listener.ts'
import { failureMessage, type LivenessState } from '../../core/delivery/liveness.ts'
import type { HoldUp } from '../../core/search/wait-reason.ts'
import { SlowStart } from '../../core/sharing/slow-start.ts'
import type { TokenSource } from '../../core/sharing/token-bucket.ts'
import type { Cancel, Runtime } from '../../runtime.ts'
import type { LivenessRecord } from '../liveness/liveness-record.ts'
import { RateThrottle } from './rate-throttle.ts'

export interface LaneLimitDeps {
  runtime: Runtime
  record: LivenessRecord
  tokensFor: (listenerId: string, limit: RateLimit) => TokenSource
  /** The listener is back from an outage; `since`: when it was last known to be well, 0 where that is not known. */
  recovered: (since: number) => void
}

/** `open`: nothing is sent, and everything waits in the store; `half-open`: one delivery at a time, as a probe. */
export type CircuitState = 'closed' | 'half-open' | 'open'

/**
 * When deliveries may go to a listener: by how it is doing, by what it asked for, and by its own limits. It is told of
 * every attempt that ends, and calls `changed` whenever more, or less, may be sent than before.
 */
export class LaneLimits {
  readonly #runtime: Runtime
  readonly #record: LivenessRecord
  readonly #rate: RateThrottle
  readonly #changed: () => void
  readonly #recovered: (since: number) => void
  /** When a delivery, or a check, has last succeeded. */
  #lastSuccessAt = 0
  readonly #slowStart: SlowStart
  /** Null where checks of the `livenessUrl` judge the listener. */
  #breaker: CircuitBreaker | null
  /** Since a delivery failed while the latest check had failed as well: the next check tells. */
  #isUncertain = false
  /** The pause between two probes is over. */
  #mayProbe = false
  #cancelProbe: Cancel | null = null
  /** Until when the receiver wants nothing, by its `Retry-After` (epoch ms); 0 where it said nothing. */
  #retryAfter = 0
  #cancelRetryAfter: Cancel | null = null
  /** Grows with each verdict, so that what was on the wire before is not taken for a sign of what is now. */
  #generation = 0
  #circuit: CircuitState
  /** Attempts that may be in flight at once. */
  #limit: number

  constructor(listener: Listener, { runtime, record, tokensFor, recovered }: LaneLimitDeps, changed: () => void) {
    this.#recovered = recovered
    this.#runtime = runtime
    this.#record = record
    this.#rate = new RateThrottle(runtime, (limit) => tokensFor(listener.id, limit), changed)
    this.#rate.change(listener.settings.rateLimit)
    this.#changed = changed
    this.#slowStart = new SlowStart(listener.settings.maxConcurrency)
    this.#breaker = breakerOf(listener)
    if (this.#isDown) this.#slowStart.restart()
    this.#circuit = this.#circuitNow()
    this.#limit = this.#limitOf(this.#circuit)
  }

  get circuit(): CircuitState {
    return this.#circuit
  }

  /** Whether forgetting it now would forget a verdict, or grant what its limits would not. */
  get isAtRest(): boolean {
    if (this.#retryAfter > 0 || this.#isUncertain || !this.#slowStart.arrived || this.#breaker?.isOpen) return false
    return this.#rate.isAtRest
  }

  /** Whether one more attempt may begin, with so many in flight; one that is limited by its rate is told of later. */
  allows(active: number): boolean {
    return active < this.#limit && this.#rate.isOpen
  }

  /** What keeps another attempt from beginning, with so many in flight; null where nothing does. */
  holdUp(active: number): HoldUp | null {
    if (this.#retryAfter > 0) return 'rate_limit'
    if (this.#circuit !== 'closed') return 'down'
    if (active >= this.#limit) return 'concurrency'
    return this.#rate.isOpen ? null : 'rate_limit'
  }

  /** One attempt begins, as `allows` has said that it may. Answers with what is to be told when it has `ended`. */
  begin(): number {
    this.#rate.begin()
    return this.#generation
  }

  /** The listener has other settings. */
  change(before: Listener, listener: Listener): void {
    this.#slowStart.change(listener.settings.maxConcurrency)
    this.#rate.change(listener.settings.rateLimit)
    // It is sent to another receiver now, or judged in another way: what was found out before is void.
    if (isJudgedAnew(before, listener)) {
      this.#generation += 1
      this.#breaker = breakerOf(listener)
      this.#isUncertain = false
      this.#release()
      if (this.#breaker !== null) this.#record.become('unknown')
    }
    this.#weigh()
  }

  /** A check of the `livenessUrl` has ended. */
  checked(state: LivenessState): void {
    if (this.#breaker !== null) return
    const [wasOpen, since] = [this.#circuit === 'open', this.#lastSuccessAt]
    if (state === 'stable') this.#lastSuccessAt = this.#runtime.now()
    if (state === 'stable' || state === 'unknown') this.#isUncertain = false
    const isBack = wasOpen && this.#circuitNow() === 'closed'
    if (isBack) this.#startSlowly()
    this.#weigh()
    if (isBack) this.#recovered(since)
  }

  /** The receiver wants nothing for so long. */
  hold(ms: number): void {
    const until = this.#runtime.now() + ms
    if (ms <= 0 || until <= this.#retryAfter) return
    this.#retryAfter = until
    this.#cancelRetryAfter?.()
    this.#cancelRetryAfter = this.#runtime.at(until, () => {
      this.#release()
      this.#weigh()
    })
    this.#startSlowly()
    this.#weigh()
  }

  /** An attempt that began in this generation was acknowledged. */
  succeeded(generation: number): void {
    this.#countDown(generation, true)
    const [now, since] = [this.#runtime.now(), this.#lastSuccessAt]
    this.#lastSuccessAt = now
    let isBack = false
    if (this.#breaker !== null) {
      this.#record.succeeded(now)
      this.#record.become('stable')
      isBack = this.#breaker.succeeded(now)
      if (isBack) this.#startSlowly()
    }
    this.#weigh()
    if (isBack) this.#recovered(since)
  }

  /**
   * An attempt has failed. `overdueMs`: for how long its delivery was due, where it has been missed, else 0; `crowded`:
   * other deliveries are due as well.
   */
  failed(outcome: Outcome, it: { generation: number; overdueMs: number; crowded: boolean }): void {
    const isOfNow = this.#countDown(it.generation, false)
    if (this.#breaker !== null) this.#tellOfFailure(this.#breaker, outcome, { ...it, isOfNow })
    else if (this.#record.state === 'unstable') this.#isUncertain = true
    this.#weigh()
  }

  close(): void {
    this.#rate.close()
    this.#cancelProbe?.()
    this.#cancelRetryAfter?.()
  }

  /** Whether the attempt began after the latest verdict; only then it counts for the slow start. */
  #countDown(generation: number, ok: boolean): boolean {
    const isOfNow = generation === this.#generation
    if (isOfNow && !this.#slowStart.arrived) this.#slowStart.ended(ok)
    return isOfNow
  }

  #tellOfFailure(
    breaker: CircuitBreaker,
    outcome: Outcome,
    { isOfNow, overdueMs, crowded }: { isOfNow: boolean; overdueMs: number; crowded: boolean },
  ): void {
    const now = this.#runtime.now()
    this.#record.failed(now, { status: outcome.status, message: failureMessage(outcome) })
    // While it is open, nothing but a probe begins.
    const wasProbe = breaker.isOpen && isOfNow
    const opened = breaker.failed(outcome.startedAt, now)
    if (opened) this.#generation += 1
    if (opened || wasProbe) {
      const pauseMs = breaker.pauseMs({ crowded, overdueMs })
      this.#probeAt(Math.max(now, outcome.startedAt + pauseMs))
    }
    this.#record.become(breaker.isOpen ? 'down' : 'unstable')
  }

  #startSlowly(): void {
    this.#generation += 1
    this.#slowStart.restart()
  }

  #probeAt(at: number): void {
    this.#mayProbe = false
    this.#cancelProbe?.()
    this.#cancelProbe = this.#runtime.at(at, () => {
      this.#mayProbe = true
      this.#weigh()
    })
  }

  #release(): void {
    this.#cancelRetryAfter?.()
    this.#cancelRetryAfter = null
    this.#retryAfter = 0
  }

  get #isDown(): boolean {
    return this.#breaker === null && (this.#isUncertain || this.#record.state === 'down')
  }

  #circuitNow(): CircuitState {
    if (this.#retryAfter > 0 || this.#isDown) return 'open'
    if (this.#breaker === null || !this.#breaker.isOpen) return 'closed'
    return this.#mayProbe ? 'half-open' : 'open'
  }

  #limitOf(circuit: CircuitState): number {
    if (circuit === 'closed') return this.#slowStart.window
    return circuit === 'half-open' ? 1 : 0
  }

  #weigh(): void {
    const circuit = this.#circuitNow()
    const limit = this.#limitOf(circuit)
    if (circuit === this.#circuit && limit === this.#limit) return
    this.#circuit = circuit
    this.#limit = limit
    this.#changed()
  }
}

/** Null where checks of the `livenessUrl` judge the listener. */
function breakerOf({ livenessUrl, settings }: Listener): CircuitBreaker | null {
  return livenessUrl === null ? new CircuitBreaker({ opens: settings.circuitBreaker }) : null
}

function isJudgedAnew(before: Listener, after: Listener): boolean {
  if (before.notifyUrl !== after.notifyUrl) return true
  if ((before.livenessUrl === null) !== (after.livenessUrl === null)) return true
  return after.livenessUrl === null && before.settings.circuitBreaker !== after.settings.circuitBreaker
}
