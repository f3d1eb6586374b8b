import type { Outcome } from '../../../core/delivery/attempt.ts'
import type { Runtime } from '../../../runtime.ts'
import type { TokenAsk } from './token-ask.ts'
import { TokenMemory } from './token-memory.ts'

/** After the first fetch that failed none is begun for so long; each further one in a row doubles it. */
const FIRST_MS = 1_000
const LONGEST_MS = 60_000
/** An endpoint may ask for more, up to this. */
const MAX_ASKED_MS = 5 * 60_000

/** Why there is no token. Before `retryAfterMs` are over none is asked for: a retry that came sooner would be used up for nothing. */
export interface TokenFault {
  /** `proxy`: the token URL was not asked, for the server's proxy could not be used; left out, it is `auth`. */
  error?: 'auth' | 'proxy'
  fault: string
  retryAfterMs: number
}

interface Pause {
  fault: string
  failures: number
  until: number
}

/**
 * Pauses after fetches that failed, for deliveries that follow one another would ask without one: of an organization, from all
 * of an origin that does not answer, or has too much to do; else from the one who asked.
 */
export class FetchPauses {
  readonly #pauses = new TokenMemory<Pause>()
  readonly #runtime: Pick<Runtime, 'elapsedMs'>

  constructor(runtime: Pick<Runtime, 'elapsedMs'>) {
    this.#runtime = runtime
  }

  /** Why no fetch may begin now, or null where one may. */
  find({ organizationId, key, credentials }: TokenAsk): TokenFault | null {
    const now = this.#runtime.elapsedMs()
    for (const scope of [key, originOf(credentials.tokenUrl)]) {
      const pause = this.#pauses.get(organizationId, scope)
      if (pause !== undefined && pause.until > now) return { fault: pause.fault, retryAfterMs: pause.until - now }
    }
    return null
  }

  /** A fetch has failed; `outcome` is null where an error of the server ended it. */
  failed({ organizationId, key, credentials }: TokenAsk, fault: string, outcome: Outcome | null): TokenFault {
    const scope = outcome !== null && isOfOrigin(outcome) ? originOf(credentials.tokenUrl) : key
    const failures = (this.#pauses.get(organizationId, scope)?.failures ?? 0) + 1
    const askedMs = outcome?.directive?.retryAfterMs ?? 0
    const ownMs = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS)
    const pauseMs = Math.max(ownMs, Math.min(askedMs, MAX_ASKED_MS))
    this.#pauses.set(organizationId, scope, { fault, failures, until: this.#runtime.elapsedMs() + pauseMs })
    return { fault, retryAfterMs: Math.max(pauseMs, askedMs) }
  }

  succeeded({ organizationId, key, credentials }: TokenAsk): void {
    this.#pauses.delete(organizationId, key)
    this.#pauses.delete(organizationId, originOf(credentials.tokenUrl))
  }
}

/** Whether it says something about the endpoint, and not about the credentials. */
function isOfOrigin({ status }: Outcome): boolean {
  return status === null || status === 429 || status >= 500
}

function originOf(tokenUrl: string): string {
  return new URL(tokenUrl).origin
}
