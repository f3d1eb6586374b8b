/** First in, first out, without moving what waits each time that one leaves. */
export class Fifo<Item> {
  #items: (Item | undefined)[]
  #head = 0

  constructor(...items: Item[]) {
    this.#items = items
  }

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  /** What `shift` would take. */
  peek(): Item | undefined {
    return this.#items[this.#head]
  }

  shift(): Item | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    if (this.#head === this.#items.length || this.#head > 1_024) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** Whether any matches. */
  some(matches: (item: Item) => boolean): boolean {
    for (let at = this.#head; at < this.#items.length; at++) if (matches(this.#items[at] as Item)) return true
    return false
  }

  /** Takes out what matches, and gives it back. */
  remove(matches: (item: Item) => boolean): Item[] {
    const items = this.#items.slice(this.#head) as Item[]
    this.#items = items.filter((item) => !matches(item))
    this.#head = 0
    return items.filter(matches)
  }
}
