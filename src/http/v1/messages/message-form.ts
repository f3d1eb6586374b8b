import { type Static, Type } from 'typebox'
import type { AcceptedMessage, NewMessage as New } from '../../../app/accept-message.ts'
import { MAX_DELAY_DAYS, MAX_DELAY_MS } from '../../../core/delivery/due-time.ts'
import { MAX_DATA_BYTES, MAX_KEY_LENGTH, MESSAGE_STATUSES, statusOf } from '../../../core/delivery/message.ts'
import { ID_PATTERN } from '../../../core/id.ts'
import { headersOf } from '../../../core/message/headers.ts'
import { Problem } from '../../../core/problem.ts'
import type { MessageDetails } from '../../../store/messages.ts'
import { atMostOne } from '../../openapi/exclusive.ts'
import { encodeCursor } from '../../present/cursor.ts'
import { type Based, paths, selfLink } from '../../present/links.ts'
import { refOf } from '../../present/listing.ts'
import { Id, Name, NullableTime, readOnly, ShownName, strict, Time } from '../../present/schemas.ts'

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
    data: Type.String({
      format: 'unicode',
      description: `at most ${MAX_DATA_BYTES / 1024} KiB of UTF-8`,
      examples: ['{"order":1}'],
    }),
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
  { title: 'CreateMessageRequest', ...atMostOne('deliver_at', 'delay') },
)

/** With one of the two ways to say when, since both at once are refused. */
export const EXAMPLE_MESSAGE = { data: '{"order":1}', name: 'orders', key: 'customer-17', delay: 60_000 }

/** The body in the words of the use cases. */
export function createdOf(body: Static<typeof NewMessage>): New {
  const { data, name = null, key = null, headers } = body
  const times = { deliverAt: body.deliver_at, delayMs: body.delay }
  return { data, name, key, ...times, expiresAt: body.expires_at, expiresInMs: body.expires_in, headers }
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
  ...readOnly('id', 'key', 'data', 'headers', 'created_at', 'expires_at', 'status', 'deliveries'),
})

/** The full form. */
export const Message = Type.Object(
  {
    id: Id,
    name: ShownName,
    key: Type.Optional(Type.String({ examples: ['customer-17'] })),
    data: Type.String({ examples: ['{"order":1}'] }),
    headers: Type.Optional(Headers),
    created_at: Time,
    deliver_at: Time,
    expires_at: Type.Optional(Time),
    status: Type.Enum([...MESSAGE_STATUSES], {
      title: 'MessageStatus',
      description:
        'derived from the deliveries; `unrouted` where its queue had no listener when it was accepted, so that no listener gets it; `expired` where it expired before a listener had it; `discarded` where a listener was deleted before it had it',
      examples: ['pending'],
    }),
    deliveries: Type.Array(
      Type.Object({
        listener_id: Id,
        status: Type.Enum(['pending', 'delivered', 'missed', 'expired', 'discarded'], {
          title: 'DeliveryStatus',
          description:
            '`expired` where the message expired, `discarded` where the listener was deleted before it had the message',
        }),
        attempts: Type.Integer({ examples: [1] }),
        last_attempt_at: NullableTime,
        next_attempt_at: NullableTime,
      }),
    ),
  },
  { title: 'Message' },
)

/** The cursor of a listing of messages: the id of the last one of the page before. */
export const CURSOR = new RegExp(`(${ID_PATTERN})`)

/** A UTF-16 unit becomes at most three bytes of UTF-8. */
const SURELY_FITS = Math.floor(MAX_DATA_BYTES / 3)

/** Faults that a response lists at most; more would help no client. */
const MAX_FAULTS = 20

/** Data has a limit of its own, below that of the whole request. */
export function weighMessage(body: unknown): void {
  if (isTooLarge(body)) throw tooLarge(['/data'])
}

/** Weighs each message of a batch as `weighMessage` does. */
export function weighMessages(body: unknown): void {
  const messages = (body as { messages?: unknown } | null | undefined)?.messages
  if (!Array.isArray(messages)) return
  const paths = messages.flatMap((message, index) => (isTooLarge(message) ? [`/messages/${index}/data`] : []))
  if (paths.length > 0) throw tooLarge(paths.slice(0, MAX_FAULTS))
}

function isTooLarge(message: unknown): boolean {
  const data = (message as { data?: unknown } | null | undefined)?.data
  if (typeof data !== 'string' || data.length <= SURELY_FITS) return false
  return Buffer.byteLength(data) > MAX_DATA_BYTES
}

function tooLarge(paths: string[]): Problem {
  const message = `must be at most ${MAX_DATA_BYTES} bytes of UTF-8`
  return new Problem('body_too_large', { errors: paths.map((path) => ({ path, message })) })
}

export function fullMessage({ message, deliveries }: MessageDetails, now: number): Static<typeof Message> {
  return {
    ...refOf(message),
    ...(message.key !== null && { key: message.key }),
    data: message.data,
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
