import type { DatabaseSync } from 'node:sqlite'
import type { ListedMessage, ListenerDeliveryStore, PendingDelivery } from '../../store/listing/listener-deliveries.ts'

/** What a message tells in a listing; its data lies behind, and is left where it is. */
export const LISTED = `m.sequence, m.id, m.name, m.key, m.created_at as createdAt, m.deliver_at as deliverAt`

const DUE = `
  select ${LISTED}, d.due_at as dueAt, d.attempts, d.attempts_before as attemptsBefore, d.pulled_at as pulledAt
    from deliveries d cross join messages m on m.sequence = d.sequence
   where d.listener_id = ? and (d.due_at, d.sequence) > (?, ?) order by d.due_at, d.sequence limit ?`

/** What waits in an order, with its head. */
const HELD = `
  select ${LISTED}, h.key as heldKey, o.blocked as isMissed, (select b.id from messages b where b.sequence = o.sequence) as headId
    from held h
    cross join messages m on m.sequence = h.sequence
    left join order_heads o on o.listener_id = h.listener_id and o.key = h.key
   where h.listener_id = ? and (h.key, h.sequence) > (?, ?) order by h.key, h.sequence limit ?`

type Ask = Parameters<ListenerDeliveryStore['pending']>[0]
type Found = Omit<PendingDelivery, 'lastAttempt'>
type DueRow = ListedMessage & Pick<Found, 'attempts' | 'attemptsBefore' | 'pulledAt'> & { dueAt: number }
type HeldRow = ListedMessage & { heldKey: string; isMissed: 0 | 1 | null; headId: string | null }

/** Reads what a listener has waiting: by due time, then what is held. */
export function createPendingReading(db: DatabaseSync): (ask: Ask) => Found[] {
  const [due, held] = [db.prepare(DUE), db.prepare(HELD)]

  function heldFrom(listenerId: string, { key, sequence }: { key: string; sequence: number }, limit: number): Found[] {
    const rows = held.all(listenerId, key, sequence, limit) as unknown as HeldRow[]
    return rows.map(({ heldKey, isMissed, headId, ...message }) => {
      const behind = headId === null ? null : { messageId: headId, isMissed: isMissed === 1 }
      return { message, heldKey, behind, dueAt: null, attempts: 0, attemptsBefore: 0, pulledAt: null }
    })
  }

  return ({ listenerId, after, limit }) => {
    if (after !== null && 'key' in after) return heldFrom(listenerId, after, limit)
    const from = after ?? { dueAt: -1, sequence: 0 }
    const rows = due.all(listenerId, from.dueAt, from.sequence, limit) as unknown as DueRow[]
    const found = rows.map(({ dueAt, attempts, attemptsBefore, pulledAt, ...message }): Found => {
      return { message, dueAt, attempts, attemptsBefore, pulledAt, behind: null, heldKey: null }
    })
    if (rows.length === limit) return found
    return [...found, ...heldFrom(listenerId, { key: '', sequence: 0 }, limit - rows.length)]
  }
}
