import type { DeliveryStatus, DeliverySummary } from '../delivery/delivery-summary.ts'
import { type Message, type MessageStatus, statusOf } from '../delivery/message.ts'
import type { DataCondition } from './data-search.ts'

/** What a message must be to be found; null asks for nothing. */
export interface MessageFilter {
  name: string | null
  key: string | null
  status: MessageStatus | null
  /** One of its deliveries is to this listener, and stands like this. */
  listenerId: string | null
  deliveryStatus: DeliveryStatus | null
  /** Text in its data. */
  contains: string | null
  /** Values in its data. */
  data: readonly DataCondition[]
}

/** A filter that every message fits. */
export const ANY_MESSAGE: MessageFilter = Object.freeze({
  name: null,
  key: null,
  status: null,
  listenerId: null,
  deliveryStatus: null,
  contains: null,
  data: [],
})

/** Whether the data of each message has to be looked through. */
export function asksForContent({ contains, data }: Pick<MessageFilter, 'contains' | 'data'>): boolean {
  return contains !== null || data.length > 0
}

/** Whether deliveries must be read to judge a message. */
export function asksForDeliveries({ status, listenerId, deliveryStatus }: MessageFilter): boolean {
  return status !== null || listenerId !== null || deliveryStatus !== null
}

/** Whether a message with these deliveries has the status, and one of them that is meant. */
export function fitsByDeliveries(
  message: Pick<Message, 'createdAt' | 'deliverAt'>,
  deliveries: readonly DeliverySummary[],
  { status, listenerId, deliveryStatus }: MessageFilter,
  now: number,
): boolean {
  if (status !== null && statusOf(message, deliveries, now) !== status) return false
  if (listenerId === null && deliveryStatus === null) return true
  return deliveries.some((delivery) => {
    const isOf = listenerId === null || delivery.listenerId === listenerId
    return isOf && (deliveryStatus === null || delivery.status === deliveryStatus)
  })
}
