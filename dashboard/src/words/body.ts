import { bytes, readable } from './format.ts'

/** What the API says of the body of a message or a schedule. */
export interface Body {
  data?: string
  data_base64?: string
  content_type?: string | null
}

/** A dump is for recognizing a kind of file, not for reading it. */
const SHOWN_BYTES = 512
const BYTES_A_LINE = 16
/** What no text for people holds; line breaks and tabs aside. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is these very characters that have to be found
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

/** How long it is, as listeners are sent it. */
export function bodySize({ data, data_base64: base64 = '' }: Body): number {
  return data === undefined ? atob(base64).length : new TextEncoder().encode(data).length
}

/** In one line: the text, or how much of what the bytes are. */
export function bodyLine(body: Body): string {
  return body.data ?? `${bytes(bodySize(body))} of ${body.content_type}`
}

/** For people to look at: text as it is, indented where it is JSON, and of bytes that are no text the first ones in hex. */
export function bodyPreview({ data, data_base64: base64 = '' }: Body): string {
  if (data !== undefined) return readable(data)
  const raw = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  return asText(raw) ?? hexDump(raw)
}

function asText(raw: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(raw)
    return CONTROL.test(text) ? null : readable(text)
  } catch {
    return null
  }
}

/** As `hexdump -C` has it: where the line begins, sixteen bytes, and the letters among them. */
function hexDump(raw: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(raw.length, SHOWN_BYTES); at += BYTES_A_LINE) {
    const line = Array.from(raw.subarray(at, at + BYTES_A_LINE))
    const hex = line.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const letters = line.map((byte) => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(3 * BYTES_A_LINE - 1)}  ${letters}`)
  }
  if (raw.length > SHOWN_BYTES) lines.push(`… and ${bytes(raw.length - SHOWN_BYTES)} more`)
  return lines.join('\n')
}
