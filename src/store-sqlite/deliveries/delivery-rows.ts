import type { DatabaseSync } from 'node:sqlite'

const HISTORY = `
  select max(number) as attempts, min(started_at) as firstSentAt from attempts where sequence = ? and listener_id = ?`

/** `wasAhead`: accepted for now by a clock that went back since, which `bringForward` has noted. */
const DELIVER_AT = `
  select deliver_at as deliverAt,
         deliver_at > :now and created_at = deliver_at and exists (
           select 1 from notes where name = 'clock_was_at' and cast(value as integer) >= created_at) as wasAhead
    from messages where sequence = :sequence`

/** A delivery that has been tried: listener, due time, sequence, attempts, those of earlier runs, first sent at, moved. */
export const INSERT_RUN = `
  insert into deliveries (listener_id, due_at, sequence, attempts, attempts_before, first_sent_at, moved)
  values (?, ?, ?, ?, ?, ?, ?)`

/** Puts a pending delivery among those that may be sent, within a transaction; answers with when it is due. */
export type BeginRun = (listenerId: string, sequence: number, now: number) => number

/**
 * A delivery that was never tried is due with its message, which is now where that was accepted for now by a clock that
 * went back since; one that was tried begins a new run, and now.
 */
export function createBeginRun(db: DatabaseSync): BeginRun {
  const [history, deliverAt, insert] = [db.prepare(HISTORY), db.prepare(DELIVER_AT), db.prepare(INSERT_RUN)]
  return (listenerId, sequence, now) => {
    const past = history.get(sequence, listenerId) as { attempts: number | null; firstSentAt: number | null }
    if (past.attempts === null) {
      const message = deliverAt.get({ sequence, now }) as { deliverAt: number; wasAhead: number }
      const dueAt = message.wasAhead === 1 ? now : message.deliverAt
      insert.run(listenerId, dueAt, sequence, 0, 0, null, message.wasAhead)
      return dueAt
    }
    insert.run(listenerId, now, sequence, past.attempts, past.attempts, past.firstSentAt, 1)
    return now
  }
}
