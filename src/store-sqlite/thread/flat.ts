/**
 * A batch, or what came of it, as two flat arrays. Between threads an object costs its property names each time, and a
 * commit is hundreds of small ones; arrays of texts and numbers are copied in a fraction of that time.
 */
export interface Packed {
  /** Texts that come again and again, ids of queues and listeners, each once. */
  texts: string[]
  cells: Cell[]
}

export type Cell = string | number | boolean | null

/** Writes what a `Reader` reads, in the same order. */
export class Packer implements Packed {
  readonly texts: string[] = []
  readonly cells: Cell[] = []
  readonly #places = new Map<string, number>()

  /** The cell for a text that is likely to be in here already. */
  shared(text: string): number {
    const known = this.#places.get(text)
    if (known !== undefined) return known
    const place = this.texts.push(text) - 1
    this.#places.set(text, place)
    return place
  }

  /** To be sent: without what only packing needs. */
  get packed(): Packed {
    return { texts: this.texts, cells: this.cells }
  }
}

/** Reads what was packed; the types are the packer's word. */
export class Reader {
  readonly #texts: readonly string[]
  readonly #cells: readonly Cell[]
  #at = 0

  constructor({ texts, cells }: Packed) {
    this.#texts = texts
    this.#cells = cells
  }

  text(): string {
    return this.#cells[this.#at++] as string
  }

  /** A text that was packed as `shared`; the same text is the same object, which a map finds sooner. */
  shared(): string {
    return this.#texts[this.#cells[this.#at++] as number]!
  }

  textOrNull(): string | null {
    return this.#cells[this.#at++] as string | null
  }

  number(): number {
    return this.#cells[this.#at++] as number
  }

  numberOrNull(): number | null {
    return this.#cells[this.#at++] as number | null
  }

  yes(): boolean {
    return this.#cells[this.#at++] as boolean
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
