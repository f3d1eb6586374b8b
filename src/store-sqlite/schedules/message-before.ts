import type { DatabaseSync } from 'node:sqlite'
import type { Leases } from '../deliveries/leases.ts'
import type { RecipientSets } from '../deliveries/recipient-sets.ts'
import { createDeliverySummaries, type Located } from '../messages/delivery-summaries.ts'

const MESSAGE_BEFORE = `
  select m.deliver_at as deliverAt, m.sequence, m.queue_id as queueId
    from schedule_progress p
    join schedules s on s.id = p.schedule_id
    join messages m on m.queue_id = s.queue_id and m.id = p.last_message_id
   where p.schedule_id = ?`

/** Tells of a schedule whether a delivery of the message that it made last is pending, with a row or without one. */
export function createMessageBefore(
  db: DatabaseSync,
  shared: { leases: Leases; recipientSets: RecipientSets },
): (scheduleId: string) => boolean {
  const messageBefore = db.prepare(MESSAGE_BEFORE)
  const summaries = createDeliverySummaries(db, shared)
  return (scheduleId) => {
    const message = messageBefore.get(scheduleId) as unknown as Located | undefined
    return message !== undefined && summaries.of(message).some(({ status }) => status === 'pending')
  }
}
