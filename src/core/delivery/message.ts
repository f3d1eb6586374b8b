import { unicodeFault } from '../well-formed.ts'
import type { DeliveryStatus, DeliverySummary } from './delivery-summary.ts'

/** What a client posted: stored once, delivered to each listener. */
export interface Message {
  id: string
  organizationId: string
  queueId: string
  name: string | null
  /** What listeners with `ordering: key` go by. */
  key: string | null
  /** The text that is delivered; of bytes, their base64. */
  data: string
  /**
   * As in a data: URL (`core/message/body.ts`): the media type that a client gave, and for bytes `;base64` behind it; null: a
   * text whose type follows from itself.
   */
  mediaType: string | null
  createdAt: number
  /** When its deliveries are due; that of a message for now is its `createdAt`. */
  deliverAt: number
  /** What is not delivered by then is discarded (`core/message/expiry.ts`), in epoch ms; null: it is kept until it is delivered or missed. */
  expiresAt: number | null
  /** What is sent with each delivery, as JSON (`core/message/headers.ts`); null: nothing. */
  headers: string | null
  /** Order of acceptance in the store: grows by commit, has gaps, is never reused. */
  sequence: number
}

/** In the order in which a client may meet them. */
export const MESSAGE_STATUSES = [
  'scheduled',
  'pending',
  'delivered',
  'missed',
  'expired',
  'discarded',
  'unrouted',
] as const
export type MessageStatus = (typeof MESSAGE_STATUSES)[number]

export const MAX_DATA_BYTES = 256 * 1024
/** In characters: Unicode code points. */
export const MAX_KEY_LENGTH = 128

/**
 * With any delivery pending the message is pending, else with any missed it is missed, else with any expired it is
 * expired, else with any discarded it is discarded, else delivered. A message that was accepted for no listener is unrouted, also where its time is to come.
 * `deliveries` are those to all listeners that it was accepted for.
 */
export function statusOf(
  message: Pick<Message, 'createdAt' | 'deliverAt'>,
  deliveries: readonly DeliverySummary[],
  now: number,
): MessageStatus {
  if (deliveries.length === 0) return 'unrouted'
  const has = (status: DeliveryStatus) => deliveries.some((delivery) => delivery.status === status)
  if (has('pending')) return isForLater(message, now) && isUntouched(deliveries, now) ? 'scheduled' : 'pending'
  if (has('missed')) return 'missed'
  if (has('expired')) return 'expired'
  return has('discarded') ? 'discarded' : 'delivered'
}

/** Whether all that the message is for still wait for its time. */
function isUntouched(deliveries: readonly DeliverySummary[], now: number): boolean {
  return deliveries.every(({ status, attempts, nextAttemptAt }) => {
    if (status === 'discarded') return true
    // A redelivery may have brought it forward.
    return status === 'pending' && attempts === 0 && (nextAttemptAt === null || nextAttemptAt > now)
  })
}

/** Whether its time is yet to come. A message for now was due when it was accepted, also where the clock went back since. */
export function isForLater({ createdAt, deliverAt }: Pick<Message, 'createdAt' | 'deliverAt'>, now: number): boolean {
  return deliverAt > now && deliverAt > createdAt
}

/** Why a key is refused, or null where it is fine. */
export function keyFault(key: string): string | null {
  const fault = unicodeFault(key)
  if (fault !== null) return fault
  // Twice as many units are enough for any: a longer text need not be counted.
  const fits = key !== '' && key.length <= 2 * MAX_KEY_LENGTH && [...key].length <= MAX_KEY_LENGTH
  return fits ? null : `must have 1 to ${MAX_KEY_LENGTH} characters`
}

/** Every JSON text begins with white space or one of these; looking first spares most texts a thrown error. */
const MAYBE_JSON = /^[\s{["\-0-9tfn]/

/** `application/json` where the data parses as JSON, else plain text. */
export function contentTypeOf(data: string): string {
  if (!MAYBE_JSON.test(data)) return 'text/plain; charset=utf-8'
  try {
    JSON.parse(data)
    return 'application/json'
  } catch {
    return 'text/plain; charset=utf-8'
  }
}
