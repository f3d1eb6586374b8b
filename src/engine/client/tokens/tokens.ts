import type { Outcome } from '../../../core/delivery/attempt.ts'
import { tokenRequest } from '../../../core/delivery/credentials/listener-auth.ts'
import { MAX_TOKEN_ANSWER_BYTES, readTokenAnswer } from '../../../core/delivery/credentials/token-answer.ts'
import { FairPlaces } from '../../../core/sharing/fair-places.ts'
import type { Runtime } from '../../../runtime.ts'
import type { Sender } from '../sender.ts'
import { FetchPauses, type TokenFault } from './fetch-pauses.ts'
import type { TokenAsk } from './token-ask.ts'
import { TokenMemory } from './token-memory.ts'

/** From connecting to the head of the answer, and from there to its end. */
const TIMEOUT_MS = 10_000
const BODY_MS = 5_000
/** Fetches at once over all organizations, each of 64 KiB at most: one alone has fifteen of them. */
const MAX_FETCHES = 256
const TIMES = 16
const BROKEN = 'a token could not be fetched: an error of the server, which has logged it'

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
  const memory = new TokenMemory<{ token: string; until: number }>()
  const fetching = new Map<string, Promise<Found>>()
  const pauses = new FetchPauses(runtime)
  const places = new FairPlaces(MAX_FETCHES, { times: TIMES })
  let stopping = false

  /** Resolves when a fetch of the organization may begin; its place is to be given back. */
  function place(organizationId: string): Promise<void> {
    return new Promise((resolve) => {
      const take = () => {
        if (places.takeOrWait(organizationId, 0, take)) resolve()
      }
      take()
    })
  }

  async function fetchToken(ask: TokenAsk): Promise<Found> {
    await place(ask.organizationId)
    try {
      // What waited for its place may be known to fail by now.
      return stopping ? 'aborted' : (pauses.find(ask) ?? remember(ask, await askFor(ask)))
    } catch (error) {
      runtime.log.error({ err: error, organizationId: ask.organizationId }, 'a token could not be fetched')
      return pauses.failed(ask, BROKEN, null)
    } finally {
      places.give(ask.organizationId)
    }
  }

  function askFor({ organizationId, credentials }: TokenAsk): Promise<Outcome | 'aborted'> {
    const { origin, pathname, search } = new URL(credentials.tokenUrl)
    const { headers, body } = tokenRequest(credentials)
    return sender.send({
      ...{ method: 'POST', origin, path: pathname + search, body, organizationId },
      headers: ['user-agent', userAgent, ...headers],
      ...{ timeoutMs: TIMEOUT_MS, bodyMs: BODY_MS, keptBytes: MAX_TOKEN_ANSWER_BYTES, startedAt: runtime.now() },
    })
  }

  function remember(ask: TokenAsk, outcome: Outcome | 'aborted'): Found {
    if (outcome === 'aborted') {
      stopping = true
      return outcome
    }
    // It says nothing of the token URL, and the lanes that wait for it pause by themselves.
    if (outcome.error === 'proxy') return { error: 'proxy', fault: outcome.response, retryAfterMs: 0 }
    const answer = readTokenAnswer(outcome, ask.credentials)
    if ('fault' in answer) return pauses.failed(ask, answer.fault, outcome)
    const { token, usableMs } = answer
    pauses.succeeded(ask)
    memory.set(ask.organizationId, ask.key, { token, until: runtime.elapsedMs() + usableMs })
    return { token }
  }

  return {
    get(ask) {
      const { organizationId, key } = ask
      const known = memory.get(organizationId, key)
      if (known !== undefined && known.until > runtime.elapsedMs()) return { token: known.token }
      const id = `${organizationId} ${key}`
      const underWay = fetching.get(id) ?? pauses.find(ask)
      if (underWay !== null) return underWay
      const fetched = fetchToken(ask).finally(() => fetching.delete(id))
      fetching.set(id, fetched)
      return fetched
    },
    discard({ organizationId, key }, token) {
      if (memory.get(organizationId, key)?.token === token) memory.delete(organizationId, key)
    },
  }
}
