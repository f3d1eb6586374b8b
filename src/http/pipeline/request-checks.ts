import { Http2ServerRequest } from 'node:http2'
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { AppDeps } from '../../app/deps.ts'
import { createIdempotency } from '../../app/idempotency.ts'
import type { Rate } from '../../app/limits/rate-limiter.ts'
import { Problem } from '../../core/problem.ts'
import type { Principal } from '../../core/tenant/api-key.ts'
import { createBodyRoom } from '../body/body-room.ts'
import { accepts, isJsonType, type MediaType } from '../body/media.ts'
import { compileQuery } from '../body/query.ts'
import type { Handover, Handovers } from '../connection/handover.ts'
import type { RouteRequirement } from '../contract.ts'
import type { ApiDeps } from '../deps.ts'
import { needsOneOf } from '../openapi/exclusive.ts'
import type { Node } from '../openapi/node.ts'
import { readConditions } from '../present/etag.ts'
import { indent } from '../present/pretty.ts'
import { showRate } from '../present/rate-headers.ts'
import type { Admission } from './admission.ts'
import { createIdempotencyHooks } from './idempotency.ts'
import type { LockOutGuard } from './lock-out-guard.ts'

type Done = (error?: Error) => void

/**
 * Puts the checks that all routes share before those of a route, in the order that the contract promises: key, scope,
 * rate, `Accept`, `Content-Type`; then the body is read, and weighed; then the query, and headers with conditions. A
 * `POST` that was answered before gets the same answer here. What follows is the route's own, but that a frozen
 * organization is refused last of all, right before its handler would write.
 */
export function createRequestChecks(
  deps: ApiDeps,
  admission: Admission,
  handovers: Handovers,
): (route: RouteOptions) => void {
  const enter = createEntrance(deps, admission, handovers)
  const once = createIdempotencyHooks({
    idempotency: createIdempotency(deps),
    store: deps.store,
    log: deps.runtime.log,
  })
  return (route) => {
    const requires = route.config?.requires
    if (requires === undefined) return
    route.onRequest = [enter(requires), ...hooksOf(route.onRequest)]
    const post = [route.method].flat().includes('POST')
    route.preValidation = [createRequestCheck(route), ...(post ? [once.begin] : []), ...hooksOf(route.preValidation)]
    if (post) route.onSend = [...hooksOf(route.onSend), once.end]
    if (route.schema?.body === undefined && takesBody(route)) {
      route.preHandler = [expectObject, ...hooksOf(route.preHandler)]
    }
    if (requires.access === 'write' && route.config?.whileFrozen !== true) {
      route.preHandler = [...hooksOf(route.preHandler), refuseWhileFrozen]
    }
  }
}

/** Makes the first check of each route. A key that memory knows passes it without waiting for anything. */
function createEntrance({ keyRing }: ApiDeps, admission: Admission, handovers: Handovers) {
  const { judge, admit } = createAdmit(admission)

  function goOn(
    { principal, rate, failure }: Handover,
    request: FastifyRequest,
    reply: FastifyReply,
    to: RouteRequirement,
  ) {
    request.principal = principal
    if (failure === undefined) judge(rate, request, reply, to)
    else {
      if (rate !== null) showRate(reply, rate)
      throw failure
    }
  }

  return (requires: RouteRequirement) =>
    (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
      const begun = handovers.get(request.raw)
      if (begun !== undefined) {
        goOn(begun, request, reply, requires)
        done()
        return
      }
      const known = admission.known(request)
      if (known !== undefined) {
        const admitted = admit(request, reply, known, requires)
        if (admitted === undefined) done()
        else admitted.then(() => done(), done)
      } else {
        identify(keyRing, admission.lockOutGuard, request, String(request.headers['x-api-key']))
          .then((principal) => admit(request, reply, principal, requires))
          .then(() => done(), done)
      }
    }
}

/**
 * Finds out whose key a request has; an unknown key counts for the lock-out. Throws `locked_out` and `key_rejected`.
 */
export async function identify(
  keyRing: AppDeps['keyRing'],
  lockOutGuard: LockOutGuard,
  request: FastifyRequest,
  text: string,
): Promise<Principal> {
  const principal = await keyRing.identify(text)
  // Asked again: other requests from this source may have failed while this one's key was looked up.
  lockOutGuard.expectOpen(request)
  if (principal !== null) return principal
  lockOutGuard.rejected(request)
  throw new Problem('key_rejected')
}

/** `judge` is all that follows once a request is counted, which `admit` does before. */
function createAdmit({ count, expectAllowed, baseOf }: Admission) {
  const takeRoom = createBodyRoom()
  function judge(rate: Rate | null, request: FastifyRequest, reply: FastifyReply, requires: RouteRequirement): void {
    if (rate !== null) showRate(reply, rate)
    expectAllowed(request.principal, rate, requires, request.params as Record<string, string>)
    expectAcceptable(request, requires.produces ?? 'application/json')
    if (BODY_METHODS.has(request.method)) {
      expectJsonBody(request)
      takeRoom(request, reply)
    }
    request.base = baseOf(request)
  }
  function admit(
    request: FastifyRequest,
    reply: FastifyReply,
    principal: Principal,
    requires: RouteRequirement,
  ): void | Promise<void> {
    request.principal = principal
    const rate = count(principal)
    // Where nodes share a limit, one of them may have to ask how it stands.
    if (rate instanceof Promise) return rate.then((it) => judge(it, request, reply, requires))
    judge(rate, request, reply, requires)
  }
  return { judge, admit }
}

function expectAcceptable({ headers }: FastifyRequest, type: MediaType): void {
  if (accepts(headers.accept, type)) return
  throw new Problem('not_acceptable', { detail: `the answer is ${type}; Accept excludes it` })
}

/** The methods whose bodies are read; that of any other is passed over, whatever it is. */
const BODY_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

function takesBody({ method }: RouteOptions): boolean {
  return [method].flat().some((name) => BODY_METHODS.has(name))
}

/** For routes that need nothing of a body: what the client sent all the same is judged as where a schema says so. */
function expectObject({ body }: FastifyRequest, _reply: FastifyReply, done: Done): void {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  if (body === undefined || isObject) done()
  else done(new Problem('invalid', { errors: [{ path: '', message: 'must be a JSON object' }] }))
}

function expectJsonBody(request: FastifyRequest): void {
  const type = request.headers['content-type']
  // In chunks, nothing may come: the parser refuses the first byte.
  const isUntyped = type === undefined && request.headers['transfer-encoding'] !== undefined
  if (hasBody(request) && !isUntyped && !(type !== undefined && isJsonType(type))) throw new Problem('body_not_json')
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Problem('body_not_json', { detail: 'send the body as it is, without Content-Encoding' })
  }
}

function hasBody({ headers, raw }: FastifyRequest): boolean {
  const length = headers['content-length']
  if (length === '0') return false
  // HTTP/2 has no need to announce a body: it has one unless the headers were the end of the stream.
  if (raw instanceof Http2ServerRequest) return !raw.stream.endAfterHeaders
  return headers['transfer-encoding'] !== undefined || length !== undefined
}

function createRequestCheck(route: RouteOptions) {
  const weigh = route.config?.weigh
  const parseQuery = compileQuery(route.schema?.querystring)
  const body = route.schema?.body as ({ required?: readonly string[] } & Node) | undefined
  const isOptional = body !== undefined && (body.required ?? []).length === 0 && !needsOneOf(body)
  return (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    weigh?.(request.body)
    const query = parseQuery(request.query as Record<string, unknown>)
    request.query = query
    if (query.pretty === true) indent(reply)
    readConditions(request)
    if (body !== undefined && request.body === undefined) {
      if (!isOptional) throw new Problem('bad_json', { detail: 'the body is empty; send a JSON object' })
      request.body = {}
    }
    done()
  }
}

function hooksOf<Hook>(hooks: Hook | Hook[] | undefined): Hook[] {
  return hooks === undefined ? [] : ([hooks].flat() as Hook[])
}

/**
 * Refuses a write of a frozen organization. It runs after a route has looked for its resource, because what is not
 * there is a 404 first. By callback, because every post passes here.
 */
function refuseWhileFrozen(request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  if (request.principal.frozen) done(new Problem('organization_frozen'))
  else done()
}
