import type { LivenessNews } from '../../core/delivery/liveness.ts'
import type { Runtime } from '../../runtime.ts'
import type { LivenessStore } from '../../store/liveness.ts'
import { type Moments, NO_MOMENTS } from '../notify/moments.ts'
import { LivenessRecord } from './liveness-record.ts'

/** Counts may wait this long for their write; a new state is written within a round. */
const COUNTS_EVERY_MS = 60_000
/** Listeners in one write: a few milliseconds' work. */
const WRITE = 500

/**
 * Keeps how listeners are doing in memory, and writes it down: once a minute what was counted, soon what changed. A
 * success that is like the one before it costs no write of its own.
 */
export class LivenessRegistry {
  readonly #store: Pick<LivenessStore, 'note'>
  readonly #runtime: Pick<Runtime, 'now'>
  readonly #moments: Pick<Moments, 'state'>
  readonly #records = new Map<string, LivenessRecord>()
  readonly #dirty = new Set<LivenessRecord>()
  readonly #urgent = new Set<LivenessRecord>()
  #countsSince: number

  constructor(
    store: Pick<LivenessStore, 'note'>,
    runtime: Pick<Runtime, 'now'>,
    moments: Pick<Moments, 'state'> = NO_MOMENTS,
  ) {
    this.#store = store
    this.#moments = moments
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

  now(): number {
    return this.#runtime.now()
  }

  changed(record: LivenessRecord): void {
    this.#dirty.add(record)
  }

  stateChanged(record: LivenessRecord): void {
    this.#moments.state(record.listenerId, record.state)
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
