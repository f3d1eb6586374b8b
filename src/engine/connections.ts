import { type buildConnector, Client } from 'undici'

/** Idle connections that are kept over all origins; past this, one that becomes idle is closed. */
const MAX_IDLE = 2_048
/** Longer than a socket is kept alive without use, so that what is thrown away here has none any more. */
const KEEP_IDLE_MS = 10_000

interface Idle {
  client: Client
  since: number
}

/**
 * Connections to listeners, each carrying one request at a time. A stack of the free ones per origin finds one
 * without looking, and reuses the warmest. How many there are is bounded by the lanes, not here: a bound here would
 * let a listener that hangs starve another one on the same host.
 */
export class Connections {
  readonly #connect: buildConnector.connector
  readonly #idle = new Map<string, Idle[]>()
  readonly #all = new Set<Client>()
  #idleCount = 0

  constructor(connect: buildConnector.connector) {
    this.#connect = connect
  }

  take(origin: string): Client {
    const idle = this.#idle.get(origin)?.pop()
    if (idle !== undefined) {
      this.#idleCount -= 1
      return idle.client
    }
    // Timeouts are the sender's: they span the whole attempt.
    const client = new Client(origin, { connect: this.#connect, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
    this.#all.add(client)
    return client
  }

  /** Gives back a connection whose last request has been answered in full. */
  give(origin: string, client: Client, now: number): void {
    if (this.#idleCount >= MAX_IDLE) {
      this.drop(client)
      return
    }
    const idle = this.#idle.get(origin)
    if (idle === undefined) this.#idle.set(origin, [{ client, since: now }])
    else idle.push({ client, since: now })
    this.#idleCount += 1
  }

  /** Throws away a connection in an unknown state. */
  drop(client: Client): void {
    this.#all.delete(client)
    void client.destroy()
  }

  /** Throws away what has been idle for long; each stack has its oldest at the bottom. */
  dropIdle(now: number): void {
    for (const [origin, idle] of this.#idle) {
      const firstKept = idle.findIndex(({ since }) => since > now - KEEP_IDLE_MS)
      const old = idle.splice(0, firstKept === -1 ? idle.length : firstKept)
      for (const { client } of old) this.drop(client)
      this.#idleCount -= old.length
      if (idle.length === 0) this.#idle.delete(origin)
    }
  }

  async close(): Promise<void> {
    this.#idle.clear()
    this.#idleCount = 0
    await Promise.all([...this.#all].map((client) => client.destroy()))
    this.#all.clear()
  }
}
