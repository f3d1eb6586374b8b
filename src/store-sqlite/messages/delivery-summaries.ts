import type { DatabaseSync } from 'node:sqlite'
import { type AttemptError, acknowledges } from '../../core/delivery/attempt.ts'
import { type DeliverySummary, summaryOf } from '../../core/delivery/delivery-summary.ts'
import type { Message } from '../../core/delivery/message.ts'
import type { DiscardedAs } from '../../core/message/expiry.ts'
import type { Leases } from '../deliveries/leases.ts'
import type { RecipientRow, RecipientSets } from '../deliveries/recipient-sets.ts'

/** Pending deliveries lie by listener and due time: those that never moved are found under the message's own time. */
const UNMOVED = `
  select d.listener_id as listenerId, d.due_at as dueAt, d.attempts
    from listeners l join deliveries d on d.listener_id = l.id and d.due_at = ? and d.sequence = ?
   where l.queue_id = ? and d.moved = 0`

const MOVED = `
  select d.listener_id as listenerId, d.due_at as dueAt, d.attempts
    from deliveries d join listeners l on l.id = d.listener_id where d.sequence = ? and d.moved = 1`

/** What waits for its turn in an order is not due yet. */
const HELD = `
  select h.listener_id as listenerId, null as dueAt, null as attempts
    from order_places p
    join held h on h.listener_id = p.listener_id and h.key = p.key and h.sequence = p.sequence
    join listeners l on l.id = h.listener_id
   where p.sequence = ?`

const MISSED = `select listener_id as listenerId from missed where sequence = ?`

const DISCARDED = `select listener_id as listenerId, reason from delivery_discards where sequence = ?`

const LAST_ATTEMPTS = `
  select listener_id as listenerId, max(number) as number, started_at as startedAt, status, error
    from attempts where sequence = ? group by listener_id`

const LISTENERS = `select id from listeners where queue_id = ? order by id`
const RECIPIENT_SET = `select audience as recipientSet, left_out as leftOut from messages where sequence = ?`

export interface Pending {
  listenerId: string
  /** Null where it waits for its turn. */
  dueAt: number | null
  attempts: number | null
}

interface LastAttempt {
  listenerId: string
  number: number
  startedAt: number
  status: number | null
  error: AttemptError | null
}

/** What of a message leads to its deliveries. */
export type Located = Pick<Message, 'deliverAt' | 'sequence' | 'queueId'>

export type DeliverySummaries = ReturnType<typeof createDeliverySummaries>

/** Tells how listeners stand with a message that was accepted for them, from rows and from deliveries that have none. */
export function createDeliverySummaries(
  db: DatabaseSync,
  { leases, recipientSets }: { leases: Leases; recipientSets: RecipientSets },
) {
  const [unmoved, moved, missed] = [db.prepare(UNMOVED), db.prepare(MOVED), db.prepare(MISSED)]
  const [held, ended, recipientSet] = [db.prepare(HELD), db.prepare(DISCARDED), db.prepare(RECIPIENT_SET)]
  const [lastAttempts, listeners] = [db.prepare(LAST_ATTEMPTS), db.prepare(LISTENERS)]

  function existingIn(queueId: string): string[] {
    return listeners.all(queueId).map(({ id }) => id as string)
  }

  function recipientsOf(sequence: number): readonly string[] {
    const row = recipientSet.get(sequence) as RecipientRow | undefined
    return row === undefined ? [] : recipientSets.recipientsOf(row).toSorted()
  }

  /** The listeners that the message did not fit, in order of their ids. */
  function leftOutOf({ sequence }: Located): string[] {
    const row = recipientSet.get(sequence) as RecipientRow | undefined
    return row === undefined ? [] : recipientSets.leftOutOf(row).sort()
  }

  /** Deliveries that have no row, because they are on their way since the message was accepted. */
  function rowlessOf({ deliverAt, sequence, queueId }: Located): Pending[] {
    if (leases.rowless === 0) return []
    const rowless = existingIn(queueId).filter((listenerId) => leases.isRowless(listenerId, sequence))
    return rowless.map((listenerId) => ({ listenerId, dueAt: deliverAt, attempts: 0 }))
  }

  function pendingOf(message: Located): Pending[] {
    const { deliverAt, sequence, queueId } = message
    const rows = [...unmoved.all(deliverAt, sequence, queueId), ...moved.all(sequence), ...held.all(sequence)]
    return [...(rows as unknown as Pending[]), ...rowlessOf(message)]
  }

  function of(message: Located): DeliverySummary[] {
    const { sequence, queueId, deliverAt } = message
    const pending = byListener(pendingOf(message))
    const last = byListener(lastAttempts.all(sequence) as unknown as LastAttempt[])
    const gaveUp = byListener(missed.all(sequence) as unknown as { listenerId: string }[])
    const discarded = byListener(ended.all(sequence) as unknown as { listenerId: string; reason: DiscardedAs }[])
    const existing = new Set(existingIn(queueId))
    return recipientsOf(sequence).map((listenerId) => {
      const lastAttempt = last.get(listenerId)
      return summaryOf({
        listenerId,
        listenerExists: existing.has(listenerId),
        deliverAt,
        waiting: pending.get(listenerId),
        isMissed: gaveUp.has(listenerId),
        isExpired: discarded.get(listenerId)?.reason === 'expired',
        isDiscarded: discarded.get(listenerId)?.reason === 'discarded',
        lastAttempt,
        isAcknowledged: lastAttempt !== undefined && acknowledges(lastAttempt),
      })
    })
  }

  return { of, pendingOf, leftOutOf }
}

function byListener<Row extends { listenerId: string }>(rows: Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [row.listenerId, row]))
}
