import type { DatabaseSync } from 'node:sqlite'
import { type AttemptError, acknowledges } from '../../core/delivery/attempt.ts'
import type { RecipientRow, RecipientSets } from '../deliveries/recipient-sets.ts'

const MESSAGE = `
  select id, queue_id as queueId, audience as recipientSet, left_out as leftOut, created_at as createdAt from messages where sequence = ?`

const LAST_ATTEMPTS = `
  select listener_id as listenerId, max(number), status, error from attempts where sequence = ? group by listener_id`

const INSERT = `
  insert into discards (sequence, id, queue_id, audience, left_out, created_at, discarded_at, reason, delivered, expired, discarded)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const SWEEP = `
  delete from discards where sequence in (select sequence from discards where discarded_at < ? limit ?)
  returning sequence`

type Row = Record<'id' | 'queueId', string> & RecipientRow & { createdAt: number }

/** Why a message is taken out of the store before all of it was delivered. */
export type DiscardReason = 'deleted' | 'retention'

/** A message on its way out, with those that it had not come to. */
export interface Discarded {
  sequence: number
  reason: DiscardReason
  now: number
  undelivered: ReadonlySet<string>
  /** The listeners for which it had expired before. */
  expired: readonly string[]
  /** The listeners for which a client had it discarded before. */
  discarded: readonly string[]
}

/** Keeps for the ledger what they need of messages that are removed. */
export function createDiscards(db: DatabaseSync, recipientSets: RecipientSets) {
  const [message, lastAttempts] = [db.prepare(MESSAGE), db.prepare(LAST_ATTEMPTS)]
  const [insert, sweep] = [db.prepare(INSERT), db.prepare(SWEEP)]

  function deliveredOf({ sequence, undelivered }: Discarded): string[] {
    const rows = lastAttempts.all(sequence) as {
      listenerId: string
      status: number | null
      error: AttemptError | null
    }[]
    return rows.filter((row) => acknowledges(row) && !undelivered.has(row.listenerId)).map((row) => row.listenerId)
  }

  return {
    /** Within the transaction that removes the message, before anything of it is gone. */
    note(discarded: Discarded): void {
      const { sequence, reason, now, undelivered, expired } = discarded
      const ended = expired.length + discarded.discarded.length
      // A message that every listener got may be forgotten when its time is over.
      if (reason === 'retention' && undelivered.size === 0 && ended === 0) return
      const found = message.get(sequence) as Row
      if (recipientSets.recipientsOf(found).length === 0) return
      const { id, queueId, recipientSet, leftOut, createdAt } = found
      const delivered = JSON.stringify(deliveredOf(discarded))
      const row = [sequence, id, queueId, recipientSet, leftOut, createdAt, now, reason, delivered]
      insert.run(...row, JSON.stringify(expired), JSON.stringify(discarded.discarded))
    },
    /** Forgets up to `limit` that are older; answers with their sequences. */
    sweep: (before: number, limit: number) =>
      (sweep.all(before, limit) as { sequence: number }[]).map(({ sequence }) => sequence),
  }
}
