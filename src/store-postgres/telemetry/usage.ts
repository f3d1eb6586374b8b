import { categoryOf, type EventType } from '../../core/telemetry/event.ts'
import { bucketStart } from '../../core/telemetry/stats.ts'
import { placeLine, reasonedLineOf } from '../../store/listing/segment.ts'
import type { Db } from '../connect/session.ts'

const INSERT_SEGMENT = `
  insert into discue.event_segments (organization_id, category, stored_at, segment, events, entries)
  values ($1, $2, $3, nextval('discue.event_segment'), 1, $4)`

/** `type` is one of ours and no caller's text. */
const countOne = (type: EventType) => `
  insert into discue.stats as s (organization_id, bucket, subject_id, listener_id, ${type})
  values ($2, $1, '', '', 1), ($2, $1, $3, $4, 1)
  on conflict (organization_id, bucket, subject_id, listener_id) do update set ${type} = s.${type} + 1`

/** Something that happened to a key, a queue or a listener. */
export interface Happening {
  type: EventType
  organizationId: string
  id: string
  name: string | null
  /** The queue that the subject belongs to; null where there is none. */
  queueId: string | null
  /** Why, where no client asked for it. */
  reason?: string | undefined
}

/** One event of a key, a queue or a listener, with its count; within the transaction that it tells of. */
export async function note(db: Db, it: Happening, now: number): Promise<void> {
  const { type, organizationId, id, name, queueId, reason = null } = it
  const place = queueId === null ? '' : placeLine(queueId, '')
  await db.run(INSERT_SEGMENT, [organizationId, categoryOf(type), now, place + reasonedLineOf(type, id, name, reason)])
  const subject = queueId === null ? [id, ''] : [queueId, id]
  await db.run(countOne(type), [bucketStart(now), organizationId, ...subject])
}
