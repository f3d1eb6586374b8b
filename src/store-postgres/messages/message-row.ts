import type { Message } from '../../core/delivery/message.ts'
import { restored } from '../connect/text.ts'

/** The table's columns under the names of `Message`, for a statement that has it as `m`. */
export const MESSAGE_COLUMNS = `
  m.id, m.organization_id as "organizationId", m.queue_id as "queueId", m.name, m.key, m.data, m.media_type as "mediaType",
  m.created_at as "createdAt", m.deliver_at as "deliverAt", m.expires_at as "expiresAt", m.headers, m.sequence`

export function messageOf<M extends Message>(row: M): M {
  return { ...row, key: row.key === null ? null : restored(row.key), data: restored(row.data) }
}
