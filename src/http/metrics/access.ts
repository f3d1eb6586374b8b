import type { FastifyReply, FastifyRequest } from 'fastify'
import type { KeyRing } from '../../app/caches/api-key-cache.ts'
import { Problem } from '../../core/problem.ts'
import { type Principal, visible } from '../../core/tenant/api-key.ts'
import type { Admission } from '../pipeline/admission.ts'
import { identify } from '../pipeline/request-checks.ts'

/** As RFC 9110 (11.6.1) wants it with a 401. */
const CHALLENGE = { 'www-authenticate': 'Bearer' }

/**
 * Lets requests pass that bring a key which may see the metrics of all organizations, in `X-API-KEY` or, as Prometheus
 * sends it, in `Authorization: Bearer` (RFC 6750, 2.1). A wrong key counts for the lock-out, and no key does not. Throws
 * `locked_out`, `key_missing`, `key_rejected` and `scope_missing`.
 */
export function createMetricsEntrance({ keyRing, admission }: { keyRing: KeyRing; admission: Admission }) {
  return async (request: FastifyRequest, _reply: FastifyReply): Promise<void> => {
    admission.lockOutGuard.expectOpen(request)
    const text = keyIn(request)
    if (text === null) {
      const detail = 'send an API key in the X-API-KEY header, or as Authorization: Bearer'
      throw new Problem('key_missing', { detail, headers: CHALLENGE })
    }
    const principal = await identify(keyRing, admission.lockOutGuard, request, text)
    admission.use(principal.apiKeyId)
    if (seesMetrics(principal)) return
    throw new Problem('scope_missing', { detail: 'metrics need a key of the root organization with stats: read' })
  }
}

function keyIn({ headers }: FastifyRequest): string | null {
  const own = headers['x-api-key']
  if (typeof own === 'string' && own !== '') return own
  return /^bearer ([^ ]+)$/i.exec(headers.authorization ?? '')?.[1] ?? null
}

/** Metrics tell of every organization's queues, so that a key for single queues is none for them. */
function seesMetrics(principal: Principal): boolean {
  return principal.ofRootOrganization && visible(principal, 'stats')()
}
