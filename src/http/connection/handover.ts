import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { RequestPayload, RouteOptions } from 'fastify'
import type { Rate } from '../../app/limits/rate-limiter.ts'
import type { Principal } from '../../core/tenant/api-key.ts'

/** What was found out about a request before its route took it over; none of it is to be done again. */
export interface Handover {
  principal: Principal
  /** As it stood when the request was counted. */
  rate: Rate | null
  /** All of the body; null where nothing of it has been read. */
  body: Buffer | null
  /** What the request failed with; undefined where it has not failed. */
  failure: unknown
}

/** Requests that were begun in front of the routes, by Node's own object for them. */
export type Handovers = WeakMap<object, Handover>

/** Makes a route read what has been collected of a body, in place of the connection that it came over. */
export function readHandedOver(handovers: Handovers): (route: RouteOptions) => void {
  return (route) => {
    route.preParsing = (request, _reply, payload, done) => {
      const body = handovers.get(request.raw)?.body ?? null
      done(null, body === null ? payload : (Readable.from([body]) as RequestPayload & IncomingMessage))
    }
  }
}
