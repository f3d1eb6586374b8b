import { encodeTime } from '../../core/id.ts'
import { NOTIFICATIONS_QUEUE } from '../../core/notification/notification.ts'
import { dayOf, limitsMessages, type MessageLimits, startOf } from '../../core/telemetry/message-usage.ts'
import type { Db } from '../connect/session.ts'

const IS_COUNTED = `select 1 from discue.message_usage where organization_id = $1`
const FORGET = `delete from discue.message_usage where organization_id = $1`
/** Notifications count against no quota; they are on a queue of their own, so that no other message is read for this. */
const COUNT_NOTIFICATIONS = `
  select count(*) as stored, count(*) filter (where m.id >= $3) as accepted
    from discue.queues q join discue.messages m on m.organization_id = q.organization_id and m.queue_id = q.id
   where q.organization_id = $1 and q.name = '${NOTIFICATIONS_QUEUE}' and m.headers like '{"discue-notification":%'`
const BEGIN = `
  insert into discue.message_usage (organization_id, stored, day, accepted)
  select $1, a.stored - n.stored, $2, a.accepted - n.accepted
    from (select count(*) as stored, count(*) filter (where id >= $3) as accepted
            from discue.messages where organization_id = $1) a, (${COUNT_NOTIFICATIONS}) n`

/** No transaction may store a message between the counting and the first one that is counted. */
const KEEP_OTHERS_OUT = `lock table discue.messages in share row exclusive mode`

/**
 * Begins or ends the counting of an organization whose limits change, within that transaction; commits do the rest.
 * The beginning reads the index of all its messages, once. Of this day's messages it counts those that are still
 * stored.
 */
export async function prepareMessageQuotas(
  db: Db,
  organizationId: string,
  limits: MessageLimits,
  now: number,
): Promise<void> {
  if (!limitsMessages(limits)) {
    await db.run(FORGET, [organizationId])
    return
  }
  if ((await db.rows(IS_COUNTED, [organizationId])).length > 0) return
  await db.run(KEEP_OTHERS_OUT)
  const day = dayOf(now)
  await db.run(BEGIN, [organizationId, day, encodeTime(startOf(day))])
}
