/** What becomes of the process after an error that no listener and no caller has heard. */
export type Consequence = 'go on' | 'stop'

/**
 * What the other side of a connection, or the network between, can do to it: the errors of sockets, pipes and name
 * look-ups, by the names that Node.js gives them (`os.constants.errno`, getaddrinfo).
 */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  ...['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ECONNREFUSED', 'ETIMEDOUT', 'EPROTO', 'ENOTCONN', 'ESHUTDOWN'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN', 'ENETRESET', 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'],
])

/**
 * Errors of the protocols that are spoken over a connection: HTTP/1.1's parser, HTTP/2, TLS, and streams that end too
 * early.
 */
const OF_PROTOCOLS = /^(?:HPE_|ERR_HTTP2_|ERR_SSL_|ERR_TLS_|ERR_STREAM_PREMATURE_CLOSE$|ERR_HTTP_REQUEST_TIMEOUT$)/

/**
 * Judges an error that no listener has heard. One of a connection says that the other side is gone, which changes nothing
 * that the process believes: it goes on. Any other may have left work half done, so that the process stops in order and
 * is started anew. An error of a file has a `path`, or a code that no connection has, and counts as the second kind.
 */
export function consequenceOf(error: unknown): Consequence {
  if (!(error instanceof Error)) return 'stop'
  const { code, path } = error as NodeJS.ErrnoException
  if (typeof code !== 'string' || path !== undefined) return 'stop'
  return OF_CONNECTIONS.has(code) || OF_PROTOCOLS.test(code) ? 'go on' : 'stop'
}
