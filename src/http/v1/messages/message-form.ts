import { type Static, Type } from 'typebox'
import type { AcceptedMessage, NewMessage as New } from '../../../app/accept-message.ts'
import type { ToldJourney } from '../../../app/messages.ts'
import { MAX_DELAY_DAYS, MAX_DELAY_MS } from '../../../core/delivery/due-time.ts'
import { MAX_DATA_BYTES, MAX_KEY_LENGTH, MESSAGE_STATUSES, statusOf } from '../../../core/delivery/message.ts'
import { ID_PATTERN } from '../../../core/id.ts'
import { type Body, bodySizeFault, givenType, isBytes } from '../../../core/message/body.ts'
import { headersOf } from '../../../core/message/headers.ts'
import { type Fault, Problem } from '../../../core/problem.ts'
import type { MessageDetails } from '../../../store/messages.ts'
import { exclusive } from '../../openapi/exclusive.ts'
import { encodeCursor } from '../../present/cursor.ts'
import { type Based, paths, selfLink } from '../../present/links.ts'
import { refOf } from '../../present/listing.ts'
import { Id, Name, NullableTime, readOnly, ShownName, strict, Time } from '../../present/schemas.ts'

export const DELIVERY_STATUSES = ['pending', 'delivered', 'missed', 'expired', 'discarded'] as const

const DeliverAt = Type.Integer({
  minimum: 0,
  description:
    'when to deliver it, in milliseconds since the Unix epoch; a time that is over means now, one below 10^12 is refused as seconds',
  examples: [1_767_225_600_000],
})

const ExpiresAt = Type.Integer({
  minimum: 0,
  description:
    'when it expires, in milliseconds since the Unix epoch: a delivery that is not under way by then is never made. It must ' +
    `be later than the time at which the message is due, by at most ${MAX_DELAY_DAYS} days`,
  examples: [1_767_225_660_000],
})

/** Bytes that a message holds in place of a text. */
export const DataBase64 = Type.String({
  format: 'base64',
  description:
    `bytes that are no text, in place of data: base64 with padding, of at most ${MAX_DATA_BYTES / 1024} KiB; listeners are sent ` +
    'the bytes. Not for a queue that has a schema',
  examples: ['iVBORw0KGgo='],
})

export const ContentType = Type.String({
  format: 'media-type',
  description:
    'the Content-Type that it is delivered with: a media type (RFC 9110, 8.3.1). Unless told, application/json where data is ' +
    'JSON, else text/plain; application/octet-stream for data_base64',
  examples: ['application/xml'],
})

/** What is sent with each delivery of a message. */
export const Headers = Type.Unsafe<Record<string, string>>(
  Type.Object(
    {},
    {
      additionalProperties: Type.String(),
      description:
        'sent with each delivery: at most 16, of at most 4,096 characters in all; none that the server sends itself, and of ' +
        'a name that the listener sets as well its own is sent',
      examples: [{ 'x-order': '17' }],
    },
  ),
)

/** What creates a message. */
export const NewMessage = strict(
  {
    data: Type.Optional(
      Type.String({
        format: 'unicode',
        description: `at most ${MAX_DATA_BYTES / 1024} KiB of UTF-8; required unless data_base64 is there`,
        examples: ['{"order":1}'],
      }),
    ),
    data_base64: Type.Optional(DataBase64),
    content_type: Type.Optional(ContentType),
    name: Type.Optional(Name),
    key: Type.Optional(
      Type.String({
        format: 'message-key',
        description: `1 to ${MAX_KEY_LENGTH} characters; listeners with ordering by key go by it`,
        examples: ['customer-17'],
      }),
    ),
    deliver_at: Type.Optional(DeliverAt),
    delay: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_DELAY_MS,
        description: 'milliseconds from now, instead of deliver_at',
        examples: [60_000],
      }),
    ),
    expires_at: Type.Optional(ExpiresAt),
    expires_in: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_DELAY_MS,
        description: 'milliseconds from the time at which it is due, instead of expires_at',
        examples: [300_000],
      }),
    ),
    headers: Type.Optional(Headers),
  },
  {
    title: 'CreateMessageRequest',
    ...exclusive(
      { names: ['data', 'data_base64'], required: true },
      { names: ['deliver_at', 'delay'], required: false },
    ),
  },
)

/** With one of the two ways to say when, since both at once are refused. */
export const EXAMPLE_MESSAGE = { data: '{"order":1}', name: 'orders', key: 'customer-17', delay: 60_000 }

/** The body in the words of the use cases. */
export function createdOf(body: Static<typeof NewMessage>): New {
  const { data, data_base64: dataBase64, content_type: contentType, name = null, key = null, headers } = body
  const times = { deliverAt: body.deliver_at, delayMs: body.delay }
  const content = { data, dataBase64, contentType }
  return { ...content, name, key, ...times, expiresAt: body.expires_at, expiresInMs: body.expires_in, headers }
}

/** The response to the client that posted a message. */
export function presentAccepted(request: Based, message: AcceptedMessage) {
  return { message: refOf(message), _links: selfLink(request, paths.message(message.queueId, message.id)) }
}

const MAX_MESSAGES = 1_000

/** What creates many at once. */
export const NewMessages = strict({
  messages: Type.Array(NewMessage, {
    minItems: 1,
    maxItems: MAX_MESSAGES,
    description: `must be an array of 1 to ${MAX_MESSAGES} messages`,
  }),
})

export const MessageChange = strict({
  name: Type.Optional(Name),
  deliver_at: Type.Optional(DeliverAt),
  ...readOnly(
    'id',
    'key',
    'data',
    'data_base64',
    'content_type',
    'headers',
    'created_at',
    'expires_at',
    'status',
    'deliveries',
    'left_out',
  ),
})

const LeftOut = Type.Object({
  listener_id: Id,
  reason: Type.Enum(['filter'], { title: 'LeftOutReason' }),
  failed: Type.Optional(
    Type.String({
      description:
        'what the message is not that the filter asks for, as a JSON pointer into it; only while the filter is the one by which it was left out',
      examples: ['/data/total.amount/$gt'],
    }),
  ),
})

/** A body as answers show it. */
export const ShownBody = {
  data: Type.Optional(Type.String({ description: 'unless it is bytes', examples: ['{"order":1}'] })),
  data_base64: Type.Optional(Type.String({ description: 'of bytes', examples: ['iVBORw0KGgo='] })),
  content_type: Type.Optional(
    Type.String({ description: 'where one was given, and of bytes', examples: ['application/xml'] }),
  ),
}

export function presentBody(body: Body): { data?: string; data_base64?: string; content_type?: string } {
  const { data } = body
  if (body.mediaType === null) return { data }
  return { ...(isBytes(body) ? { data_base64: data } : { data }), content_type: givenType(body)! }
}

/** The full form. */
export const Message = Type.Object(
  {
    id: Id,
    name: ShownName,
    key: Type.Optional(Type.String({ examples: ['customer-17'] })),
    ...ShownBody,
    headers: Type.Optional(Headers),
    created_at: Time,
    deliver_at: Time,
    expires_at: Type.Optional(Time),
    status: Type.Enum([...MESSAGE_STATUSES], {
      title: 'MessageStatus',
      description:
        'derived from the deliveries; `unrouted` where its queue had no listener when it was accepted, or none whose filter it fits, so that no listener gets it; `expired` where it expired before a listener had it; `discarded` where a listener was deleted before it had it',
      examples: ['pending'],
    }),
    deliveries: Type.Array(
      Type.Object({
        listener_id: Id,
        status: Type.Enum([...DELIVERY_STATUSES], {
          title: 'DeliveryStatus',
          description:
            '`expired` where the message expired, `discarded` where the listener was deleted before it had the message',
        }),
        attempts: Type.Integer({ examples: [1] }),
        last_attempt_at: NullableTime,
        next_attempt_at: NullableTime,
      }),
    ),
    left_out: Type.Optional(
      Type.Array(LeftOut, {
        description:
          'where one message is read: the listeners that were there and do not get it; none where it is left out',
      }),
    ),
  },
  { title: 'Message' },
)

/** The cursor of a listing of messages: the id of the last one of the page before. */
export const CURSOR = new RegExp(`(${ID_PATTERN})`)

/** Faults that a response lists at most; more would help no client. */
const MAX_FAULTS = 20

/** Data has a limit of its own, below that of the whole request. */
export function weighMessage(body: unknown): void {
  const faults = sizeFaults(body, '')
  if (faults.length > 0) throw new Problem('body_too_large', { errors: faults })
}

/** Weighs each message of a batch as `weighMessage` does. */
export function weighMessages(body: unknown): void {
  const messages = (body as { messages?: unknown } | null | undefined)?.messages
  if (!Array.isArray(messages)) return
  const faults = messages.flatMap((message, index) => sizeFaults(message, `/messages/${index}`))
  if (faults.length > 0) throw new Problem('body_too_large', { errors: faults.slice(0, MAX_FAULTS) })
}

function sizeFaults(message: unknown, path: string): Fault[] {
  return (['data', 'data_base64'] as const).flatMap((field) => {
    const text = (message as Record<string, unknown> | null | undefined)?.[field]
    const fault = typeof text === 'string' ? bodySizeFault(field, text) : null
    return fault === null ? [] : [{ path: `${path}/${field}`, message: fault }]
  })
}

export function fullMessage({ message, deliveries }: MessageDetails, now: number): Static<typeof Message> {
  return {
    ...refOf(message),
    ...(message.key !== null && { key: message.key }),
    ...presentBody(message),
    ...(message.headers !== null && { headers: headersOf(message.headers) }),
    created_at: message.createdAt,
    deliver_at: message.deliverAt,
    ...(message.expiresAt !== null && { expires_at: message.expiresAt }),
    status: statusOf(message, deliveries, now),
    deliveries: deliveries.map((delivery) => ({
      listener_id: delivery.listenerId,
      status: delivery.status,
      attempts: delivery.attempts,
      last_attempt_at: delivery.lastAttemptAt,
      next_attempt_at: delivery.nextAttemptAt,
    })),
  }
}

/** The full form of one that is read by itself. */
export function fullJourney(journey: ToldJourney, now: number): Static<typeof Message> {
  const leftOut = journey.leftOut.map(({ listenerId, failed }) => {
    return { listener_id: listenerId, reason: 'filter' as const, ...(failed !== null && { failed }) }
  })
  const message = fullMessage(journey, now)
  return leftOut.length === 0 ? message : { ...message, left_out: leftOut }
}

/** How listings of messages show them. */
export function listedAt(path: string, now: number) {
  return {
    collection: 'messages',
    path,
    entry: ({ message }: MessageDetails) => ({
      id: message.id,
      name: message.name,
      path: paths.message(message.queueId, message.id),
    }),
    full: (details: MessageDetails) => fullMessage(details, now),
    cursorOf: ({ message }: MessageDetails) => encodeCursor(message.id),
  }
}
