import type { ClientTls } from './client-tls.ts'
import { Connection, type ConnectionDeps } from './http1/connection.ts'
import { HeadMemo } from './http1/head-memo.ts'

/** How requests get to where they go; of one origin this process uses the same proxy, or none, for all of them. */
interface ConnectionWay {
  origin: string
  organizationId?: string
  tls?: ClientTls | null
}

/**
 * What tells apart connections that cannot stand in for each other: the scheme, host and port, for whom they were made,
 * and how TLS is spoken. One organization's requests never share a connection, or a TLS session, with another's: what a receiver remembers
 * of a connection it remembers of one tenant. Whatever else comes to decide how one is made belongs in here, so that it
 * never carries a request that was to go another way.
 */
export function poolOf({ origin, organizationId = '', tls = null }: ConnectionWay): string {
  return `${origin} ${organizationId} ${tls?.id ?? ''}`
}

/** Idle connections that are kept over all origins; past this, one that becomes idle is closed. */
const MAX_IDLE = 2_048
/** As long as most servers keep a connection without use; one that is older is not used again anyway. */
const KEEP_IDLE_MS = 5_000

interface Idle {
  connection: Connection
  since: number
}

/**
 * Connections to listeners, each carrying one request at a time. A stack of the free ones per pool finds one
 * without looking, and reuses the warmest. How many there are is bounded by the lanes, not here: a bound here would
 * let a listener that hangs starve another one on the same host.
 */
export class Connections {
  readonly #deps: ConnectionDeps
  /** By `poolOf`. */
  readonly #idle = new Map<string, Idle[]>()
  readonly #all = new Set<Connection>()
  #idleCount = 0

  constructor(deps: Omit<ConnectionDeps, 'memo'>) {
    this.#deps = { ...deps, memo: new HeadMemo() }
  }

  /** A free connection of the pool, or a new one to its origin. */
  take(pool: string, { origin, tls = null }: Omit<ConnectionWay, 'organizationId'>): Connection {
    const idle = this.#idle.get(pool)?.pop()
    if (idle !== undefined) {
      this.#idleCount -= 1
      return idle.connection
    }
    const connection = new Connection({ origin, pool, tls }, this.#deps)
    this.#all.add(connection)
    return connection
  }

  /** Gives back a connection whose last request has been answered in full. */
  give(pool: string, connection: Connection): void {
    if (this.#idleCount >= MAX_IDLE) {
      this.drop(connection)
      return
    }
    const entry = { connection, since: this.#deps.now() }
    const idle = this.#idle.get(pool)
    if (idle === undefined) this.#idle.set(pool, [entry])
    else idle.push(entry)
    this.#idleCount += 1
  }

  /** Throws away a connection in an unknown state. */
  drop(connection: Connection): void {
    this.#all.delete(connection)
    connection.destroy()
  }

  /** Throws away what is idle of one pool, which nothing will be sent over any more. */
  dropPool(pool: string): void {
    const idle = this.#idle.get(pool) ?? []
    this.#idle.delete(pool)
    this.#idleCount -= idle.length
    for (const { connection } of idle) this.drop(connection)
  }

  /** Throws away what has been idle for long; each stack has its oldest at the bottom. */
  dropIdle(): void {
    const now = this.#deps.now()
    for (const [pool, idle] of this.#idle) {
      const firstKept = idle.findIndex(({ since }) => since > now - KEEP_IDLE_MS)
      const old = idle.splice(0, firstKept === -1 ? idle.length : firstKept)
      for (const { connection } of old) this.drop(connection)
      this.#idleCount -= old.length
      if (idle.length === 0) this.#idle.delete(pool)
    }
  }

  close(): void {
    this.#idle.clear()
    this.#idleCount = 0
    for (const connection of this.#all) connection.destroy()
    this.#all.clear()
  }
}
