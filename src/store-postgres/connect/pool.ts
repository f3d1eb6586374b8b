import type { Cancel, Runtime } from '../../runtime.ts'
import { StoreUnavailable } from '../../store/store.ts'
import type { Session } from './session.ts'

/** Connections for everything but commits and notifications. */
const MAX_SESSIONS = 8
/** A caller that waits longer for a connection, or finds so many waiting, is told that the store is away. */
const WAIT_MS = 5_000
const MAX_WAITING = 2_000
/** Between two tries to connect, growing to the larger; until then every call fails at once. */
const FIRST_BACKOFF_MS = 50
const MAX_BACKOFF_MS = 2_000

/** Hands out connections, one user at a time each, and opens new ones as needed. */
export interface Pool {
  use<Result>(work: (session: Session) => Promise<Result>): Promise<Result>
  /** Ends those that are idle, and every other as it comes back. */
  close(): Promise<void>
}

interface ConnectionWaiter {
  resolve(session: Session | null): void
  reject(error: Error): void
}

export function createPool(open: () => Promise<Session>, runtime: Runtime, max = MAX_SESSIONS): Pool {
  const idle: Session[] = []
  const waiting: ConnectionWaiter[] = []
  let opened = 0
  let closed = false
  let backoffMs = 0
  let retryAt = 0
  let lastError: Error | null = null

  async function take(): Promise<Session> {
    if (closed) throw new StoreUnavailable('the store is closed')
    for (let session = idle.pop(); session !== undefined; session = idle.pop()) {
      if (!session.broken) return session
      opened -= 1
    }
    if (opened < max) return openOne()
    // A place may come free without a connection, where that has broken.
    return (await handedOver()) ?? take()
  }

  async function openOne(): Promise<Session> {
    if (runtime.now() < retryAt && retryAt - runtime.now() <= MAX_BACKOFF_MS) throw lastError!
    opened += 1
    try {
      const session = await open()
      backoffMs = 0
      return session
    } catch (error) {
      opened -= 1
      backoffMs = Math.min(Math.max(backoffMs * 2, FIRST_BACKOFF_MS), MAX_BACKOFF_MS)
      retryAt = runtime.now() + backoffMs
      lastError = error as Error
      waiting.shift()?.resolve(null)
      throw error
    }
  }

  function handedOver(): Promise<Session | null> {
    if (waiting.length >= MAX_WAITING) throw new StoreUnavailable('too many calls wait for a connection')
    return new Promise((resolve, reject) => {
      let cancel: Cancel = () => undefined
      const entry: ConnectionWaiter = {
        resolve(session) {
          cancel()
          resolve(session)
        },
        reject(error) {
          cancel()
          reject(error)
        },
      }
      cancel = runtime.after(WAIT_MS, () => {
        waiting.splice(waiting.indexOf(entry), 1)
        reject(new StoreUnavailable('no connection came free in time'))
      })
      waiting.push(entry)
    })
  }

  function giveBack(session: Session): void {
    if (closed) {
      void session.close()
      return
    }
    if (session.broken) {
      opened -= 1
      waiting.shift()?.resolve(null)
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
      for (const entry of waiting.splice(0)) entry.reject(new StoreUnavailable('the store is closed'))
      await Promise.all(idle.splice(0).map((session) => session.close()))
    },
  }
}
