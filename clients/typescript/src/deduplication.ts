/**
 * Where a receiver notes which messages it has handled. With several processes it has to be one that all of them see, such
 * as a table whose primary key is the id.
 */
export interface DeduplicationStore {
  /** `new`: the caller handles it now. `done`: it was handled. `running`: another call handles it at this moment. */
  begin(id: string): Promise<'new' | 'done' | 'running'> | 'new' | 'done' | 'running'
  /** It was handled, and never is again. */
  finish(id: string): Promise<void> | void
  /** It was not: the next attempt may. */
  abandon(id: string): Promise<void> | void
}

/** Remembers in this process's memory, up to `most` messages, the oldest of which are forgotten first. */
export class MemoryDeduplication implements DeduplicationStore {
  readonly #states = new Map<string, 'running' | 'done'>()
  readonly #most: number

  constructor(most = 100_000) {
    this.#most = most
  }

  begin(id: string): 'new' | 'done' | 'running' {
    const state = this.#states.get(id)
    if (state !== undefined) return state
    this.#states.set(id, 'running')
    if (this.#states.size > this.#most) this.#forgetOldest()
    return 'new'
  }

  finish(id: string): void {
    this.#states.set(id, 'done')
  }

  abandon(id: string): void {
    this.#states.delete(id)
  }

  #forgetOldest(): void {
    for (const [id, state] of this.#states) {
      if (state === 'running') continue
      this.#states.delete(id)
      return
    }
  }
}
