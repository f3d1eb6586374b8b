import { Heap } from '../heap.ts'

interface Timer {
  at: number
  /** Timers of the same time fire in the order in which they were set. */
  number: number
  run: () => void
  cancelled: boolean
}

/** Below this many, cancelled timers cost nothing worth saving. */
const MIN_CANCELLED = 1_000

/** A clock that stands still until it is told to go on, with the timers that hang on it. */
export class ManualClock {
  #now: number
  #horizon: number | null = null
  #lastNumber = 0
  #cancelled = 0
  readonly #timers = new Heap<Timer>((one, other) =>
    one.at === other.at ? one.number < other.number : one.at < other.at,
  )

  /** `startAt` and all other times are milliseconds since the Unix epoch. */
  constructor(startAt: number) {
    this.#now = startAt
  }

  get now(): number {
    return this.#now
  }

  /** Where the clock goes before a caller can read it: the end of the jump that is under way, else now. */
  get horizon(): number {
    return this.#horizon ?? this.#now
  }

  /** Runs `run` once the clock has come `delayMs` further. The answer stops it. */
  after(delayMs: number, run: () => void): () => void {
    this.#lastNumber += 1
    const timer = { at: this.#now + Math.max(0, delayMs), number: this.#lastNumber, run, cancelled: false }
    this.#timers.push(timer)
    return () => this.#cancel(timer)
  }

  /** A jump to this time begins, and ends with the answer. */
  heading(to: number): () => void {
    this.#horizon = to
    return () => {
      this.#horizon = null
    }
  }

  /** Goes on to the next timer that is due by `until` and fires it; else goes to `until`. Answers whether one fired. */
  fireNext(until: number): boolean {
    const timer = this.#next()
    if (timer === undefined || timer.at > until) {
      this.#now = Math.max(this.#now, until)
      return false
    }
    this.#timers.pop()
    this.#now = Math.max(this.#now, timer.at)
    // What has fired cannot be cancelled any more.
    timer.cancelled = true
    timer.run()
    return true
  }

  /** Whether another timer is due at this very moment. */
  get hasDue(): boolean {
    const timer = this.#next()
    return timer !== undefined && timer.at <= this.#now
  }

  /** Takes every timer off the clock, in order. */
  takeAll(): { delayMs: number; run: () => void }[] {
    const all: { delayMs: number; run: () => void }[] = []
    for (let timer = this.#next(); timer !== undefined; timer = this.#next()) {
      this.#timers.pop()
      all.push({ delayMs: timer.at - this.#now, run: timer.run })
    }
    return all
  }

  #next(): Timer | undefined {
    let timer = this.#timers.peek()
    while (timer?.cancelled) {
      this.#timers.pop()
      this.#cancelled -= 1
      timer = this.#timers.peek()
    }
    return timer
  }

  /** While the clock stands still nothing passes the cancelled ones by: they are thrown out when they are the most. */
  #cancel(timer: Timer): void {
    if (timer.cancelled) return
    timer.cancelled = true
    this.#cancelled += 1
    if (this.#cancelled < MIN_CANCELLED || this.#cancelled < this.#timers.size / 2) return
    this.#timers.keepOnly((it) => !it.cancelled)
    this.#cancelled = 0
  }
}
