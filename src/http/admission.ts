import { createKeyUse } from '../app/key-use.ts'
import { createRateLimiter } from '../app/rate-limiter.ts'
import { createSharedRateLimiter, type SharedRateLimiter } from '../app/shared-rate-limiter.ts'
import type { ApiDeps } from './api.ts'
import { type Addressed, createBase } from './base.ts'
import { createDoor, type Door } from './door.ts'

/** What all requests are counted and looked up with, whichever way they come in. */
export interface Admission {
  door: Door
  /** Notes that a key was used. */
  use(apiKeyId: string): void
  rates: SharedRateLimiter
  /** Where the API is for a caller. Throws `bad_header`. */
  baseOf(request: Addressed): string
}

/** One for a server: a second one would count each organization's requests anew. */
export function createAdmission(deps: ApiDeps): Admission {
  return {
    door: createDoor(deps),
    use: createKeyUse(deps),
    rates: rateLimiterOf(deps),
    baseOf: createBase(deps.publicUrl),
  }
}

function rateLimiterOf({ store: { rates }, runtime: { now }, rateLimit: fallback }: ApiDeps): SharedRateLimiter {
  return rates === null ? createRateLimiter({ now, fallback }) : createSharedRateLimiter({ rates, now, fallback })
}
