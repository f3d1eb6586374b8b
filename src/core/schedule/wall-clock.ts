/** Stops a timer, or ends a subscription; harmless afterwards. */
type Cancel = () => void

/** Timers measure the time that the machine is awake; this is how often that is compared with the clock on the wall. */
const COMPARE_EVERY_MS = 1_000
/** By so much both may differ before it counts: a clock that is put right bit by bit adds up to this, and then counts. */
const TOLERANCE_MS = 200

interface WallTimer {
  at: number
  run: () => void
  cancel: Cancel
}

interface WallClockDeps {
  /** The clock on the wall: milliseconds since the Unix epoch. It may be set, and goes on while the machine sleeps. */
  now: () => number
  /** Milliseconds that only ever pass, and stand still while the machine sleeps. */
  elapsedMs: () => number
  /** A timer that goes by `elapsedMs`. */
  after: (delayMs: number, run: () => void) => Cancel
  /** Whether the clocks are compared by themselves, every second; else `compare` is for the owner to call. */
  watched?: boolean
}

/**
 * Timers for moments of the wall clock, which hold through a suspended machine and a clock that is put right, in either
 * direction. Both clocks are compared every second, while there is anything that waits.
 */
export class WallClock {
  readonly #deps: WallClockDeps
  readonly #timers = new Set<WallTimer>()
  readonly #hearers = new Set<(byMs: number) => void>()
  /** The wall clock less the time that has passed, when both were last found apart. */
  #offsetMs: number
  /** The next comparison is set. */
  #watching = false

  constructor(deps: WallClockDeps) {
    this.#deps = deps
    this.#offsetMs = this.#readOffset()
  }

  /** Runs `run` once the clock shows `at`, at once where it does already; within a second of a leap beyond it. */
  at(at: number, run: () => void): Cancel {
    this.#watch()
    const timer: WallTimer = { at, run, cancel: () => undefined }
    this.#timers.add(timer)
    this.#arm(timer)
    return () => {
      this.#timers.delete(timer)
      timer.cancel()
    }
  }

  /** Calls `hear` after each leap with how far it went, below 0 where it went back. Timers for moments come after that. */
  onLeap(hear: (byMs: number) => void): Cancel {
    this.#watch()
    this.#hearers.add(hear)
    return () => this.#hearers.delete(hear)
  }

  /** Compares the clocks now. */
  compare(): void {
    const offsetMs = this.#readOffset()
    const byMs = offsetMs - this.#offsetMs
    if (Math.abs(byMs) < TOLERANCE_MS) return
    this.#offsetMs = offsetMs
    // Time that has passed is known to fractions of a millisecond, of which no moment of the wall clock has any.
    for (const hear of this.#hearers) hear(Math.round(byMs))
    for (const timer of [...this.#timers]) {
      timer.cancel()
      this.#arm(timer)
    }
  }

  #arm(timer: WallTimer): void {
    timer.cancel = this.#deps.after(timer.at - this.#deps.now(), () => this.#fire(timer))
  }

  #fire(timer: WallTimer): void {
    // The clock was set back since, or the timer came in the millisecond before.
    if (this.#deps.now() < timer.at) this.#arm(timer)
    else {
      this.#timers.delete(timer)
      timer.run()
    }
  }

  #watch(): void {
    const { watched = true, after } = this.#deps
    if (this.#watching || !watched) return
    this.#watching = true
    this.#offsetMs = this.#readOffset()
    after(COMPARE_EVERY_MS, () => this.#look())
  }

  #look(): void {
    this.#watching = this.#timers.size + this.#hearers.size > 0
    this.compare()
    if (this.#watching) this.#deps.after(COMPARE_EVERY_MS, () => this.#look())
  }

  #readOffset(): number {
    return this.#deps.now() - this.#deps.elapsedMs()
  }
}
