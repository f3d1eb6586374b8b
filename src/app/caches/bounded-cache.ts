/** How much is kept, and for whom. */
export interface Bounds<Value> {
  /** Entries, or what they weigh together where they are weighed. */
  limit: number
  weightOf?: (value: Value) => number
  /** Tells the owner of an entry; all entries are one owner's where it is left out. */
  ownerOf?: (value: Value) => string
}

interface Owner<Value> {
  entries: Map<string, Value>
  weight: number
}

/**
 * A map that forgets the entries that were read longest ago once it holds more than its limit; the newest stays, whatever
 * it weighs. Where entries have owners (organizations), those go first of an owner that holds more than its share, so that
 * one that fills the map forgets its own, and not those of another.
 * Loads of one key that overlap are one load; a `forget` during a load keeps its outcome from being kept.
 */
export class BoundedCache<Value> {
  readonly #limit: number
  readonly #weightOf: (value: Value) => number
  readonly #ownerOf: (value: Value) => string
  readonly #ownerOfKey = new Map<string, Owner<Value>>()
  readonly #owners = new Map<string, Owner<Value>>()
  #weight = 0
  readonly #loads = new Map<string, Promise<Value | null>>()

  constructor({ limit, weightOf = () => 1, ownerOf = () => '' }: Bounds<Value>) {
    this.#limit = limit
    this.#weightOf = weightOf
    this.#ownerOf = ownerOf
  }

  get(key: string): Value | undefined {
    const owner = this.#ownerOfKey.get(key)
    if (owner === undefined) return undefined
    const value = owner.entries.get(key)!
    if (this.#weight > this.#limit / 2) {
      owner.entries.delete(key)
      owner.entries.set(key, value)
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

  /** Forgets all that an owner has; what is being loaded too, as its owner is not known yet. */
  forgetOwner(name: string): void {
    for (const key of [...(this.#owners.get(name)?.entries.keys() ?? [])]) this.#drop(key)
    this.#loads.clear()
  }

  clear(): void {
    this.#ownerOfKey.clear()
    this.#owners.clear()
    this.#weight = 0
    this.#loads.clear()
  }

  #keep(key: string, value: Value): void {
    this.#drop(key)
    const name = this.#ownerOf(value)
    const owner = this.#owners.get(name) ?? { entries: new Map(), weight: 0 }
    this.#owners.set(name, owner)
    this.#ownerOfKey.set(key, owner)
    owner.entries.set(key, value)
    owner.weight += this.#weightOf(value)
    this.#weight += this.#weightOf(value)
    while (this.#weight > this.#limit) {
      const [oldest] = this.#overShare(owner)?.entries.keys() ?? []
      if (oldest === undefined) return
      this.#drop(oldest)
    }
  }

  /**
   * The owner whose oldest entry makes room: the one that an entry was added to, where it has more than its share and
   * another entry to forget; else the next in turn that has more, or any other. Null where there is only what was
   * added.
   */
  #overShare(added: Owner<Value>): Owner<Value> | null {
    const share = this.#limit / this.#owners.size
    if (added.entries.size > 1 && (added.weight > share || this.#owners.size === 1)) return added
    let other: Owner<Value> | null = null
    for (let left = this.#owners.size; left > 0; left--) {
      const [name, owner] = this.#owners.entries().next().value!
      if (owner !== added && owner.weight > share) return owner
      if (owner !== added) other ??= owner
      this.#owners.delete(name)
      this.#owners.set(name, owner)
    }
    return other
  }

  #drop(key: string): void {
    const owner = this.#ownerOfKey.get(key)
    if (owner === undefined) return
    const value = owner.entries.get(key)!
    this.#ownerOfKey.delete(key)
    owner.entries.delete(key)
    owner.weight -= this.#weightOf(value)
    this.#weight -= this.#weightOf(value)
    if (owner.entries.size === 0) this.#owners.delete(this.#ownerOf(value))
  }
}
