import { hash } from 'node:crypto'

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

/** SHA-256 hashes blocks of that many bytes; a secret is shorter, so that it is never hashed itself (RFC 2104). */
const BLOCK_BYTES = 64
const HASH_BYTES = 32
const [INNER_PAD, OUTER_PAD] = [0x36, 0x5c]
/** What most contents fit in without another buffer; one of UTF-8 has at most three bytes for each unit of a text. */
const ROOM_BYTES = 1024
const MAX_BYTES_A_UNIT = 3

/**
 * A secret in the form that signing needs; worth keeping for as long as the listener is. HMAC (RFC 2104) is written as
 * its two hashes, because Node's one-shot `hash` takes half of the time of its `createHmac`, which is a stream.
 */
export class SigningKey implements Signer {
  readonly version = 'v1'
  readonly #inner = Buffer.alloc(BLOCK_BYTES + ROOM_BYTES)
  readonly #outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES)

  /** `secret` must be one in which `secretFault` finds no fault. */
  constructor(secret: string) {
    const bytes = Buffer.from(secret.slice(PREFIX.length), 'base64')
    for (let at = 0; at < BLOCK_BYTES; at++) {
      const byte = bytes[at] ?? 0
      this.#inner[at] = byte ^ INNER_PAD
      this.#outer[at] = byte ^ OUTER_PAD
    }
  }

  /** Base64 of the HMAC-SHA256 of a text in UTF-8, or of bytes. */
  sign(content: string | Buffer): string {
    if (typeof content !== 'string') return this.#signed(this.#withBytes(content))
    const room = this.#roomFor(content)
    return this.#signed(room.subarray(0, BLOCK_BYTES + room.write(content, BLOCK_BYTES, 'utf8')))
  }

  /** `inner`: the block that the inner hash begins with, and the content. */
  #signed(inner: Buffer): string {
    this.#outer.write(hash('sha256', inner, 'latin1'), BLOCK_BYTES, 'latin1')
    return hash('sha256', this.#outer, 'base64')
  }

  #withBytes(content: Buffer): Buffer {
    return Buffer.concat([this.#inner.subarray(0, BLOCK_BYTES), content])
  }

  #roomFor(content: string): Buffer {
    if (content.length * MAX_BYTES_A_UNIT <= ROOM_BYTES) return this.#inner
    const bytes = Buffer.byteLength(content)
    if (bytes <= ROOM_BYTES) return this.#inner
    const room = Buffer.allocUnsafe(BLOCK_BYTES + bytes)
    this.#inner.copy(room, 0, 0, BLOCK_BYTES)
    return room
  }
}

interface Signed {
  id: string
  /** In seconds. */
  timestamp: number
  body: string | Buffer
}

/** What is signed. */
function contentOf({ id, timestamp, body }: Signed): string | Buffer {
  if (typeof body === 'string') return `${id}.${timestamp}.${body}`
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body])
}

/** Signs by one version of the specification. */
export interface Signer {
  readonly version: 'v1' | 'v1a'
  /** Base64 of the signature. */
  sign(content: string | Buffer): string
}

/** The value of `webhook-signature`: one signature per key, separated by spaces. */
export function sign(keys: readonly Signer[], signed: Signed): string {
  const content = contentOf(signed)
  const [first] = keys as [Signer]
  let text = `${first.version},${first.sign(content)}`
  for (let at = 1; at < keys.length; at++) text += ` ${keys[at]!.version},${keys[at]!.sign(content)}`
  return text
}
