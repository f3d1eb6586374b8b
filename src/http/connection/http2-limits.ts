import { maxHeaderSize, type Server } from 'node:http'
import type { SecureServerOptions, ServerHttp2Stream } from 'node:http2'
import type { FastifyRequest } from 'fastify'
import { Problem } from '../../core/problem.ts'

/**
 * What one session of HTTP/2 may ask of the server. Where Node's default is right it stands here all the same: what
 * holds off a flood should not change with a version of Node. Node ends a session that goes over one of them, or refuses
 * the stream; nghttp2, below it, ends those that leave 1,000 answers to PING or SETTINGS unread, and those that send more
 * than a few CONTINUATION frames for one head.
 */
export const HTTP2_LIMITS = {
  settings: {
    // The default is four times that. It holds only once the client has said that it knows: see `expectHeadWithinLimit`.
    maxHeaderListSize: maxHeaderSize,
    // The default is no limit. Enough for one client, whose next requests wait for those before them.
    maxConcurrentStreams: 100,
  },
  maxHeaderListPairs: 128,
  /** Megabytes: heads, answers that the client does not read, acknowledgements. Past it, new streams are refused. */
  maxSessionMemory: 10,
  maxSettings: 32,
  maxOutstandingPings: 10,
  /** Frames that break the protocol. The default is 1,000. */
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  // Streams that the client resets at once: as many as may be open, then one every 30 ms. The default's burst is 1,000.
  streamResetBurst: 100,
  streamResetRate: 33,
  /** Milliseconds, for a client that negotiates a protocol that the server does not speak. */
  unknownProtocolTimeout: 10_000,
} satisfies SecureServerOptions

/**
 * Ends streams on which nothing moves for so long, in either direction: a body that never ends, or an answer for which the
 * client opens no window. HTTP/2 has no such thing as the `requestTimeout` of HTTP/1.1.
 */
export function endIdleStreams(server: Server, idleMs: number): void {
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.setTimeout(idleMs, () => stream.close())
  })
}

/**
 * Throws `bad_request` for a head of HTTP/2 that is larger than one of HTTP/1.1 may be, as the parser of that does. A
 * client that never acknowledges the server's settings is not bound by them.
 */
export function expectHeadWithinLimit({ raw }: Pick<FastifyRequest, 'raw'>): void {
  if (raw.httpVersionMajor !== 2) return
  let size = 0
  for (const text of raw.rawHeaders) size += text.length
  if (size > maxHeaderSize) throw new Problem('bad_request', { detail: 'the headers are larger than allowed' })
}
