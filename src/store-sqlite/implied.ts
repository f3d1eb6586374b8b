import type { DatabaseSync } from 'node:sqlite'
import type { Leases } from './leases.ts'
import { type Transact, unsynced } from './transaction.ts'

/** Messages that a start has to look through at most, but for those of one commit. */
const SPAN = 8_192

const READ_SINCE = `select value from notes where name = 'implied_since'`
const WRITE_SINCE = `update notes set value = ? where name = 'implied_since'`

const INSERT = `
  insert into deliveries (listener_id, due_at, sequence, attempts, first_sent_at, moved) values (?, ?, ?, 0, null, 0)`

/** What stands in no order, has no row and has not come to an end. */
const INSERT_ALL = `
  insert into deliveries (listener_id, due_at, sequence, attempts, first_sent_at, moved)
  select l.id, m.deliver_at, m.sequence, 0, null, 0
    from messages m
   cross join audiences a on a.id = m.audience
   cross join json_each(a.listener_ids) meant
   cross join listeners l on l.id = meant.value
   where m.sequence >= ?
     and not exists (select 1 from attempts t where t.sequence = m.sequence and t.listener_id = l.id)
     and not exists (select 1 from missed t where t.sequence = m.sequence and t.listener_id = l.id)
     and not exists (select 1 from order_places t where t.sequence = m.sequence and t.listener_id = l.id)
     and not exists (select 1 from deliveries d where d.sequence = m.sequence and d.moved = 1 and d.listener_id = l.id)
     and not exists
       (select 1 from deliveries d where d.listener_id = l.id and d.due_at = m.deliver_at and d.sequence = m.sequence)`

/**
 * Deliveries without a row. One that is leased together with its message's acceptance is settled a moment later as a
 * rule, and its row would be written only to be deleted. So it has none: the message and its audience say that it is
 * pending, until something else says how it ended. Whoever looks for rows of deliveries, or changes them, has them written
 * first; a look at one message, and the commit that settles it, know them by their leases. After a crash, those that had not ended are found
 * again: all of them belong to messages from the sequence in the note `implied_since` on.
 */
export class ImpliedDeliveries {
  readonly #leases: Leases
  readonly #unsynced: Transact
  readonly #insert
  readonly #writeSince
  /** As it is on disk; null where nothing is implied. */
  #since: number | null = null
  /** Within the running transaction: its first message with an implied delivery, what the note is then, whose rows it wrote. */
  #first: number | null = null
  #next: number | null = null
  #written: (() => void)[] = []

  constructor(db: DatabaseSync, transact: Transact, leases: Leases) {
    this.#leases = leases
    this.#unsynced = unsynced(db, transact)
    this.#insert = db.prepare(INSERT)
    this.#writeSince = db.prepare(WRITE_SINCE)
    const since = impliedSince(db)
    if (since === null) return
    const insertAll = db.prepare(INSERT_ALL)
    transact(() => {
      insertAll.run(since)
      this.#writeSince.run('')
    })
  }

  /** A delivery of this message gets no row; within the transaction that accepts it. */
  imply(sequence: number): void {
    this.#first ??= sequence
  }

  /** At the end of a transaction that has accepted messages up to `last`: sees to the note. */
  write(last: number, transaction: number): void {
    const since = this.#since ?? this.#first
    if (since === null) return
    this.#next = last - since > SPAN ? this.#advance(last, transaction) : since
    if (this.#next !== this.#since) this.#writeSince.run(String(this.#next))
  }

  /** After it is on disk. */
  committed(): void {
    if (this.#next !== null) this.#since = this.#next
    for (const written of this.#written) written()
    this.forget()
  }

  /** The transaction has failed. */
  forget(): void {
    this.#first = null
    this.#next = null
    this.#written = []
  }

  /**
   * Writes the rows of all. Not synced: until something else is, a crash that takes them leaves the note, by which they
   * are found again.
   */
  writeAll(): void {
    if (this.#leases.implied === 0) return
    const written = this.#unsynced(() => this.#insertBefore(Infinity, null))
    for (const mark of written) mark()
  }

  /** The same where others than this node hold any: what it holds itself it need not see. */
  writeOthers(node: string): void {
    if (this.#leases.impliesForOthers(node)) this.writeAll()
  }

  /** Writes the rows of those that have been on their way for long, so that the note can follow. */
  #advance(last: number, transaction: number): number {
    const before = Math.min(last - SPAN / 2, this.#first ?? Infinity)
    this.#written = this.#insertBefore(before, transaction)
    return before
  }

  #insertBefore(before: number, transaction: number | null): (() => void)[] {
    const written: (() => void)[] = []
    for (const { listenerId, sequence, dueAt, settledIn, hasRow } of this.#leases.impliedOnes()) {
      if (sequence >= before || settledIn === transaction) continue
      this.#insert.run(listenerId, dueAt, sequence)
      written.push(hasRow)
    }
    return written
  }
}

/** From which message on deliveries may have no row; null where all have one. */
export function impliedSince(db: DatabaseSync): number | null {
  const { value } = db.prepare(READ_SINCE).get() as { value: string }
  return value === '' ? null : Number(value)
}
