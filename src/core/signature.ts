import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'

/**
 * Signatures of the Standard Webhooks specification 1.0 (symmetric, version `v1`):
 * base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`.
 */
const PREFIX = 'whsec_'
const SECRET_BYTES = 24
const MIN_SECRET_BYTES = 24
const MAX_SECRET_BYTES = 64

/** A fresh secret: `whsec_` and the base64 of 24 random bytes. */
export function makeSecret(randomBytes: (size: number) => Buffer): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64')
}

/** Why a text cannot be a secret, or null where it can. The specification asks for 24 to 64 bytes. */
export function secretFault(text: string): string | null {
  const encoded = text.slice(PREFIX.length)
  const bytes = Buffer.from(encoded, 'base64')
  const valid = text.startsWith(PREFIX) && bytes.toString('base64') === encoded
  if (!valid || bytes.length < MIN_SECRET_BYTES || bytes.length > MAX_SECRET_BYTES) {
    return `must be "${PREFIX}" followed by the base64 of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes`
  }
  return null
}

/** The secret in the form that signing needs; worth keeping for as long as the listener is. */
export function signingKey(secret: string): KeyObject {
  return createSecretKey(secret.slice(PREFIX.length), 'base64')
}

/** The value of `webhook-signature`: one signature per key, separated by spaces. `timestamp` is in seconds. */
export function sign(keys: readonly KeyObject[], signed: { id: string; timestamp: number; body: string }): string {
  const content = `${signed.id}.${signed.timestamp}.${signed.body}`
  return keys.map((key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`).join(' ')
}
