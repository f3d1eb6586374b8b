import type { Cancel, Runtime } from '../../runtime.ts'
import type { NodeNews } from '../../store/cluster/changes.ts'
import type { Db } from '../connect/session.ts'
import type { Notify } from './publish.ts'

/** How often changes are published: often enough for a node that is idle, and rarely enough to cost nothing. */
const EVERY_MS = 200
/** Listeners, and other changes, at a time; listeners beyond are found by the sweeps of other nodes. */
const MAX_LISTENERS = 1_000
const MAX_CHANGES = 1_000
/** Other nodes look now, and find when what they look for is due. */
const LONG_DUE = 0

/**
 * Tells other nodes what is in no transaction: above all that something waits for a listener, which the node that took it
 * has no room for. Beside the commits, because notifications make commits wait for each other.
 */
export interface ChangePublisher {
  waiting(listenerId: string): void
  tell(news: NodeNews): void
  stop(): void
}

export function createChangePublisher(db: Db, notify: Notify, runtime: Runtime): ChangePublisher {
  const listenerIds = new Set<string>()
  let changes: NodeNews[] = []
  let cancel: Cancel | null = null

  function send(): void {
    cancel = null
    const told: Parameters<Notify>[1][] = changes
    if (listenerIds.size > 0) told.push({ kind: 'deliveries_due', listenerIds: [...listenerIds], dueAt: LONG_DUE })
    changes = []
    listenerIds.clear()
    // A node that does not hear of what waits finds out by the next sweep.
    notify(db, ...told).catch((error: unknown) => {
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
    tell(news) {
      if (changes.length < MAX_CHANGES) changes.push(news)
      soon()
    },
    stop() {
      cancel?.()
    },
  }
}
