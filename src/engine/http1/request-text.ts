/** A request that goes over one connection. `headers` alternates names and values. */
export interface OutgoingMessage {
  method: 'POST' | 'GET'
  path: string
  headers: readonly string[]
  body: string | null
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
 * Request line and fields, one character for a byte, with the empty line. Throws `InvalidRequest` where a line break or
 * another control character would get into it.
 */
export function requestHead({ method, path, headers, body }: OutgoingMessage, host: string): string {
  if (!PATH.test(path)) throw new InvalidRequest('the path has characters that a request line cannot have')
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`
  for (let at = 0; at < headers.length; at += 2) {
    const [name, value] = [headers[at]!, headers[at + 1]!]
    if (!NAME.test(name) || !VALUE.test(value))
      throw new InvalidRequest(`the header ${JSON.stringify(name)} cannot be sent`)
    head += `${name}: ${value}\r\n`
  }
  return body === null ? `${head}\r\n` : `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n`
}
