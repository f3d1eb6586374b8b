import type { Server, ServerResponse } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Problem } from '../core/problem.ts'
import type { Log } from '../runtime.ts'
import { presentProblem } from './problems.ts'

const CONTENT_TYPE = 'application/json; charset=utf-8'

/** What Node says of bytes that are no request that it would take. */
const DETAILS: Record<string, string> = {
  HPE_HEADER_OVERFLOW: 'the headers are larger than allowed',
  ERR_HTTP_REQUEST_TIMEOUT: 'the request took too long to arrive',
}

/**
 * Hears the errors of every connection that a server takes, and of the server itself. Node takes its own listeners off a
 * socket that it hands out (`connect`, `upgrade`, `clientError`), and one error that no listener hears ends the process,
 * for all tenants: so each socket gets a listener of ours as it comes in, whatever becomes of it. To be called before
 * anything else listens for connections.
 */
export function hearErrors(server: Server, log: Log): void {
  for (const event of ['connection', 'secureConnection']) server.on(event, hearSocket)
  // From when it listens on: an error before that is the start's, which tells it.
  server.once('listening', () => {
    server.on('error', (err) => log.warn({ err }, 'a connection could not be taken'))
  })
}

function hearSocket(socket: Socket): void {
  socket.on('error', closesByItself)
}

/** Node destroys a socket that has an error; what was to be sent over it has nowhere to go. */
function closesByItself(): void {}

/** Node would close the connection without a word. */
export function refuseConnect(server: Server, newId: () => string): void {
  server.on('connect', (_request, peer: Duplex | Http2ServerResponse) => {
    const problem = new Problem('method_not_implemented')
    if (peer instanceof Http2ServerResponse) answerStream(peer, problem, newId())
    else answer(peer, problem, newId())
  })
}

/** Node would refuse an `Expect` that it does not know, without a body; RFC 9110 (10.1.1) lets a server pass it over. */
export function ignoreExpectations(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
}

/** In HTTP/2 a CONNECT is a stream like any other, and has a response. */
function answerStream(response: Http2ServerResponse, problem: Problem, requestId: string): void {
  const body = presentProblem(problem)
  response.writeHead(body.status, { 'content-type': CONTENT_TYPE, 'x-request-id': requestId })
  response.end(JSON.stringify(body))
}

/** Answers bytes that never become a request, in the shape of every other error. */
export function createClientErrorHandler(newId: () => string) {
  return (error: NodeJS.ErrnoException, socket: Duplex): void => {
    // Nobody listens any more, or an answer is under way already and must not get another one mixed in.
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) socket.destroy()
    else answer(socket, problemOf(error.code), newId())
  }
}

function problemOf(code: string | undefined): Problem {
  if (code === 'HPE_INVALID_METHOD') return new Problem('method_not_implemented')
  return new Problem('bad_request', { detail: DETAILS[code ?? ''] })
}

/** Node's own handler looks at the same property. */
function isAnswering(socket: Duplex & { _httpMessage?: ServerResponse | null }): boolean {
  return socket._httpMessage?.headersSent === true
}

function answer(socket: Duplex, problem: Problem, requestId: string): void {
  const body = presentProblem(problem)
  const text = JSON.stringify(body)
  const head = [
    `HTTP/1.1 ${body.status} ${body.title}`,
    `content-type: ${CONTENT_TYPE}`,
    `content-length: ${Buffer.byteLength(text)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`)
}
