import { contentTypeOf, MAX_DATA_BYTES, type Message } from '../delivery/message.ts'
import type { Fault } from '../problem.ts'

/** What a caller wants a message to hold: a text, or bytes as base64; with its media type where it says one. */
export interface BodyAsk {
  data?: string | undefined
  dataBase64?: string | undefined
  contentType?: string | undefined
}

/** The form in which a message keeps its body; `mediaType` is null for a text whose type follows from itself. */
export type Body = Pick<Message, 'data' | 'mediaType'>

/** Marks a media type whose data is base64, as in a data: URL (RFC 2397). No parameter is written like this. */
const BASE64 = ';base64'
/** What bytes are of which no more is known (RFC 2046, 4.5.1). */
const UNKNOWN_BYTES = 'application/octet-stream'

export const MAX_CONTENT_TYPE_LENGTH = 256
/**
 * A media type of RFC 9110, 8.3.1, in ASCII: what else its quoted strings may hold, servers decode in different ways. White
 * space behind a semicolon belongs to the parameter where there is one, else to the next semicolon: there is one way to read it.
 */
const MEDIA_TYPE =
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*;(?:[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"(?:[\t !#-[\]-~]|\\[\t -~])*"))?)*$/

/** Why a text is no media type that can be sent, or null where it is one. */
export function contentTypeFault(text: string): string | null {
  // Its length comes first: it bounds what the pattern may cost.
  if (text.length > MAX_CONTENT_TYPE_LENGTH) return `must be at most ${MAX_CONTENT_TYPE_LENGTH} characters`
  return MEDIA_TYPE.test(text)
    ? null
    : 'must be a media type, such as application/xml or text/csv; charset=utf-8 (RFC 9110, 8.3.1)'
}

/** Why a text is not the base64 of bytes, or null where it is: with its padding, and nothing between (RFC 4648, 4). */
export function base64Fault(text: string): string | null {
  // Decoding passes over what does not belong, so that the text would not come out as it went in.
  if (Buffer.from(text, 'base64').toString('base64') === text) return null
  return 'must be base64 with padding, in the alphabet with + and / (RFC 4648, 4)'
}

/** How many bytes a text of base64 stands for, its length and padding being right. */
export function base64Bytes(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return (text.length / 4) * 3 - padding
}

/** What is wrong with what was asked for; `path` leads to the message in the request's body. */
export function bodyFaults({ data, dataBase64 }: BodyAsk, path = ''): Fault[] {
  if (data !== undefined && dataBase64 !== undefined) {
    return [{ path: `${path}/data_base64`, message: 'cannot be combined with data; send one of them' }]
  }
  if (data !== undefined || dataBase64 !== undefined) return []
  return [{ path: `${path}/data`, message: 'is required, or data_base64 in its place' }]
}

/** The media type as a message keeps it, of an ask in which `bodyFaults` finds no fault. */
export function mediaTypeOf({ dataBase64, contentType }: BodyAsk): string | null {
  return dataBase64 === undefined ? (contentType ?? null) : (contentType ?? UNKNOWN_BYTES) + BASE64
}

/** The body that was asked for, in which `bodyFaults` finds no fault. */
export function bodyOf(ask: BodyAsk): Body {
  return { data: ask.data ?? ask.dataBase64!, mediaType: mediaTypeOf(ask) }
}

/** A change of a body: what is left out stays, and a content type of null gives way to what follows from the data. */
export type BodyChange = Omit<BodyAsk, 'contentType'> & { contentType?: string | null | undefined }

/** The body with a change in which there are not both, data and bytes. A text that takes the place of bytes, or bytes that of a text, do not take over their type. */
export function changedBody(before: Body, { data, dataBase64, contentType }: BodyChange): Body {
  const isText = dataBase64 === undefined && (data !== undefined || !isBytes(before))
  const keptType = isText === isBytes(before) ? null : givenType(before)
  const type = (contentType === undefined ? keptType : contentType) ?? undefined
  const text = data ?? dataBase64 ?? before.data
  return bodyOf({ ...(isText ? { data: text } : { dataBase64: text }), contentType: type })
}

/** Whether the body is bytes, and its `data` the base64 of them. */
export function isBytes({ mediaType }: Pick<Body, 'mediaType'>): boolean {
  return mediaType?.endsWith(BASE64) === true
}

/** The media type that a client gave, or that stands for bytes without one; null: that of a text which follows from itself. */
export function givenType({ mediaType }: Pick<Body, 'mediaType'>): string | null {
  return mediaType !== null && isBytes({ mediaType }) ? mediaType.slice(0, -BASE64.length) : mediaType
}

/** The `Content-Type` that the body is sent with. */
export function sentType(body: Body): string {
  return givenType(body) ?? contentTypeOf(body.data)
}

/** What is sent: the text, or the bytes. */
export function sentBody(body: Body): string | Buffer {
  return isBytes(body) ? Buffer.from(body.data, 'base64') : body.data
}

/** Why the body is larger than one may be, or null. */
export function bodySizeFault(field: 'data' | 'data_base64', text: string): string | null {
  return field === 'data' ? textSizeFault(text) : bytesSizeFault(text)
}

/** A UTF-16 unit becomes at most three bytes of UTF-8. */
const SURELY_FITS = Math.floor(MAX_DATA_BYTES / 3)

function textSizeFault(text: string): string | null {
  if (text.length <= SURELY_FITS || Buffer.byteLength(text) <= MAX_DATA_BYTES) return null
  return `must be at most ${MAX_DATA_BYTES} bytes of UTF-8`
}

function bytesSizeFault(text: string): string | null {
  return base64Bytes(text) <= MAX_DATA_BYTES ? null : `must be at most ${MAX_DATA_BYTES} bytes, decoded`
}
