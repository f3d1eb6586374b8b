import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { DiscardedAs } from '../../core/message/expiry.ts'
import type { RecipientRow } from '../deliveries/recipient-sets.ts'

/** Rows in the order of their sequence, taken message by message. */
class RowsBySequence<Row extends { sequence: number }> {
  readonly #rows: Iterator<Row>
  #next: Row | undefined

  constructor(statement: StatementSync, first: number, last: number) {
    this.#rows = statement.iterate(first, last) as unknown as Iterator<Row>
    this.#step()
  }

  /** The rows of one message; rows of messages before it are skipped. */
  of(sequence: number): Row[] {
    const rows: Row[] = []
    for (; this.#next !== undefined && this.#next.sequence <= sequence; this.#step()) {
      if (this.#next.sequence === sequence) rows.push(this.#next)
    }
    return rows
  }

  /** Lets go of what was not asked for, and with it of the moment that was read. */
  end(): void {
    this.#rows.return?.()
  }

  #step(): void {
    const { value, done } = this.#rows.next()
    this.#next = done ? undefined : value
  }
}

const IN_BLOCK = `sequence between ? and ?`

const MESSAGES = `
  select sequence, audience as recipientSet, left_out as leftOut, created_at as createdAt, deliver_at as deliverAt
    from messages where ${IN_BLOCK} order by sequence`

const DISCARDS = `
  select sequence, audience as recipientSet, left_out as leftOut, created_at as createdAt, reason, delivered, expired, discarded
    from discards where ${IN_BLOCK} order by sequence`

const ATTEMPTS = `
  select sequence, listener_id as listenerId, error is null and status between 200 and 299 as ok
    from attempts where ${IN_BLOCK} order by sequence, listener_id, number`

const MOVED = `
  select sequence, listener_id as listenerId, attempts, due_at as dueAt
    from deliveries where moved = 1 and ${IN_BLOCK} order by sequence`

/** What waits for a turn that no head would pass on would wait for ever. */
const HELD = `
  select p.sequence, p.listener_id as listenerId
    from order_places p cross join held h on h.listener_id = p.listener_id and h.key = p.key and h.sequence = p.sequence
   cross join order_heads o on o.listener_id = h.listener_id and o.key = h.key
   where p.sequence between ? and ? order by p.sequence`

const MISSED = `select sequence, listener_id as listenerId from missed where ${IN_BLOCK} order by sequence`

/** What has ended before it was delivered or missed. */
const ENDED = `
  select sequence, listener_id as listenerId, reason from delivery_discards where ${IN_BLOCK} order by sequence`

const UNMOVED = `select 1 from deliveries where listener_id = ? and due_at = ? and sequence = ? and moved = 0`

const ORDERED = `select 1 from order_places where sequence = ? and listener_id = ?`

export interface MessageRow extends RecipientRow {
  sequence: number
  createdAt: number
  deliverAt: number
}

export interface DiscardRow extends RecipientRow {
  sequence: number
  createdAt: number
  /** An older version wrote `expired` for `retention`. */
  reason: 'deleted' | 'retention' | 'expired'
  /** JSON arrays of listeners. */
  delivered: string
  expired: string
  discarded: string
}

interface PairRow {
  sequence: number
  listenerId: string
}

/** Everything that tells what became of the messages from `first` to `last`. */
export function createLedgerRows(db: DatabaseSync) {
  const statements = [MESSAGES, DISCARDS, ATTEMPTS, MOVED, HELD, MISSED, ENDED].map((sql) => db.prepare(sql))
  const [messages, discards, attempts, moved, held, missed, ended] = statements as [
    ...[StatementSync, StatementSync, StatementSync, StatementSync, StatementSync, StatementSync, StatementSync],
  ]
  const [unmoved, ordered] = [db.prepare(UNMOVED), db.prepare(ORDERED)]
  return {
    between: (first: number, last: number) => ({
      messages: messages.iterate(first, last) as unknown as Iterable<MessageRow>,
      discards: discards.all(first, last) as unknown as DiscardRow[],
      attempts: new RowsBySequence<PairRow & { ok: number | null }>(attempts, first, last),
      moved: new RowsBySequence<PairRow & { attempts: number; dueAt: number }>(moved, first, last),
      held: new RowsBySequence<PairRow>(held, first, last),
      missed: new RowsBySequence<PairRow>(missed, first, last),
      ended: new RowsBySequence<PairRow & { reason: DiscardedAs }>(ended, first, last),
    }),
    /** Whether a delivery that was never tried waits where its message's due time leads. */
    waits: (listenerId: string, { deliverAt, sequence }: MessageRow) =>
      unmoved.get(listenerId, deliverAt, sequence) !== undefined,
    /** Whether the message has a place among those of a listener that wants an order. */
    isOrdered: (sequence: number, listenerId: string) => ordered.get(sequence, listenerId) !== undefined,
  }
}

export type LedgerRows = ReturnType<ReturnType<typeof createLedgerRows>['between']>
