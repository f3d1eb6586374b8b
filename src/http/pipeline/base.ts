import type { FastifyRequest } from 'fastify'
import { Problem } from '../../core/problem.ts'

/** What a request was sent to. */
export interface Addressed {
  host: string
  protocol: string
}

/** A host name or address with an optional port; it ends up in links, so nothing else may pass. */
const HOST = /^(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/
const MAX_HOST_LENGTH = 255
const HOST_FIELD = 'host'

/**
 * Finds where the API is for a caller, up to and with `path`, from `publicUrl` or else from the request itself. Throws
 * `bad_header` for a `Host` that could not be one.
 */
export function createBase(publicUrl: string | null, path: string): (request: Addressed) => string {
  if (publicUrl !== null) {
    const base = publicUrl.replace(/\/+$/, '') + path
    return () => base
  }
  // Nearly every request names the same host, so remembering one answer spares the work.
  let lastHost = ''
  let lastProtocol = ''
  let lastBase = ''
  return (request) => {
    const { host, protocol } = request
    if (host === lastHost && protocol === lastProtocol) return lastBase
    const base = `${protocol}://${hostOf(host)}${path}`
    lastHost = host
    lastProtocol = protocol
    lastBase = base
    return base
  }
}

/** Throws `bad_header` where HTTP/1.1 leaves the host out, or names it on two lines (RFC 9112, section 3.2). */
export function expectHost({ headers, raw }: Pick<FastifyRequest, 'headers' | 'raw'>): void {
  if (namesHostTwice(raw.rawHeaders)) refuseHost('must be sent once')
  if (headers.host === undefined && raw.httpVersion === '1.1') refuseHost('is required')
}

/** Node keeps the first of two, and a proxy before it may have gone by the other. `rawHeaders` as Node has them. */
export function namesHostTwice(rawHeaders: readonly string[]): boolean {
  let times = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (name.length === HOST_FIELD.length && name.toLowerCase() === HOST_FIELD) times += 1
  }
  return times > 1
}

/** HTTP/1.0 may leave the host out. */
function hostOf(host: string): string {
  if (host === '') return 'localhost'
  if (host.length <= MAX_HOST_LENGTH && HOST.test(host)) return host
  return refuseHost('must be a host name or address, and a port')
}

function refuseHost(message: string): never {
  throw new Problem('bad_header', { errors: [{ path: 'Host', message }] })
}
