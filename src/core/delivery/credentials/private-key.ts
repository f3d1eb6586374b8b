import { createPrivateKey, createPublicKey, type KeyObject, sign as signBytes } from 'node:crypto'

/**
 * Asymmetric signatures of the Standard Webhooks specification 1.0 (version `v1a`): base64 of Ed25519 (RFC 8032) over
 * `<webhook-id>.<webhook-timestamp>.<body>`. A receiver that has only the public key can verify, and not sign.
 */
const PRIVATE_PREFIX = 'whsk_'
const PUBLIC_PREFIX = 'whpk_'
const SEED_BYTES = 32
/** Some libraries write the public key behind the seed. */
const SEED_AND_PUBLIC_BYTES = 64
/** PKCS #8 of an Ed25519 key up to its seed (RFC 8410, 7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A fresh private key: `whsk_` and the base64 of a seed of 32 random bytes. */
export function makePrivateKey(randomBytes: (size: number) => Buffer): string {
  return PRIVATE_PREFIX + randomBytes(SEED_BYTES).toString('base64')
}

/** Whether a text is meant as a private key, right or wrong. */
export function looksPrivate(text: string): boolean {
  return text.startsWith(PRIVATE_PREFIX)
}

/** Why a text cannot be a private key, or null where it can: 32 bytes, or 64 of which the last are its public key. */
export function privateKeyFault(text: string): string | null {
  const encoded = text.slice(PRIVATE_PREFIX.length)
  const bytes = Buffer.from(encoded, 'base64')
  const valid = looksPrivate(text) && bytes.toString('base64') === encoded
  if (!valid || (bytes.length !== SEED_BYTES && bytes.length !== SEED_AND_PUBLIC_BYTES)) {
    return `must be "${PRIVATE_PREFIX}" followed by the base64 of a seed of ${SEED_BYTES} bytes, or of it and its public key`
  }
  if (bytes.length === SEED_BYTES || publicBytes(keyOf(text)).equals(bytes.subarray(SEED_BYTES))) return null
  return 'must end with the public key that belongs to its first 32 bytes'
}

/** `whpk_` and the base64 of the public key; of a private key in which `privateKeyFault` finds no fault. */
export function publicKeyOf(privateKey: string): string {
  return PUBLIC_PREFIX + publicBytes(keyOf(privateKey)).toString('base64')
}

/** A private key in the form that signing needs; worth keeping for as long as the listener is. */
export class PrivateSigningKey {
  readonly version = 'v1a'
  readonly #key: KeyObject

  /** `privateKey` must be one in which `privateKeyFault` finds no fault. */
  constructor(privateKey: string) {
    this.#key = keyOf(privateKey)
  }

  /** Base64 of the signature of a text in UTF-8, or of bytes. */
  sign(content: string | Buffer): string {
    return signBytes(null, typeof content === 'string' ? Buffer.from(content) : content, this.#key).toString('base64')
  }
}

function keyOf(privateKey: string): KeyObject {
  const seed = Buffer.from(privateKey.slice(PRIVATE_PREFIX.length), 'base64').subarray(0, SEED_BYTES)
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
}

function publicBytes(key: KeyObject): Buffer {
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x!, 'base64url')
}
