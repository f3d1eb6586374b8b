import type { Outcome } from '../core/attempt.ts'
import type { LeasedDelivery } from '../core/delivery.ts'
import type { Listener, Pushed } from '../core/listener.ts'
import { contentTypeOf } from '../core/message.ts'
import type { SecretBox } from '../core/secret-box.ts'
import { sign } from '../core/signature.ts'
import type { OutgoingRequest } from './sender.ts'
import { type SigningKeys, signingKeysOf } from './signing-keys.ts'

/** What is the same in every request to a listener, worked out once. */
export interface Target {
  origin: string
  path: string
  /** Null: nothing can be signed, and so nothing is sent. */
  keys: SigningKeys | null
  /** The listener's own, alternating names and values. */
  headers: readonly string[]
}

export function targetOf(listener: Pushed, secretBox: SecretBox): Target {
  const { origin, pathname, search } = new URL(listener.notifyUrl)
  return {
    origin,
    path: pathname + search,
    keys: signingKeysOf(listener, secretBox),
    headers: Object.entries(listener.settings.headers).flat(),
  }
}

/**
 * The signed request of one attempt, as the contract describes it; null where it cannot be signed. `now` becomes the
 * signature's timestamp.
 */
export function deliveryRequest(
  delivery: LeasedDelivery,
  to: { listener: Listener; target: Target; userAgent: string; now: number },
): (OutgoingRequest & { body: string }) | null {
  const { message } = delivery
  const keys = to.target.keys?.at(to.now)
  if (keys === undefined) return null
  const timestamp = Math.floor(to.now / 1000)
  const headers = [
    'content-type',
    contentTypeOf(message.data),
    'user-agent',
    to.userAgent,
    'webhook-id',
    message.id,
    'webhook-timestamp',
    String(timestamp),
    'webhook-signature',
    sign(keys, { id: message.id, timestamp, body: message.data }),
    'discue-queue',
    message.queueId,
    'discue-listener',
    to.listener.id,
    'discue-attempt',
    String(delivery.attempts + 1),
    'discue-first-sent-at',
    String(delivery.firstSentAt ?? to.now),
  ]
  if (delivery.orderNumber !== null) headers.push('discue-sequence', String(delivery.orderNumber))
  for (const text of to.target.headers) headers.push(text)
  const { origin, path } = to.target
  return {
    method: 'POST',
    origin,
    path,
    headers,
    body: message.data,
    timeoutMs: to.listener.settings.timeoutMs,
    startedAt: to.now,
  }
}

/** What comes of an attempt whose request cannot be signed. */
export function unsigned(now: number): Outcome {
  return { startedAt: now, durationMs: 0, status: null, error: 'secret_unreadable', response: '', wish: null }
}
