import type { IncomingMessage } from 'node:http'

const VALID = /^[A-Za-z0-9._-]{1,128}$/

/** Whether a caller may call its request that. */
export function isRequestId(text: string): boolean {
  return VALID.test(text)
}

/** The caller's own `X-Request-Id` where it is valid, else a fresh one. */
export function createRequestIds(newId: () => string): (request: Pick<IncomingMessage, 'headers'>) => string {
  return (request) => {
    const own = request.headers['x-request-id']
    return typeof own === 'string' && isRequestId(own) ? own : newId()
  }
}
