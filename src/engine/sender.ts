import type { Outcome } from '../core/attempt.ts'
import type { Targets } from '../core/target.ts'
import type { Runtime } from '../runtime.ts'
import { Connections } from './connections.ts'
import { Exchange } from './exchange.ts'
import type { Connection } from './http1/connection.ts'
import type { OutgoingMessage } from './http1/request-text.ts'
import { InFlight } from './in-flight.ts'
import { type ConnectionOptions, createConnector } from './safe-connector.ts'
import { SharedReading } from './shared-reading.ts'

/** One request to a listener. */
export interface OutgoingRequest extends OutgoingMessage {
  origin: string
  timeoutMs: number
  /** How long the body of an answer is read once its head has come; a second where it is left out. */
  bodyMs?: number
  /** The same moment that the request's own headers tell. */
  startedAt: number
}

/**
 * The only outgoing HTTP. It connects to allowed targets alone, never throws, never follows redirects, and always ends:
 * by an answer or by timeout. An answer stands from the moment that its head is read; `send` resolves when its body is
 * over as well, or no more of it is read: one second later at most.
 */
export interface Sender {
  /** `aborted`: the server is stopping, and no answer has come that would tell what the listener made of it. */
  send(request: OutgoingRequest): Promise<Outcome | 'aborted'>
  /** Ends everything in flight: what was answered by its answer, the rest as `aborted`. */
  abort(): void
  /** Closes connections that nobody has used for a while. */
  dropIdle(): void
  close(): Promise<void>
}

export function createSender(runtime: Runtime, targets: Targets, options?: ConnectionOptions): Sender {
  const reading = new SharedReading()
  const connect = createConnector(targets, reading, options)
  const connections = new Connections({ connect, reading, now: runtime.now })
  const inFlight = new InFlight<Exchange>()

  function ended(exchange: Exchange, connection: Connection, origin: string, clean: boolean): void {
    inFlight.delete(exchange)
    if (clean) connections.give(origin, connection)
    else connections.drop(connection)
  }

  return {
    send(request) {
      return new Promise((resolve) => {
        const connection = connections.take(request.origin)
        const exchange = new Exchange(runtime, request, (outcome, clean) => {
          ended(exchange, connection, request.origin, clean)
          resolve(outcome)
        })
        inFlight.add(exchange)
        connection.dispatch(request, exchange)
      })
    },
    abort() {
      for (const exchange of inFlight.all()) exchange.abort()
    },
    dropIdle() {
      connections.dropIdle()
    },
    close: async () => connections.close(),
  }
}
