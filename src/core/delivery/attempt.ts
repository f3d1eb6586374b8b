/** Why an attempt ended without an answer: there is no status then. */
export type AttemptError =
  /** Nothing was sent: the target has no address that the server may connect to. */
  | 'blocked_target'
  /** Nothing was sent: this node lacks the key that the listener's secret, or a header, is encrypted with. */
  | 'secret_unreadable'
  /** Nothing was sent: the token URL gave no token. */
  | 'auth'
  /** Nothing was sent: the server's proxy could not be used. It is no attempt of a delivery, which waits. */
  | 'proxy'
  /** Nothing was sent: the rules of the server's proxy do not allow this target. */
  | 'blocked_by_proxy'
  /** The client that pulled the message did not acknowledge it in time. */
  | 'lease_expired'
  /** The client that pulled the message gave it back. */
  | 'returned'
  | 'timeout'
  | 'connection_refused'
  | 'connection_reset'
  | 'connection_failed'
  | 'dns'
  | 'tls'
  | 'invalid_response'
  | 'response_too_large'

/** One try to deliver one message to one listener. */
export interface Attempt {
  /** Counts up from 1 for each pair of message and listener. */
  number: number
  startedAt: number
  durationMs: number
  /** The answer's status, or null where there was none. */
  status: number | null
  error: AttemptError | null
  /** The first KiB of the answer's body, behind where it points if it is a redirect; without an answer what went wrong. */
  response: string
}

/** What came of an attempt, before the retry policy judged it. */
export interface Outcome {
  startedAt: number
  durationMs: number
  status: number | null
  error: AttemptError | null
  response: string
  /** What the receiver asks for; only where the attempt failed, and null where it asks for nothing. */
  directive: ReceiverDirective | null
}

/** What a receiver may say beside its status. */
export interface ReceiverDirective {
  /** `Retry-After`, as ms from when the answer came. */
  retryAfterMs: number | null
  /** `discue-retry: no`: it will never take this message. */
  noRetry: boolean
}

export const RESPONSE_KEPT_BYTES = 1_024

/** A 2xx whose head came in time; there is no error then, whatever became of its body. */
export function acknowledges(outcome: { status: number | null; error: AttemptError | null }): boolean {
  return outcome.error === null && outcome.status !== null && outcome.status >= 200 && outcome.status <= 299
}
