import type { MessageStatus } from '../../core/delivery/message.ts'
import type { MessageFilter } from '../../core/search/message-filter.ts'

/** Says of each only what is cheap to find: whether it may have the status, for which the truth takes five reads. */
const MAY_BE_PENDING = `
  exists (select 1 from listeners l join deliveries d
            on d.listener_id = l.id and d.due_at = m.deliver_at and d.sequence = m.sequence
           where l.queue_id = m.queue_id)
  or exists (select 1 from deliveries d where d.sequence = m.sequence and d.moved = 1)
  or exists (select 1 from order_places p join held h
               on h.listener_id = p.listener_id and h.key = p.key and h.sequence = p.sequence
              where p.sequence = m.sequence)`
const MAY_BE_MISSED = `exists (select 1 from missed x where x.sequence = m.sequence)`

export const HAS_DISCARDS = `exists (select 1 from delivery_discards x where x.sequence = m.sequence)`

const BY_STATUS: Record<MessageStatus, string> = {
  scheduled: `m.deliver_at > :now and m.deliver_at > m.created_at`,
  pending: MAY_BE_PENDING,
  missed: MAY_BE_MISSED,
  expired: HAS_DISCARDS,
  // A redelivery may have brought it forward.
  delivered: `m.deliver_at <= :now or m.deliver_at = m.created_at or exists (select 1 from attempts a where a.sequence = m.sequence)`,
  // A deleted listener says it as well, of which the recipient set tells, which is in memory.
  discarded: '1',
  unrouted: '1',
}

const BY_DELIVERY = { pending: MAY_BE_PENDING, missed: MAY_BE_MISSED, expired: HAS_DISCARDS } as const

/** For a statement that has the message as `m`: whether it may have the status, and a delivery that stands as is asked. */
export function likelihoodOf({ status, deliveryStatus }: MessageFilter): string {
  const parts = [
    status === null ? '1' : BY_STATUS[status],
    deliveryStatus !== null && deliveryStatus in BY_DELIVERY
      ? BY_DELIVERY[deliveryStatus as keyof typeof BY_DELIVERY]
      : '1',
  ]
  return parts.map((part) => `(${part})`).join(' and ')
}
