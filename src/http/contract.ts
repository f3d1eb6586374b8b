import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyTypeProvider,
  HTTPMethods,
  RawServerDefault,
} from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { ProblemCode } from '../core/problem.ts'
import type { Access, Principal, Resource } from '../core/tenant/api-key.ts'
import type { MediaType } from './body/media.ts'
import type { AnsweredKind } from './pipeline/answered-resources.ts'

/** What a route asks of the key; `ids` are the path parameters that a scope may target. */
export interface RouteRequirement {
  resource: Resource
  access: Access
  ids: readonly string[]
  /** Only the root key may; another organization than the key's own is then a 404, as everywhere. */
  root?: boolean
  /** What the route answers where that is not JSON. */
  produces?: MediaType
}

/** For answers that hold what must not be stored with them. */
export interface SecretFields {
  /** The body to store. */
  strip(body: unknown): unknown
  /** The body to repeat. */
  restore(request: FastifyRequest, reply: FastifyReply, stripped: unknown): Promise<unknown>
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is asking; set on every route that requires a key. */
    principal: Principal
    /** Where this API is for the caller, up to and with the version: `https://host/v1`. */
    base: string
  }
  interface FastifyContextConfig {
    /** Routes without one need no key. */
    requires?: RouteRequirement
    /** Throws `body_too_large` for a body whose parts have limits of their own. */
    weigh?: (body: unknown) => void
    /** Not refused while the organization is frozen: part of delivering, or what judges by itself what may still be written. */
    whileFrozen?: boolean
    /** A feature that this server was started without: 501. */
    switchedOff?: ProblemCode | null
    /** How an answer that may be repeated is kept, where not as it is. */
    kept?: SecretFields
    /** The resource that the answer of a `POST` shows: where it is gone, the answer is not repeated. */
    answersWith?: AnsweredKind
    /** What the path has, on the routes that refuse every other method. */
    allow?: string
  }
}

/** Gives handlers the types of their schemas. */
export interface TypeBoxProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
}

/** Fastify as the routes see it. */
export type Api = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxProvider>

/** Queues, listeners and messages are created by either, for the documentation of the API has both. */
export const CREATE_METHODS: HTTPMethods[] = ['POST', 'PUT']

export function requires(resource: Resource, access: Access, ...ids: string[]): { requires: RouteRequirement } {
  return { requires: { resource, access, ids } }
}

/** What a route requires that only the root key may ask for. */
export function requiresRoot(resource: Resource, access: Access, ...ids: string[]): { requires: RouteRequirement } {
  return { requires: { resource, access, ids, root: true } }
}
