import { type AttemptError, acknowledges } from '../../core/delivery/attempt.ts'
import type { DeliverySummary, Message } from '../../core/delivery/message.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'

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

const LAST_ATTEMPTS = `
  select distinct on (a.sequence, a.listener_id)
         a.sequence, a.listener_id as "listenerId", a.number, a.started_at as "startedAt", a.status, a.error
    from ${MESSAGES} join discue.attempts a on a.organization_id = $1 and a.sequence = m.sequence
   order by a.sequence, a.listener_id, a.number desc`

const LISTENERS = `
  select queue_id as "queueId", id from discue.listeners where organization_id = $1 and queue_id = any($2) order by id`

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

/** How the listeners that still exist stand with messages of one organization, from what is stored. */
export async function summariesOf(db: Db, messages: readonly Facts[]): Promise<DeliverySummary[][]> {
  if (messages.length === 0) return []
  const values = asked(messages)
  const pending = byPair(await pendingOf(db, messages))
  const last = byPair(await db.rows<LastAttempt>(LAST_ATTEMPTS, values))
  const gaveUp = byPair(await db.rows<{ sequence: number; listenerId: string }>(MISSED, values))
  const queueIds = texts([...new Set(messages.map(({ queueId }) => queueId))])
  const rows = await db.rows<{ queueId: string; id: string }>(LISTENERS, [values[0]!, queueIds])
  const listeners = Map.groupBy(rows, ({ queueId }) => queueId)
  return messages.map(({ queueId, sequence }) =>
    (listeners.get(queueId) ?? []).flatMap(({ id: listenerId }) => {
      const pair = keyOf({ sequence, listenerId })
      return summaryOf(listenerId, pending.get(pair), last.get(pair), gaveUp.has(pair))
    }),
  )
}

function summaryOf(
  listenerId: string,
  waits: Pending | undefined,
  attempt: LastAttempt | undefined,
  gaveUp: boolean,
): DeliverySummary[] {
  const delivered = attempt !== undefined && acknowledges(attempt)
  const status = waits ? 'pending' : gaveUp ? 'missed' : delivered ? 'delivered' : null
  if (status === null) return []
  const attempts = waits?.attempts ?? attempt?.number ?? 0
  return [
    { listenerId, status, attempts, lastAttemptAt: attempt?.startedAt ?? null, nextAttemptAt: waits?.dueAt ?? null },
  ]
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
