import type { Quota } from '../tenant/organization.ts'

/** The name of the queue on which an organization is told of what happens to it. The migrations of both stores have it as well. */
export const NOTIFICATIONS_QUEUE = 'discue/notifications'

/** The header by which a delivery, and the store, know a notification; a client cannot send one of that prefix. */
const HEADER = 'discue-notification'

type NotificationType =
  | 'listener.down'
  | 'listener.up'
  | 'listener.disabled'
  | 'deliveries.missed'
  | 'schedule.failed'
  | 'queue.backlog'
  | 'queue.recovered'
  | 'quota.reached'
  | 'suppressed'

/** What a notification names. */
export interface Named {
  id: string
  name: string
}

/** What is told; the rest of its data goes by its type. */
export interface Notification {
  type: NotificationType
  queue?: Named
  listener?: Named
  schedule?: Named
  details: Readonly<Record<string, unknown>>
}

/** A notification that cannot be told before it is known which of a kind is meant: of a listener, why, and of which messages. */
export type ListenerNotification = Notification & { queue: Named; listener: Named }

export function isOfListener(notification: Notification): notification is ListenerNotification {
  return notification.listener !== undefined && notification.queue !== undefined
}

/** The data of its message, as JSON; `at` is when it is told (epoch ms). */
export function notificationData({ type, queue, listener, schedule, details }: Notification, at: number): string {
  return JSON.stringify({ type, at, queue, listener, schedule, ...details })
}

/** The headers of its message, as the message keeps them. */
export function notificationHeaders({ type }: Pick<Notification, 'type'>): string {
  return JSON.stringify({ [HEADER]: type })
}

/** Whether the headers that a message keeps are those of a notification, which counts against no quota. */
export function isNotification(writtenHeaders: string | null): boolean {
  return writtenHeaders?.startsWith(`{"${HEADER}":`) ?? false
}

/** A limit of an organization that has no room left, and how it is called there. */
export interface ReachedQuota {
  quota: Quota
  limit: number
}
