import type { Outcome } from '../../../core/delivery/attempt.ts'
import { tokenRequest } from '../../../core/delivery/credentials/listener-auth.ts'
import { MAX_TOKEN_ANSWER_BYTES, readTokenAnswer } from '../../../core/delivery/credentials/token-answer.ts'
import type { Runtime } from '../../../runtime.ts'
import type { Sender } from '../sender.ts'
import type { TokenAsk } from './token-ask.ts'
import { TokenMemory } from './token-memory.ts'

/** From connecting to the head of the answer, and from there to its end. */
const TIMEOUT_MS = 10_000
const BODY_MS = 5_000
/** After a fetch that failed none is begun for so long: deliveries that follow one another would ask without a pause. */
const FAILED_MS = 1_000

/** Why there is no token; `retryAfterMs`: for how long the endpoint wants to be left alone, where it says so. */
export interface TokenFault {
  fault: string
  retryAfterMs: number | null
}

/** `aborted`: the server is stopping. */
export type Found = { token: string } | TokenFault | 'aborted'

/** Tokens of listeners, kept until shortly before they expire. */
export interface Tokens {
  /** A token that can be used; one fetch serves all that ask meanwhile. Never rejects. */
  get(ask: TokenAsk): Found | Promise<Found>
  /** The receiver does not take this token; where another is known by now, that one stays. */
  discard(ask: TokenAsk, token: string): void
}

interface TokenDeps {
  sender: Pick<Sender, 'send'>
  runtime: Pick<Runtime, 'now' | 'elapsedMs' | 'log'>
  userAgent: string
}

export function createTokens({ sender, runtime, userAgent }: TokenDeps): Tokens {
  const memory = new TokenMemory<{ found: Exclude<Found, 'aborted'>; until: number }>()
  const fetching = new Map<string, Promise<Found>>()

  async function fetchToken(ask: TokenAsk): Promise<Found> {
    const { organizationId, credentials } = ask
    const { origin, pathname, search } = new URL(credentials.tokenUrl)
    const { headers, body } = tokenRequest(credentials)
    const outcome = await sender.send({
      ...{ method: 'POST', origin, path: pathname + search, body, organizationId },
      headers: ['user-agent', userAgent, ...headers],
      ...{ timeoutMs: TIMEOUT_MS, bodyMs: BODY_MS, keptBytes: MAX_TOKEN_ANSWER_BYTES, startedAt: runtime.now() },
    })
    return outcome === 'aborted' ? outcome : remember(ask, outcome)
  }

  function remember(ask: TokenAsk, outcome: Outcome): Found {
    const answer = readTokenAnswer(outcome, ask.credentials)
    const isToken = 'token' in answer
    const found = isToken
      ? { token: answer.token }
      : { fault: answer.fault, retryAfterMs: outcome.directive?.retryAfterMs ?? null }
    const until = runtime.elapsedMs() + (isToken ? answer.usableMs : FAILED_MS)
    memory.set(ask.organizationId, ask.key, { found, until })
    return found
  }

  /** Its callers are deliveries of others too: none of them is to end with an error that it has not caused. */
  function failed({ organizationId, key }: TokenAsk, error: unknown): Found {
    runtime.log.error({ err: error, organizationId }, 'a token could not be fetched')
    const found = {
      fault: 'a token could not be fetched: an error of the server, which has logged it',
      retryAfterMs: null,
    }
    memory.set(organizationId, key, { found, until: runtime.elapsedMs() + FAILED_MS })
    return found
  }

  return {
    get(ask) {
      const known = memory.get(ask.organizationId, ask.key)
      if (known !== undefined && known.until > runtime.elapsedMs()) return known.found
      const id = `${ask.organizationId} ${ask.key}`
      const underWay = fetching.get(id)
      if (underWay !== undefined) return underWay
      const fetched = fetchToken(ask)
        .catch((error: unknown) => failed(ask, error))
        .finally(() => fetching.delete(id))
      fetching.set(id, fetched)
      return fetched
    },
    discard({ organizationId, key }, token) {
      const known = memory.get(organizationId, key)
      if (known !== undefined && 'token' in known.found && known.found.token === token)
        memory.delete(organizationId, key)
    },
  }
}
