import { Fifo } from '../fifo.ts'

/**
 * A queue in which owners (organizations) take turns: each owner's own items stay first in, first out, and one that
 * brings a thousand delays another's first by one item at most. Each call takes constant time.
 */
export class FairQueue<Item> {
  /** The owner whose turn comes next is first. */
  readonly #owners = new Map<string, Fifo<Item>>()
  #length = 0

  get length(): number {
    return this.#length
  }

  push(owner: string, item: Item): void {
    const own = this.#owners.get(owner)
    if (own === undefined) this.#owners.set(owner, new Fifo(item))
    else own.push(item)
    this.#length += 1
  }

  /** What `shift` would take. */
  peek(): Item | undefined {
    for (const own of this.#owners.values()) return own.peek()
    return undefined
  }

  /** The next item; its owner's next one comes after one of every other owner. */
  shift(): Item | undefined {
    for (const [owner, own] of this.#owners) {
      const item = own.shift()
      this.#length -= 1
      // Alone, an owner need not be moved behind itself.
      if (own.length === 0) this.#owners.delete(owner)
      else if (this.#owners.size > 1) {
        this.#owners.delete(owner)
        this.#owners.set(owner, own)
      }
      return item
    }
    return undefined
  }

  /** Up to `count` of them, in turns. */
  take(count: number): Item[] {
    const taken: Item[] = []
    while (taken.length < count && this.#length > 0) taken.push(this.shift()!)
    return taken
  }
}
