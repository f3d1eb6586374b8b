import type { Outcome } from '../../core/delivery/attempt.ts'
import { fixedAuthorization, openedAuth } from '../../core/delivery/credentials/listener-auth.ts'
import { openedTls } from '../../core/delivery/credentials/listener-tls.ts'
import type { LeasedDelivery } from '../../core/delivery/delivery.ts'
import type { Listener, Pushed } from '../../core/delivery/listener.ts'
import { openedHeaders } from '../../core/delivery/listener-headers.ts'
import type { Message } from '../../core/delivery/message.ts'
import { sign } from '../../core/delivery/signature.ts'
import { sentBody, sentType } from '../../core/message/body.ts'
import { hasHeader, headersOf, withMessageHeaders } from '../../core/message/headers.ts'
import { type SecretBox, SecretUnreadable } from '../../core/tenant/secret-box.ts'
import { ClientTls } from '../client/client-tls.ts'
import { poolOf } from '../client/connections.ts'
import type { OutgoingRequest } from '../client/sender.ts'
import { type TokenAsk, tokenAskOf } from '../client/tokens/token-ask.ts'
import type { ContentTypes } from './content-types.ts'
import { type SigningKeys, signingKeysOf } from './signing-keys.ts'

/** What is the same in every request to a listener, worked out once. */
export interface Target {
  origin: string
  path: string
  /** Which connections its requests may go over. */
  pool: string
  /** Null: this node cannot read the secret, or a header's value, and so nothing is sent. */
  keys: SigningKeys | null
  /** The listener's own, alternating names and values. */
  headers: readonly string[]
  /** How TLS is spoken; null: as with any other receiver. */
  tls: ClientTls | null
  /** The token that is fetched for its requests; null where none is. */
  tokenAsk: TokenAsk | null
  /** The fields that are the same in every request, each with its line break. */
  fields: string
}

export function targetOf(listener: Pushed, secretBox: SecretBox): Target {
  const { origin, pathname, search } = new URL(listener.notifyUrl)
  const own = ownOf(listener, secretBox)
  return {
    origin,
    pool: poolOf({ origin, organizationId: listener.organizationId, tls: own?.tls ?? null }),
    path: pathname + search,
    keys: own === null ? null : signingKeysOf(listener, secretBox),
    headers: own?.headers ?? [],
    tls: own?.tls ?? null,
    tokenAsk: own?.tokenAsk ?? null,
    fields: fixedFields(listener),
  }
}

const ANY_ANSWER = 'accept: */*\r\n'

function fixedFields(listener: Pushed): string {
  // Any answer will do, where the listener has no such field of its own; some frameworks ask for one.
  const accept = hasHeader(listener.settings.headers, 'accept') ? '' : ANY_ANSWER
  return `${accept}discue-queue: ${listener.queueId}\r\ndiscue-listener: ${listener.id}\r\n`
}

/** What the listener has said itself; null where a part was encrypted with a key that this node does not have. */
function ownOf(
  { id, organizationId, settings }: Listener,
  secretBox: SecretBox,
): Pick<Target, 'headers' | 'tls' | 'tokenAsk'> | null {
  try {
    const headers = Object.entries(openedHeaders(secretBox, id, settings.headers))
    const tls = settings.tls && new ClientTls(openedTls(secretBox, id, settings.tls))
    if (settings.auth === null) return { headers: headers.flat(), tls, tokenAsk: null }
    const auth = openedAuth(secretBox, id, settings.auth)
    const others = headers.filter(([name]) => name.toLowerCase() !== 'authorization').flat()
    if (auth.type === 'oauth2') return { headers: others, tls, tokenAsk: tokenAskOf(organizationId, auth) }
    return { headers: [...others, 'authorization', fixedAuthorization(auth)], tls, tokenAsk: null }
  } catch (error) {
    if (error instanceof SecretUnreadable) return null
    throw error
  }
}

/**
 * The signed request of one attempt, as the contract describes it; null where it cannot be signed. `now` becomes the
 * signature's timestamp.
 */
export function deliveryRequest(
  delivery: LeasedDelivery,
  to: { listener: Listener; target: Target; userAgent: string; now: number; contentTypes?: ContentTypes },
): OutgoingRequest | null {
  const { message } = delivery
  const keys = to.target.keys?.at(to.now)
  if (keys === undefined) return null
  const timestamp = Math.floor(to.now / 1000)
  const { method, timeoutMs } = to.listener.settings
  const body = method === 'GET' ? null : sentBody(message)
  const signature = sign(keys, { id: message.id, timestamp, body: body ?? '' })
  const { orderNumber } = delivery
  // Ids, numbers, base64 and media types: nothing that could end a line. In one piece, for each part of a text is an object.
  const fields =
    (body === null ? '' : `content-type: ${to.contentTypes?.of(message) ?? sentType(message)}\r\n`) +
    `user-agent: ${to.userAgent}\r\n` +
    `webhook-id: ${message.id}\r\nwebhook-timestamp: ${timestamp}\r\nwebhook-signature: ${signature}\r\n` +
    `${fieldsFor(message, to.target)}discue-attempt: ${delivery.attempts + 1}\r\n` +
    `discue-first-sent-at: ${delivery.firstSentAt ?? to.now}\r\n` +
    (orderNumber === null ? '' : `discue-sequence: ${orderNumber}\r\n`)
  const { origin, path, pool, tls, tokenAsk } = to.target
  return {
    method,
    origin,
    path,
    pool,
    tls,
    tokenAsk,
    fields,
    headers: withMessageHeaders(to.target.headers, message.headers),
    body,
    timeoutMs,
    startedAt: to.now,
    organizationId: to.listener.organizationId,
  }
}

/** Without what the message says itself of the answers that it takes. */
function fieldsFor({ headers }: Message, { fields }: Target): string {
  if (headers === null || !hasHeader(headersOf(headers), 'accept')) return fields
  return fields.startsWith(ANY_ANSWER) ? fields.slice(ANY_ANSWER.length) : fields
}

/** What comes of an attempt whose request cannot be signed. */
export function unsigned(now: number): Outcome {
  const response = "this server lacks the key that the listener's secret is encrypted with"
  return { startedAt: now, durationMs: 0, status: null, error: 'secret_unreadable', response, directive: null }
}

/** What comes of an attempt that an error of this server ends. */
export function unsendable(startedAt: number): Outcome {
  const response =
    'an error of this server, which has logged it, kept the request from being sent, or its answer from being read'
  return { startedAt, durationMs: 0, status: null, error: 'connection_failed', response, directive: null }
}
