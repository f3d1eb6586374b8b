import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../core/problem.ts'
import { MAX_BATCH_BODY_BYTES } from './body.ts'

/** Smaller bodies are not counted: a connection for each of them costs as much. */
const SMALL_BYTES = 64 * 1024
/** What the bodies of one organization may take at the same time: eight of the largest. */
export const MAX_ROOM_BYTES = 8 * MAX_BATCH_BODY_BYTES

/**
 * Keeps the bodies that are being read, or worked on, within what memory can hold. They are in memory as a whole before
 * anything can say that there is too much to do, and whoever sends them may take minutes. Each organization has a room of
 * its own, so that it can fill nobody else's.
 */
export function createBodyRoom(): (request: FastifyRequest, reply: FastifyReply) => void {
  const taken = new Map<string, number>()

  /** Throws `overloaded` for a body that does not fit beside those that are under way. */
  return function take(request, reply) {
    const bytes = announcedBytes(request)
    if (bytes <= SMALL_BYTES) return
    const { organizationId } = request.principal
    const before = taken.get(organizationId) ?? 0
    if (before + bytes > MAX_ROOM_BYTES) throw new Problem('overloaded', { detail: TOO_MANY })
    taken.set(organizationId, before + bytes)
    reply.raw.once('close', () => {
      const left = taken.get(organizationId)! - bytes
      if (left === 0) taken.delete(organizationId)
      else taken.set(organizationId, left)
    })
  }
}

const TOO_MANY = 'too many large bodies of the organization are under way; nothing was stored, try again'

/** No more than the route takes; one that does not say how long it is may be as long as that. */
function announcedBytes({ headers, routeOptions }: FastifyRequest): number {
  const length = headers['content-length']
  if (length === undefined && headers['transfer-encoding'] === undefined && headers[':method'] === undefined) return 0
  const most = routeOptions.bodyLimit
  return length === undefined ? most : Math.min(Number(length), most)
}
