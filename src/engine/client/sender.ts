import type { Outcome } from '../../core/delivery/attempt.ts'
import type { Egress } from '../../core/network/egress.ts'
import type { Targets } from '../../core/network/target.ts'
import type { Runtime } from '../../runtime.ts'
import type { ClientTls } from './client-tls.ts'
import { Connections, poolOf } from './connections.ts'
import { Exchange } from './exchange.ts'
import type { Connection } from './http1/connection.ts'
import type { OutgoingMessage } from './http1/request-text.ts'
import { InFlight } from './in-flight.ts'
import { createSystemNames } from './names/system-names.ts'
import { createTunnels } from './proxy/tunnels.ts'
import { type ConnectorDeps, createConnector } from './safe-connector.ts'
import { SharedReading } from './shared-reading.ts'
import { TlsSessions } from './tls-sessions.ts'
import type { TokenAsk } from './tokens/token-ask.ts'

/** One request to a listener. */
export interface OutgoingRequest extends OutgoingMessage {
  origin: string
  /** `poolOf` the request, where its caller has worked it out already. */
  pool?: string
  timeoutMs: number
  /** How long the body of an answer is read once its head has come; a second where it is left out. */
  bodyMs?: number
  /** How TLS is spoken; null, or left out: as with any other receiver. */
  tls?: ClientTls | null
  /** How much of the body becomes the outcome's `response`; a KiB where it is left out, and 64 KiB at most. */
  keptBytes?: number
  /** The token that is to be sent as its `authorization`; only `createAuthorizedSender` sends one. */
  tokenAsk?: TokenAsk | null
  /** When the attempt began (epoch ms), as the request's own headers tell it. */
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
  /** Closes idle connections of a pool, and forgets its TLS session: its requests go another way from now on. */
  dropPool(pool: string): void
  /** Closes connections that no request has used for a while. */
  dropIdle(): void
  close(): Promise<void>
}

/** How connections come about; names are the system's, looked up for this sender alone, where they are left out. */
export interface SenderOptions extends Partial<Pick<ConnectorDeps, 'names' | 'watch' | 'anew' | 'insecureTls'>> {
  /**
   * The way out through a proxy; null: there is none. Never left out, so that nothing is sent past the operator's proxy by
   * having forgotten it.
   */
  egress: Egress | null | undefined
}

export function createSender(runtime: Runtime, targets: Targets, options: SenderOptions): Sender {
  const reading = new SharedReading()
  const names = options.names ?? createSystemNames(runtime)
  const sessions = new TlsSessions()
  const { egress: way = null } = options
  const egress = way && { ...way, open: createTunnels({ proxy: way.proxy, names, runtime }) }
  const connect = createConnector({ ...options, egress, targets, reading, names, runtime, sessions })
  // Listeners' clocks go on, also where the server's own is moved by hand.
  const { elapsedMs: now, random } = runtime
  const connections = new Connections({ connect, reading, now, random })
  const inFlight = new InFlight<Exchange>()

  function ended(exchange: Exchange, connection: Connection, pool: string, clean: boolean): void {
    inFlight.delete(exchange)
    if (clean) connections.give(pool, connection)
    else connections.drop(connection)
  }

  return {
    send(request) {
      return new Promise((resolve) => {
        const { pool = poolOf(request) } = request
        const connection = connections.take(pool, request)
        const exchange = new Exchange(runtime, request, (outcome, clean) => {
          ended(exchange, connection, pool, clean)
          resolve(outcome)
        })
        inFlight.add(exchange)
        connection.dispatch(request, exchange)
      })
    },
    abort() {
      for (const exchange of inFlight.all()) exchange.abort()
    },
    dropPool(pool) {
      connections.dropPool(pool)
      sessions.delete(pool)
    },
    dropIdle() {
      connections.dropIdle()
    },
    close: async () => connections.close(),
  }
}
