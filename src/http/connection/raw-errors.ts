import type { IncomingMessage, Server } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Problem } from '../../core/problem.ts'
import type { Log, Runtime } from '../../runtime.ts'
import { API_HEADERS } from '../pipeline/api-fields.ts'
import { presentProblem } from '../present/problems.ts'
import type { DueAnswers } from './due-answers.ts'

const CONTENT_TYPE = 'application/json; charset=utf-8'

/** What Node says of bytes that are no request that it would take. */
const DETAILS: Record<string, string> = {
  HPE_HEADER_OVERFLOW: 'the headers are larger than allowed',
  ERR_HTTP_REQUEST_TIMEOUT: 'the request took too long to arrive',
}

/** How long a client that was told so may take to hang up. */
const LINGER_MS = 2_000

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
export function refuseConnect(server: Server, newId: () => string, due: DueAnswers): void {
  server.on('connect', (request: IncomingMessage, peer: Duplex | Http2ServerResponse) => {
    const problem = new Problem('method_not_implemented')
    if (peer instanceof Http2ServerResponse) answerStream(peer, problem, newId())
    else due.afterAll(request.socket, () => answer(peer, problem, newId()))
  })
}

/** Node would refuse an `Expect` that it does not know, without a body; RFC 9110 (10.1.1) lets a server pass it over. */
export function ignoreExpectations(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
}

/** In HTTP/2 a CONNECT is a stream like any other, and has a response. */
function answerStream(response: Http2ServerResponse, problem: Problem, requestId: string): void {
  const body = presentProblem(problem)
  response.writeHead(body.status, { ...API_HEADERS, 'content-type': CONTENT_TYPE, 'x-request-id': requestId })
  response.end(JSON.stringify(body))
}

/**
 * Answers bytes that never become a request, in the shape of every other error: after the answers that are due to what
 * came whole before them, and then nothing more over this connection.
 */
export function createClientErrorHandler(runtime: Pick<Runtime, 'newId' | 'after'>, due: DueAnswers) {
  const refused = new WeakSet<Duplex>()
  return (error: ParseError, socket: Duplex): void => {
    // The client is gone.
    if (error.code === 'ECONNRESET') socket.destroy()
    // Whatever follows what could not be read means nothing.
    if (socket.destroyed || refused.has(socket)) return
    refused.add(socket)
    due.afterAll(socket, (isAnswering) => {
      if (isAnswering) socket.end()
      else if (socket.writable) answer(socket, problemOf(error), runtime.newId())
      // Destroyed at once it would take the answer with it, where the client is still sending.
      const cancel = runtime.after(LINGER_MS, () => socket.destroy())
      socket.once('close', cancel)
    })
  }
}

/** What Node says of bytes that it could not read, with those bytes and how far it came. */
type ParseError = NodeJS.ErrnoException & { rawPacket?: unknown; bytesParsed?: number }

function problemOf(error: ParseError): Problem {
  if (error.code === 'HPE_INVALID_METHOD' && isMethod(error)) return new Problem('method_not_implemented')
  return new Problem('bad_request', { detail: DETAILS[error.code ?? ''] })
}

/** RFC 9110, section 5.6.2. */
const TOKEN_CHARACTER = /[!#$%&'*+.^_`|~0-9A-Za-z-]/
const SPACE = 0x20

/** Whether what is no method that Node knows could be one (RFC 9110, section 9.1): a token, and a space behind it. */
function isMethod({ rawPacket, bytesParsed = 0 }: ParseError): boolean {
  if (!(rawPacket instanceof Uint8Array)) return true
  let end = bytesParsed
  while (end < rawPacket.length && TOKEN_CHARACTER.test(String.fromCharCode(rawPacket[end]!))) end += 1
  const isToken = end > 0 && TOKEN_CHARACTER.test(String.fromCharCode(rawPacket[end - 1]!))
  return isToken && rawPacket[end] === SPACE
}

function answer(socket: Duplex, problem: Problem, requestId: string): void {
  const body = presentProblem(problem)
  const text = JSON.stringify(body)
  const head = [
    `HTTP/1.1 ${body.status} ${body.title}`,
    `content-type: ${CONTENT_TYPE}`,
    `content-length: ${Buffer.byteLength(text)}`,
    `x-request-id: ${requestId}`,
    ...Object.entries(API_HEADERS).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`)
}
