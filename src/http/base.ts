import type { FastifyRequest } from 'fastify'
import { Problem } from '../core/problem.ts'

/** What a request was sent to. */
export interface Addressed {
  host: string
  protocol: string
}

const VERSION = '/v1'
/** A host name or address with an optional port; it ends up in links, so nothing else may pass. */
const HOST = /^(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/
const MAX_HOST_LENGTH = 255

/**
 * Finds where the API is for a caller, from `publicUrl` or else from the request itself. Throws `bad_header` for a
 * `Host` that could not be one.
 */
export function createBase(publicUrl: string | null): (request: Addressed) => string {
  if (publicUrl !== null) {
    const base = publicUrl.replace(/\/+$/, '') + VERSION
    return () => base
  }
  // Nearly every request names the same host, so remembering one answer spares the work.
  let lastHost = ''
  let lastProtocol = ''
  let lastBase = ''
  return (request) => {
    const { host, protocol } = request
    if (host === lastHost && protocol === lastProtocol) return lastBase
    const base = `${protocol}://${hostOf(host)}${VERSION}`
    lastHost = host
    lastProtocol = protocol
    lastBase = base
    return base
  }
}

/** Throws `bad_header` where HTTP/1.1 leaves the host out (RFC 9112, section 3.2). */
export function expectHost({ headers, raw }: Pick<FastifyRequest, 'headers' | 'raw'>): void {
  if (headers.host !== undefined || raw.httpVersion !== '1.1') return
  throw new Problem('bad_header', { errors: [{ path: 'Host', message: 'is required' }] })
}

/** HTTP/1.0 may leave the host out. */
function hostOf(host: string): string {
  if (host === '') return 'localhost'
  if (host.length <= MAX_HOST_LENGTH && HOST.test(host)) return host
  throw new Problem('bad_header', { errors: [{ path: 'Host', message: 'must be a host name or address, and a port' }] })
}
