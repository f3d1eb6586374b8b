import { type AttemptError, acknowledges } from '../../core/delivery/attempt.ts'
import { type DiscardedAs, endOf } from '../../core/message/expiry.ts'
import type { Changes } from '../cluster/changes.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { Routines } from '../routines.ts'

/** A transaction that decides about orders has their locks, in one order for all, and before it touches a delivery. */
const LOCK_ORDERS = `
  select 1 from discue.order_counters c
   where c.organization_id = $1 and c.listener_id in (
     select p.listener_id from discue.order_places p where p.organization_id = $1 and p.sequence = any($2))
   order by c.listener_id for update`

const DELETE = `
  delete from discue.deliveries d using unnest($2::bigint[], $3::text[], $4::bigint[]) u(sequence, listener, due_at)
   where d.organization_id = any(array[$1::text]) and d.listener_id = u.listener and d.due_at = u.due_at
     and d.sequence = u.sequence`

const LAST_ATTEMPTS = `
  select distinct on (a.sequence, a.listener_id) a.sequence, a.listener_id as "listenerId", a.status, a.error
    from unnest($2::bigint[], $3::text[]) u(sequence, listener)
    join discue.attempts a on a.organization_id = $1 and a.sequence = u.sequence and a.listener_id = u.listener
   order by a.sequence, a.listener_id, a.number desc`

const INSERT = `
  insert into discue.delivery_discards (organization_id, sequence, listener_id, at, reason)
  select $1, u.sequence, u.listener, $4, $5 from unnest($2::bigint[], $3::text[]) u(sequence, listener)
  on conflict do nothing`

/** A delivery whose row, or place among what is held, is gone or about to be. */
export interface Discarded {
  queueId: string
  listenerId: string
  sequence: number
}

interface Effects {
  organizationId: string
  now: number
  /** Changes of listeners' counters are added here. */
  changes: Changes
  routines: Routines
  reason: DiscardedAs
}

export async function lockOrders(db: Db, organizationId: string, sequences: readonly number[]): Promise<void> {
  await db.rows(LOCK_ORDERS, [organizationId, numbers(sequences)])
}

/**
 * Writes that deliveries that waited have ended, for this reason, within the transaction that takes their rows, and that has
 * locked their orders. Answers with the listeners of which another message has its turn now.
 */
export async function endWaiting(db: Db, ended: readonly Discarded[], effects: Effects): Promise<string[]> {
  if (ended.length === 0) return []
  const { organizationId, changes, reason } = effects
  interface Last extends Pick<Discarded, 'sequence' | 'listenerId'> {
    status: number | null
    error: AttemptError | null
  }
  const last = await db.rows<Last>(LAST_ATTEMPTS, [organizationId, ...pairsOf(ended)])
  const got = new Set(last.filter(acknowledges).map(keyOf))
  const over = ended.filter((it) => endOf(reason, { isAcknowledged: got.has(keyOf(it)) }) !== 'delivered')
  await noteEnds(db, over, effects)
  for (const it of ended) changes.of({ organizationId, ...it }).pending -= 1
  return leaveOrders(db, ended, effects)
}

/** Writes how these have ended, and nothing else. */
export async function noteEnds(
  db: Db,
  over: readonly Pick<Discarded, 'sequence' | 'listenerId'>[],
  { organizationId, now, reason }: Pick<Effects, 'organizationId' | 'now' | 'reason'>,
): Promise<void> {
  if (over.length > 0) await db.run(INSERT, [organizationId, ...pairsOf(over), now, reason])
}

/** Ends deliveries whose rows this transaction has locked; answers like `endWaiting`. */
export async function discardLocked(
  db: Db,
  rows: readonly (Discarded & { dueAt: number })[],
  effects: Effects,
): Promise<string[]> {
  const { organizationId } = effects
  await lockOrders(
    db,
    organizationId,
    rows.map(({ sequence }) => sequence),
  )
  const dueAts = numbers(rows.map(({ dueAt }) => dueAt))
  await db.run(DELETE, [organizationId, ...pairsOf(rows), dueAts])
  return endWaiting(db, rows, effects)
}

/** In this order: what is held leaves before the head does, which would make it the head. */
export async function leaveOrders(
  db: Db,
  pairs: readonly Pick<Discarded, 'sequence' | 'listenerId'>[],
  { organizationId, now, routines }: Omit<Effects, 'changes' | 'reason'>,
): Promise<string[]> {
  const leave = `
    select u.listener as "listenerId", ${routines.name('order_leave')}($1, u.listener, u.sequence, $4) as "dueAt"
      from (select * from unnest($2::bigint[], $3::text[]) with ordinality x(sequence, listener, n)
             where exists (select 1 from discue.order_places p
                            where p.organization_id = $1 and p.sequence = x.sequence and p.listener_id = x.listener)
             order by n) u`
  interface Left {
    listenerId: string
    dueAt: number | null
  }
  const left = await db.rows<Left>(leave, [organizationId, ...pairsOf(pairs), now])
  return [...new Set(left.filter(({ dueAt }) => dueAt !== null).map(({ listenerId }) => listenerId))]
}

function pairsOf(pairs: readonly Pick<Discarded, 'sequence' | 'listenerId'>[]): [string, string] {
  return [numbers(pairs.map(({ sequence }) => sequence)), texts(pairs.map(({ listenerId }) => listenerId))]
}

function keyOf({ sequence, listenerId }: Pick<Discarded, 'sequence' | 'listenerId'>): string {
  return `${sequence} ${listenerId}`
}
