import type { IncomingMessage } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Runtime } from '../../runtime.ts'
import { pauseOneTurn } from '../body/arriving-body.ts'
import { MAX_BATCH_BODY_BYTES } from '../body/body.ts'

/** What a client may still send of a body whose request is answered: twice the longest one that is taken. */
const MAX_REST_BYTES = 2 * MAX_BATCH_BODY_BYTES
const REST_WITHIN_MS = 10_000

type Done = (error: null, payload: unknown) => void

/**
 * Makes the hook that answers at once where a request is refused before its body has come whole, and then reads what
 * still comes of it, within bounds, and throws it away. Most clients and proxies write all of a body before they look for
 * an answer: a connection that ends while bytes are on their way is reset, and takes the answer with it (RFC 9112, section
 * 9.6). A connection whose body has come whole is kept; past the bounds it is ended.
 */
export function createRestReader(runtime: Pick<Runtime, 'upkeep'>) {
  return ({ raw: request }: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done): void => {
    if (typeof payload !== 'string' || !announcesBody(request)) {
      done(null, payload)
      return
    }
    // What was read together with the head is not parsed yet where a hook refuses a request.
    queueMicrotask(() => {
      // Requests that were never on a wire do not say.
      if (request.complete !== false || reply.raw.destroyed) done(null, payload)
      else if (request.httpVersionMajor === 1) {
        reply.header('content-length', Buffer.byteLength(payload))
        done(null, Readable.from(answerAndRest(payload, request, runtime), { objectMode: false }))
      } else {
        const { stream } = reply.raw as unknown as { stream: ServerHttp2Stream }
        // In HTTP/2 the client is told to send no more of it, which hurts nothing else that comes over the connection.
        stream.once('finish', () => stream.close())
        done(null, payload)
      }
    })
  }
}

/**
 * Takes back that Fastify asks to hang up after each body that it could not take, also where it has come whole: but not
 * where the client or a server that closes wants it, or where there is more to come than is read.
 */
export function keepConnection({ raw: request }: FastifyRequest, reply: FastifyReply): void {
  if (request.httpVersionMajor === 2) {
    reply.removeHeader('connection')
    return
  }
  if (reply.getHeader('connection') !== 'close' || reply.raw.hasHeader('connection')) return
  const { connection = '', 'content-length': length = '0' } = request.headers
  const isLast = request.httpVersionMinor === 0 || /close/i.test(connection)
  if (!isLast && Number(length) <= MAX_REST_BYTES) reply.header('connection', 'keep-alive')
}

function announcesBody({ headers, httpVersionMajor }: IncomingMessage): boolean {
  const length = headers['content-length']
  if (length !== undefined) return length !== '0'
  return headers['transfer-encoding'] !== undefined || httpVersionMajor === 2
}

/** The response ends with the body of its request, or the connection does. */
async function* answerAndRest(text: string, request: IncomingMessage, runtime: Pick<Runtime, 'upkeep'>) {
  yield text
  await restOf(request, runtime)
}

function restOf(request: IncomingMessage, runtime: Pick<Runtime, 'upkeep'>): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve()
  const end = () => request.socket.destroy()
  const cancel = runtime.upkeep(REST_WITHIN_MS, end)
  let bytes = 0
  return new Promise((resolve) => {
    // An error is the end of the connection, and `close` comes after both.
    request.on('error', () => undefined)
    request.once('close', resolve)
    request.once('end', resolve)
    request.on('data', (piece: Buffer) => {
      bytes += piece.length
      if (bytes > MAX_REST_BYTES) end()
      else pauseOneTurn(request)
    })
  }).then(cancel) as Promise<void>
}
