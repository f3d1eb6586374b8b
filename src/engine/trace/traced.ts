import type { Acceptor } from '../../app/deps.ts'
import type { Tracer } from '../../app/tracer.ts'
import { acknowledges } from '../../core/delivery/attempt.ts'
import { formatTraceparent, type TraceContext } from '../../core/telemetry/trace.ts'
import { headersOf } from '../client/http1/request-text.ts'
import type { OutgoingRequest, Sender } from '../client/sender.ts'

/** Messages whose trace is remembered, oldest first out; some 20 MiB. */
const REMEMBERED = 100_000

/**
 * Follows messages from their commit to each attempt. Where a message's trace is kept in memory alone: attempts after
 * a restart, or of a message that has waited through 100,000 others, begin a trace of their own.
 */
export class Traced {
  readonly #tracer: Tracer
  readonly #traces = new Map<string, TraceContext>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  /** An acceptor that records a span for each commit that `acceptor` waits for. */
  watchAcceptor(acceptor: Acceptor): Acceptor {
    return {
      ...acceptor,
      accept: async (messages, route, ...rest) => {
        const parent = this.#tracer.current()
        const attributes = { ...SYSTEM, 'messaging.destination.name': route.queue.id, ...about(messages) }
        const span = this.#tracer.begin({ name: 'commit', kind: 'producer', parent, attributes })
        // Before they are on disk: the first attempts begin in the same turn as the answer.
        for (const { id } of messages) this.#remember(id, parent ?? span.context)
        try {
          const outcome = await acceptor.accept(messages, route, ...rest)
          span.end({ failure: outcome === 'accepted' ? null : outcome })
          return outcome
        } catch (error) {
          span.end({ failure: (error as Error).message })
          throw error
        }
      },
    }
  }

  /** A sender that records a span for each attempt of `sender`, which the listener can continue. */
  watchSender(sender: Sender): Sender {
    return {
      ...sender,
      send: async (request) => {
        const about = deliveryIn(request)
        if (about === null) return sender.send(request)
        const parent = this.#traces.get(about['messaging.message.id']!) ?? null
        const attributes = { ...SYSTEM, ...about, 'server.address': new URL(request.origin).host }
        const span = this.#tracer.begin({ name: 'deliver', kind: 'client', parent, attributes })
        const headers = [...request.headers, 'traceparent', formatTraceparent(span.context)]
        const outcome = await sender.send({ ...request, headers })
        if (outcome === 'aborted') span.end({ failure: 'aborted' })
        else {
          const { status, error } = outcome
          const failure = acknowledges(outcome) ? null : (error ?? String(status))
          span.end({ failure, attributes: status === null ? {} : { 'http.response.status_code': status } })
        }
        return outcome
      },
    }
  }

  #remember(id: string, context: TraceContext): void {
    if (this.#traces.size >= REMEMBERED) this.#traces.delete(this.#traces.keys().next().value!)
    this.#traces.set(id, context)
  }
}

const SYSTEM = { 'messaging.system': 'discue' }

function about(messages: readonly { id: string }[]): Record<string, string | number> {
  if (messages.length !== 1) return { 'messaging.batch.message_count': messages.length }
  return { 'messaging.message.id': messages[0]!.id }
}

/** Which of a delivery's headers are told; a check of a listener's liveness or of its address is none. */
const TOLD: Record<string, string> = {
  'webhook-id': 'messaging.message.id',
  'discue-queue': 'messaging.destination.name',
  'discue-listener': 'discue.listener.id',
  'discue-attempt': 'discue.attempt',
}

function deliveryIn(request: OutgoingRequest): Record<string, string> | null {
  const headers = headersOf(request)
  const told: Record<string, string> = {}
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at] === 'discue-test') return null
    const name = TOLD[headers[at]!]
    if (name !== undefined) told[name] = headers[at + 1]!
  }
  return told['messaging.message.id'] === undefined ? null : told
}
