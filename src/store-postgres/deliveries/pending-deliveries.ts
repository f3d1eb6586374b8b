import type { ListedMessage, ListenerDeliveryStore, PendingDelivery } from '../../store/listing/listener-deliveries.ts'
import type { Db } from '../connect/session.ts'
import { restored, stored } from '../connect/text.ts'

/** What a message tells in a listing, without its data. */
export const LISTED = `m.sequence, m.id, m.name, m.key, m.created_at as "createdAt", m.deliver_at as "deliverAt"`

/** By `any`, so that it is only ever gone from what was picked to its message: see routines/commit_batch.sql. */
export const DUE = `
  select ${LISTED}, d.due_at as "dueAt", d.attempts, d.attempts_before as "attemptsBefore", d.pulled_at as "pulledAt"
    from (select * from discue.deliveries
           where organization_id = $1 and listener_id = $2 and (due_at, sequence) > ($3, $4)
           order by due_at, sequence limit $5) d
    join discue.messages m on m.sequence = any(array[d.sequence])
   order by d.due_at, d.sequence`

/** What waits in an order, with its head. */
export const HELD = `
  select ${LISTED}, h.key as "heldKey", o.blocked as "isMissed",
         (select b.id from discue.messages b where b.sequence = o.sequence) as "headId"
    from (select * from discue.held where organization_id = $1 and listener_id = $2 and (key, sequence) > ($3, $4)
           order by key, sequence limit $5) h
    join discue.messages m on m.sequence = any(array[h.sequence])
    left join discue.order_heads o on o.organization_id = $1 and o.listener_id = $2 and o.key = h.key
   order by h.key, h.sequence`

type Ask = Parameters<ListenerDeliveryStore['pending']>[0]
type Found = Omit<PendingDelivery, 'lastAttempt'>
type DueRow = ListedMessage & Pick<Found, 'attempts' | 'attemptsBefore' | 'pulledAt'> & { dueAt: number }
type HeldRow = ListedMessage & { heldKey: string; isMissed: boolean | null; headId: string | null }

/** Reads what a listener has waiting: by due time, then what is held. */
export async function readPending(db: Db, ask: Ask): Promise<Found[]> {
  const { organizationId, listenerId, after, limit } = ask
  if (after !== null && 'key' in after) return heldFrom(db, ask, after)
  const from = after ?? { dueAt: -1, sequence: 0 }
  const rows = await db.rows<DueRow>(DUE, [organizationId, listenerId, from.dueAt, from.sequence, limit])
  const found = rows.map(({ dueAt, attempts, attemptsBefore, pulledAt, ...message }): Found => {
    return { message: listed(message), dueAt, attempts, attemptsBefore, pulledAt, behind: null, heldKey: null }
  })
  if (rows.length === limit) return found
  return [...found, ...(await heldFrom(db, { ...ask, limit: limit - rows.length }, { key: '', sequence: 0 }))]
}

/** The message of a row, with its key as it was given. */
export function listed(message: ListedMessage): ListedMessage {
  return message.key === null ? message : { ...message, key: restored(message.key) }
}

async function heldFrom(
  db: Db,
  { organizationId, listenerId, limit }: Ask,
  { key, sequence }: { key: string; sequence: number },
): Promise<Found[]> {
  const rows = await db.rows<HeldRow>(HELD, [organizationId, listenerId, stored(key), sequence, limit])
  return rows.map(({ heldKey, isMissed, headId, ...message }) => {
    const behind = headId === null ? null : { messageId: headId, isMissed: isMissed === true }
    const none = { dueAt: null, attempts: 0, attemptsBefore: 0, pulledAt: null }
    return { message: listed(message), heldKey: restored(heldKey), behind, ...none }
  })
}
