interface Owner {
  name: string
  taken: number
  /** Its waiting callers, by how much of the owner's places their part holds; the first to come is first. */
  lines: Map<number, Set<() => void>>
  waiting: number
  /** No line stands for less than this. */
  least: number
  /** Places that must be free for the first of its waiting; null while none waits. */
  need: number | null
}

/** How places are shared. */
export interface Sharing {
  /** An owner that holds `n` may have more while `n` times this stay free: 1 (the default) leaves it half of them. */
  times?: number
  /** No owner ever has more. */
  most?: number
}

/**
 * How the parts of an owner share: one that holds `n` leaves `n` times this free, beside what its owner leaves. Where
 * an owner may have half of the places, each of its parts then has a fourth of what that half has left.
 */
const PART_TIMES = 8

/**
 * A number of places that are shared by owners (organizations): the fewer are free, the fewer an owner may hold, so that
 * however many of them are greedy, there is room for the next (dynamic thresholds, as switches share their buffers:
 * Choudhury and Hahne, 1998). Those who wait are woken by how little they hold; each call takes constant time.
 */
export class FairPlaces {
  readonly places: number
  readonly #times: number
  readonly #most: number
  readonly #owners = new Map<string, Owner>()
  /** Owners of which some wait, by the places that must be free for the first of them. */
  readonly #lines = new Map<number, Set<Owner>>()
  readonly #waiting = new Map<() => void, { owner: Owner; part: number }>()
  /** No line needs less than this. */
  #least = 0
  #used = 0

  constructor(places: number, { times = 1, most = Number.POSITIVE_INFINITY }: Sharing = {}) {
    this.places = places
    this.#times = times
    this.#most = most
  }

  get used(): number {
    return this.#used
  }

  takenBy(owner: string): number {
    return this.#owners.get(owner)?.taken ?? 0
  }

  /** Takes `amount` places; false where they would be more than the owner's share of what is left. */
  take(owner: string, amount = 1): boolean {
    const taken = this.takenBy(owner)
    if (amount === 0) return true
    if (taken + amount > this.#most || this.#free < amount + taken * this.#times) return false
    this.#hold(this.#of(owner), amount)
    return true
  }

  /** Takes `amount` places that are in use already, whether or not there are so many; until they are given back, fewer are free for all. */
  hold(owner: string, amount: number): void {
    if (amount > 0) this.#hold(this.#of(owner), amount)
  }

  /**
   * Takes a place for a part of an owner (a listener) that holds `part` already; where there is none, `retry` runs when
   * there is one. It must take the place then, or want none any more.
   */
  takeOrWait(owner: string, part: number, retry: () => void): boolean {
    const its = this.#of(owner)
    if (this.#free >= this.#needOf(its.taken, part)) {
      this.#hold(its, 1)
      this.#leave(retry)
      return true
    }
    this.#wait(its, part, retry)
    return false
  }

  /** Gives places back, and wakes the one that has waited with the least. */
  give(owner: string, amount = 1): void {
    if (amount === 0) return
    const its = this.#owners.get(owner)!
    this.#hold(its, -amount)
    this.#forgetIdle(its)
    // A waiter that wants none any more leaves the line; as many as were given back end the search.
    const before = this.#used
    while (this.#waiting.size > 0 && this.#used < before + amount) {
      const next = this.#next()
      if (next === null) return
      next()
    }
  }

  get #free(): number {
    return this.places - this.#used
  }

  #needOf(taken: number, part: number): number {
    return 1 + Math.floor(taken * this.#times) + part * PART_TIMES
  }

  #of(name: string): Owner {
    let owner = this.#owners.get(name)
    if (owner === undefined) {
      owner = { name, taken: 0, lines: new Map(), waiting: 0, least: 0, need: null }
      this.#owners.set(name, owner)
    }
    return owner
  }

  #hold(owner: Owner, amount: number): void {
    owner.taken += amount
    this.#used += amount
    if (owner.waiting > 0) this.#lineUp(owner)
  }

  #wait(owner: Owner, part: number, retry: () => void): void {
    const before = this.#waiting.get(retry)
    if (before?.part === part) return
    if (before !== undefined) this.#leave(retry)
    const line = owner.lines.get(part)
    if (line === undefined) owner.lines.set(part, new Set([retry]))
    else line.add(retry)
    this.#waiting.set(retry, { owner, part })
    owner.least = owner.waiting === 0 ? part : Math.min(owner.least, part)
    owner.waiting += 1
    this.#lineUp(owner)
  }

  #leave(retry: () => void): void {
    if (this.#waiting.size === 0) return
    const place = this.#waiting.get(retry)
    if (place === undefined) return
    const { owner, part } = place
    this.#waiting.delete(retry)
    const line = owner.lines.get(part)!
    line.delete(retry)
    if (line.size === 0) owner.lines.delete(part)
    owner.waiting -= 1
    this.#lineUp(owner)
    this.#forgetIdle(owner)
  }

  #forgetIdle(owner: Owner): void {
    if (owner.taken === 0 && owner.waiting === 0) this.#owners.delete(owner.name)
  }

  /** Where the owner stands, after what it holds or who of it waits has changed. */
  #lineUp(owner: Owner): void {
    while (owner.waiting > 0 && !owner.lines.has(owner.least)) owner.least += 1
    const need = owner.waiting === 0 ? null : this.#needOf(owner.taken, owner.least)
    if (need === owner.need) return
    if (owner.need !== null) {
      const line = this.#lines.get(owner.need)!
      line.delete(owner)
      if (line.size === 0) this.#lines.delete(owner.need)
    }
    owner.need = need
    if (need === null) return
    const line = this.#lines.get(need)
    if (line === undefined) this.#lines.set(need, new Set([owner]))
    else line.add(owner)
    this.#least = Math.min(this.#least, need)
  }

  /** Takes the first of those that need the fewest free places out of its line, where there are so many. */
  #next(): (() => void) | null {
    let line = this.#lines.get(this.#least)
    for (; line === undefined && this.#least <= this.#free; line = this.#lines.get(this.#least)) this.#least += 1
    if (line === undefined || this.#least > this.#free) return null
    const [owner] = line
    const [first] = owner!.lines.get(owner!.least)!
    this.#leave(first!)
    return first!
  }
}
