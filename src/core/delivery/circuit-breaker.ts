/**
 * Failures in a row that open it, where they took a while: a burst that failed together may have been one accident.
 * A listener that fails for every other message has such a run once in a thousand attempts.
 */
const RUN = 10
const RUN_MS = 1_000
/** However fast they came: one in 2^50 where every other message fails. */
const LONG_RUN = 50
/** The share of attempts of the past 10 to 20 s that must fail to open it, where there were enough to judge by. */
const FAILURE_SHARE = 0.9
const MIN_VOLUME = 100
const WINDOW_MS = 10_000

const FIRST_PAUSE_MS = 250
/** The longest pause while other deliveries wait as well; alone, a delivery has its own retry policy. */
const CROWDED_PAUSE_MS = 10_000
const LONGEST_PAUSE_MS = 60_000
const SHORTEST_PAUSE_MS = 10
/** The pause in seconds, times the seconds that the probed delivery was overdue: at most a second after an hour. */
const OVERDUE_PRODUCT = 3_600

/**
 * Judges a listener by its deliveries alone. Closed, it lets everything through; open, nothing but probes, one at a
 * time with a growing pause. A probe is an attempt like any other, so that the messages of a dead listener end as
 * missed. It is told of every attempt and reads no clock.
 */
export class CircuitBreaker {
  readonly #opens: boolean
  #run = 0
  #runSince = 0
  /** Attempts and failures of this window and the one before it. */
  #windowSince = 0
  #volume = 0
  #failures = 0
  #volumeBefore = 0
  #failuresBefore = 0
  #isOpen = false
  #pauseMs = FIRST_PAUSE_MS

  /** One that never `opens` only tells whether the latest attempt failed. */
  constructor({ opens } = { opens: true }) {
    this.#opens = opens
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Whether the latest attempt failed. */
  get failing(): boolean {
    return this.#run > 0
  }

  /** An attempt was acknowledged. True where this closes it: the listener is alive. */
  succeeded(now: number): boolean {
    this.#run = 0
    this.#turn(now)
    this.#volume += 1
    if (!this.#isOpen) return false
    this.#isOpen = false
    return true
  }

  /** An attempt that began at `startedAt` has failed now. True where this opens it. */
  failed(startedAt: number, now: number): boolean {
    if (this.#run === 0) this.#runSince = startedAt
    this.#run += 1
    this.#turn(now)
    this.#volume += 1
    this.#failures += 1
    if (!this.#opens || this.#isOpen || !this.#isDead(now)) return false
    this.#isOpen = true
    this.#pauseMs = FIRST_PAUSE_MS
    return true
  }

  /**
   * Milliseconds from one probe to the next. `crowded`: more deliveries are due; `overdueMs`: for how long this one was,
   * where it has been missed, else 0. The longer they have waited, the shorter the pauses: a backlog that grows must end
   * as well.
   */
  pauseMs({ crowded, overdueMs }: { crowded: boolean; overdueMs: number }): number {
    const grown = this.#pauseMs
    this.#pauseMs = Math.min(grown * 2, LONGEST_PAUSE_MS)
    const byBacklog = overdueMs > 0 ? (OVERDUE_PRODUCT * 1_000 * 1_000) / overdueMs : LONGEST_PAUSE_MS
    const pauseMs = Math.min(grown, byBacklog, crowded ? CROWDED_PAUSE_MS : LONGEST_PAUSE_MS)
    return Math.max(SHORTEST_PAUSE_MS, Math.round(pauseMs))
  }

  #isDead(now: number): boolean {
    if (this.#run >= LONG_RUN || (this.#run >= RUN && now - this.#runSince >= RUN_MS)) return true
    const volume = this.#volume + this.#volumeBefore
    return volume >= MIN_VOLUME && this.#failures + this.#failuresBefore >= volume * FAILURE_SHARE
  }

  #turn(now: number): void {
    const age = now - this.#windowSince
    if (age >= 0 && age < WINDOW_MS) return
    const follows = age >= 0 && age < 2 * WINDOW_MS
    this.#volumeBefore = follows ? this.#volume : 0
    this.#failuresBefore = follows ? this.#failures : 0
    this.#volume = 0
    this.#failures = 0
    this.#windowSince = now
  }
}
