import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { AppDeps } from '../app/deps.ts'
import { createIdempotency } from '../app/idempotency.ts'
import { createKeyUse } from '../app/key-use.ts'
import { type Principal, permits } from '../core/api-key.ts'
import { Problem } from '../core/problem.ts'
import { createBase } from './base.ts'
import type { RouteDemand } from './contract.ts'
import { readConditions } from './etag.ts'
import { createIdempotencyHooks } from './idempotency.ts'
import { acceptsJson, isJsonType } from './media.ts'
import { indented } from './pretty.ts'
import { compileQuery } from './query.ts'

type Done = (error?: Error) => void

/**
 * Puts the checks that all routes share before those of a route, in the order that the contract promises: key, scope,
 * `Accept`, `Content-Type`; then the body is read, and weighed; then the query, and headers with conditions. A `POST`
 * that was answered before gets the same answer here. What follows is the route's own.
 */
export function createGate(deps: AppDeps & { publicUrl: string | null }): (route: RouteOptions) => void {
  const admit = createAdmission(deps)
  const once = createIdempotencyHooks({ idempotency: createIdempotency(deps), log: deps.runtime.log })
  return (route) => {
    const demand = route.config?.demand
    if (demand === undefined) return
    route.onRequest = [createEntrance(deps, admit, demand), ...hooksOf(route.onRequest)]
    const post = [route.method].flat().includes('POST')
    route.preValidation = [createRequestCheck(route), ...(post ? [once.begin] : []), ...hooksOf(route.preValidation)]
    if (post) route.onSend = [...hooksOf(route.onSend), once.end]
  }
}

type Admit = (request: FastifyRequest, principal: Principal, demand: RouteDemand) => void

/** A key that memory knows passes without waiting for anything. */
function createEntrance({ keyRing }: AppDeps, admit: Admit, demand: RouteDemand) {
  return (request: FastifyRequest, _reply: FastifyReply, done: Done): void => {
    const text = request.headers['x-api-key']
    if (typeof text !== 'string' || text === '') throw new Problem('key_missing')
    const known = keyRing.peek(text)
    if (known !== undefined) {
      admit(request, known, demand)
      done()
    } else {
      identify(keyRing, text)
        .then((principal) => admit(request, principal, demand))
        .then(() => done(), done)
    }
  }
}

async function identify(keyRing: AppDeps['keyRing'], text: string): Promise<Principal> {
  const principal = await keyRing.identify(text)
  if (principal === null) throw new Problem('key_rejected')
  return principal
}

function createAdmission(deps: AppDeps & { publicUrl: string | null }): Admit {
  const use = createKeyUse(deps)
  const baseOf = createBase(deps.publicUrl)
  return (request, principal, { resource, access, ids }) => {
    request.principal = principal
    use(principal.apiKeyId)
    // Owner keys and keys without scopes are most keys, and need no list of ids.
    const asked = principal.scopes === null ? [] : idsIn(request.params as Record<string, string>, ids)
    if (!permits(principal, { resource, access, ids: asked })) throw new Problem('scope_missing')
    if (!acceptsJson(request.headers.accept)) throw new Problem('not_acceptable')
    expectJsonBody(request)
    request.base = baseOf(request)
  }
}

function idsIn(params: Record<string, string>, names: readonly string[]): (string | undefined)[] {
  return names.map((name) => params[name])
}

/** The methods whose bodies are read; that of any other is passed over, whatever it is. */
const BODY_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

function expectJsonBody(request: FastifyRequest): void {
  if (!BODY_METHODS.has(request.method)) return
  const type = request.headers['content-type']
  if (type !== undefined ? !isJsonType(type) : hasBody(request)) throw new Problem('body_not_json')
}

function hasBody({ headers }: FastifyRequest): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

function createRequestCheck(route: RouteOptions) {
  const weigh = route.config?.weigh
  const parseQuery = compileQuery(route.schema?.querystring)
  const needsBody = route.schema?.body !== undefined
  return (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    weigh?.(request.body)
    const query = parseQuery(request.query as Record<string, unknown>)
    request.query = query
    if (query.pretty === true) reply.serializer(indented)
    readConditions(request)
    if (needsBody && request.body === undefined) {
      throw new Problem('bad_json', { detail: 'the body is empty; send a JSON object' })
    }
    done()
  }
}

function hooksOf<Hook>(hooks: Hook | Hook[] | undefined): Hook[] {
  return hooks === undefined ? [] : ([hooks].flat() as Hook[])
}
