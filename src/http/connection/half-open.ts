import { type Server, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { FastifyReply } from 'fastify'

/** A server of TLS is made with it; one of TCP has it. */
export const HALF_OPEN = { allowHalfOpen: true }

/**
 * Answers clients that end their half of a connection with their last request (RFC 9112, section 9.6), where Node's
 * server would end the other half at once.
 */
export function allowHalfOpen(server: Server): void {
  Object.assign(server, { httpAllowHalfOpen: true })
  // In HTTP/2 it is the end of the session, which could not be told from a client that has gone away.
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') socket.allowHalfOpen = false
  })
}

/**
 * Calls back once, when a response is over or its client will send nothing more. A client that has gone away looks like
 * one that has only ended its half of the connection: what would wait for long must not wait for either.
 */
export function whenClientEnds({ raw: response }: FastifyReply, run: () => void): void {
  response.once('close', run)
  // A stream of HTTP/2 always ends its half with the request, and is reset by a client that goes away.
  if (!(response instanceof ServerResponse)) return
  const { socket } = response.req
  if (socket.readableEnded) run()
  else {
    socket.once('end', run)
    response.once('close', () => socket.off('end', run))
  }
}
