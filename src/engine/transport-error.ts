import type { AttemptError } from '../core/attempt.ts'

/** Codes of Node's sockets and resolver, of undici's connector and of our own, that say more than "it failed". */
const BY_CODE: Readonly<Record<string, AttemptError>> = {
  BLOCKED_TARGET: 'blocked_target',
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  EPIPE: 'connection_reset',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  RESPONSE_HEAD_TOO_LARGE: 'response_too_large',
  INVALID_RESPONSE: 'invalid_response',
}

const BY_PATTERN: readonly [RegExp, AttemptError][] = [
  [/^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH)/, 'tls'],
]

/** Names what went wrong between us and a listener. Looks into causes, which is where undici's connector keeps some. */
export function attemptErrorOf(error: unknown): AttemptError {
  let current = error
  for (let depth = 0; depth < 4 && current instanceof Error; depth++) {
    const named = byCode(current)
    if (named !== null) return named
    // Happy eyeballs: every address of a name failed, each with a reason of its own; the first one speaks for all.
    current = current instanceof AggregateError ? current.errors[0] : current.cause
  }
  return 'connection_failed'
}

function byCode(error: Error): AttemptError | null {
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string') return null
  return BY_CODE[code] ?? BY_PATTERN.find(([pattern]) => pattern.test(code))?.[1] ?? null
}
