/** How much later than the one before a signal must come to be another request. */
const APART_MS = 1_000

/**
 * Counts how often a process was asked to stop, by the signals that it hears. One request may be heard more than once: a
 * terminal and a service manager signal every process of a group, and a parent process such as npm passes on what it hears.
 */
export class StopRequests {
  #count = 0
  #countedAt = Number.NEGATIVE_INFINITY

  /** @param atMs when the signal was heard, in milliseconds since any moment. Answers whether it is a request of its own. */
  heard(atMs: number): boolean {
    if (atMs - this.#countedAt < APART_MS) return false
    this.#count += 1
    this.#countedAt = atMs
    return true
  }

  get count(): number {
    return this.#count
  }
}
