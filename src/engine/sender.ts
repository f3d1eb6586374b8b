import { type AttemptError, type Outcome, RESPONSE_KEPT_BYTES, type Wish } from '../core/attempt.ts'
import { retryAfterMs } from '../core/retry-after.ts'
import type { Targets } from '../core/target.ts'
import type { Cancel, Runtime } from '../runtime.ts'
import { Connections } from './connections.ts'
import type { Connection, ResponseHandler } from './http1/connection.ts'
import type { OutgoingMessage } from './http1/request-text.ts'
import type { ResponseHead } from './http1/response-head.ts'
import { InFlight, type Placed } from './in-flight.ts'
import { type ConnectionOptions, createConnector } from './safe-connector.ts'
import { SharedReading } from './shared-reading.ts'
import { attemptErrorOf } from './transport-error.ts'

/** One request to a listener. */
export interface OutgoingRequest extends OutgoingMessage {
  origin: string
  timeoutMs: number
  /** The same moment that the request's own headers tell. */
  startedAt: number
}

/**
 * The only outgoing HTTP. It connects to allowed targets alone, never throws, never follows redirects, and always ends:
 * in time or by timeout.
 */
export interface Sender {
  /** `aborted`: the server is stopping, and nobody knows what the listener made of it. */
  send(request: OutgoingRequest): Promise<Outcome | 'aborted'>
  /** Ends everything in flight as `aborted`. */
  abort(): void
  /** Closes connections that nobody has used for a while. */
  dropIdle(): void
  close(): Promise<void>
}

const MAX_RESPONSE_BYTES = 64 * 1024

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

/** One request and what comes back, from the moment that it is handed to a connection. */
class Exchange implements ResponseHandler, Placed {
  place = -1
  readonly #runtime: Runtime
  readonly #startedAt: number
  readonly #cancelTimeout: Cancel
  /** `clean`: the answer was read to its end, so that the connection may be used again. */
  readonly #done: (outcome: Outcome | 'aborted', clean: boolean) => void
  #ended = false
  #status: number | null = null
  #wish: Wish | null = null
  #bytes = 0
  #kept: Buffer[] = []

  constructor(
    runtime: Runtime,
    { timeoutMs, startedAt }: { timeoutMs: number; startedAt: number },
    done: (outcome: Outcome | 'aborted', clean: boolean) => void,
  ) {
    this.#runtime = runtime
    this.#startedAt = startedAt
    this.#done = done
    this.#cancelTimeout = runtime.after(timeoutMs, () => this.#end('timeout'))
  }

  onHead({ status, fields }: ResponseHead): void {
    this.#status = status
    // What was taken leaves nothing to wish for.
    if (status < 200 || status > 299) this.#wish = wishIn(fields, this.#runtime.now())
  }

  onBody(bytes: Buffer): void {
    if (this.#bytes < RESPONSE_KEPT_BYTES) {
      // Copied: the bytes are the connection's.
      this.#kept.push(Buffer.from(bytes.subarray(0, RESPONSE_KEPT_BYTES - this.#bytes)))
    }
    this.#bytes += bytes.length
    if (this.#bytes > MAX_RESPONSE_BYTES) this.#end('response_too_large')
  }

  onEnd(): void {
    this.#end(null)
  }

  onError(error: Error): void {
    this.#end(attemptErrorOf(error))
  }

  abort(): void {
    if (!this.#finish()) return
    this.#done('aborted', false)
  }

  #end(error: AttemptError | null): void {
    if (!this.#finish()) return
    // A clock that was set back must not make a negative duration.
    const durationMs = Math.max(0, this.#runtime.now() - this.#startedAt)
    const [startedAt, status, wish] = [this.#startedAt, this.#status, this.#wish]
    this.#done({ startedAt, durationMs, status, error, response: this.#response(), wish }, error === null)
  }

  #finish(): boolean {
    if (this.#ended) return false
    this.#ended = true
    this.#cancelTimeout()
    return true
  }

  #response(): string {
    if (this.#kept.length === 0) return ''
    return (this.#kept.length === 1 ? this.#kept[0]! : Buffer.concat(this.#kept)).toString('utf8')
  }
}

function wishIn(fields: ReadonlyMap<string, string>, now: number): Wish | null {
  const retryAfter = fields.get('retry-after')
  const noRetry = fields.get('discue-retry')?.trim().toLowerCase() === 'no'
  if (retryAfter === undefined && !noRetry) return null
  return { retryAfterMs: retryAfter === undefined ? null : retryAfterMs(retryAfter, now), noRetry }
}
