/** What came is no response that a client could read; the message says what was wrong with it. */
export class InvalidResponse extends Error {
  readonly code = 'INVALID_RESPONSE'
}

/** Status line and fields, or the trailers of a body, are larger than any client needs. */
export class HeadTooLarge extends Error {
  readonly code = 'RESPONSE_HEAD_TOO_LARGE'
}

/** The status line and fields of a response, and what follows from them (RFC 9112). */
export interface ResponseHead {
  status: number
  /** Bytes of its body, or how its end is told: by its last chunk, or by the end of the connection. */
  body: number | 'chunked' | 'until close'
  /** Whether the connection may be used for another request. */
  keepsAlive: boolean
  /** How long the server keeps the connection without use, in milliseconds; null where it does not say. */
  idleMs: number | null
  /** Values of those fields that mean something here (`KEPT_FIELDS`), by name in lower case. */
  fields: ReadonlyMap<string, string>
}

/** What was read of a head. */
export interface ReadHead {
  status: number
  /** HTTP/1.1 or later. */
  is11: boolean
  fields: ReadonlyMap<string, string>
  /** A field that frames the body is written so that clients read it differently, or was too long to be kept. */
  isOdd: boolean
}

/** Fields that decide where the body ends. */
export const FRAMING_FIELDS: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])
/** Fields that are lists, so that several of one name are one list; of any other name the first one counts. */
export const LIST_FIELDS: ReadonlySet<string> = new Set([...FRAMING_FIELDS, 'connection', 'keep-alive'])
/** All that is heard of a response. What else a head says is read over, so that it costs no memory. */
export const KEPT_FIELDS: ReadonlySet<string> = new Set([...LIST_FIELDS, 'retry-after', 'discue-retry', 'location'])

/** More digits than that are no length that we would read to its end. */
const LENGTH = /^\d{1,15}$/
const SWITCHING_PROTOCOLS = 101
const NO_CONTENT = 204
const NOT_MODIFIED = 304

interface Framing {
  body: ResponseHead['body']
  /** Every client finds the same end. Where it does not, what follows may be the rest of this body. */
  isClear: boolean
}

/**
 * What follows from a head. Never throws: a status that was read stands, however the body is framed; where that can be
 * read in two ways, the connection is not used again (RFC 9112, section 6.3).
 */
export function responseHead({ status, is11, fields, isOdd }: ReadHead): ResponseHead {
  const { body, isClear } = framingOf(status, is11, fields)
  const reusable = isClear && !isOdd && body !== 'until close'
  return {
    status,
    body,
    keepsAlive: reusable && keepsAlive(is11, fields.get('connection')),
    idleMs: idleMs(fields.get('keep-alive')),
    fields,
  }
}

/** Whether the response itself is yet to come. A switch of protocols was not asked for, and ends the HTTP. */
export function isInterim(status: number): boolean {
  return status < 200 && status !== SWITCHING_PROTOCOLS
}

function framingOf(status: number, is11: boolean, fields: ReadonlyMap<string, string>): Framing {
  const [encoding, length] = [fields.get('transfer-encoding'), fields.get('content-length')]
  if (status === NO_CONTENT) return { body: 0, isClear: encoding === undefined && (length ?? '0') === '0' }
  if (status === NOT_MODIFIED || isInterim(status)) return { body: 0, isClear: encoding === undefined }
  if (status === SWITCHING_PROTOCOLS) return { body: 'until close', isClear: false }
  if (encoding !== undefined) return codedFraming(encoding, is11 && length === undefined)
  return length === undefined ? { body: 'until close', isClear: true } : countedFraming(length)
}

/** A transfer coding overrides a length; HTTP/1.0 knows neither, so that some clients take the chunks for the body. */
function codedFraming(encoding: string, isAlone: boolean): Framing {
  const codings = listed(encoding)
  if (codings.at(-1) !== 'chunked') return { body: 'until close', isClear: false }
  return { body: 'chunked', isClear: isAlone && codings.indexOf('chunked') === codings.length - 1 }
}

/** Framing by `Content-Length`, where one length told several times is one length (RFC 9112, section 6.3). */
function countedFraming(length: string): Framing {
  const [first, ...others] = listed(length)
  const isClear = LENGTH.test(first!) && others.every((other) => other === first)
  return isClear ? { body: Number(first), isClear } : { body: 'until close', isClear }
}

function keepsAlive(is11: boolean, connection = ''): boolean {
  const options = listed(connection)
  return !options.includes('close') && (is11 || options.includes('keep-alive'))
}

function idleMs(keepAlive: string | undefined): number | null {
  const seconds = keepAlive === undefined ? null : /(?:^|[,; \t])timeout=(\d{1,6})(?:$|[,; \t])/i.exec(keepAlive)
  return seconds === null ? null : Number(seconds[1]) * 1000
}

/** The members of a list, in lower case. By `split` and `trim`, which look at each character once. */
function listed(value: string): string[] {
  return value.split(',').map((member) => member.trim().toLowerCase())
}
