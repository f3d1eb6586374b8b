import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'

/**
 * Encrypts listeners' secrets for the store: AES-256-GCM under a key derived from the configured one, a random nonce
 * for each, and where it belongs as associated data, the listener's id or more, so that a secret that is copied to
 * another listener's row is none.
 * As text: `sealed:`, the id of the key, `:`, and base64 of nonce, ciphertext and tag.
 */
export interface SecretBox {
  /** What every text begins with that is sealed with the newest key; without a key, what every secret begins with. */
  readonly prefix: string
  /** Whether there is a key. */
  readonly seals: boolean
  /** Without a key the secret itself. */
  seal(secret: string, place: string): string
  /** Takes secrets in clear as well. Throws `SecretUnreadable`. */
  open(text: string, place: string): string
}

/** A secret cannot be decrypted; the message says why, without anything of it. */
export class SecretUnreadable extends Error {
  readonly reason: 'no_key' | 'other_key' | 'damaged'

  constructor(cause: SecretUnreadable['reason'], keyId: string) {
    super(REASONS[cause](keyId))
    this.name = 'SecretUnreadable'
    this.reason = cause
  }
}

const REASONS = {
  no_key: () => 'it is encrypted, and there is no key',
  other_key: (keyId: string) => `it is encrypted with the key ${keyId}, which is not here`,
  damaged: (keyId: string) => `it was encrypted with the key ${keyId} and has been changed since`,
}

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const KEY_ID_BYTES = 6
const NONCE_BYTES = 12
const TAG_BYTES = 16
const SEALED = 'sealed:'

interface Key {
  id: string
  bytes: Buffer
}

/** The first key seals, every one opens; none at all leaves secrets in clear. Keys must be hard to guess. */
export function createSecretBox(keyTexts: readonly string[], randomBytes: (size: number) => Buffer): SecretBox {
  const keys = keyTexts.map(keyOf)
  const [newest] = keys
  if (newest === undefined) return CLEAR_BOX
  const byId = new Map(keys.map((key) => [key.id, key]))
  return {
    prefix: `${SEALED}${newest.id}:`,
    seals: true,
    seal: (secret, place) => sealed(newest, { secret, place, nonce: randomBytes(NONCE_BYTES) }),
    open(text, place) {
      if (!text.startsWith(SEALED)) return text
      const [, keyId = '', content = ''] = text.split(':')
      const key = byId.get(keyId)
      if (key === undefined) throw new SecretUnreadable('other_key', keyId)
      return opened(key, Buffer.from(content, 'base64'), place)
    },
  }
}

/** The id tells keys apart without telling anything of them: both are derived, and neither leads to the other. */
function keyOf(text: string): Key {
  const derived = (what: string, size: number) => Buffer.from(hkdfSync('sha256', text, '', `discue ${what}`, size))
  return {
    id: derived('key id', KEY_ID_BYTES).toString('hex'),
    bytes: derived('listener secrets', KEY_BYTES),
  }
}

function sealed({ id, bytes }: Key, what: { secret: string; place: string; nonce: Buffer }): string {
  const cipher = createCipheriv(CIPHER, bytes, what.nonce).setAAD(Buffer.from(what.place))
  const content = Buffer.concat([what.nonce, cipher.update(what.secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${SEALED}${id}:${content.toString('base64')}`
}

function opened({ id, bytes }: Key, content: Buffer, place: string): string {
  try {
    const decipher = createDecipheriv(CIPHER, bytes, content.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(place)).setAuthTag(content.subarray(-TAG_BYTES))
    const text = content.subarray(NONCE_BYTES, -TAG_BYTES)
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
  } catch {
    // OpenSSL's own words would tell nothing more.
    throw new SecretUnreadable('damaged', id)
  }
}

/** The secret in clear, or null where it cannot be had. */
export function openedOrNull(box: SecretBox, text: string, place: string): string | null {
  try {
    return box.open(text, place)
  } catch (error) {
    if (error instanceof SecretUnreadable) return null
    throw error
  }
}

/** Leaves secrets as they are: for a server without a key. */
export const CLEAR_BOX: SecretBox = Object.freeze({
  prefix: 'whs',
  seals: false,
  seal: (secret) => secret,
  open(text) {
    if (text.startsWith(SEALED)) throw new SecretUnreadable('no_key', '')
    return text
  },
} satisfies SecretBox)
