import type { AttemptError, Outcome, ReceiverDirective } from '../../src/core/delivery/attempt.ts'
import { headersOf } from '../../src/engine/client/http1/request-text.ts'
import type { OutgoingRequest, Sender } from '../../src/engine/client/sender.ts'
import type { Runtime } from '../../src/runtime.ts'

/** A status, what went wrong instead of one, or a status with what the receiver asks for. */
export type Reply = number | AttemptError | 'aborted' | { status: number; directive: Partial<ReceiverDirective> }

/** A request that would be on the wire now. */
export interface Sent {
  at: number
  url: string
  /** The message's id. */
  id: string
  attempt: number
  request: OutgoingRequest
  header(name: string): string
  /** Answers it; only the first answer counts. */
  answer(reply: Reply): void
  open: boolean
  /** What it was answered, where that was a status. */
  status: number | null
}

/** A sender without a network: it keeps what it is given until the test answers. */
export interface FakeSender extends Sender {
  /** Every delivery that was ever sent, in order. */
  sent: Sent[]
  /** Every check of a `livenessUrl`. */
  checks: { at: number; url: string }[]
  /** What checks are answered with from now on; null leaves them open. */
  alive: (url: string) => Reply | null
  /** Whose idle connections were to be closed. */
  droppedPools: string[]
  /** What waits for an answer, to one URL or to any. */
  open(url?: string): Sent[]
  /** The most requests that were ever open at once. */
  mostOpen: number
  /** Answers whatever comes from now on, once it has been sent; null leaves a request open. */
  reply: (sent: Sent) => Reply | null
}

export function createFakeSender(runtime: Pick<Runtime, 'now'>): FakeSender {
  const sender: FakeSender = {
    sent: [],
    checks: [],
    alive: () => null,
    droppedPools: [],
    mostOpen: 0,
    reply: () => null,
    open: (url) => sender.sent.filter((sent) => sent.open && (url === undefined || sent.url === url)),
    send(request) {
      if (request.method === 'GET') return check(request)
      const { promise, resolve } = Promise.withResolvers<Outcome | 'aborted'>()
      const sent = sentOf(request, runtime, resolve)
      sender.sent.push(sent)
      sender.mostOpen = Math.max(sender.mostOpen, sender.open().length)
      const reply = sender.reply(sent)
      if (reply !== null) setImmediate(() => sent.answer(reply))
      return promise
    },
    abort() {
      for (const sent of sender.open()) sent.answer('aborted')
    },
    dropPool: (pool) => void sender.droppedPools.push(pool),
    dropIdle: () => undefined,
    close: async () => undefined,
  }

  function check({ origin, path }: OutgoingRequest): Promise<Outcome | 'aborted'> {
    const [at, url] = [runtime.now(), origin + path]
    sender.checks.push({ at, url })
    const reply = sender.alive(url)
    const { promise, resolve } = Promise.withResolvers<Outcome | 'aborted'>()
    if (reply !== null) setImmediate(() => resolve(reply === 'aborted' ? reply : outcomeOf(reply, at, 1)))
    return promise
  }

  return sender
}

function sentOf(
  request: OutgoingRequest,
  runtime: Pick<Runtime, 'now'>,
  resolve: (outcome: Outcome | 'aborted') => void,
): Sent {
  const headers = headersOf(request)
  const header = (name: string) => headers[headers.indexOf(name) + 1]!
  const sent: Sent = {
    at: runtime.now(),
    url: request.origin + request.path,
    id: header('webhook-id'),
    attempt: Number(header('discue-attempt')),
    request,
    header,
    open: true,
    status: null,
    answer(reply) {
      sent.open = false
      if (typeof reply === 'number') sent.status = reply
      resolve(reply === 'aborted' ? reply : outcomeOf(reply, sent.at, runtime.now() - sent.at))
    },
  }
  return sent
}

function outcomeOf(reply: Exclude<Reply, 'aborted'>, startedAt: number, durationMs: number): Outcome {
  const times = { startedAt, durationMs, response: '' }
  if (typeof reply === 'number') return { ...times, status: reply, error: null, directive: null }
  if (typeof reply === 'string') return { ...times, status: null, error: reply, directive: null }
  return {
    ...times,
    status: reply.status,
    error: null,
    directive: { retryAfterMs: null, noRetry: false, ...reply.directive },
  }
}
