import { digestOf } from '../../core/api-key.ts'
import { accepts, isJsonType } from '../media.ts'
import { isRequestId } from '../request-id.ts'

/** What the head of a plain post says. */
export interface PlainHead {
  queueId: string
  /** The text of the API key; not known to be one. */
  key: string
  /** Worked out once for all posts that have this head. */
  keyDigest: string
  host: string
  /** The caller's own `X-Request-Id`, or null. */
  requestId: string | null
  /** Bytes of the body. */
  length: number
}

/** With and without the version, without a query; any other path is somebody else's. */
const REQUEST_LINE = /^POST (?:\/v1)?\/queues\/([0-9A-Za-z]{1,40})\/messages HTTP\/1\.1$/
/** Nothing that could be read in two ways: no folding, no lone CR or LF, no space around a name, nothing but ASCII. */
const FIELD = /^([A-Za-z-]+): ?([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/
/** Six digits are more than a plain post's body may have. */
const LENGTH = /^[1-9]\d{0,5}$/

/** Fields that a post may have without being anything else than plain. Those that are known to change nothing are null. */
const FIELDS: ReadonlyMap<string, ((value: string) => boolean) | null> = new Map([
  ['host', null],
  ['x-api-key', null],
  ['content-length', (value) => LENGTH.test(value)],
  ['content-type', isJsonType],
  ['accept', (value) => accepts(value, 'application/json')],
  ['connection', (value) => value.toLowerCase() === 'keep-alive'],
  ['x-request-id', isRequestId],
  ['user-agent', null],
  ['accept-encoding', null],
  ['accept-language', null],
  ['cache-control', null],
  ['pragma', null],
  ['sec-fetch-mode', null],
] as [string, ((value: string) => boolean) | null][])

/**
 * Reads the head of a request, without its empty line, one character for a byte. Null for whatever is not a plain post
 * of one message: another route, a field that is not in the list above, one that comes twice, or anything that is
 * spelled in an unusual way. Node's parser and the routes judge those.
 */
export function readPlainHead(text: string): PlainHead | null {
  const lines = text.split('\r\n')
  const target = REQUEST_LINE.exec(lines[0]!)
  if (target === null) return null
  const fields = new Map<string, string>()
  for (let at = 1; at < lines.length; at++) {
    const field = FIELD.exec(lines[at]!)
    if (field === null) return null
    const [name, value] = [field[1]!.toLowerCase(), field[2]!]
    const rule = FIELDS.get(name)
    if (rule === undefined || fields.has(name) || (rule !== null && !rule(value))) return null
    fields.set(name, value)
  }
  const [key, host, length] = [fields.get('x-api-key'), fields.get('host'), fields.get('content-length')]
  if (key === undefined || host === undefined || length === undefined || !fields.has('content-type')) return null
  const requestId = fields.get('x-request-id') ?? null
  return { queueId: target[1]!, key, keyDigest: digestOf(key), host, requestId, length: Number(length) }
}
