import type { Problem } from '../../../docs/api/types.ts'

/** The server answered that it will not, or cannot. The subclasses below are by status. */
export class ApiError extends Error {
  readonly status: number
  readonly title: string
  readonly detail: string
  /** What is wrong with which property, parameter or header; empty where the answer does not say. */
  readonly errors: readonly { path: string; message: string }[]
  /** What the server's log has this request under; null where something in between answered. */
  readonly requestId: string | null

  constructor(problem: Pick<Problem, 'status' | 'title'> & Partial<Problem>, requestId: string | null) {
    const errors = problem.errors ?? []
    const faults = errors.map(({ path, message }) => `${path} ${message}`).join('; ')
    super(`${problem.status} ${problem.detail ?? problem.title}${faults === '' ? '' : `: ${faults}`}`)
    this.name = new.target.name
    this.status = problem.status
    this.title = problem.title
    this.detail = problem.detail ?? problem.title
    this.errors = errors
    this.requestId = requestId
  }
}

/** 401: no API key, or one that is unknown or disabled. */
export class AuthenticationError extends ApiError {}
/** 403: the API key lacks the scope, or too many wrong keys came from this address. */
export class PermissionError extends ApiError {}
/** 404: it does not exist, for this API key. */
export class NotFoundError extends ApiError {}
/** 409: an Idempotency-Key with another body, or a resource that has changed meanwhile. */
export class ConflictError extends ApiError {}
/** 422: `errors` names each property and what is allowed. */
export class ValidationError extends ApiError {}
/** 429: a share of the organization is used up. Thrown once all tries are. */
export class RateLimitError extends ApiError {}
/** 503: the server sheds load, stops, or cannot reach its database. Thrown once all tries are. */
export class UnavailableError extends ApiError {}

/** No answer came: the connection broke, or the time was over. `cause` says what happened. */
export class ConnectionError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'ConnectionError'
  }
}

const BY_STATUS: Record<number, typeof ApiError> = {
  401: AuthenticationError,
  403: PermissionError,
  404: NotFoundError,
  409: ConflictError,
  422: ValidationError,
  429: RateLimitError,
  503: UnavailableError,
}

/** The error for an answer that is none of success; a body that is no problem of the API's comes from something in between. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text()
  const problem = problemIn(text) ?? { status: response.status, title: response.statusText || 'no title' }
  const ErrorOfStatus = BY_STATUS[response.status] ?? ApiError
  return new ErrorOfStatus(problem, response.headers.get('x-request-id'))
}

function problemIn(text: string): Problem | null {
  try {
    const body = JSON.parse(text) as Partial<Problem> | null
    return typeof body?.status === 'number' && typeof body.title === 'string' ? (body as Problem) : null
  } catch {
    return null
  }
}
