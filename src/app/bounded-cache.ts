/**
 * A map that forgets the entries that were read longest ago once it holds more than `limit` of them, or more than
 * that weight where they are weighed; the newest stays, whatever it weighs.
 * Loads of one key that overlap are one load; a `forget` during a load keeps its outcome from being kept.
 */
export class BoundedCache<Value> {
  readonly #limit: number
  readonly #entries = new Map<string, Value>()
  readonly #weightOf: (value: Value) => number
  #weight = 0
  readonly #loads = new Map<string, Promise<Value | null>>()

  constructor(limit: number, weightOf: (value: Value) => number = () => 1) {
    this.#limit = limit
    this.#weightOf = weightOf
  }

  get(key: string): Value | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined && this.#weight > this.#limit / 2) {
      this.#entries.delete(key)
      this.#entries.set(key, value)
    }
    return value
  }

  /** The kept value, else what `make` gives, which is kept. */
  getOrMake(key: string, make: () => Value): Value {
    const kept = this.get(key)
    if (kept !== undefined) return kept
    const value = make()
    this.#keep(key, value)
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
    this.#drop(key)
    this.#loads.delete(key)
  }

  /** Forgets whatever fits; what is being loaded too, for nobody knows yet what that is. */
  forgetWhere(fits: (value: Value) => boolean): void {
    for (const [key, value] of this.#entries) if (fits(value)) this.#entries.delete(key)
    this.#loads.clear()
  }

  clear(): void {
    this.#entries.clear()
    this.#weight = 0
    this.#loads.clear()
  }

  #keep(key: string, value: Value): void {
    this.#drop(key)
    this.#entries.set(key, value)
    this.#weight += this.#weightOf(value)
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#limit || oldest === key) return
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const value = this.#entries.get(key)
    if (value === undefined) return
    this.#entries.delete(key)
    this.#weight -= this.#weightOf(value)
  }
}
