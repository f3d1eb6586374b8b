import { decoded } from './body.ts'

/** What a receiver was sent, after its signature was verified. */
export interface Delivery {
  /** The message's id, the same on every attempt: know a repetition by it. */
  id: string
  /** When this attempt was signed, in ms since the Unix epoch. */
  signedAt: number
  /** Exactly the bytes that were posted. */
  bytes: Uint8Array
  /** The media type that the message was posted with, or the one that follows from what it is. */
  contentType: string
  /** The bytes as text; where they are none, what `bytes` holds is what counts. */
  data: string
  /** `data` as JSON. Throws `SyntaxError` where it is none. */
  json<Value = unknown>(): Value
  queueId: string
  listenerId: string
  /** From 1. */
  attempt: number
  /** With an `ordering`: counts up by one per message of the listener. */
  sequence: number | null
  /** A test message of a preflight check, which is no message. */
  isTest: boolean
}

/** Why a request is not taken for a delivery: answer 400 to it. */
export class WebhookError extends Error {
  readonly reason: 'missing' | 'too_old' | 'mismatch'

  constructor(reason: WebhookError['reason'], message: string) {
    super(message)
    this.name = 'WebhookError'
    this.reason = reason
  }
}

export type HeaderFields = Headers | Record<string, string | readonly string[] | undefined>

export interface VerifyOptions {
  /** How far the sender's clock and this one may be apart, in ms; five minutes unless told. */
  toleranceMs?: number
  /** Milliseconds since the Unix epoch; the platform's clock unless told. */
  now?: () => number
}

/**
 * Verifies a request by the Standard Webhooks specification, over the bytes of the body as they came. `secrets` are the
 * listener's `whsec_…`, or its public key, `whpk_…`; of several one has to fit, as while one is replaced by another.
 *
 * @throws WebhookError
 */
export async function verify(
  body: string | Uint8Array,
  headers: HeaderFields,
  secrets: string | readonly string[],
  { toleranceMs = 300_000, now = Date.now }: VerifyOptions = {},
): Promise<Delivery> {
  if (typeof body !== 'string' && !(body instanceof Uint8Array))
    throw new TypeError(
      'the body must be the bytes as they came, or their text: a parser has made something else of them',
    )
  const id = fieldOf(headers, 'webhook-id')
  const timestamp = fieldOf(headers, 'webhook-timestamp')
  const signatures = fieldOf(headers, 'webhook-signature')
  if (id === null || timestamp === null || signatures === null)
    throw new WebhookError('missing', 'a request without webhook-id, webhook-timestamp and webhook-signature')
  const signedAt = Number(timestamp) * 1_000
  if (!(Math.abs(now() - signedAt) <= toleranceMs))
    throw new WebhookError('too_old', `signed at ${timestamp}, which is too far from this clock`)
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const signed = joined(new TextEncoder().encode(`${id}.${timestamp}.`), bytes)
  for (const secret of typeof secrets === 'string' ? [secrets] : secrets) {
    if (await fits(secret, signed, signatures)) return deliveryOf(headers, { id, signedAt, bytes })
  }
  throw new WebhookError('mismatch', 'no signature fits: another secret, or a body that was changed on its way')
}

async function fits(secret: string, signed: Uint8Array<ArrayBuffer>, signatures: string): Promise<boolean> {
  const isPublic = secret.startsWith('whpk_')
  const raw = bytesOf(secret.replace(/^wh(sec|pk)_/, ''))
  if (raw === null) throw new TypeError('a secret must be whsec_ and base64, a public key whpk_ and base64')
  const algorithm = isPublic ? { name: 'Ed25519' } : { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', raw, algorithm, false, ['verify'])
  for (const signature of ofVersion(signatures, isPublic ? 'v1a,' : 'v1,')) {
    const bytes = bytesOf(signature)
    // The platform compares in constant time.
    if (bytes !== null && (await crypto.subtle.verify(algorithm.name, key, bytes, signed))) return true
  }
  return false
}

function ofVersion(signatures: string, version: string): string[] {
  return signatures.split(' ').flatMap((text) => (text.startsWith(version) ? [text.slice(version.length)] : []))
}

function deliveryOf(
  headers: HeaderFields,
  { id, signedAt, bytes }: { id: string; signedAt: number; bytes: Uint8Array },
): Delivery {
  const data = new TextDecoder().decode(bytes)
  const sequence = fieldOf(headers, 'discue-sequence')
  return {
    ...{ id, signedAt, bytes, data },
    contentType: fieldOf(headers, 'content-type') ?? '',
    json: <Value>() => JSON.parse(data) as Value,
    queueId: fieldOf(headers, 'discue-queue') ?? '',
    listenerId: fieldOf(headers, 'discue-listener') ?? '',
    attempt: Number(fieldOf(headers, 'discue-attempt') ?? 1),
    sequence: sequence === null ? null : Number(sequence),
    isTest: fieldOf(headers, 'discue-test') === 'true',
  }
}

function fieldOf(headers: HeaderFields, name: string): string | null {
  if (headers instanceof Headers) return headers.get(name)
  const value = headers[name]
  return value === undefined ? null : typeof value === 'string' ? value : value.join(', ')
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return decoded(base64)
  } catch {
    return null
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length)
  whole.set(first)
  whole.set(second, first.length)
  return whole
}
