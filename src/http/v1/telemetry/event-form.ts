import { type Static, Type } from 'typebox'
import { categoryOf, EVENT_TYPES, type UsageEvent } from '../../../core/telemetry/event.ts'
import { refOf } from '../../present/listing.ts'
import { Id, refTo, Time } from '../../present/schemas.ts'

export const Event = Type.Object(
  {
    id: Id,
    type: Type.Enum([...EVENT_TYPES], { title: 'UsageEventType' }),
    stored_at: Time,
    client: Type.Object({ id: Id }),
    api_key: Type.Optional(refTo('ApiKey')),
    queue: Type.Optional(refTo('Queue')),
    listener: Type.Optional(refTo('Listener')),
    message: Type.Optional(refTo('Message')),
    reason: Type.Optional(
      Type.String({
        description: 'why, where the server did it by itself',
        examples: ['the listener answered 410 Gone'],
      }),
    ),
  },
  { title: 'UsageEvent' },
)

const NOUNS = { api_keys: 'api_key', queues: 'queue', listeners: 'listener', messages: 'message' } as const

/** `names` are those of the queues and listeners that messages were at; without, only the message itself is told of. */
export function fullEvent(event: UsageEvent, names?: ReadonlyMap<string, string>): Static<typeof Event> {
  const { id, type, storedAt, organizationId, subject, reason } = event
  const what = { [NOUNS[categoryOf(type)]]: refOf(subject), ...(reason === null ? {} : { reason }) }
  const around = names === undefined || categoryOf(type) !== 'messages' ? {} : queueAndListenerOf(event, names)
  return { id, type, stored_at: storedAt, client: { id: organizationId }, ...around, ...what }
}

function queueAndListenerOf({ queueId, listenerId }: UsageEvent, names: ReadonlyMap<string, string>) {
  const named = (id: string) => refOf({ id, name: names.get(id) ?? null })
  return {
    ...(queueId !== null && { queue: named(queueId) }),
    ...(listenerId !== null && { listener: named(listenerId) }),
  }
}
