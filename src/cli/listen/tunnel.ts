import { acknowledges, type Outcome } from '../../core/delivery/attempt.ts'
import { type Runtime, sleep } from '../../runtime.ts'
import { isPassing, waitMs } from '../client/retrying.ts'
import type { Forwarder, PulledMessage } from './forwarder.ts'
import { type HeldLease, holdLease } from './held-lease.ts'

/** The pull side of a listener; each call throws what the API client does. */
export interface PullApi {
  pull(ask: { max: number; leaseMs: number }, signal: AbortSignal): Promise<PulledMessage[]>
  /** Receipts whose lease was lost before are answered. */
  ack(receipts: string[], signal: AbortSignal): Promise<{ lost: string[] }>
  nack(receipts: string[], delayMs: number, signal: AbortSignal): Promise<void>
  /** Begins leases anew; receipts of those that were lost before are answered. */
  extend(receipts: string[], leaseMs: number, signal: AbortSignal): Promise<{ lost: string[] }>
}

/** What is told of the way of messages. */
export interface TunnelEvents {
  forwarded(message: PulledMessage, outcome: Outcome, acknowledged: boolean): void
  /** The message had been forwarded before the connection was lost, and only its acknowledgement is made up for. */
  repeated(message: PulledMessage): void
  /** The server refuses to extend the lease of a message that is being forwarded, which may so come a second time. */
  notExtended(message: PulledMessage, error: Error): void
  disconnected(error: Error): void
  connected(): void
}

export interface TunnelDeps {
  api: PullApi
  forwarder: Forwarder
  runtime: Runtime
  events: TunnelEvents
  concurrency: number
  /** How long a message is ours at a time: a lease begins anew as long as its message is being forwarded. */
  leaseMs: number
}

/** Acknowledgements that did not arrive, at most: past that, the oldest is forwarded once more. */
const UNCONFIRMED = 10_000
const MAX_NACK_DELAY_MS = 60_000

/**
 * Takes messages from a pull listener, forwards them, and says what became of each. A message that the receiver
 * took, but whose acknowledgement was lost with the connection, is not forwarded again when it comes back.
 */
export class Tunnel {
  readonly #deps: TunnelDeps
  readonly #unconfirmed = new Set<string>()
  readonly #inFlight = new Set<Promise<void>>()
  /** Stops taking messages. */
  readonly #taking = new AbortController()
  /** Stops everything. */
  readonly #everything = new AbortController()
  #down = false

  constructor(deps: TunnelDeps) {
    this.#deps = deps
  }

  /** Runs until it is stopped; throws where the server refuses, which trying again would not change. */
  async run(): Promise<void> {
    let failures = 0
    while (!this.#taking.signal.aborted) {
      if (this.#inFlight.size >= this.#deps.concurrency) {
        await Promise.race(this.#inFlight)
        continue
      }
      try {
        const max = this.#deps.concurrency - this.#inFlight.size
        const messages = await this.#deps.api.pull({ max, leaseMs: this.#deps.leaseMs }, this.#taking.signal)
        failures = 0
        this.#isUp()
        for (const message of messages) this.#take(message)
      } catch (error) {
        if (this.#taking.signal.aborted) break
        if (!isPassing(error)) throw error
        failures += 1
        this.#isDown(error as Error)
        await sleep(waitMs(failures, error, this.#deps.runtime.random), this.#taking.signal)
      }
    }
  }

  /** Takes nothing more; resolves when everything that was taken is forwarded, and the server knows. */
  async stop(): Promise<void> {
    this.#taking.abort()
    await Promise.allSettled(this.#inFlight)
  }

  /** Lets go of what is in flight; the next client that pulls gets it again. */
  abort(): void {
    this.#taking.abort()
    this.#everything.abort()
    this.#deps.forwarder.abort()
  }

  #take(message: PulledMessage): void {
    const work = this.#carry(message).finally(() => this.#inFlight.delete(work))
    this.#inFlight.add(work)
  }

  async #carry(message: PulledMessage): Promise<void> {
    const { api, forwarder, events } = this.#deps
    const signal = this.#everything.signal
    const lease = this.#hold(message)
    if (this.#unconfirmed.has(message.id)) {
      lease.release()
      events.repeated(message)
    } else {
      const outcome = await forwarder.forward(message).finally(lease.release)
      if (outcome === 'aborted') return
      const acknowledged = acknowledges(outcome)
      events.forwarded(message, outcome, acknowledged)
      if (!acknowledged) {
        const delayMs = nackDelayMs(message, outcome)
        return this.#insist(lease.until, () => api.nack([message.receipt], delayMs, signal))
      }
      this.#remember(message.id)
    }
    await this.#insist(lease.until, async () => {
      const { lost } = await api.ack([message.receipt], signal)
      if (lost.length === 0) this.#unconfirmed.delete(message.id)
    })
  }

  #hold(message: PulledMessage): HeldLease {
    const { api, runtime, events, leaseMs } = this.#deps
    const failed = (error: Error) => (isPassing(error) ? this.#isDown(error) : events.notExtended(message, error))
    return holdLease({ api, runtime, receipt: message.receipt, leaseMs, signal: this.#everything.signal, failed })
  }

  /** Tries until it works or the lease is over: after that the message comes again anyway. */
  async #insist(until: number, tell: () => Promise<void>): Promise<void> {
    const { runtime } = this.#deps
    const signal = this.#everything.signal
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        return await tell()
      } catch (error) {
        if (signal.aborted || !isPassing(error)) return
        this.#isDown(error as Error)
        const delayMs = waitMs(failures, error, runtime.random)
        if (runtime.now() + delayMs >= until) return
        await sleep(delayMs, signal)
      }
    }
  }

  #remember(id: string): void {
    if (this.#unconfirmed.size >= UNCONFIRMED) this.#unconfirmed.delete(this.#unconfirmed.values().next().value!)
    this.#unconfirmed.add(id)
  }

  #isDown(error: Error): void {
    if (!this.#down) this.#deps.events.disconnected(error)
    this.#down = true
  }

  #isUp(): void {
    if (this.#down) this.#deps.events.connected()
    this.#down = false
  }
}

/**
 * How long a failed message waits: short, as a developer is watching, and at most a minute; never less than the
 * receiver asked for.
 */
function nackDelayMs({ attempt }: PulledMessage, { directive }: Outcome): number {
  return Math.max(Math.min(MAX_NACK_DELAY_MS, 1_000 * 2 ** (attempt - 1)), directive?.retryAfterMs ?? 0)
}
