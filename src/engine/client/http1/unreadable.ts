import { InvalidResponse } from './response-head.ts'

/** What is shown of what cannot be read. */
const SHOWN = 40
/** What an answer of HTTP/1.x begins with. */
const BEGINNING = 'HTTP/'
/** The first bytes of a TLS record: an alert, or a handshake. */
const [TLS_ALERT, TLS_HANDSHAKE, TLS_MAJOR] = [0x15, 0x16, 0x03]
/** The type of the frame that every server of HTTP/2 begins with, behind the three bytes of its length. */
const HTTP2_SETTINGS = 0x04

/**
 * Throws `InvalidResponse`, which says what it is instead, where bytes from `at` on, behind those that came `before`, do
 * not begin as an answer of HTTP/1.x does.
 */
export function expectBeginning(before: string, bytes: Buffer, at: number): void {
  if (before.length >= BEGINNING.length) return
  const text = before + bytes.toString('latin1', at, at + SHOWN)
  const beginning = text.slice(0, BEGINNING.length).toUpperCase()
  if (!BEGINNING.startsWith(beginning)) throw new InvalidResponse(otherProtocol(text))
}

function otherProtocol(text: string): string {
  const [first, second, , fourth] = Buffer.from(text, 'latin1')
  if ((first === TLS_ALERT || first === TLS_HANDSHAKE) && (second === undefined || second === TLS_MAJOR))
    return 'the port speaks TLS: the URL should begin with https://'
  if (first === 0 && second === 0 && fourth === HTTP2_SETTINGS) return 'the port speaks HTTP/2 only, not HTTP/1.1'
  return `the answer is not HTTP: it begins with ${shown(text)}`
}

/** A text of the receiver's as part of a message: short, and with its control characters written out. */
export function shown(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN).trimEnd())
}
