/** An item that knows its index among the items in flight. */
export interface Indexed {
  place: number
}

/**
 * A set of things that come and go by the ten thousand a second. V8 copies a `Set` of these into a new table every
 * hundred or so, and a table points to the one after it: one that has got into the old part of the heap keeps all later
 * ones alive until the next full collection, and with them whatever was in them. An array with holes that are filled
 * from its end leaves nothing behind.
 */
export class InFlight<Item extends Indexed> {
  readonly #items: Item[] = []

  add(item: Item): void {
    item.place = this.#items.length
    this.#items.push(item)
  }

  /** Takes out one that was added, once. */
  delete(item: Item): void {
    const last = this.#items.pop()!
    if (last === item) return
    last.place = item.place
    this.#items[item.place] = last
  }

  /** All of them, as they are now. */
  all(): Item[] {
    return [...this.#items]
  }
}
