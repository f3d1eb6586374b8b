import { failuresInRowOf, type LivenessNews, type LivenessState } from '../core/liveness.ts'
import type { Runtime } from '../runtime.ts'
import type { LivenessStore } from '../store/liveness.ts'

/** Counts may wait this long for their write; a new state is written within a round. */
const COUNTS_EVERY_MS = 60_000
/** Listeners in one write: a few milliseconds' work. */
const WRITE = 500

/** What went wrong, as it is shown. */
export interface FailureNote {
  status: number | null
  message: string
}

/** How one listener is doing, as far as this node has seen it. */
export class LivenessRecord {
  readonly listenerId: string
  readonly #book: LivenessBook
  #state: LivenessState = 'unknown'
  failuresInRow = 0
  /** Who needs it in memory. */
  holders = 0
  #news = noNews()
  /** What is being written: neither in the store for certain, nor in the news any more. */
  #writing: LivenessNews | null = null

  constructor(listenerId: string, book: LivenessBook) {
    this.listenerId = listenerId
    this.#book = book
  }

  get state(): LivenessState {
    return this.#state
  }

  /** As the store has it, from before this process. */
  recall(state: LivenessState): void {
    this.#state = state
    this.failuresInRow = failuresInRowOf(state)
  }

  succeeded(at: number): void {
    this.failuresInRow = 0
    this.#news.successCount += 1
    this.#news.lastSuccessAt = at
    this.#book.changed(this)
  }

  failed(at: number, { status, message }: FailureNote): void {
    this.failuresInRow += 1
    const news = this.#news
    news.failureCount += 1
    news.lastFailureAt = at
    news.lastFailureStatus = status
    news.lastFailureMsg = message
    this.#book.changed(this)
  }

  /** A verdict; true where it is a new one. */
  become(state: LivenessState): boolean {
    if (state === this.#state) return false
    this.#state = state
    this.#news.state = state
    this.#book.stateChanged(this)
    return true
  }

  /** Everything that the store may not have yet. */
  get news(): LivenessNews {
    return this.#writing === null ? this.#news : together(this.#writing, this.#news)
  }

  get isWriting(): boolean {
    return this.#writing !== null
  }

  takeNews(): LivenessNews {
    this.#writing = this.#news
    this.#news = noNews()
    return this.#writing
  }

  written(): void {
    this.#writing = null
  }

  notWritten(): void {
    this.#news = this.news
    this.#writing = null
  }
}

/**
 * Keeps how listeners are doing in memory, and writes it down: once a minute what was counted, soon what changed. A
 * success that is like the one before it costs no write of its own.
 */
export class LivenessBook {
  readonly #store: Pick<LivenessStore, 'note'>
  readonly #runtime: Pick<Runtime, 'now'>
  readonly #records = new Map<string, LivenessRecord>()
  readonly #dirty = new Set<LivenessRecord>()
  readonly #urgent = new Set<LivenessRecord>()
  #countsSince: number

  constructor(store: Pick<LivenessStore, 'note'>, runtime: Pick<Runtime, 'now'>) {
    this.#store = store
    this.#runtime = runtime
    this.#countsSince = runtime.now()
  }

  /** The listener's record, in memory until as many `release` it as have held it. */
  hold(listenerId: string): LivenessRecord {
    let record = this.#records.get(listenerId)
    if (record === undefined) {
      record = new LivenessRecord(listenerId, this)
      this.#records.set(listenerId, record)
    }
    record.holders += 1
    return record
  }

  release(record: LivenessRecord): void {
    record.holders -= 1
    this.#forgetWhereDone(record)
  }

  /** What the store does not show of the listener yet, or null. */
  newsOf(listenerId: string): LivenessNews | null {
    return this.#records.get(listenerId)?.news ?? null
  }

  changed(record: LivenessRecord): void {
    this.#dirty.add(record)
  }

  stateChanged(record: LivenessRecord): void {
    this.#urgent.add(record)
  }

  /** Writes what is due, and answers with how many listeners that were. Never twice at once. */
  async write(): Promise<number> {
    if (this.#urgent.size > 0) return this.#writeSome(this.#urgent)
    const now = this.#runtime.now()
    if (now - this.#countsSince < COUNTS_EVERY_MS && now >= this.#countsSince) return 0
    if (this.#dirty.size > 0) return this.#writeSome(this.#dirty)
    this.#countsSince = now
    return 0
  }

  /** Writes everything, for a stop. */
  async writeAll(): Promise<void> {
    while (this.#urgent.size + this.#dirty.size > 0) {
      await this.#writeSome(this.#urgent.size > 0 ? this.#urgent : this.#dirty)
    }
  }

  async #writeSome(from: ReadonlySet<LivenessRecord>): Promise<number> {
    const records = [...from.values().take(WRITE)]
    for (const record of records) {
      this.#urgent.delete(record)
      this.#dirty.delete(record)
    }
    const notes = records.map((record) => ({ listenerId: record.listenerId, news: record.takeNews() }))
    try {
      await this.#store.note(notes)
    } catch (error) {
      for (const record of records) {
        record.notWritten()
        this.#dirty.add(record)
        if (record.news.state !== null) this.#urgent.add(record)
      }
      throw error
    }
    for (const record of records) {
      record.written()
      this.#forgetWhereDone(record)
    }
    return records.length
  }

  #forgetWhereDone(record: LivenessRecord): void {
    const waits = record.isWriting || this.#dirty.has(record) || this.#urgent.has(record)
    if (record.holders <= 0 && !waits) this.#records.delete(record.listenerId)
  }
}

function noNews(): LivenessNews {
  return {
    state: null,
    successCount: 0,
    lastSuccessAt: null,
    failureCount: 0,
    lastFailureStatus: null,
    lastFailureAt: null,
    lastFailureMsg: null,
  }
}

function together(older: LivenessNews, newer: LivenessNews): LivenessNews {
  const failure = newer.lastFailureAt === null ? older : newer
  return {
    state: newer.state ?? older.state,
    successCount: older.successCount + newer.successCount,
    lastSuccessAt: newer.lastSuccessAt ?? older.lastSuccessAt,
    failureCount: older.failureCount + newer.failureCount,
    lastFailureStatus: failure.lastFailureStatus,
    lastFailureAt: failure.lastFailureAt,
    lastFailureMsg: failure.lastFailureMsg,
  }
}
