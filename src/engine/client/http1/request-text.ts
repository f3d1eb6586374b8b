import type { DeliveryMethod } from '../../../core/delivery/listener.ts'

/** A request that goes over one connection. */
export interface OutgoingMessage {
  method: DeliveryMethod
  path: string
  /**
   * Fields as they go on the wire, each with its line break. They are not checked again: they hold nothing that does
   * not come from this server.
   */
  fields?: string
  /** Further ones, alternating names and values; they come from anywhere. */
  headers: readonly string[]
  /** A text, which is sent as UTF-8, or the bytes themselves. */
  body: string | Buffer | null
  /** For whom it is sent; left out where it is the server's own. */
  organizationId?: string
}

/** What a field's value, a name and a path are made of (RFC 9110, section 5.5); nothing else goes on the wire. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const PATH = /^[\x21-\x7e]+$/

/** A request that cannot be written without saying something else than was meant. */
export class InvalidRequest extends Error {
  readonly code = 'INVALID_REQUEST'
}

/**
 * Request line and fields, one character for a byte, with the empty line; `bodyBytes` is how long the body is. Throws
 * `InvalidRequest` where a line break or another control character would get into it.
 */
export function requestHead(message: OutgoingMessage, host: string, bodyBytes: number): string {
  const { method, path, fields = '', headers, body } = message
  if (!PATH.test(path)) throw new InvalidRequest('the path has characters that a request line cannot have')
  const further = headers.length === 0 ? '' : checkedFields(headers)
  const length = body === null ? '' : `content-length: ${bodyBytes}\r\n`
  return `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n${fields}${further}${length}\r\n`
}

function checkedFields(headers: readonly string[]): string {
  let text = ''
  for (let at = 0; at < headers.length; at += 2) {
    const [name, value] = [headers[at]!, headers[at + 1]!]
    if (!NAME.test(name) || !VALUE.test(value))
      throw new InvalidRequest(`the header ${JSON.stringify(name)} cannot be sent`)
    text += `${name}: ${value}\r\n`
  }
  return text
}

/** All fields of a request but those that every request has, alternating names and values. */
export function headersOf({ fields = '', headers }: Pick<OutgoingMessage, 'fields' | 'headers'>): readonly string[] {
  const lines = fields.split('\r\n').slice(0, -1)
  const own = lines.flatMap((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)])
  return [...own, ...headers]
}
