import { countSettlement, latencyOf } from '../../core/delivery/settlement.ts'
import { bucketStart } from '../../core/telemetry/stats.ts'
import type { Accept, Batch } from '../../store/commit/batch.ts'
import { Changes } from '../cluster/changes.ts'
import type { Db, Value } from '../connect/session.ts'
import type { EndedLease } from '../deliveries/pull-rows.ts'
import type { Routines } from '../routines.ts'
import { BatchArrays, type LeftSettlement } from './batch-arrays.ts'
import { callOf } from './batch-parameters.ts'

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

/** Everything that the routine takes, in the order of its parameters. */
export function valuesOf(batch: BatchFrame, left: LeftWrites, firstLease: number): Value[] {
  const { node, now, keyUses } = batch
  const arrays = new BatchArrays()
  const changes = new Changes()
  for (const { accept } of left.accepts) {
    arrays.accept(accept)
    for (const { message, deliveries } of accept.messages) {
      changes.usage.added(message)
      for (const { listenerId } of deliveries) changes.of({ ...placeOf(message), listenerId }).pending += 1
    }
  }
  for (const it of left.settlements) {
    arrays.settle(it, now)
    const { message, listenerId } = it.held
    countSettlement(changes.of({ ...placeOf(message), listenerId }), it.settlement, it.anew)
    changes.usage.published(message, listenerId, latencyOf(it.settlement.attempt, message.deliverAt))
  }
  const rest = { changes: changes.rows(), segments: changes.usage.segments(), keyUses }
  return [...[node, now, bucketStart(now), firstLease], ...arrays.values(rest)]
}

function placeOf({ organizationId, queueId }: { organizationId: string; queueId: string }) {
  return { organizationId, queueId }
}
