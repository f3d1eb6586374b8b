/** A lane may have this part of the slots that are free, and always one. */
const SHARE = 1 / 4

/**
 * Limits attempts in flight over all lanes, which is memory and sockets. The fewer slots are free, the fewer a lane
 * may hold, so that lanes whose attempts hang leave room for those that work. Those that wait stand in line by how
 * many they hold, so that giving a slot back wakes one that may have it and looks at no other.
 */
export class SendSlots {
  readonly #limit: number
  /** By the number of attempts in flight with which they waited. */
  readonly #lines = new Map<number, Set<() => void>>()
  readonly #lineOf = new Map<() => void, number>()
  /** No line is shorter of slots than this one. */
  #least = 0
  #used = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Attempts in flight. */
  get used(): number {
    return this.#used
  }

  /** Takes a slot for a lane that has `active` attempts already; where there is none, `retry` runs when one is free. */
  take(active: number, retry: () => void): boolean {
    if (!this.#allows(active)) {
      this.#wait(active, retry)
      return false
    }
    this.#used += 1
    return true
  }

  /** Gives a slot back. */
  give(): void {
    this.#used -= 1
    if (this.#lineOf.size === 0) return
    // Whoever has nothing to send any more leaves the line; the first one that takes the slot ends the search.
    const before = this.#used
    while (this.#used === before) {
      const next = this.#next()
      if (next === null) return
      next()
    }
  }

  #allows(active: number): boolean {
    const free = this.#limit - this.#used
    return free > 0 && active < Math.max(1, free * SHARE)
  }

  #wait(active: number, retry: () => void): void {
    const before = this.#lineOf.get(retry)
    if (before === active) return
    if (before !== undefined) this.#leave(before, retry)
    const line = this.#lines.get(active)
    if (line === undefined) this.#lines.set(active, new Set([retry]))
    else line.add(retry)
    this.#lineOf.set(retry, active)
    this.#least = Math.min(this.#least, active)
  }

  /** Takes the first of those that hold the fewest out of its line, where even they may have one. */
  #next(): (() => void) | null {
    if (this.#lineOf.size === 0) return null
    let line = this.#lines.get(this.#least)
    for (; line === undefined && this.#allows(this.#least); line = this.#lines.get(this.#least)) this.#least += 1
    if (line === undefined || !this.#allows(this.#least)) return null
    const [first] = line
    this.#leave(this.#least, first!)
    return first!
  }

  #leave(active: number, retry: () => void): void {
    this.#lineOf.delete(retry)
    const line = this.#lines.get(active)!
    line.delete(retry)
    if (line.size === 0) this.#lines.delete(active)
  }
}
