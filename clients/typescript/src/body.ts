import type { CreateMessageRequest } from '../../../docs/api/types.ts'

/** What the API says of a message's body: `data`, or `data_base64` for bytes that are no text. */
export interface MessageBody {
  data?: string
  data_base64?: string
}

/** The body of a message that was read or pulled, as a listener with a URL is sent it. */
export function bytesOf({ data, data_base64: base64 = '' }: MessageBody): Uint8Array<ArrayBuffer> {
  return data === undefined ? decoded(base64) : new TextEncoder().encode(data)
}

/** The body of a message that was read or pulled, as text. Throws `TypeError` where it is bytes that are no UTF-8. */
export function textOf(message: MessageBody): string {
  return message.data ?? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytesOf(message))
}

/**
 * What a client sends, as the API takes it: bytes as base64, a text as it is, and anything else as JSON. Throws `TypeError`
 * for what is read only later.
 */
export function spoken(data: unknown): Pick<CreateMessageRequest, 'data' | 'data_base64'> {
  if (data instanceof ArrayBuffer) return { data_base64: encoded(new Uint8Array(data)) }
  if (ArrayBuffer.isView(data)) {
    return { data_base64: encoded(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) }
  }
  if (data instanceof Blob || data instanceof ReadableStream) {
    throw new TypeError('a Blob or stream has to be read first: send its bytes')
  }
  return { data: typeof data === 'string' ? data : JSON.stringify(data) }
}

/** Throws where it is no base64. */
export function decoded(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
}

function encoded(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}
