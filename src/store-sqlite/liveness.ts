import type { DatabaseSync } from 'node:sqlite'
import { type Liveness, type LivenessState, UNKNOWN_LIVENESS } from '../core/liveness.ts'
import type { CheckedListener, LivenessStore } from '../store/liveness.ts'
import { LISTENER_ENABLED, type ListenerRow, listenerColumns, listenerOf } from './listener-row.ts'
import { reading, type Transact } from './transaction.ts'

const CHECKED = `
  select ${listenerColumns('l.')}, coalesce(v.state, 'unknown') as state
    from listeners l left join listener_liveness v on v.listener_id = l.id
   where l.id > ? and l.liveness_url is not null and l.notify_url is not null and ${LISTENER_ENABLED}
     and exists (select 1 from organizations o where o.id = l.organization_id)
   order by l.id limit ?`

/** Written only where there is a listener: one that was deleted must not leave a row behind. */
const NOTE = `
  insert into listener_liveness
    (listener_id, state, success_count, last_success_at, failure_count, last_failure_status, last_failure_at,
     last_failure_msg)
  select id, coalesce(:state, 'unknown'), :successCount, :lastSuccessAt, :failureCount, :lastFailureStatus,
         :lastFailureAt, :lastFailureMsg
    from listeners where id = :listenerId
  on conflict (listener_id) do update set
    state = coalesce(:state, state),
    success_count = success_count + :successCount,
    last_success_at = coalesce(:lastSuccessAt, last_success_at),
    failure_count = failure_count + :failureCount,
    last_failure_status = case when :lastFailureAt is null then last_failure_status else :lastFailureStatus end,
    last_failure_msg = case when :lastFailureAt is null then last_failure_msg else :lastFailureMsg end,
    last_failure_at = coalesce(:lastFailureAt, last_failure_at)`

const READ = `
  select state, success_count as successCount, last_success_at as lastSuccessAt, failure_count as failureCount,
         last_failure_status as lastFailureStatus, last_failure_at as lastFailureAt, last_failure_msg as lastFailureMsg
    from listener_liveness where listener_id = ?`

export function createLivenessStore(db: DatabaseSync, transact: Transact): LivenessStore {
  const [checked, note] = [db.prepare(CHECKED), db.prepare(NOTE)]
  return {
    async checked({ after, limit }) {
      return reading(() => {
        const rows = checked.all(after ?? '', limit) as unknown as (ListenerRow & { state: LivenessState })[]
        return rows.map(({ state, ...row }) => ({ listener: listenerOf(row), state }) as CheckedListener)
      })
    },
    async note(notes) {
      transact(() => {
        for (const { listenerId, news } of notes) note.run({ listenerId, ...news })
      })
    },
  }
}

/** Reads how a listener was doing when that was last written down. */
export function readLivenessOf(db: DatabaseSync): (listenerId: string) => Liveness {
  const read = db.prepare(READ)
  return (listenerId) => {
    const row = read.get(listenerId) as Liveness | undefined
    return row === undefined ? UNKNOWN_LIVENESS : { ...row }
  }
}
