import type { LivenessState } from '../delivery/liveness.ts'
import type { Named, ReachedQuota } from './notification.ts'

/** A delivery that is due for longer than this is a backlog of its queue. */
export const BACKLOG_MS = 300_000

export interface ListenerStanding extends Named {
  queue: Named
  isDisabled: boolean
  state: LivenessState
  /** Deliveries that are missed now; a redelivery takes them away again. */
  missed: number
}

/** A queue with deliveries that are overdue. */
export interface QueueStanding extends Named {
  /** When the first delivery was due that nothing keeps back on purpose; null where all are of a pause or a disabled listener. */
  dueAt: number | null
}

/** A schedule whose latest run failed. */
export interface ScheduleStanding extends Named {
  queue: Named
  dueAt: number
  error: string
}

/** How an organization stands, but for its queue of notifications: all that may be worth telling. */
export interface Standing {
  now: number
  /** Those that are down, disabled or have missed something, and all that were told of as long as they exist. */
  listeners: readonly ListenerStanding[]
  /** Those of which something has been due for `BACKLOG_MS`. */
  queues: readonly QueueStanding[]
  schedules: readonly ScheduleStanding[]
  quotas: readonly ReachedQuota[]
}

/** One for each queue, of what was told of it by parts of its listeners; in the order of their ids. */
export function mergedQueues(parts: readonly QueueStanding[]): QueueStanding[] {
  const byId = new Map<string, QueueStanding>()
  for (const part of parts) {
    const known = byId.get(part.id)
    byId.set(part.id, known === undefined ? part : { ...part, dueAt: earlier(known.dueAt, part.dueAt) })
  }
  return [...byId.values()].sort((one, other) => (one.id < other.id ? -1 : 1))
}

function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}
