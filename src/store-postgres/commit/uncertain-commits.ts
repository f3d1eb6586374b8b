import type { WaitingListener } from '../../store/deliveries.ts'

/** How long a statement whose outcome is unknown may yet turn out to have been done. */
const DOUBTED_MS = 60_000
const MAX_DOUBTED = 100_000

/**
 * Listeners of which this process may hold deliveries that it does not know of, since the connection was lost before it
 * heard what it was given. For a while they are named to a lane that asks what waits, which then claims what is there.
 */
export interface UncertainCommits {
  add(listenerIds: readonly string[]): void
  waiting(known: readonly WaitingListener[], now: number): WaitingListener[]
}

export function createUncertainCommits(now: () => number): UncertainCommits {
  const until = new Map<string, number>()
  return {
    add(listenerIds) {
      // At the bound some wait until this node ends, or is taken for dead.
      for (const id of listenerIds) if (until.size < MAX_DOUBTED) until.set(id, now() + DOUBTED_MS)
    },
    waiting(known, at) {
      const listed = new Set(known.map(({ listenerId }) => listenerId))
      const found: WaitingListener[] = []
      for (const [listenerId, end] of until) {
        if (!listed.has(listenerId)) found.push({ listenerId, nextDueAt: at })
        if (now() >= end) until.delete(listenerId)
      }
      return found
    },
  }
}
