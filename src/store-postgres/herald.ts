import type { Cancel, Runtime } from '../runtime.ts'
import type { Publish } from './publish.ts'
import type { Db } from './session.ts'

/** Often enough for whoever is idle, and rarely enough to cost nothing. */
const EVERY_MS = 200
/** Listeners at a time; those beyond are found by the sweeps of other nodes. */
const MAX_LISTENERS = 1_000

/**
 * Tells other nodes that something waits for a listener, which the node that took it has no room for. Beside the commits:
 * notifications make commits wait for each other.
 */
export interface Herald {
  waiting(listenerId: string): void
  stop(): void
}

export function createHerald(db: Db, publish: Publish, runtime: Runtime): Herald {
  const listenerIds = new Set<string>()
  let cancel: Cancel | null = null

  function tell(): void {
    cancel = null
    const waiting = [...listenerIds]
    listenerIds.clear()
    // Whoever does not hear it finds out by the next sweep.
    publish(db, { kind: 'waiting', listenerIds: waiting }).catch((error: unknown) => {
      runtime.log.debug({ err: error }, 'other nodes were not told of what waits')
    })
  }

  return {
    waiting(listenerId) {
      if (listenerIds.size < MAX_LISTENERS) listenerIds.add(listenerId)
      cancel ??= runtime.after(EVERY_MS, tell)
    },
    stop() {
      cancel?.()
    },
  }
}
