import type { Cancel, Runtime } from '../../runtime.ts'
import type { StoreChange } from '../../store/cluster/changes.ts'
import type { Db } from '../connect/session.ts'
import type { Publish } from './publish.ts'

/** How often changes are published: often enough for a node that is idle, and rarely enough to cost nothing. */
const EVERY_MS = 200
/** Listeners, and other changes, at a time; listeners beyond are found by the sweeps of other nodes. */
const MAX_LISTENERS = 1_000
const MAX_CHANGES = 1_000

/**
 * Tells other nodes what is in no transaction: above all that something waits for a listener, which the node that took it
 * has no room for. Beside the commits, because notifications make commits wait for each other.
 */
export interface ChangePublisher {
  waiting(listenerId: string): void
  tell(change: StoreChange): void
  stop(): void
}

export function createChangePublisher(db: Db, publish: Publish, runtime: Runtime): ChangePublisher {
  const listenerIds = new Set<string>()
  let changes: StoreChange[] = []
  let cancel: Cancel | null = null

  function send(): void {
    cancel = null
    const told = changes
    if (listenerIds.size > 0) told.push({ kind: 'waiting', listenerIds: [...listenerIds] })
    changes = []
    listenerIds.clear()
    // A node that does not hear of what waits finds out by the next sweep.
    publish(db, ...told).catch((error: unknown) => {
      runtime.log.debug({ err: error }, 'other nodes were not told')
    })
  }

  function soon(): void {
    cancel ??= runtime.after(EVERY_MS, send)
  }

  return {
    waiting(listenerId) {
      if (listenerIds.size < MAX_LISTENERS) listenerIds.add(listenerId)
      soon()
    },
    tell(change) {
      if (changes.length < MAX_CHANGES) changes.push(change)
      soon()
    },
    stop() {
      cancel?.()
    },
  }
}
