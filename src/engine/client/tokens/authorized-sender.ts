import type { Outcome } from '../../../core/delivery/attempt.ts'
import { bearer } from '../../../core/delivery/credentials/listener-auth.ts'
import type { Runtime } from '../../../runtime.ts'
import type { OutgoingRequest, Sender } from '../sender.ts'
import type { TokenFault } from './fetch-pauses.ts'
import type { TokenAsk } from './token-ask.ts'
import type { Found, Tokens } from './tokens.ts'

const UNAUTHORIZED = 401
/** What a second request has at least, however long the first one took. */
const MIN_LEFT_MS = 100

/**
 * A sender that fetches the token which a request asks for. One that the receiver does not take is thrown away, and the
 * request sent once more with another, within the same attempt. `onToken` is told when a first token is there.
 */
export function createAuthorizedSender(
  sender: Sender,
  { tokens, runtime, onToken }: { tokens: Tokens; runtime: Pick<Runtime, 'now'>; onToken?: () => void },
): Sender {
  let aborted = false

  async function sendAuthorized(request: OutgoingRequest, ask: TokenAsk): Promise<Outcome | 'aborted'> {
    const found = await tokens.get(ask)
    if (aborted || found === 'aborted') return 'aborted'
    if ('fault' in found) return withoutToken(request, found, runtime.now())
    onToken?.()
    // What the token took is no fault of the receiver, whose time begins here.
    const sentAt = runtime.now()
    const outcome = await sender.send(withToken(request, found.token))
    if (aborted || outcome === 'aborted' || outcome.status !== UNAUTHORIZED) return outcome
    tokens.discard(ask, found.token)
    const tookMs = Math.max(0, outcome.startedAt + outcome.durationMs - sentAt)
    return sendAgain(request, { outcome, tookMs, found: await tokens.get(ask) })
  }

  function sendAgain(
    request: OutgoingRequest,
    { outcome, tookMs, found }: { outcome: Outcome; tookMs: number; found: Found },
  ): Outcome | Promise<Outcome | 'aborted'> {
    // The answer stands where the server is stopping: the attempt was made.
    if (aborted || found === 'aborted') return outcome
    if ('fault' in found) return withoutToken(request, found, runtime.now())
    const timeoutMs = Math.max(MIN_LEFT_MS, request.timeoutMs - tookMs)
    return sender.send(withToken({ ...request, timeoutMs }, found.token))
  }

  return {
    ...sender,
    send(request) {
      const { tokenAsk = null } = request
      return tokenAsk === null ? sender.send(request) : sendAuthorized(request, tokenAsk)
    },
    abort() {
      aborted = true
      sender.abort()
    },
  }
}

/** In place of whatever a message says under this name. */
function withToken(request: OutgoingRequest, token: string): OutgoingRequest {
  const { headers } = request
  const others = headers.filter((_, index) => headers[index - (index % 2)]!.toLowerCase() !== 'authorization')
  return { ...request, headers: [...others, 'authorization', bearer(token)] }
}

function withoutToken(
  { startedAt }: OutgoingRequest,
  { error = 'auth', fault, retryAfterMs }: TokenFault,
  now: number,
): Outcome {
  const directive = { retryAfterMs, noRetry: false }
  const durationMs = Math.max(0, now - startedAt)
  return { startedAt, durationMs, status: null, error, response: fault, directive }
}
