export const EVENT_CATEGORIES = ['api_keys', 'listeners', 'queues', 'messages'] as const
export type EventCategory = (typeof EVENT_CATEGORIES)[number]

/** Everything that is told of how an organization uses the server; nothing else makes an event. */
export const EVENT_TYPES = [
  'api_key_added',
  'api_key_updated',
  'api_key_deleted',
  'queue_added',
  'queue_updated',
  'queue_deleted',
  'listener_added',
  'listener_updated',
  'listener_deleted',
  'message_added',
  'message_published_ok',
  'message_published_not_ok',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** Something that happened, kept for a while. */
export interface UsageEvent {
  /** Sorts by time; see `event-id.ts`. */
  id: string
  type: EventType
  storedAt: number
  organizationId: string
  /** What it happened to, with the name of that moment. */
  subject: { id: string; name: string | null }
  /** Why, where the server did it by itself, such as disabling a listener that answered 410. */
  reason: string | null
  /** The queue around the subject: of a message or a listener, else null. */
  queueId: string | null
  /** Whom a message was sent to; of any other event null. */
  listenerId: string | null
}

export function categoryOf(type: EventType): EventCategory {
  if (type.startsWith('api_key_')) return 'api_keys'
  if (type.startsWith('listener_')) return 'listeners'
  return type.startsWith('queue_') ? 'queues' : 'messages'
}
