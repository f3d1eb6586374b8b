import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods, RouteOptions } from 'fastify'
import { Problem } from '../../core/problem.ts'

/** The methods that paths can have; any other is not implemented, wherever it is sent. */
const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Refuses a request that matched no route: 501 comes before 404. */
export function refuseUnrouted(request: FastifyRequest): void {
  const { switchedOff } = request.routeOptions.config
  if (switchedOff) throw new Problem(switchedOff)
  if (!request.is404 && !hasEmptyStep(request.params)) return
  throw new Problem(isImplemented(request.method) ? 'path_not_found' : 'method_not_implemented')
}

/** Whether any path could have this method. */
export function isImplemented(method: string): boolean {
  return (METHODS as readonly string[]).includes(method)
}

/** The router takes `/queues/` for a queue whose id is empty. */
function hasEmptyStep(params: unknown): boolean {
  const steps = params as Record<string, string>
  for (const name in steps) if (steps[name] === '') return true
  return false
}

/** Collects which methods each path has, and answers any other with 405 and `Allow`. */
export function createMethodTable(): { note(route: RouteOptions): void; refuseOthers(app: FastifyInstance): void } {
  const paths = new Map<string, Set<string>>()
  return {
    note({ url, method }) {
      const methods = paths.get(url) ?? new Set()
      for (const one of [method].flat()) methods.add(one)
      paths.set(url, methods)
    },
    refuseOthers(app) {
      for (const [url, methods] of [...paths]) {
        const others = METHODS.filter((method) => !methods.has(method))
        const allow = METHODS.filter((method) => methods.has(method)).join(', ')
        if (others.length > 0) app.route({ method: others, url, config: { allow }, onRequest: refuse, handler: refuse })
      }
    },
  }
}

/** In `onRequest`, so that it comes before anything that a body could have wrong. */
async function refuse(request: FastifyRequest, _reply: FastifyReply): Promise<never> {
  throw new Problem('method_not_allowed', { headers: { allow: request.routeOptions.config.allow ?? '' } })
}
