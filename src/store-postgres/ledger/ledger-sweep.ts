import type { Db } from '../connect/session.ts'
import { deletePicked } from '../listing.ts'

const DISCARDS = deletePicked(
  'discue.discards',
  'organization_id, queue_id, sequence',
  'select organization_id, queue_id, sequence from discue.discards where discarded_at < $1 limit $2 for update skip locked',
)

const OLDEST = `
  select least((select created_at from discue.messages order by sequence limit 1),
               (select created_at from discue.discards order by sequence limit 1), $1) as "acceptedAt",
         least((select min(sequence) from discue.messages), (select min(sequence) from discue.discards), $2) as sequence`

/** Of listeners that nothing was accepted for any more. */
const REMOVED_LISTENERS = deletePicked(
  'discue.removed_listeners',
  'organization_id, id',
  'select organization_id, id from discue.removed_listeners where removed_at < $1 limit $2 for update skip locked',
)

/**
 * A recipient set ends where the next one of its queue begins: a transaction that changes a queue waits for its
 * commits.
 */
const RECIPIENT_SETS = deletePicked(
  'discue.audiences',
  'organization_id, queue_id, version',
  `select a.organization_id, a.queue_id, a.version from discue.audiences a
    where a.first_sequence < $1 and exists
      (select 1 from discue.audiences b
        where b.organization_id = a.organization_id and b.queue_id = a.queue_id and b.version > a.version
          and b.first_sequence <= $1)
    order by a.first_sequence limit $2 for update skip locked`,
)

/** Forgets what the ledger needed of what is older than anything retained, within a transaction. */
export async function sweepLedger(db: Db, { before, limit }: { before: number; limit: number }): Promise<void> {
  await db.run(DISCARDS, [before, limit])
  interface Oldest {
    acceptedAt: number
    sequence: number
  }
  const [oldest] = await db.rows<Oldest>(OLDEST, [before, Number.MAX_SAFE_INTEGER])
  await db.run(REMOVED_LISTENERS, [Math.min(before, oldest!.acceptedAt), limit])
  await db.run(RECIPIENT_SETS, [oldest!.sequence, limit])
}
