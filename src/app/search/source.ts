/** How one of several lists is read that are merged by time, the latest first. */
interface Reading<Entry, Place> {
  /** Where it begins, exclusively. */
  from: Place
  /** The place behind all. */
  end: Place
  isEnd(place: Place): boolean
  /** In epoch ms. */
  timeOf(place: Place): number
  positionOf(entry: Entry): Place
  /** The next entries below a place, out of so many that are looked at; `next` is null at the end. */
  read(before: Place, examine: number): Promise<{ entries: Entry[]; next: Place | null }>
}

/** One of several lists that are merged: what was read of it and not taken yet, and where it goes on. */
export class Source<Entry, Place> {
  readonly #reading: Reading<Entry, Place>
  #entries: Entry[] = []
  /** Below what was taken. */
  #taken: Place
  /** Below what was read. */
  #read: Place

  constructor(reading: Reading<Entry, Place>) {
    this.#reading = reading
    this.#taken = reading.from
    this.#read = reading.from
  }

  /** Whether there may be more, of which nothing is here. */
  get isLacking(): boolean {
    return this.#entries.length === 0 && !this.#reading.isEnd(this.#read)
  }

  /** Whether all of it was taken. */
  get isDone(): boolean {
    return this.#entries.length === 0 && this.#reading.isEnd(this.#read)
  }

  /** When the next entry was, or at the latest can have been where it was not come to yet. */
  get headAt(): number {
    const [head] = this.#entries
    if (head !== undefined) return this.#reading.timeOf(this.#reading.positionOf(head))
    return this.isDone ? Number.NEGATIVE_INFINITY : this.#reading.timeOf(this.#read)
  }

  /** Where to go on: below what was taken, or where nothing is left over, below what was looked at. */
  get place(): Place {
    return this.#entries.length === 0 ? this.#read : this.#taken
  }

  async read(examine: number): Promise<void> {
    const { entries, next } = await this.#reading.read(this.#read, examine)
    this.#entries = entries
    this.#read = next ?? this.#reading.end
  }

  /** The next entry; null where nothing of it is here. */
  take(): Entry | null {
    const entry = this.#entries.shift()
    if (entry === undefined) return null
    this.#taken = this.#reading.positionOf(entry)
    return entry
  }
}
