/**
 * One fault of a request: `path` is a JSON pointer into the body (with 402 into the organization), or the name of a
 * parameter or header.
 */
export interface Fault {
  path: string
  message: string
}

/**
 * Every failure that a caller can cause or must expect, once. HTTP translates by `status`;
 * `detail` never holds anything that only the server should know.
 */
export const problems = {
  bad_query: { status: 400, detail: 'a query parameter is not valid' },
  bad_header: { status: 400, detail: 'a header is not valid' },
  bad_json: { status: 400, detail: 'the body is not valid JSON' },
  bad_request: { status: 400, detail: 'the request is malformed' },
  key_missing: { status: 401, detail: 'send an API key in the X-API-KEY header' },
  key_rejected: { status: 401, detail: 'the API key is unknown or disabled' },
  quota_reached: { status: 402, detail: 'a limit of the organization is used up; nothing was stored' },
  scope_missing: { status: 403, detail: 'the API key lacks the scope for this' },
  root_key_needed: { status: 403, detail: 'only the root API key may do this' },
  locked_out: {
    status: 403,
    detail: 'too many API keys from this address were rejected; Retry-After says when to try',
  },
  path_not_found: { status: 404, detail: 'no such path' },
  api_key_not_found: { status: 404, detail: 'no API key has this id' },
  organization_not_found: { status: 404, detail: 'no API client has this id' },
  queue_not_found: { status: 404, detail: 'no queue has this id' },
  listener_not_found: { status: 404, detail: 'no listener of this queue has this id' },
  schedule_not_found: { status: 404, detail: 'no schedule of this queue has this id' },
  domain_not_found: { status: 404, detail: 'no domain has this id' },
  schema_not_found: { status: 404, detail: 'the queue has no schema with this id' },
  redelivery_not_found: { status: 404, detail: 'no redelivery of this listener has this id' },
  discard_not_found: { status: 404, detail: 'no discard of this queue has this id' },
  message_not_found: { status: 404, detail: 'no message of this queue has this id' },
  method_not_allowed: { status: 405, detail: 'the path does not have this method; Allow lists those it has' },
  not_acceptable: { status: 406, detail: 'the answer is application/json; Accept excludes it' },
  key_reused: {
    status: 409,
    detail: 'this Idempotency-Key came with another body before; a new request needs a new key',
  },
  answered_gone: {
    status: 409,
    detail:
      'what the first request with this Idempotency-Key made is gone: deleted, or past its retention; a new request needs a new key',
  },
  key_running: { status: 409, detail: 'the first request with this Idempotency-Key is not answered yet; try again' },
  changed: { status: 409, detail: 'the resource is not what If-Match says any more; read it again' },
  body_too_large: { status: 413, detail: 'the body is larger than allowed' },
  body_not_json: { status: 415, detail: 'send the body with Content-Type: application/json' },
  invalid: { status: 422, detail: 'the request is well-formed but not valid' },
  message_started: { status: 422, detail: 'the message has started on its way, and cannot be moved any more' },
  listener_pulls: { status: 422, detail: 'the listener has no notify_url: nothing is sent to it, it pulls' },
  listener_pushed: { status: 422, detail: 'the listener has a notify_url: messages are sent to it' },
  queue_full: { status: 422, detail: 'the queue has as many listeners as it may have' },
  too_many_deliveries: { status: 422, detail: 'the request would make more deliveries than one may make' },
  challenge_expired: {
    status: 422,
    detail: 'the challenge has expired; there is a new one now: read the domain again',
  },
  message_expired: {
    status: 422,
    detail: 'the message has expired, and is not delivered any more; post it again to have it delivered',
  },
  challenge_failed: { status: 422, detail: 'the file of the challenge was not found where it must be' },
  name_taken: { status: 422, detail: 'name is taken' },
  queue_deleting: { status: 423, detail: 'the queue is being deleted and takes nothing any more' },
  last_owner_key: { status: 423, detail: "the organization's last enabled owner key must stay enabled" },
  root_organization: { status: 423, detail: 'the root organization can be neither deleted nor frozen' },
  organization_frozen: { status: 423, detail: 'the organization is frozen: it can be read, and takes no writes' },
  rate_limited: { status: 429, detail: "the organization's requests of this minute are used up; see Retry-After" },
  too_many_polls: {
    status: 429,
    detail: 'too many requests of the organization wait for messages; try again when one has ended',
  },
  too_many_discards: {
    status: 429,
    detail: 'the organization has as many discards under way as it may; try again when one is done',
  },
  too_many_checks: {
    status: 429,
    detail: 'too many checks of the organization run at once; try again when one has ended',
  },
  too_many_event_streams: {
    status: 429,
    detail: 'the organization has as many streams of events open as is its share; try again when one has ended',
  },
  too_many_keyed: {
    status: 429,
    detail: 'too many requests of the organization with an Idempotency-Key are under way; try again when one has ended',
  },
  too_many_readings: {
    status: 429,
    detail: 'too many long readings of the organization are under way; try again when one has ended',
  },
  too_many_answers: {
    status: 429,
    detail: 'too many large answers to the organization are not read yet; try again when one is',
  },
  too_many_bodies: {
    status: 429,
    detail: 'too many large bodies of the organization are under way; nothing was stored, try again',
  },
  internal: { status: 500, detail: 'an error of the server; it is logged under the X-Request-Id of this answer' },
  dashboard_not_built: { status: 501, detail: 'the dashboard is not built: run npm run build:dashboard' },
  method_not_implemented: { status: 501, detail: 'this server does not implement the method' },
  clock_not_manual: {
    status: 501,
    detail: 'the clock runs by itself; only one of a server that was started with DISCUE_CLOCK=manual can be moved',
  },
  domains_off: {
    status: 501,
    detail: 'domains are switched off; DISCUE_DOMAIN_VERIFICATION switches them on',
  },
  overloaded: { status: 503, detail: 'the server has more to write than it can take; nothing was stored, try again' },
  stopping: { status: 503, detail: 'the server is shutting down; nothing was stored, try again' },
  store_unavailable: { status: 503, detail: 'the store cannot be reached or written; nothing was stored, try again' },
} as const

export type ProblemCode = keyof typeof problems

/** A failure from the catalogue above, on its way to the caller. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly detail: string
  readonly errors: Fault[] | undefined
  readonly headers: Record<string, string>

  constructor(
    code: ProblemCode,
    more: { detail?: string; errors?: Fault[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(more.detail ?? problems[code].detail, { cause: more.cause })
    this.name = 'Problem'
    this.code = code
    this.status = problems[code].status
    this.detail = this.message
    this.errors = more.errors
    // These are about a moment, and say when the next one is worth trying.
    const passes = this.status === 503 || code === 'key_running'
    this.headers = { ...(passes ? { 'retry-after': '1' } : {}), ...more.headers }
  }
}

/** One property is wrong: the usual 422. */
export function invalid(path: string, message: string): Problem {
  return new Problem('invalid', { errors: [{ path, message }] })
}

/** The name is another sibling's: 422, pointing at the property. */
export function nameTaken(what: string): Problem {
  return new Problem('name_taken', { errors: [{ path: '/name', message: `another ${what} has this name` }] })
}
