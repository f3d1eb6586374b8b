import { Http2ServerRequest } from 'node:http2'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { AppDeps } from '../app/deps.ts'
import { createIdempotency } from '../app/idempotency.ts'
import type { Rate } from '../app/rate-limiter.ts'
import { digestOf, type Principal, permits } from '../core/api-key.ts'
import { Problem } from '../core/problem.ts'
import type { Admission } from './admission.ts'
import type { ApiDeps } from './api.ts'
import { createBodyRoom } from './body-room.ts'
import type { RouteDemand } from './contract.ts'
import type { Door } from './door.ts'
import { readConditions } from './etag.ts'
import { refuseWhileFrozen } from './frozen.ts'
import { createIdempotencyHooks } from './idempotency.ts'
import { accepts, isJsonType, type MediaType } from './media.ts'
import { indent } from './pretty.ts'
import { compileQuery } from './query.ts'
import { expectWithin, showRate } from './rate-headers.ts'

type Done = (error?: Error) => void

/**
 * Puts the checks that all routes share before those of a route, in the order that the contract promises: key, scope,
 * rate, `Accept`, `Content-Type`; then the body is read, and weighed; then the query, and headers with conditions. A
 * `POST` that was answered before gets the same answer here. What follows is the route's own, but that a frozen
 * organization is refused last of all, right before its handler would write.
 */
export function createGate(deps: ApiDeps, admission: Admission): (route: RouteOptions) => void {
  const admit = createAdmit(deps, admission)
  const { door } = admission
  const once = createIdempotencyHooks({ idempotency: createIdempotency(deps), log: deps.runtime.log })
  return (route) => {
    const demand = route.config?.demand
    if (demand === undefined) return
    route.onRequest = [createEntrance(deps.keyRing, door, admit, demand), ...hooksOf(route.onRequest)]
    const post = [route.method].flat().includes('POST')
    route.preValidation = [createRequestCheck(route), ...(post ? [once.begin] : []), ...hooksOf(route.preValidation)]
    if (post) route.onSend = [...hooksOf(route.onSend), once.end]
    if (demand.access === 'write' && route.config?.whileFrozen !== true) {
      route.preHandler = [...hooksOf(route.preHandler), refuseWhileFrozen]
    }
  }
}

type Admit = (
  request: FastifyRequest,
  reply: FastifyReply,
  principal: Principal,
  demand: RouteDemand,
) => void | Promise<void>

/** A key that memory knows passes without waiting for anything. */
function createEntrance(keyRing: AppDeps['keyRing'], door: Door, admit: Admit, demand: RouteDemand) {
  return (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    door.expectOpen(request)
    const text = request.headers['x-api-key']
    if (typeof text !== 'string' || text === '') throw new Problem('key_missing')
    const known = keyRing.peek(digestOf(text))
    if (known !== undefined) {
      const admitted = admit(request, reply, known, demand)
      if (admitted === undefined) done()
      else admitted.then(() => done(), done)
    } else {
      identify(keyRing, door, request, text)
        .then((principal) => admit(request, reply, principal, demand))
        .then(() => done(), done)
    }
  }
}

/** Whose key it is; a key that is none counts for the lock-out. Throws `locked_out` and `key_rejected`. */
export async function identify(
  keyRing: AppDeps['keyRing'],
  door: Door,
  request: FastifyRequest,
  text: string,
): Promise<Principal> {
  const principal = await keyRing.identify(text)
  // Asked again: others from there may have failed while this one was looked up.
  door.expectOpen(request)
  if (principal !== null) return principal
  door.rejected(request)
  throw new Problem('key_rejected')
}

function createAdmit(deps: ApiDeps, { use, baseOf, rates }: Admission): Admit {
  const takeRoom = createBodyRoom()
  const admitAt = (
    rate: Rate | null,
    request: FastifyRequest,
    reply: FastifyReply,
    { principal, demand }: { principal: Principal; demand: RouteDemand },
  ): void => {
    if (rate !== null) showRate(reply, rate)
    expectPermission(principal, demand, request.params as Record<string, string>)
    if (rate !== null) expectWithin(rate, deps.runtime.now())
    expectAcceptable(request, demand.produces ?? 'application/json')
    if (BODY_METHODS.has(request.method)) {
      expectJsonBody(request)
      takeRoom(request, reply)
    }
    request.base = baseOf(request)
  }
  return (request, reply, principal, demand) => {
    request.principal = principal
    use(principal.apiKeyId)
    const rate = rates.take(principal.organizationId, principal.requestsPerMinute)
    // Where nodes share a limit, one of them may have to ask how it stands.
    if (rate instanceof Promise) return rate.then((it) => admitAt(it, request, reply, { principal, demand }))
    admitAt(rate, request, reply, { principal, demand })
  }
}

function expectAcceptable({ headers }: FastifyRequest, type: MediaType): void {
  if (accepts(headers.accept, type)) return
  throw new Problem('not_acceptable', { detail: `the answer is ${type}; Accept excludes it` })
}

function expectPermission(principal: Principal, demand: RouteDemand, params: Record<string, string>): void {
  const { resource, access, ids } = demand
  // Owner keys and keys without scopes are most keys, and need no list of ids.
  const asked = principal.scopes === null ? [] : idsIn(params, ids)
  if (!permits(principal, { resource, access, ids: asked })) throw new Problem('scope_missing')
  if (demand.root !== true || principal.root) return
  const elsewhere = idsIn(params, ids).some((id) => id !== principal.organizationId)
  if (!elsewhere) throw new Problem('root_key_needed')
}

function idsIn(params: Record<string, string>, names: readonly string[]): (string | undefined)[] {
  return names.map((name) => params[name])
}

/** The methods whose bodies are read; that of any other is passed over, whatever it is. */
const BODY_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

function expectJsonBody(request: FastifyRequest): void {
  const type = request.headers['content-type']
  if (type !== undefined ? !isJsonType(type) : hasBody(request)) throw new Problem('body_not_json')
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Problem('body_not_json', { detail: 'send the body as it is, without Content-Encoding' })
  }
}

function hasBody({ headers, raw }: FastifyRequest): boolean {
  // HTTP/2 has no need to announce a body: it has one unless the headers were the end of the stream.
  if (raw instanceof Http2ServerRequest) return !raw.stream.endAfterHeaders
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
    if (query.pretty === true) indent(reply)
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
