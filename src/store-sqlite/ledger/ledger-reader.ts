import type { DatabaseSync } from 'node:sqlite'
import { MAX_PAIRS } from '../../core/delivery/ledger.ts'
import type { Ledger } from '../../store/ledger.ts'
import { RecipientSets } from '../deliveries/recipient-sets.ts'
import { type Block, createBlockReader, type TimeRange } from './ledger-block.ts'
import { type Fault, LedgerQueues, type ReaderAsk } from './ledger-queues.ts'
import { blockOf, MESSAGES_A_BLOCK } from './touched-blocks.ts'

/** Faults that are looked into: those of listeners that are gone are none. */
const MAX_FAULTS = 10 * MAX_PAIRS
/** Listeners of blocks that are remembered: some 40 MB. Past it blocks are counted again each time. */
const MAX_COUNTS = 1_000_000

const NEXT = `
  select min((select coalesce(min(sequence), :none) from messages where sequence >= :from),
             (select coalesce(min(sequence), :none) from discards where sequence >= :from)) as sequence`
const NEWEST = `select coalesce(max(sequence), -1) as sequence from messages`
const NONE = Number.MAX_SAFE_INTEGER

/**
 * Reads the ledger, a block of messages at a time, from a connection that no other call waits for. Blocks that are full
 * are remembered as they were counted until the store says that one of them was touched.
 */
export class LedgerReader {
  readonly #db: DatabaseSync
  readonly #statements
  readonly #read: ReturnType<typeof createBlockReader>
  readonly #known = new Map<number, Block>()
  readonly #queueOf = new Map<string, string>()
  readonly #queues: LedgerQueues
  #counts = 0

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#read = createBlockReader(db, new RecipientSets(db), this.#queueOf)
    this.#queues = new LedgerQueues(db)
    this.#statements = {
      next: db.prepare(NEXT),
      newest: db.prepare(NEWEST),
    }
  }

  /** What is remembered of these blocks is not so any more; null means of any. */
  forget(blocks: readonly number[] | null): void {
    if (blocks === null) {
      this.#known.clear()
      this.#counts = 0
    } else for (const block of blocks) this.#drop(block)
  }

  /** Comes back to the event loop between blocks. */
  async read(ask: ReaderAsk): Promise<Ledger> {
    const sums = new Map<string, Float64Array>()
    const faults: Fault[] = []
    const range = ask.since === null && ask.until === null ? null : { since: ask.since ?? 0, until: ask.until ?? NONE }
    for (let at = this.#next(0); at !== NONE; at = this.#next((blockOf(at) + 1) * MESSAGES_A_BLOCK)) {
      const block = this.#block(blockOf(at), ask.now, range)
      for (const [listenerId, counts] of block?.counts ?? []) addCounts(sums, listenerId, counts)
      if (faults.length < MAX_FAULTS) faults.push(...(block?.faults ?? []))
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    return this.#queues.present(ask, { sums, faults, queueOf: this.#queueOf })
  }

  #next(from: number): number {
    return (this.#statements.next.get({ from, none: NONE }) as { sequence: number }).sequence
  }

  /** What the block holds of that time; null: nothing. */
  #block(number: number, now: number, range: TimeRange | null): Block | null {
    const known = this.#known.get(number)
    const whole = known !== undefined && now < known.nextDueAt ? known : this.#readWhole(number, now)
    if (range === null || (whole.firstAt >= range.since && whole.lastAt < range.until)) return whole
    if (whole.lastAt < range.since || whole.firstAt >= range.until) return null
    return this.#ofOneMoment(() => this.#read(number, now, range))
  }

  #readWhole(number: number, now: number): Block {
    return this.#ofOneMoment(() => {
      const { sequence: newest } = this.#statements.newest.get() as { sequence: number }
      const block = this.#read(number, now)
      if (newest >= (number + 1) * MESSAGES_A_BLOCK) this.#remember(number, block)
      return block
    })
  }

  /** In one read transaction, so that all rows of a message fit together. */
  #ofOneMoment(read: () => Block): Block {
    this.#db.exec('begin')
    try {
      return read()
    } finally {
      this.#db.exec('commit')
    }
  }

  #remember(number: number, block: Block): void {
    this.#drop(number)
    if (this.#counts + block.counts.size > MAX_COUNTS) return
    this.#known.set(number, block)
    this.#counts += block.counts.size
  }

  #drop(number: number): void {
    this.#counts -= this.#known.get(number)?.counts.size ?? 0
    this.#known.delete(number)
  }
}

function addCounts(sums: Map<string, Float64Array>, listenerId: string, counts: ArrayLike<number>): void {
  const sum = sums.get(listenerId)
  if (sum === undefined) sums.set(listenerId, Float64Array.from(counts))
  else for (let stand = 0; stand < sum.length; stand++) sum[stand]! += counts[stand]!
}
