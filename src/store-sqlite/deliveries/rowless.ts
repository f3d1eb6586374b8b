import type { DatabaseSync } from 'node:sqlite'
import { isLeftOut, type LeftOut } from '../../core/listener-filter/left-out.ts'
import { StoreUnavailable } from '../../store/store.ts'
import { type Transact, unsynced } from '../transaction.ts'
import type { Leases } from './leases.ts'

/** Pairs of message and listener that a start looks through at most, but for those of one commit: a tenth of a second. */
const SPAN = 16_384

/** After they could not be found again, because the disk is full: looking through so many takes a while. */
const RETRY_MS = 1_000

const READ_SINCE = `select value from notes where name = 'implied_since'`
const WRITE_SINCE = `update notes set value = ? where name = 'implied_since'`

const INSERT = `
  insert or ignore into deliveries (listener_id, due_at, sequence, attempts, first_sent_at, moved)
  values (?, ?, ?, 0, null, 0)`

const NEWEST = `select coalesce(max(sequence), 0) as sequence from messages`

/** A listener that is left out is looked at by nothing but its bit: so many cost what one pair does. */
const LEFT_OUT_A_PAIR = 16

/** What stands in no order, has no row and has not come to an end. */
const INSERT_ALL = `
  insert into deliveries (listener_id, due_at, sequence, attempts, first_sent_at, moved)
  select l.id, m.deliver_at, m.sequence, 0, null, 0
    from messages m
   cross join audiences a on a.id = m.audience
   cross join json_each(a.listener_ids) meant on not is_left_out(m.left_out, meant.key)
   cross join listeners l on l.id = meant.value
   where m.sequence between ? and ?
     and not exists (select 1 from attempts t where t.sequence = m.sequence and t.listener_id = l.id)
     and not exists (select 1 from missed t where t.sequence = m.sequence and t.listener_id = l.id)
     and not exists (select 1 from delivery_discards t where t.sequence = m.sequence and t.listener_id = l.id)
     and not exists (select 1 from order_places t where t.sequence = m.sequence and t.listener_id = l.id)
     and not exists (select 1 from deliveries d where d.sequence = m.sequence and d.moved = 1 and d.listener_id = l.id)
     and not exists
       (select 1 from deliveries d where d.listener_id = l.id and d.due_at = m.deliver_at and d.sequence = m.sequence)`

/**
 * Deliveries without a row. One that is leased together with its message's acceptance is settled a moment later as a
 * rule, and its row would be written only to be deleted. So it has none: the message and its recipient set say that it
 * is pending, until something else says how it ended. A call that looks for rows of deliveries, or changes them, has
 * them written first; a look at one message, and the commit that settles it, know them by their leases. After a crash,
 * those that had not ended are found again: all of them belong to messages from the sequence in the note
 * `implied_since` on.
 */
export class RowlessDeliveries {
  readonly #leases: Leases
  readonly #transact: Transact
  readonly #unsynced: Transact
  readonly #insert
  readonly #insertAll
  readonly #writeSince
  /** The note as it is on disk; null where every delivery has a row. */
  #since: number | null
  /** Pairs of the messages from there on. */
  #pairs = 0
  /** Messages of an earlier process whose deliveries are still to be found again; null where that is done. */
  #left: { since: number; until: number } | null
  /** When that was last tried for a claim. */
  #triedAt = -Infinity
  #running = nothingYet()

  constructor(db: DatabaseSync, transact: Transact, leases: Leases) {
    this.#leases = leases
    this.#transact = transact
    this.#unsynced = unsynced(db, transact)
    this.#insert = db.prepare(INSERT)
    db.function('is_left_out', { deterministic: true }, (bits, index) => {
      return isLeftOut(bits as LeftOut | null, index as number) ? 1 : 0
    })
    this.#insertAll = db.prepare(INSERT_ALL)
    this.#writeSince = db.prepare(WRITE_SINCE)
    this.#since = rowlessSince(db)
    const { sequence: until } = db.prepare(NEWEST).get() as { sequence: number }
    this.#left = this.#since === null ? null : { since: this.#since, until }
    // On a full disk the server starts all the same, and they are found later.
    if (ifAvailable(() => this.findAgain())) this.forgetNote()
  }

  /**
   * A message was stored, within the running transaction, with so many deliveries, and so many listeners that it may leave
   * out; `rowless`: one of its deliveries gets no row.
   */
  accepted(sequence: number, of: { deliveries: number; leftOut: number }, rowless: boolean): void {
    this.#running.pairs += of.deliveries + Math.ceil(of.leftOut / LEFT_OUT_A_PAIR)
    if (rowless) this.#running.first ??= sequence
  }

  /** Writes the note, where it must change, at the end of a transaction that accepts messages. */
  write(transaction: number): void {
    const { first, pairs } = this.#running
    const since = this.#since ?? first
    if (since === null) return
    const advances = this.#left === null && this.#pairs + pairs > SPAN
    // Whatever is on its way gets its row, but for what this transaction accepts or settles.
    const written = advances ? this.#insertAllBut(transaction) : []
    const next = advances ? first : since
    if (next !== this.#since) this.#note(next)
    this.#running = { ...this.#running, written, next: { since: next, pairs: advances ? pairs : this.#pairs + pairs } }
  }

  /** To be called once the transaction is on disk. */
  committed(): void {
    const { next, written } = this.#running
    if (next !== null) {
      this.#since = next.since
      this.#pairs = next.pairs
    }
    for (const mark of written) mark()
    this.forget()
  }

  /** The transaction has failed. */
  forget(): void {
    this.#running = nothingYet()
  }

  /**
   * Writes the rows of all. Not synced: until something else is, a crash that takes them leaves the note, by which they
   * are found again.
   */
  writeAll(): void {
    this.findAgain()
    if (this.#leases.rowless === 0) return
    const written = this.#unsynced(() => this.#insertAllBut(null))
    for (const mark of written) mark()
  }

  /** Writes the rows of all for a call that only reads: where the disk is full, it reads the rows that there are. */
  writeToLook(): void {
    ifAvailable(() => this.writeAll())
  }

  /** Writes the rows of all for a claim, where it could take one of them: one that no living node holds. */
  writeFree(now: number): void {
    const isDue = this.#left !== null && Math.abs(now - this.#triedAt) >= RETRY_MS
    if (isDue) this.#triedAt = now
    if (isDue || (this.#left === null && this.#leases.hasAbandoned(now))) this.writeToLook()
  }

  /** Removes the note while every delivery has a row, so that the next start need not look for any. */
  forgetNote(): void {
    if (this.#since === null || this.#left !== null || this.#leases.rowless > 0) return
    if (ifAvailable(() => this.#transact(() => this.#note(null)))) this.#since = null
  }

  /**
   * Writes the rows of what an earlier process had on its way, where that could not be done at the start. Until then
   * nothing may be taken for done with because it has no row. Throws `StoreUnavailable`.
   */
  findAgain(): void {
    const left = this.#left
    if (left === null) return
    this.#transact(() => this.#insertAll.run(left.since, left.until))
    this.#left = null
    // As many as that may come anew: the next message moves the note on.
    this.#pairs = SPAN
  }

  #note(since: number | null): void {
    this.#writeSince.run(since === null ? '' : String(since))
  }

  #insertAllBut(transaction: number | null): (() => void)[] {
    const written: (() => void)[] = []
    for (const { listenerId, sequence, dueAt, settledIn, hasRow } of this.#leases.rowlessLeases()) {
      if (settledIn === transaction) continue
      this.#insert.run(listenerId, dueAt, sequence)
      written.push(hasRow)
    }
    return written
  }
}

/** What a transaction has done so far. */
function nothingYet() {
  return {
    /** Its first message with a delivery that has no row. */
    first: null as number | null,
    /** Deliveries of all its messages. */
    pairs: 0,
    /** What holds once it is on disk. */
    next: null as { since: number | null; pairs: number } | null,
    written: [] as (() => void)[],
  }
}

/** Whether it could be done; false where the store cannot be written now. */
function ifAvailable(work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    return false
  }
}

/** From which message on deliveries may have no row; null where all have one. */
export function rowlessSince(db: DatabaseSync): number | null {
  const { value } = db.prepare(READ_SINCE).get() as { value: string }
  return value === '' ? null : Number(value)
}
