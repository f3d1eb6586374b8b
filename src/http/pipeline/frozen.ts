import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../../core/problem.ts'

/**
 * Refuses a write of a frozen organization. It runs after a route has looked for its resource, because what is not
 * there is a 404 first. By callback, because every post passes here.
 */
export function refuseWhileFrozen(request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  if (request.principal.frozen) done(new Problem('organization_frozen'))
  else done()
}
