/**
 * A map that forgets the entry that was read longest ago once it holds `limit`.
 * Loads of one key that overlap are one load; a `forget` during a load keeps its outcome from being kept.
 */
export class BoundedCache<Value> {
  readonly #limit: number
  readonly #entries = new Map<string, Value>()
  readonly #loads = new Map<string, Promise<Value | null>>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: string): Value | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined && this.#entries.size > this.#limit / 2) {
      this.#entries.delete(key)
      this.#entries.set(key, value)
    }
    return value
  }

  /** The kept value, else what `read` finds; null is not kept. */
  async load(key: string, read: () => Promise<Value | null>): Promise<Value | null> {
    const kept = this.get(key)
    if (kept !== undefined) return kept
    const running = this.#loads.get(key)
    if (running !== undefined) return running
    const load = read()
    this.#loads.set(key, load)
    try {
      const value = await load
      if (value !== null && this.#loads.get(key) === load) this.#keep(key, value)
      return value
    } finally {
      if (this.#loads.get(key) === load) this.#loads.delete(key)
    }
  }

  forget(key: string): void {
    this.#entries.delete(key)
    this.#loads.delete(key)
  }

  /** Forgets whatever fits; what is being loaded too, for nobody knows yet what that is. */
  forgetWhere(fits: (value: Value) => boolean): void {
    for (const [key, value] of this.#entries) if (fits(value)) this.#entries.delete(key)
    this.#loads.clear()
  }

  clear(): void {
    this.#entries.clear()
    this.#loads.clear()
  }

  #keep(key: string, value: Value): void {
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#limit) return
    const oldest = this.#entries.keys().next()
    if (!oldest.done) this.#entries.delete(oldest.value)
  }
}
