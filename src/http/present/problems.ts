import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Fault, Problem } from '../../core/problem.ts'
import type { Log } from '../../runtime.ts'
import { problemOfStore, StoreUnavailable } from '../../store/store.ts'
import { keepConnection } from '../connection/rest-of-body.ts'
import { API_HEADERS } from '../pipeline/api-fields.ts'
import { isImplemented } from '../pipeline/methods.ts'
import { indent, wantsIndent } from './pretty.ts'

/** The reason phrases that the contract promises; Node's own table differs. */
const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  423: 'Locked',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
}

export interface ProblemBody {
  title: string
  status: number
  detail: string
  errors?: Fault[]
}

/** The reason phrase of an error's status. */
export function titleOf(status: number): string {
  return TITLES[status] ?? 'Internal Server Error'
}

/** A problem as callers see it. */
export function presentProblem({ status, detail, errors }: Problem): ProblemBody {
  return { title: titleOf(status), status, detail, ...(errors && { errors }) }
}

/** Translates everything that is thrown, once. An unexpected error is logged under the request's id. */
export function createErrorHandler(log: Log) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = problemOf(error, request)
    logProblem(log, problem, fieldsOf(error, request))
    keepConnection(request, reply)
    if (request.raw.httpVersionMajor !== 2) reply.raw.statusMessage = titleOf(problem.status)
    if (wantsIndent(request.query)) indent(reply)
    reply
      .code(problem.status)
      .headers({ ...API_HEADERS, ...problem.headers, 'x-request-id': request.id })
      .send(presentProblem(problem))
  }
}

/** Logs what of a problem is for the operator. */
function logProblem(log: Log, { code }: Problem, fields: object): void {
  if (code === 'internal') log.error(fields, 'a request failed')
  if (code === 'store_unavailable') log.warn(fields, 'the store could not serve a request')
}

/** A problem for whatever was thrown by our own code. */
function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof StoreUnavailable) return problemOfStore(error)
  return new Problem('internal', { cause: error })
}

/** The path is the route's pattern: what callers put into it is theirs. */
function fieldsOf(err: unknown, { id: requestId, method, routeOptions }: FastifyRequest) {
  return { requestId, method, path: routeOptions.url, err }
}

/** What Fastify throws before any of our code has run. */
function problemOf(error: unknown, { method }: FastifyRequest): Problem {
  const own = asProblem(error)
  if (own.code !== 'internal') return own
  // Fastify looks at the URL first, and HTTP/2 hands it methods that it has never heard of; 501 comes before all.
  if (!isImplemented(method)) return new Problem('method_not_implemented', { cause: error })
  const { code, statusCode } = error instanceof Error ? (error as Error & { code?: string; statusCode?: number }) : {}
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new Problem('body_too_large', { cause: error })
  // Longer than any id can be.
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') return new Problem('path_not_found', { cause: error })
  if (statusCode === 415) return new Problem('body_not_json', { cause: error })
  if (statusCode !== undefined && statusCode < 500) return new Problem('bad_request', { cause: error })
  return new Problem('internal', { cause: error })
}
