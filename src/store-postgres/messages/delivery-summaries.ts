import { type AttemptError, acknowledges } from '../../core/delivery/attempt.ts'
import { type DeliverySummary, summaryOf } from '../../core/delivery/delivery-summary.ts'
import type { Message } from '../../core/delivery/message.ts'
import type { DiscardedAs } from '../../core/message/expiry.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import { IS_MEANT } from './left-out-rows.ts'

/** Of messages of one organization: their queues, due times and sequences, one array each. */
const MESSAGES = `unnest($2::text[], $3::bigint[], $4::bigint[]) m(queue_id, deliver_at, sequence)`

/**
 * Pending deliveries lie by listener and due time: those that never moved are found under the message's own time.
 * Only of listeners that still exist.
 */
const PENDING = `
  select m.sequence, d.listener_id as "listenerId", d.due_at as "dueAt", d.attempts
    from ${MESSAGES}
    join discue.listeners l on l.organization_id = $1 and l.queue_id = m.queue_id
    join discue.deliveries d on d.organization_id = $1 and d.listener_id = l.id and d.due_at = m.deliver_at
         and d.sequence = m.sequence and not d.moved
  union all
  select m.sequence, d.listener_id, d.due_at, d.attempts
    from ${MESSAGES}
    join discue.deliveries d on d.sequence = m.sequence and d.moved
    join discue.listeners l on l.organization_id = $1 and l.id = d.listener_id
  union all
  -- What waits for its turn in an order is not due yet.
  select m.sequence, p.listener_id, null, null
    from ${MESSAGES}
    join discue.order_places p on p.organization_id = $1 and p.sequence = m.sequence
    join discue.held h on h.organization_id = $1 and h.listener_id = p.listener_id and h.key = p.key
         and h.sequence = p.sequence
    join discue.listeners l on l.organization_id = $1 and l.id = h.listener_id`

const MISSED = `
  select m.sequence, x.listener_id as "listenerId"
    from ${MESSAGES} join discue.missed x on x.organization_id = $1 and x.sequence = m.sequence`

const DISCARDED = `
  select m.sequence, x.listener_id as "listenerId", x.reason
    from ${MESSAGES} join discue.delivery_discards x on x.organization_id = $1 and x.sequence = m.sequence`

const LAST_ATTEMPTS = `
  select distinct on (a.sequence, a.listener_id)
         a.sequence, a.listener_id as "listenerId", a.number, a.started_at as "startedAt", a.status, a.error
    from ${MESSAGES} join discue.attempts a on a.organization_id = $1 and a.sequence = m.sequence
   order by a.sequence, a.listener_id, a.number desc`

/** The listeners that they were accepted for, in order of their ids, and of each whether it exists. */
const RECIPIENTS = `
  select s.sequences, r.ids, r.existing
    from (select o.queue_id, o.audience, o.left_out, array_agg(o.sequence) as sequences
            from ${MESSAGES} join discue.messages o on o.sequence = any(array[m.sequence])
           group by o.queue_id, o.audience, o.left_out) s
    join discue.audiences a on a.organization_id = $1 and a.queue_id = s.queue_id and a.version = s.audience
   cross join lateral (
     select array_agg(w.id order by w.id) as ids, array_agg(l.id is not null order by w.id) as existing
       from unnest(a.listener_ids) with ordinality w(id, place)
       left join discue.listeners l on l.organization_id = $1 and l.id = w.id
      where ${IS_MEANT('s', 'w.place')}) r
   where r.ids is not null`

/** The listeners that were there, and that a message did not fit. */
const LEFT_OUT = `
  select w.id from discue.messages m
    join discue.audiences a on a.organization_id = $1 and a.queue_id = m.queue_id and a.version = m.audience
   cross join lateral unnest(a.listener_ids) with ordinality w(id, place)
   where m.sequence = any(array[$2::bigint]) and m.left_out is not null and not ${IS_MEANT('m', 'w.place')}
   order by w.id`

export interface Pending {
  sequence: number
  listenerId: string
  /** Null where it waits for its turn. */
  dueAt: number | null
  attempts: number | null
}

interface LastAttempt {
  sequence: number
  listenerId: string
  number: number
  startedAt: number
  status: number | null
  error: AttemptError | null
}

type Facts = Pick<Message, 'organizationId' | 'queueId' | 'deliverAt' | 'sequence'>

/** What of these messages, all of one organization, is pending, for listeners that still exist. */
export async function pendingOf(db: Db, messages: readonly Facts[]): Promise<Pending[]> {
  return messages.length === 0 ? [] : db.rows<Pending>(PENDING, asked(messages))
}

/** The listeners that a message did not fit, in order of their ids. */
export async function leftOutOf(db: Db, { organizationId, sequence }: Facts): Promise<string[]> {
  const rows = await db.rows<{ id: string }>(LEFT_OUT, [organizationId, sequence])
  return rows.map(({ id }) => id)
}

interface Ended {
  sequence: number
  listenerId: string
  reason: DiscardedAs
}

interface Recipients {
  sequences: number[]
  ids: string[]
  existing: boolean[]
}

/** How listeners stand with messages of one organization that were accepted for them, from what is stored. */
export async function summariesOf(db: Db, messages: readonly Facts[]): Promise<DeliverySummary[][]> {
  if (messages.length === 0) return []
  const values = asked(messages)
  const pending = byPair(await pendingOf(db, messages))
  const last = byPair(await db.rows<LastAttempt>(LAST_ATTEMPTS, values))
  const gaveUp = byPair(await db.rows<{ sequence: number; listenerId: string }>(MISSED, values))
  const ended = byPair(await db.rows<Ended>(DISCARDED, values))
  const sets = await db.rows<Recipients>(RECIPIENTS, values)
  const recipients = new Map(sets.flatMap((set) => set.sequences.map((sequence) => [sequence, set])))
  return messages.map(({ sequence, deliverAt }) => {
    const { ids, existing } = recipients.get(sequence) ?? { ids: [], existing: [] }
    return ids.map((listenerId, index) => {
      const pair = keyOf({ sequence, listenerId })
      const lastAttempt = last.get(pair)
      return summaryOf({
        listenerId,
        listenerExists: existing[index]!,
        deliverAt,
        waiting: pending.get(pair),
        isMissed: gaveUp.has(pair),
        isExpired: ended.get(pair)?.reason === 'expired',
        isDiscarded: ended.get(pair)?.reason === 'discarded',
        lastAttempt,
        isAcknowledged: lastAttempt !== undefined && acknowledges(lastAttempt),
      })
    })
  })
}

function asked(messages: readonly Facts[]): [string, string, string, string] {
  return [
    messages[0]!.organizationId,
    texts(messages.map(({ queueId }) => queueId)),
    numbers(messages.map(({ deliverAt }) => deliverAt)),
    numbers(messages.map(({ sequence }) => sequence)),
  ]
}

function keyOf({ sequence, listenerId }: { sequence: number; listenerId: string }): string {
  return `${sequence} ${listenerId}`
}

function byPair<Row extends { sequence: number; listenerId: string }>(rows: Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [keyOf(row), row]))
}
