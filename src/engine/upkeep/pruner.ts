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
/** How often old messages are looked at again that were pending when the pruner came by. */
const START_OVER_MS = 3_600_000

type Deps = {
  store: Pick<Store, 'events' | 'stats' | 'removals' | 'schedules' | 'redeliveries' | 'liveness'>
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
  let runsAfter: string | null = null
  let runsLookedAt = Number.NEGATIVE_INFINITY

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

  /** Runs of schedules are kept as long as messages; all schedules are looked through once an hour. */
  async function pruneRuns(now: number): Promise<number> {
    if (runsAfter === null && Math.abs(now - runsLookedAt) < START_OVER_MS) return 0
    const ask = { before: now - retention.messagesMs, after: runsAfter, limit: RUNS }
    const { removed, after: next } = await store.schedules.pruneRuns(ask)
    runsAfter = next
    if (next === null) runsLookedAt = now
    return next === null ? removed : Math.max(1, removed)
  }

  return async () => {
    const now = runtime.now()
    const segments = await store.events.prune({ before: now - retention.eventsMs, limit: SEGMENTS })
    const counts = await store.stats.prune({ before: now - STATS_MS, limit: COUNTS })
    const changes = await store.liveness.prune({ before: now - retention.messagesMs, limit: COUNTS })
    const redeliveries = await store.redeliveries.prune({ before: now - retention.messagesMs, limit: COUNTS })
    return segments + counts + changes + redeliveries + (await pruneRuns(now)) + (await expireMessages(now))
  }
}
