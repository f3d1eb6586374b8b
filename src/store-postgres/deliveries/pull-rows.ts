import { DEFAULT_SETTINGS, type SettingsChange, withChange } from '../../core/delivery/listener.ts'
import { judgeLease, type LeaseEnd, type PulledLease } from '../../core/delivery/pull.ts'
import type { RetryPolicy } from '../../core/delivery/retry-policy.ts'
import type { Settlement } from '../../store/commit/batch.ts'
import { texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import { LISTENER, RUNS } from './claims.ts'
import type { HeldLease } from './leases.ts'

/** For a statement that has the delivery as `d` and its message as `m`. */
export const PENDING_ROW = `
  d.organization_id as "organizationId", d.listener_id as "listenerId", d.due_at as "dueAt", d.sequence, d.attempts,
  d.attempts_before as "attemptsBefore", d.first_sent_at as "firstSentAt", d.pulled_at as "pulledAt",
  m.id, m.queue_id as "queueId", m.name, m.deliver_at as "deliverAt", m.expires_at as "expiresAt"`

const LISTENERS = `
  select l.id, l.settings, l.notify_url is null as pulls, (${RUNS}) as runs
    from ${LISTENER} join unnest($1::text[], $2::text[]) u(organization, listener)
      on l.organization_id = any(array[u.organization]) and l.id = u.listener`

/** A pending delivery with what is told of its message; leased to a client where `pulledAt` is there. */
export interface PendingRow extends PulledLease {
  organizationId: string
  listenerId: string
  sequence: number
  firstSentAt: number | null
  id: string
  queueId: string
  name: string | null
  deliverAt: number
  expiresAt: number | null
}

/** What a listener that pulls says of its pulls. */
export interface PullListener {
  pulls: boolean
  /** Neither it is disabled nor its queue paused. */
  runs: boolean
  retry: RetryPolicy
}

/** The lease of a client, ended, with the settlement that this is. */
export interface EndedLease {
  settlement: Settlement
  held: HeldLease
}

/** The listeners that these deliveries are for, by id: one statement for all. Those that are gone are not among them. */
export async function pullListeners(
  db: Db,
  of: readonly { organizationId: string; listenerId: string }[],
): Promise<Map<string, PullListener>> {
  const distinct = [...new Map(of.map((it) => [it.listenerId, it.organizationId]))]
  if (distinct.length === 0) return new Map()
  const values = [texts(distinct.map(([, organizationId]) => organizationId)), texts(distinct.map(([id]) => id))]
  type Row = Omit<PullListener, 'retry'> & { id: string; settings: SettingsChange }
  const rows = await db.rows<Row>(LISTENERS, values)
  return new Map(
    rows.map(({ id, settings, pulls, runs }) => {
      const { retry } = withChange(DEFAULT_SETTINGS, settings)
      return [id, { pulls, runs, retry }]
    }),
  )
}

/** Ends a lease as an attempt that is judged as any other. */
export function endedBy(
  row: PendingRow,
  end: LeaseEnd,
  by: { retry: RetryPolicy; now: number; random: () => number },
): EndedLease {
  const { id, organizationId, queueId, name, deliverAt, listenerId, sequence, dueAt, firstSentAt, attemptsBefore } = row
  const message = { id, organizationId, queueId, name, deliverAt }
  const delivery = { listenerId, dueAt, sequence, lease: 0, firstSentAt, attemptsBefore }
  return {
    settlement: { delivery, ...judgeLease(row, end, by) },
    held: { number: 0, message, listenerId, sequence, dueAt },
  }
}
