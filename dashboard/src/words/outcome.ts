/** Why an attempt ended without an answer that could be judged, by the names of the API. */
export const ATTEMPT_ERRORS: Record<string, string> = {
  blocked_target: 'the server may not connect to this address (DISCUE_TARGETS)',
  secret_unreadable: 'this server cannot read the secret of the listener',
  blocked_by_proxy: 'the rules of the proxy of the server do not allow this address',
  proxy: 'the proxy of the server could not be used',
  auth: 'the token URL of the listener gave no token',
  lease_expired: 'it was pulled, and not acknowledged in time',
  returned: 'it was pulled, and given back',
  timeout: 'no answer in time',
  connection_refused: 'nothing accepts connections at this address',
  connection_reset: 'the connection was cut',
  connection_failed: 'no connection could be made',
  dns: 'the name of the host is not known',
  tls: 'TLS could not be agreed on',
  invalid_response: 'the answer was not HTTP',
  response_too_large: 'the head of the answer was too large',
}

/** How an attempt ended, in words. */
export function outcomeText({ status, error }: { status?: number; error?: string }): string {
  if (error !== undefined) return ATTEMPT_ERRORS[error] ?? error.replaceAll('_', ' ')
  return `answered ${status}`
}

/** Whether the answer acknowledges. */
export function isSuccess({ status, error }: { status?: number; error?: string }): boolean {
  return error === undefined && status !== undefined && status >= 200 && status < 300
}
