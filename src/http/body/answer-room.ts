import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { full } from '../../core/sharing/full.ts'
import { SMALL_BODY_BYTES } from './body-room.ts'

/** What all large answers may take while clients read them: four of the largest, of which an organization alone has two. */
const ALL_BYTES = 96 * 1024 * 1024
/** A client that reads nothing of a large answer for so long is let go. */
const READS_WITHIN_MS = 60_000
const ANSWERS = { code: 'too_many_answers', what: 'bytes for large answers' } as const

type Done = (error: Error | null, payload?: unknown) => void

declare module 'fastify' {
  interface FastifyRequest {
    /** About how long an answer is that is written piece by piece; 0 for any other. */
    answerBytes: number
  }
}

/**
 * Makes the hook that keeps the large answers, which are in memory until their clients have read them, within what memory can
 * hold. Organizations share the room. Only reading is refused where there is none: what has had an effect must be told.
 */
export function createAnswerRoom() {
  const room = new FairPlaces(ALL_BYTES)

  return (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done): void => {
    const bytes = typeof payload === 'string' ? payload.length : request.answerBytes
    const organizationId = request.principal?.organizationId
    if (bytes <= SMALL_BODY_BYTES || organizationId === undefined || reply.raw.destroyed) {
      done(null, payload)
      return
    }
    const { raw: response } = reply
    if (room.take(organizationId, bytes)) {
      response.once('close', () => room.give(organizationId, bytes))
      response.setTimeout(READS_WITHIN_MS, () => response.destroy())
    } else if (request.method === 'GET') {
      request.answerBytes = 0
      if (typeof payload !== 'string') (payload as Readable).destroy()
      done(full(room, organizationId, ANSWERS))
      return
    }
    done(null, payload)
  }
}
