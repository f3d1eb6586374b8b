import type { Message } from '../../core/delivery/message.ts'
import type { Changes } from '../cluster/changes.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { Routines } from '../routines.ts'
import type { Pending } from './delivery-summaries.ts'
import { type DiscardReason, noteDiscards } from './discards.ts'

const DELETE_PENDING = `
  delete from discue.deliveries d
   using unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) u(organization_id, listener_id, due_at, sequence)
   where d.organization_id = any(array[u.organization_id]) and d.listener_id = u.listener_id and d.due_at = u.due_at and d.sequence = u.sequence
  returning d.sequence, d.listener_id as "listenerId"`
const DELETE_ATTEMPTS = `delete from discue.attempts where organization_id = $1 and sequence = any($2)`
const MISSED = `
  select sequence, listener_id as "listenerId" from discue.missed where organization_id = $1 and sequence = any($2) for update`
const DELETE_MISSED = `delete from discue.missed where organization_id = $1 and sequence = any($2)`
const DISCARDED = `select distinct sequence from discue.delivery_discards where organization_id = $1 and sequence = any($2)`
const DELETE_DISCARDED = `delete from discue.delivery_discards where organization_id = $1 and sequence = any($2)`
const DELETE_MESSAGES = `delete from discue.messages where sequence = any($1)`

type Erased = Pick<Message, 'organizationId' | 'sequence' | 'queueId' | 'id'>

interface Pair {
  sequence: number
  listenerId: string
}

/** What an erasure does beside the messages' own rows, and how. */
export interface ErasureEffects {
  now: number
  reason: DiscardReason
  /** Changes of listeners' counters are added here. */
  changes: Changes
  routines: Routines
}

/**
 * Takes messages of one organization out of every table, within a transaction; the changes of listeners' counters are
 * added to `changes`. Answers with the deliveries that were still pending, and with the listeners for which another
 * message has its turn now.
 */
export async function erase(
  db: Db,
  messages: readonly Erased[],
  pending: readonly Pending[],
  { now, reason, changes, routines }: ErasureEffects,
): Promise<{ gone: Pair[]; freedListenerIds: string[] }> {
  const { organizationId } = messages[0]!
  const queueOf = new Map(messages.map(({ sequence, queueId }) => [sequence, queueId]))
  const counters = ({ sequence, listenerId }: Pair) =>
    changes.of({ organizationId, queueId: queueOf.get(sequence)!, listenerId })
  const sequences = numbers(messages.map(({ sequence }) => sequence))
  // First, for it takes the locks of orders, as commits do before they touch a delivery.
  const leave = `select ${routines.name('order_erase')}($1, $2, $3) as freed`
  const [left] = await db.rows<{ freed: string[] }>(leave, [organizationId, sequences, now])
  const gaveUp = await db.rows<Pair>(MISSED, [organizationId, sequences])
  const undelivered = new Map<number, string[]>()
  for (const { sequence, listenerId } of [...pending, ...gaveUp]) {
    undelivered.set(sequence, [...(undelivered.get(sequence) ?? []), listenerId])
  }
  const discarded = await db.rows<{ sequence: number }>(DISCARDED, [organizationId, sequences])
  const ended = new Set(discarded.map(({ sequence }) => sequence))
  await noteDiscards(db, messages, { reason, now, undelivered, ended })
  const held = pending.filter(({ dueAt }) => dueAt === null)
  const due = pending.filter(({ dueAt }) => dueAt !== null)
  const deleted = due.length === 0 ? [] : await db.rows<Pair>(DELETE_PENDING, pairArraysOf(organizationId, due))
  const gone = [...deleted, ...held]
  for (const pair of gone) counters(pair).pending -= 1
  for (const pair of gaveUp) counters(pair).missed -= 1
  await db.run(DELETE_MISSED, [organizationId, sequences])
  if (ended.size > 0) await db.run(DELETE_DISCARDED, [organizationId, sequences])
  await db.run(DELETE_ATTEMPTS, [organizationId, sequences])
  await db.run(DELETE_MESSAGES, [sequences])
  return { gone, freedListenerIds: left!.freed }
}

function pairArraysOf(organizationId: string, pending: readonly Pending[]): string[] {
  return [
    texts(pending.map(() => organizationId)),
    texts(pending.map(({ listenerId }) => listenerId)),
    numbers(pending.map(({ dueAt }) => dueAt)),
    numbers(pending.map(({ sequence }) => sequence)),
  ]
}
