/**
 * The proxy could not be used, which says nothing of the target. The message is for the client that reads it, and never has
 * the proxy's credentials.
 */
export class ProxyFault extends Error {
  readonly code = 'PROXY'
}

/** The proxy says that it could not, or may not, connect to the target. */
export class TargetFault extends Error {
  readonly code: 'ECONNREFUSED' | 'EHOSTUNREACH' | 'ETIMEDOUT' | 'BEYOND_PROXY' | 'FORBIDDEN_BY_PROXY'

  constructor(code: TargetFault['code'], message: string) {
    super(message)
    this.code = code
  }
}
