import { createKeyUse } from '../../app/limits/key-use.ts'
import { createRateLimiter, type Rate } from '../../app/limits/rate-limiter.ts'
import { createSharedRateLimiter, type SharedRateLimiter } from '../../app/limits/shared-rate-limiter.ts'
import { Problem } from '../../core/problem.ts'
import { digestOf, type Principal, permits } from '../../core/tenant/api-key.ts'
import type { RouteRequirement } from '../contract.ts'
import type { ApiDeps } from '../deps.ts'
import { expectWithin } from '../present/rate-headers.ts'
import { type Addressed, createBase } from './base.ts'
import { createLockOutGuard, type LockOutGuard } from './lock-out-guard.ts'
import type { Caller } from './unnamed-proxy.ts'

/** What all requests are counted and judged with, by their routes and in front of them. */
export interface Admission {
  lockOutGuard: LockOutGuard
  /**
   * The principal that a key belongs to, where memory knows it. Throws `locked_out` and `key_missing`, in this order.
   */
  known(request: Caller): Principal | undefined
  /** Notes that a key was used. */
  use(apiKeyId: string): void
  /** Notes that a key was used, and counts a request of its organization; null where nothing limits it. */
  count(principal: Principal): Rate | null | Promise<Rate | null>
  /** Throws `scope_missing`, `root_key_needed` and `rate_limited`, in this order. `params` are those of the path. */
  expectAllowed(
    principal: Principal,
    rate: Rate | null,
    requires: RouteRequirement,
    params: Readonly<Record<string, string>>,
  ): void
  /** Where the API is for a caller. Throws `bad_header`. */
  baseOf(request: Addressed): string
}

/** One for a server: a second one would count each organization's requests anew. */
export function createAdmission(deps: ApiDeps): Admission {
  const use = createKeyUse(deps)
  const rates = rateLimiterOf(deps)
  const lockOutGuard = createLockOutGuard(deps)
  const digestFor = createDigests()
  return {
    lockOutGuard,
    use,
    known(request) {
      lockOutGuard.expectOpen(request)
      const text = request.headers['x-api-key']
      if (typeof text !== 'string' || text === '') throw new Problem('key_missing')
      return deps.keyRing.peek(digestFor(request.socket, text))
    },
    count({ apiKeyId, organizationId, requestsPerMinute }) {
      use(apiKeyId)
      return rates.take(organizationId, requestsPerMinute)
    },
    expectAllowed(principal, rate, requires, params) {
      expectPermission(principal, requires, params)
      if (rate !== null) expectWithin(rate, deps.runtime.now())
    },
    baseOf: createBase(deps.publicUrl, '/v1'),
  }
}

function rateLimiterOf({ store: { rates }, runtime: { now }, rateLimit: fallback }: ApiDeps): SharedRateLimiter {
  return rates === null ? createRateLimiter({ now, fallback }) : createSharedRateLimiter({ rates, now, fallback })
}

/** Digests of keys; that of the key that a connection sent last is remembered with the connection. */
function createDigests(): (connection: object, keyText: string) => string {
  const last = new WeakMap<object, { keyText: string; digest: string }>()
  return (connection, keyText) => {
    const known = last.get(connection)
    if (known?.keyText === keyText) return known.digest
    const digest = digestOf(keyText)
    last.set(connection, { keyText, digest })
    return digest
  }
}

function expectPermission(principal: Principal, requires: RouteRequirement, params: Record<string, string>): void {
  const { resource, access, ids } = requires
  // Owner keys and keys without scopes are most keys, and need no list of ids.
  const asked = principal.scopes === null ? [] : idsIn(params, ids)
  if (!permits(principal, { resource, access, ids: asked })) throw new Problem('scope_missing')
  if (requires.root !== true || principal.root) return
  const elsewhere = idsIn(params, ids).some((id) => id !== principal.organizationId)
  if (!elsewhere) throw new Problem('root_key_needed')
}

function idsIn(params: Record<string, string>, names: readonly string[]): (string | undefined)[] {
  return names.map((name) => params[name])
}
