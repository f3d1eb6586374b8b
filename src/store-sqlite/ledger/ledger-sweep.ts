import type { DatabaseSync } from 'node:sqlite'
import { createDiscards } from '../messages/discards.ts'
import type { ErasureParts } from '../messages/message-erasure.ts'

const OLDEST = `
  select min(coalesce((select created_at from messages order by sequence limit 1), :now),
             coalesce((select created_at from discards order by sequence limit 1), :now)) as acceptedAt,
         min(coalesce((select min(sequence) from messages), :last),
             coalesce((select min(sequence) from discards), :last)) as sequence`

/** Forgets listeners that were deleted so long ago that nothing that was accepted for them is retained. */
const REMOVED_LISTENERS = `
  delete from removed_listeners where id in (select id from removed_listeners where removed_at < ? limit ?)`

/** An recipient set ends where the next one of its queue begins. */
const RECIPIENT_SETS = `
  delete from audiences where id in
    (select a.id from audiences a
      where a.first_sequence < :oldest and exists
        (select 1 from audiences b
          where b.queue_id = a.queue_id and b.first_sequence > a.first_sequence and b.first_sequence <= :oldest)
      order by a.first_sequence limit :limit)`

/** Forgets what the ledger needed of what is older than anything retained, within a transaction. */
export function createLedgerSweep(db: DatabaseSync, { recipientSets, touched }: ErasureParts) {
  const [oldest, removedListeners, oldRecipientSets] = [OLDEST, REMOVED_LISTENERS, RECIPIENT_SETS].map((sql) =>
    db.prepare(sql),
  )
  const discards = createDiscards(db, recipientSets)
  return ({ before, limit }: { before: number; limit: number }): void => {
    for (const sequence of discards.sweep(before, limit)) touched.mark(sequence)
    const row = oldest!.get({ now: before, last: Number.MAX_SAFE_INTEGER }) as { acceptedAt: number; sequence: number }
    removedListeners!.run(Math.min(before, row.acceptedAt), limit)
    oldRecipientSets!.run({ oldest: row.sequence, limit })
  }
}
