import type { DatabaseSync } from 'node:sqlite'
import type { ListenerCounters } from '../../core/delivery/listener.ts'
import { type CounterChange, emptyCounterChange } from '../../core/delivery/settlement.ts'

/** Attempts are not settled in the order in which they ended: of a lease that ran out it shows long afterwards. */
function later(column: string): string {
  return `coalesce(max(${column}, excluded.${column}), ${column}, excluded.${column})`
}

const ADD = `
  insert into listener_figures (listener_id, pending, acknowledged, missed, last_success_at, last_failure_at)
  values (?, ?, ?, ?, ?, ?)
  on conflict (listener_id) do update set
    pending = pending + excluded.pending,
    acknowledged = acknowledged + excluded.acknowledged,
    missed = missed + excluded.missed,
    last_success_at = ${later('last_success_at')},
    last_failure_at = ${later('last_failure_at')}`

const READ = `
  select pending as pendingCount, acknowledged as acknowledgedCount, missed as missedCount,
         last_success_at as lastSuccessAt, last_failure_at as lastFailureAt
    from listener_figures where listener_id = ?`

const NEWEST_MISSED = `
  select m.id from missed x join messages m on m.sequence = x.sequence
   where x.listener_id = ? order by x.sequence desc limit 100`

const NONE = { pendingCount: 0, acknowledgedCount: 0, missedCount: 0, lastSuccessAt: null, lastFailureAt: null }

export function createListenerCounters(db: DatabaseSync) {
  const [add, read, newestMissed] = [db.prepare(ADD), db.prepare(READ), db.prepare(NEWEST_MISSED)]
  return {
    add(listenerId: string, change: CounterChange): void {
      const { pending, acknowledged, missed, lastSuccessAt, lastFailureAt } = change
      add.run(listenerId, pending, acknowledged, missed, lastSuccessAt, lastFailureAt)
    },
    read(listenerId: string): ListenerCounters {
      const row = read.get(listenerId) as typeof NONE | undefined
      const missedMessageIds = newestMissed.all(listenerId).map((missed) => missed.id as string)
      return { ...(row ?? NONE), missedMessageIds }
    },
  }
}

/** Sums up what a transaction does to each listener, so that it is written once a listener and not once a message. */
export class CounterChanges {
  readonly #changes = new Map<string, CounterChange>()

  of(listenerId: string): CounterChange {
    let change = this.#changes.get(listenerId)
    if (change === undefined) {
      change = emptyCounterChange()
      this.#changes.set(listenerId, change)
    }
    return change
  }

  entries(): Iterable<[string, CounterChange]> {
    return this.#changes
  }
}
