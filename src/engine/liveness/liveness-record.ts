import { failuresInRowOf, type LivenessNews, type LivenessState } from '../../core/delivery/liveness.ts'

/** What went wrong, as it is shown. */
export interface FailureNote {
  status: number | null
  message: string
}

/** Told that a record has something to write. */
interface ChangeNotes {
  changed(record: LivenessRecord): void
  stateChanged(record: LivenessRecord): void
  now(): number
}

/** How one listener is doing, as far as this node has seen it. */
export class LivenessRecord {
  readonly listenerId: string
  readonly #registry: ChangeNotes
  #state: LivenessState = 'unknown'
  failuresInRow = 0
  /** How many lanes and checks need the record in memory. */
  holders = 0
  #news = noNews()
  /** What is being written: neither in the store for certain, nor in the news any more. */
  #writing: LivenessNews | null = null

  constructor(listenerId: string, registry: ChangeNotes) {
    this.listenerId = listenerId
    this.#registry = registry
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
    this.#registry.changed(this)
  }

  failed(at: number, { status, message }: FailureNote): void {
    this.failuresInRow += 1
    const news = this.#news
    news.failureCount += 1
    news.lastFailureAt = at
    news.lastFailureStatus = status
    news.lastFailureMsg = message
    this.#registry.changed(this)
  }

  /** A verdict; true where it is a new one. */
  become(state: LivenessState): boolean {
    if (state === this.#state) return false
    this.#state = state
    this.#news.state = state
    this.#news.stateAt = this.#registry.now()
    this.#registry.stateChanged(this)
    return true
  }

  /** A verdict of this node alone, which is not to be written down; true where it is a new one. */
  believe(state: LivenessState): boolean {
    const isNew = state !== this.#state
    this.#state = state
    return isNew
  }

  /** The state that this node has found is to be written down from now on. */
  announce(): void {
    this.#news.state = this.#state
    this.#news.stateAt = this.#registry.now()
    this.#registry.stateChanged(this)
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

function noNews(): LivenessNews {
  return {
    state: null,
    stateAt: null,
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
    stateAt: newer.stateAt ?? older.stateAt,
    successCount: older.successCount + newer.successCount,
    lastSuccessAt: newer.lastSuccessAt ?? older.lastSuccessAt,
    failureCount: older.failureCount + newer.failureCount,
    lastFailureStatus: failure.lastFailureStatus,
    lastFailureAt: failure.lastFailureAt,
    lastFailureMsg: failure.lastFailureMsg,
  }
}
