import { numbers } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'

/** As in `routines/commit_batch.sql`. */
const LOCK_ALONE = `select pg_advisory_xact_lock(1685283702, $1)`
/** In the order of the numbers, so that transactions do not wait in a circle. */
const LOCK_SHARED = `
  select pg_advisory_xact_lock_shared(1685283702, u.lock) from unnest($1::int[]) u(lock)`

/** More would let fewer changes wait for a stranger's commit, and make a commit of many queues take more locks. */
const LOCKS = 64

/**
 * The number of a queue's lock. Commits share it, a transaction that changes what they go by takes it alone: so a
 * commit never stores anything for a listener that was deleted a moment ago, and writes nothing to say so.
 */
export function lockOf(queueId: string): number {
  let sum = 0
  for (let at = 0; at < queueId.length; at++) sum = (sum * 31 + queueId.charCodeAt(at)) % 65_521
  return sum % LOCKS
}

/** Waits for the commits that are under way; from then on commits wait for this transaction. */
export async function lockQueue(db: Db, queueId: string): Promise<void> {
  await db.rows(LOCK_ALONE, [lockOf(queueId)])
}

/** As a commit does: nothing of the queues, or their listeners, is changed or deleted until the transaction is over. */
export async function shareQueues(db: Db, queueIds: readonly string[]): Promise<void> {
  const locks = [...new Set(queueIds.map(lockOf))].sort((a, b) => a - b)
  await db.rows(LOCK_SHARED, [numbers(locks)])
}
