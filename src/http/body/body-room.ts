import type { FastifyReply, FastifyRequest } from 'fastify'
import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { full } from '../../core/sharing/full.ts'
import { MAX_BATCH_BODY_BYTES } from './body.ts'

/** Bodies up to this are not counted: a connection for each of them costs as much. */
export const SMALL_BODY_BYTES = 64 * 1024
/** What all bodies may take at the same time: sixteen of the largest. */
const ALL_BYTES = 16 * MAX_BATCH_BODY_BYTES
/** What the bodies of one organization may take: half of that, and less where other organizations have some. */
export const MAX_ROOM_BYTES = ALL_BYTES / 2
const BODIES = { code: 'too_many_bodies', what: 'bytes for large bodies' } as const

/**
 * Keeps the bodies that are being read, or worked on, within what memory can hold. They are in memory as a whole before
 * anything can say that there is too much to do, and clients may take minutes to send them. Organizations share the
 * room, so that none fills it, and all of them together no more than there is.
 */
export function createBodyRoom(): (request: FastifyRequest, reply: FastifyReply) => void {
  const room = new FairPlaces(ALL_BYTES)

  /** Throws `too_many_bodies` or `overloaded` for a body that does not fit beside those that are under way. */
  return function take(request, reply) {
    const bytes = announcedBytes(request)
    if (bytes <= SMALL_BODY_BYTES) return
    const { organizationId } = request.principal
    if (!room.take(organizationId, bytes)) throw full(room, organizationId, BODIES)
    reply.raw.once('close', () => room.give(organizationId, bytes))
  }
}

/** No more than the route takes; one that does not say how long it is may be as long as that. */
function announcedBytes({ headers, routeOptions }: FastifyRequest): number {
  const length = headers['content-length']
  if (length === undefined && headers['transfer-encoding'] === undefined && headers[':method'] === undefined) return 0
  const most = routeOptions.bodyLimit
  return length === undefined ? most : Math.min(Number(length), most)
}
