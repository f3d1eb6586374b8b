/**
 * A batch, or what came of it, as one flat array. Between threads an object costs its property names each time, and a
 * commit is hundreds of small ones; an array of texts and numbers is copied in a fraction of that time.
 */
export type Flat = (string | number | boolean | null)[]

/** Reads what was packed, in the same order; the types are the packer's word. */
export class Reader {
  readonly #flat: Flat
  #at = 0

  constructor(flat: Flat) {
    this.#flat = flat
  }

  text(): string {
    return this.#flat[this.#at++] as string
  }

  textOrNull(): string | null {
    return this.#flat[this.#at++] as string | null
  }

  number(): number {
    return this.#flat[this.#at++] as number
  }

  numberOrNull(): number | null {
    return this.#flat[this.#at++] as number | null
  }

  yes(): boolean {
    return this.#flat[this.#at++] as boolean
  }

  list<Item>(read: (reader: Reader) => Item): Item[] {
    const count = this.number()
    // Most are of one, and an array that grows gets room for many.
    if (count === 1) return [read(this)]
    const items: Item[] = []
    for (let i = 0; i < count; i++) items.push(read(this))
    return items
  }
}
