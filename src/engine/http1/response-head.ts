/** What came is no HTTP/1.1 response. */
export class InvalidResponse extends Error {
  readonly code = 'INVALID_RESPONSE'
}

/** Status line and fields, or the trailers of a body, are larger than anybody needs. */
export class HeadTooLarge extends Error {
  readonly code = 'RESPONSE_HEAD_TOO_LARGE'

  constructor() {
    super(`the head of the response is larger than ${MAX_HEAD_BYTES} bytes`)
  }
}

export const MAX_HEAD_BYTES = 16 * 1024

/** The status line and fields of a response, and what follows from them (RFC 9112). */
export interface ResponseHead {
  status: number
  /** Bytes of its body, or how its end is told: by its last chunk, or by the end of the connection. */
  body: number | 'chunked' | 'until close'
  /** Whether the connection may be used for another request. */
  keepsAlive: boolean
  /** How long the server keeps the connection without use, in milliseconds; null where it does not say. */
  idleMs: number | null
  /** Values by name in lower case. Those of a name that is repeated are one list, with commas. */
  fields: ReadonlyMap<string, string>
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/
/** More digits than that are no length that we would read to its end. */
const LENGTH = /^\d{1,15}$/
const SWITCHING_PROTOCOLS = 101
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 304])

/** `text` is everything before the empty line, one character for a byte. Throws `InvalidResponse`. */
export function parseResponseHead(text: string): ResponseHead {
  const [first, ...lines] = text.split('\r\n')
  const match = STATUS_LINE.exec(first!)
  if (match === null) throw new InvalidResponse('the status line cannot be read')
  const status = Number(match[2])
  // Nobody asked for another protocol.
  if (status === SWITCHING_PROTOCOLS) throw new InvalidResponse('101 was not asked for')
  const fields = fieldsIn(lines)
  const body = bodyOf(status, fields)
  return {
    status,
    body,
    keepsAlive: body !== 'until close' && keepsAlive(match[1] === '1', fields.get('connection')),
    idleMs: idleMs(fields.get('keep-alive')),
    fields,
  }
}

/** Throws `InvalidResponse`. */
export function fieldsIn(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of lines) {
    const match = FIELD.exec(line)
    if (match === null) throw new InvalidResponse('a header field cannot be read')
    const name = match[1]!.toLowerCase()
    const value = match[2]!.trimEnd()
    const before = fields.get(name)
    fields.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return fields
}

/** RFC 9112, section 6.3. What is framed in two ways is refused: one of them may be somebody else's. */
function bodyOf(status: number, fields: ReadonlyMap<string, string>): ResponseHead['body'] {
  const [encoding, length] = [fields.get('transfer-encoding'), fields.get('content-length')]
  if (length !== undefined && !LENGTH.test(length)) throw new InvalidResponse('the content-length cannot be read')
  if (length !== undefined && encoding !== undefined) throw new InvalidResponse('the body has two lengths')
  if (status < 200 || WITHOUT_BODY.has(status)) return 0
  if (encoding !== undefined) return /(?:^|,)[ \t]*chunked$/i.test(encoding) ? 'chunked' : 'until close'
  return length === undefined ? 'until close' : Number(length)
}

function keepsAlive(is11: boolean, connection = ''): boolean {
  const options = connection.toLowerCase().split(/[ \t]*,[ \t]*/)
  return !options.includes('close') && (is11 || options.includes('keep-alive'))
}

function idleMs(keepAlive: string | undefined): number | null {
  const seconds = keepAlive === undefined ? null : /(?:^|[,; \t])timeout=(\d{1,6})(?:$|[,; \t])/i.exec(keepAlive)
  return seconds === null ? null : Number(seconds[1]) * 1000
}
