/** A binary heap: takes anything in any order, and gives back the first of it. */
export class Heap<Item> {
  readonly #comesBefore: (one: Item, other: Item) => boolean
  #items: Item[] = []

  constructor(comesBefore: (one: Item, other: Item) => boolean) {
    this.#comesBefore = comesBefore
  }

  get size(): number {
    return this.#items.length
  }

  peek(): Item | undefined {
    return this.#items[0]
  }

  push(item: Item): void {
    this.#items.push(item)
    this.#rise(this.#items.length - 1)
  }

  pop(): Item | undefined {
    const first = this.#items[0]
    const last = this.#items.pop()
    if (this.#items.length > 0 && last !== undefined) {
      this.#items[0] = last
      this.#sink(0)
    }
    return first
  }

  /** Throws out what is not wanted any more, in the time that it takes to look at everything. */
  keepOnly(isWanted: (item: Item) => boolean): void {
    this.#items = this.#items.filter(isWanted)
    for (let index = (this.#items.length >>> 1) - 1; index >= 0; index--) this.#sink(index)
  }

  #rise(from: number): void {
    for (let child = from; child > 0; ) {
      const parent = (child - 1) >>> 1
      if (!this.#swapUnlessOrdered(parent, child)) return
      child = parent
    }
  }

  #sink(from: number): void {
    for (let parent = from; ; ) {
      const left = 2 * parent + 1
      if (left >= this.#items.length) return
      const right = left + 1
      const rightFirst = right < this.#items.length && this.#comesBefore(this.#items[right]!, this.#items[left]!)
      const child = rightFirst ? right : left
      if (!this.#swapUnlessOrdered(parent, child)) return
      parent = child
    }
  }

  #swapUnlessOrdered(parent: number, child: number): boolean {
    const [above, below] = [this.#items[parent]!, this.#items[child]!]
    if (!this.#comesBefore(below, above)) return false
    this.#items[parent] = below
    this.#items[child] = above
    return true
  }
}
