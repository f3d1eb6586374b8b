import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'

/** How long things are kept, in milliseconds. */
export interface Retention {
  /** How long messages are kept once nothing of them is pending, and (`eventsMs`) usage events. */
  messagesMs: number
  eventsMs: number
}

/** What the statistics can be asked for: 24 hours, and the five minutes that they began in. */
const STATS_MS = 25 * 3_600_000
/** How many to remove at a time: a few milliseconds' work each, for which writes wait. */
const MESSAGES = 100
const SEGMENTS = 100
const COUNTS = 500
const RUNS = 500
const SCHEDULES = 200
/** How often old messages are looked at again that were pending when the pruner came by. */
const START_OVER_MS = 3_600_000

type Deps = {
  store: Pick<Store, 'events' | 'stats' | 'removals' | 'schedules' | 'redeliveries' | 'discards' | 'liveness'>
  runtime: Runtime
  retention: Retention
}

/**
 * Removes what is older than it is kept, a little with each tick; the answer is 0 once nothing is left to remove.
 * Its place among the messages is remembered, so that a backlog of old ones is not looked at with every tick.
 */
export function createPruner({ store, runtime, retention }: Deps): () => Promise<number> {
  let after = 0
  let startedOverAt = runtime.now()

  async function expireMessages(now: number): Promise<number> {
    const before = now - retention.messagesMs
    const expired = await store.removals.expire({ now, before, after, limit: MESSAGES })
    after = expired.after
    if (!expired.done) return MESSAGES
    if (Math.abs(now - startedOverAt) >= START_OVER_MS) {
      after = 0
      startedOverAt = now
    }
    return expired.removed
  }

  /** Runs of schedules are kept as long as messages, and schedules that are over as long as the last of theirs. */
  const pruneRuns = hourly((ask) => store.schedules.pruneRuns({ ...ask, limit: RUNS }))
  const removeEnded = hourly((ask) => store.schedules.removeEnded({ ...ask, limit: SCHEDULES }))

  return async () => {
    const now = runtime.now()
    const segments = await store.events.prune({ before: now - retention.eventsMs, limit: SEGMENTS })
    const counts = await store.stats.prune({ before: now - STATS_MS, limit: COUNTS })
    const changes = await store.liveness.prune({ before: now - retention.messagesMs, limit: COUNTS })
    const redeliveries = await store.redeliveries.prune({ before: now - retention.messagesMs, limit: COUNTS })
    const discards = await store.discards.prune({ before: now - retention.messagesMs, limit: COUNTS })
    const messages = await expireMessages(now)
    const before = now - retention.messagesMs
    const schedules = (await pruneRuns(now, before)) + (await removeEnded(now, before))
    return segments + counts + changes + redeliveries + discards + schedules + messages
  }
}

/** Looks through all schedules once an hour, some with each call; answers with 0 where nothing is left to do for now. */
function hourly(
  look: (ask: { before: number; after: string | null }) => Promise<{ removed: number; after: string | null }>,
): (now: number, before: number) => Promise<number> {
  let after: string | null = null
  let lookedAt = Number.NEGATIVE_INFINITY
  return async (now, before) => {
    if (after === null && Math.abs(now - lookedAt) < START_OVER_MS) return 0
    const looked = await look({ before, after })
    after = looked.after
    if (after === null) lookedAt = now
    return after === null ? looked.removed : Math.max(1, looked.removed)
  }
}
