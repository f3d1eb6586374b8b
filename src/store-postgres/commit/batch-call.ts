import { acknowledges } from '../../core/delivery/attempt.ts'
import { bucketStart } from '../../core/telemetry/stats.ts'
import type { Accept, Batch, Settlement } from '../../store/commit/batch.ts'
import { Changes, changeArrays } from '../cluster/changes.ts'
import type { Db, Value } from '../connect/session.ts'
import type { HeldLease } from '../deliveries/leases.ts'
import type { EndedLease } from '../deliveries/pull-rows.ts'
import type { Routines } from '../routines.ts'
import { BatchArrays } from './batch-arrays.ts'

/** A settlement that is still to be written. */
export interface LeftSettlement {
  settlement: Settlement
  held: HeldLease
  /** The lease is a client's that pulled, and no node's. */
  pulled: boolean
  /** Its run was begun anew meanwhile: whatever was judged, the new one goes on. */
  anew: boolean
}

/** What of a batch is still to be written. */
export interface LeftWrites {
  accepts: readonly { accept: Accept }[]
  settlements: readonly LeftSettlement[]
}

/** The node, the time and the uses of keys, which every try of a batch writes. */
export type BatchFrame = Pick<Batch, 'node' | 'now' | 'keyUses'>

/** What the routine answers with; the last three are null where nothing is ordered. */
export interface Written {
  sequences: number[]
  /** Of each delivery; 0 where its listener wants no order. */
  numbers: number[] | null
  held: boolean[] | null
  next_due_at: (number | null)[] | null
}

/**
 * Writes leases of clients that have ended, whose deliveries the caller has locked, with their listeners, within its
 * transaction. Answers with when something is due that waited for each; null where nothing did.
 */
export async function settleLocked(
  db: Db,
  routines: Routines,
  { now, ends }: { now: number; ends: readonly EndedLease[] },
): Promise<(number | null)[]> {
  if (ends.length === 0) return []
  const settlements = ends.map((end) => ({ ...end, pulled: true, anew: false }))
  const frame = { node: '', now, keyUses: [] }
  const [row] = await db.rows<Written>(callOf(routines), valuesOf(frame, { accepts: [], settlements }, 0))
  return ends.map((_, index) => row!.next_due_at?.[index] ?? null)
}

export function callOf({ name }: Routines): string {
  const values = Array.from({ length: BatchArrays.count + 21 }, (_, index) => `$${index + 1}`)
  return `select * from ${name('commit_batch')}(${values.join(', ')})`
}

/** Everything that the routine takes, in its order. */
export function valuesOf(batch: BatchFrame, left: LeftWrites, firstLease: number): Value[] {
  const arrays = new BatchArrays()
  const changes = new Changes()
  for (const { accept } of left.accepts) {
    arrays.accept(accept)
    for (const { message, deliveries } of accept.messages) {
      changes.usage.added(message)
      for (const { listenerId } of deliveries) changes.of({ ...placeOf(message), listenerId }).pending += 1
    }
  }
  for (const { settlement, held, pulled, anew } of left.settlements) {
    arrays.settle(settlement, held, { pulled, anew })
    count(changes, settlement, held, anew)
  }
  const segments = [...changes.usage.segments()]
  return [
    ...[batch.node, batch.now, bucketStart(batch.now), firstLease],
    ...arrays.values(),
    ...changeArrays(changes.rows()),
    ...BatchArrays.segments(segments),
    ...BatchArrays.keyUses(batch.keyUses),
  ]
}

function placeOf({ organizationId, queueId }: { organizationId: string; queueId: string }) {
  return { organizationId, queueId }
}

function count(
  changes: Changes,
  { attempt, next }: Settlement,
  { message, listenerId }: HeldLease,
  anew: boolean,
): void {
  const endedAt = attempt.startedAt + attempt.durationMs
  const change = changes.of({ ...placeOf(message), listenerId })
  const ok = acknowledges(attempt)
  if (ok) change.lastSuccessAt = Math.max(change.lastSuccessAt ?? 0, endedAt)
  else change.lastFailureAt = Math.max(change.lastFailureAt ?? 0, endedAt)
  changes.usage.published(message, listenerId, ok ? endedAt - message.deliverAt : null)
  // It stays pending, whatever was judged.
  if (anew) return
  if (next.state !== 'pending') change.pending -= 1
  if (next.state === 'acknowledged') change.acknowledged += 1
  if (next.state === 'missed') change.missed += 1
}
