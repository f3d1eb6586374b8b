import type { DatabaseSync } from 'node:sqlite'
import {
  isFailure,
  type Liveness,
  type LivenessChange,
  type LivenessNews,
  type LivenessState,
  UNKNOWN_LIVENESS,
} from '../core/delivery/liveness.ts'
import { CHANGES_KEPT, type CheckedListener, type LivenessStore } from '../store/liveness.ts'
import { LISTENER_ENABLED, type ListenerRow, listenerColumns, listenerOf } from './listener-row.ts'
import { reading, type Transact } from './transaction.ts'

const CHECKED = `
  select ${listenerColumns('l.')}, coalesce(v.state, 'unknown') as state
    from listeners l left join listener_liveness v on v.listener_id = l.id
   where l.id > ? and l.liveness_url is not null and l.notify_url is not null and ${LISTENER_ENABLED}
     and exists (select 1 from organizations o where o.id = l.organization_id)
   order by l.id limit ?`

/** Before the note itself, which replaces the state that was there. */
const CHANGE = `
  insert into liveness_changes (listener_id, changed_at, from_state, state, message)
  select l.id, :at, coalesce(v.state, 'unknown'), :state, :message
    from listeners l left join listener_liveness v on v.listener_id = l.id
   where l.id = :listenerId and coalesce(v.state, 'unknown') <> :state
  on conflict (listener_id, changed_at) do update set state = excluded.state, message = excluded.message`
const FORGET_OLDEST = `
  delete from liveness_changes where listener_id = :listenerId and changed_at <= (
    select changed_at from liveness_changes where listener_id = :listenerId
     order by changed_at desc limit 1 offset ${CHANGES_KEPT})`

const CHANGES = `
  select changed_at as at, from_state as "from", state, message from liveness_changes
   where listener_id = ? and changed_at < ? order by changed_at desc limit ? offset ?`
const LISTENER = `
  select 1 from listeners l where l.id = ? and l.queue_id = ? and l.organization_id = ?
     and exists (select 1 from queues q where q.id = l.queue_id and q.organization_id = l.organization_id)`
const PRUNE = `
  delete from liveness_changes where (listener_id, changed_at) in
    (select listener_id, changed_at from liveness_changes where changed_at < ? limit ?)`

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
  const [change, forgetOldest] = [db.prepare(CHANGE), db.prepare(FORGET_OLDEST)]
  const [changes, listener, prune] = [db.prepare(CHANGES), db.prepare(LISTENER), db.prepare(PRUNE)]

  function remember(listenerId: string, { state, stateAt: at, lastFailureMsg: message }: LivenessNews): void {
    if (state === null) return
    if (change.run({ listenerId, at, state, message: isFailure(state) ? message : null }).changes === 0) return
    forgetOldest.run({ listenerId })
  }

  return {
    async checked({ after, limit }) {
      return reading(() => {
        const rows = checked.all(after ?? '', limit) as unknown as (ListenerRow & { state: LivenessState })[]
        return rows.map(({ state, ...row }) => ({ listener: listenerOf(row), state }) as CheckedListener)
      })
    },
    nodes: async () => null,
    async note(notes) {
      transact(() => {
        for (const { listenerId, news } of notes) {
          remember(listenerId, news)
          const { stateAt: _, ...counts } = news
          note.run({ listenerId, ...counts })
        }
      })
    },
    async changes({ organizationId, queueId, id, before, offset, limit }) {
      return reading(() => {
        if (listener.get(id, queueId, organizationId) === undefined) return null
        const rows = changes.all(id, before ?? Number.MAX_SAFE_INTEGER, limit, offset)
        return rows.map((row) => ({ ...row }) as unknown as LivenessChange)
      })
    },
    async prune({ before, limit }) {
      return Number(transact(() => prune.run(before, limit)).changes)
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
