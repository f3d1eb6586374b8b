import type { Cancel, Runtime } from '../../runtime.ts'
import { StoreUnavailable } from '../../store/store.ts'
import type { Session } from './session.ts'
import { type SessionWaiter, SessionWaiters } from './session-waiters.ts'

/** Connections of a node, beside the one for notifications, where nothing else is said. */
const DEFAULT_CONNECTIONS = 8
/** A caller that waits longer for a connection, or finds so many waiting, is told that the store is away. */
const WAIT_MS = 5_000
const MAX_WAITING = 2_000
/** Between two tries to connect, growing to the larger; until then a call fails at once where no connection is left. */
const FIRST_BACKOFF_MS = 50
const MAX_BACKOFF_MS = 2_000

/** Hands out connections, one user at a time each, and opens new ones as needed. */
export interface Pool {
  use<Result>(work: (session: Session) => Promise<Result>): Promise<Result>
  /** Ends those that are idle, and every other as it comes back. */
  close(): Promise<void>
}

/**
 * A caller gets whichever comes first: a connection that another caller gives back, or a new one, of which there are at
 * most `max`. Where the server gives fewer, callers wait for those that there are; only where there is none do they fail.
 * `ownerOf` says whose call it is that waits: an organization's, or (null) the node's own.
 */
export function createPool(
  open: () => Promise<Session>,
  runtime: Runtime,
  { max = DEFAULT_CONNECTIONS, ownerOf = () => null }: { max?: number | undefined; ownerOf?: () => string | null } = {},
): Pool {
  const idle: Session[] = []
  const waiting = new SessionWaiters(MAX_WAITING)
  let [live, opening] = [0, 0]
  let closed = false
  let backoffMs = 0
  let retryAt = 0
  let lastError: Error | null = null
  let cancelRetry: Cancel | null = null

  async function take(): Promise<Session> {
    if (closed) throw new StoreUnavailable('the store is closed')
    for (let session = idle.pop(); session !== undefined; session = idle.pop()) {
      if (!session.broken) return session
      live -= 1
    }
    const cameFree = comesFree()
    grow()
    return cameFree
  }

  function comesFree(): Promise<Session> {
    return new Promise((resolve, reject) => {
      const cancel = runtime.after(WAIT_MS, () => {
        waiting.giveUp(entry)
        reject(lastError ?? new StoreUnavailable('no connection came free in time'))
      })
      const entry: SessionWaiter = {
        hasGivenUp: false,
        resolve(session) {
          cancel()
          resolve(session)
        },
        reject(error) {
          cancel()
          reject(error)
        },
      }
      if (waiting.add(ownerOf(), entry)) return
      entry.reject(new StoreUnavailable('too many calls wait for a connection'))
    })
  }

  /** Opens one for each caller that waits, as far as may be. */
  function grow(): void {
    if (isPutOff()) {
      failWhereNoneIsLeft()
      return
    }
    while (opening < waiting.length && live + opening < max) void openOne()
  }

  /** Also where the clock was put back: the end is never further away than the longest wait. */
  function isPutOff(): boolean {
    const leftMs = retryAt - runtime.now()
    return lastError !== null && leftMs > 0 && leftMs <= MAX_BACKOFF_MS
  }

  async function openOne(): Promise<void> {
    opening += 1
    try {
      const session = await open()
      opening -= 1
      live += 1
      backoffMs = 0
      lastError = null
      giveBack(session)
    } catch (error) {
      opening -= 1
      backoffMs = Math.min(Math.max(backoffMs * 2, FIRST_BACKOFF_MS), MAX_BACKOFF_MS)
      retryAt = runtime.now() + backoffMs
      lastError = error as Error
      failWhereNoneIsLeft()
      retryLater()
    }
  }

  function failWhereNoneIsLeft(): void {
    if (live + opening === 0 && lastError !== null) rejectAll(lastError)
  }

  function rejectAll(error: Error): void {
    for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) entry.reject(error)
  }

  /** Callers that wait for a connection of others would else wait for it alone, also once there may be more. */
  function retryLater(): void {
    if (waiting.length === 0 || cancelRetry !== null || closed) return
    cancelRetry = runtime.after(backoffMs, () => {
      cancelRetry = null
      if (waiting.length > 0) grow()
    })
  }

  function giveBack(session: Session): void {
    if (closed) {
      void session.close()
      return
    }
    if (session.broken) {
      live -= 1
      if (waiting.length > 0) grow()
      return
    }
    const next = waiting.shift()
    if (next === undefined) idle.push(session)
    else next.resolve(session)
  }

  return {
    async use(work) {
      const session = await take()
      try {
        return await work(session)
      } finally {
        giveBack(session)
      }
    },
    async close() {
      closed = true
      cancelRetry?.()
      rejectAll(new StoreUnavailable('the store is closed'))
      await Promise.all(idle.splice(0).map((session) => session.close()))
    },
  }
}
