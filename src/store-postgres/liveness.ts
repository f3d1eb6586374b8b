import {
  isFailure,
  LIVENESS_STATES,
  type Liveness,
  type LivenessChange,
  type LivenessState,
  UNKNOWN_LIVENESS,
} from '../core/delivery/liveness.ts'
import type { NodeNews } from '../store/cluster/changes.ts'
import { CHANGES_KEPT, type CheckedListener, type LivenessNote, type LivenessStore } from '../store/liveness.ts'
import { type Clock, livingNodes } from './cluster/nodes.ts'
import type { Notify } from './cluster/publish.ts'
import type { Db, Value } from './connect/session.ts'
import { restored, stored } from './connect/text.ts'
import type { Database } from './connect/transaction.ts'
import { LISTENER_COLUMNS, LISTENER_ENABLED, type ListenerRow, listenerOf } from './listener-row.ts'
import { deletePicked } from './listing.ts'

const CHECKED = `
  select ${LISTENER_COLUMNS}, coalesce((
           select v.state from discue.listener_liveness v
            where v.organization_id = l.organization_id and v.listener_id = l.id), 'unknown') as state
    from discue.listeners l
   where l.id > $1 and l.liveness_url is not null and l.notify_url is not null and ${LISTENER_ENABLED}
     and exists (select 1 from discue.organizations o where o.id = l.organization_id)
   order by l.id limit $2`

/** Before the note itself, which replaces the state that was there. */
const CHANGE = `
  insert into discue.liveness_changes as c (organization_id, listener_id, changed_at, from_state, state, message)
  select l.organization_id, l.id, $2, coalesce(v.state, 'unknown'), $3, $4
    from discue.listeners l
    left join discue.listener_liveness v on v.organization_id = l.organization_id and v.listener_id = l.id
   where l.id = $1 and coalesce(v.state, 'unknown') <> $3
  on conflict (organization_id, listener_id, changed_at) do update set
    state = excluded.state, message = excluded.message
  returning c.organization_id as "organizationId"`
const FORGET_OLDEST = `
  delete from discue.liveness_changes where organization_id = $1 and listener_id = $2 and changed_at <= (
    select changed_at from discue.liveness_changes where organization_id = $1 and listener_id = $2
     order by changed_at desc limit 1 offset ${CHANGES_KEPT})`

const CHANGES = `
  select changed_at as at, from_state as "from", state, message from discue.liveness_changes
   where organization_id = $1 and listener_id = $2 and changed_at < $3 order by changed_at desc limit $4 offset $5`
const LISTENER = `
  select 1 from discue.listeners l where l.organization_id = $1 and l.id = $2 and l.queue_id = $3
     and exists (select 1 from discue.queues q where q.organization_id = l.organization_id and q.id = l.queue_id)`
const CHANGE_KEY = 'organization_id, listener_id, changed_at'
const PRUNE = deletePicked(
  'discue.liveness_changes',
  CHANGE_KEY,
  `select ${CHANGE_KEY} from discue.liveness_changes where changed_at < $1 limit $2 for update skip locked`,
)

/** Written only where there is a listener: one that was deleted must not leave a row behind. */
const NOTE = `
  insert into discue.listener_liveness as v
    (organization_id, listener_id, state, success_count, last_success_at, failure_count, last_failure_status,
     last_failure_at, last_failure_msg)
  select organization_id, id, coalesce($2, 'unknown'), $3, $4, $5, $6, $7, $8 from discue.listeners where id = $1
  on conflict (organization_id, listener_id) do update set
    state = coalesce($2, v.state),
    success_count = v.success_count + $3,
    last_success_at = coalesce($4, v.last_success_at),
    failure_count = v.failure_count + $5,
    last_failure_status = case when $7::bigint is null then v.last_failure_status else $6 end,
    last_failure_msg = case when $7::bigint is null then v.last_failure_msg else $8 end,
    last_failure_at = coalesce($7, v.last_failure_at)`

const READ = `
  select listener_id as "listenerId", state, success_count as "successCount", last_success_at as "lastSuccessAt",
         failure_count as "failureCount", last_failure_status as "lastFailureStatus",
         last_failure_at as "lastFailureAt", last_failure_msg as "lastFailureMsg"
    from discue.listener_liveness where organization_id = $1 and listener_id = any($2)`

export function createLivenessStore(
  { transact, db }: Database,
  { clock, notify }: { clock: Clock; notify: Notify },
): LivenessStore {
  return {
    async checked({ after, limit }) {
      const rows = await db.rows<ListenerRow & { state: LivenessState }>(CHECKED, [after ?? '', limit])
      return rows.map(({ state, ...row }) => ({ listener: listenerOf(row), state }) as CheckedListener)
    },
    nodes: ({ now }) => livingNodes(db, clock(now)),
    async note(notes) {
      // In the order of ids, so that two nodes never wait for each other.
      const sorted = notes.toSorted((a, b) => (a.listenerId < b.listenerId ? -1 : 1))
      await transact(async (on) => {
        for (const { listenerId, news } of sorted) {
          const { state, stateAt, successCount, lastSuccessAt, failureCount, lastFailureStatus, lastFailureAt } = news
          const message = news.lastFailureMsg === null ? null : stored(news.lastFailureMsg)
          if (state !== null) await remember(on, [listenerId, stateAt, state, isFailure(state) ? message : null])
          const failures = [failureCount, lastFailureStatus, lastFailureAt, message]
          await on.run(NOTE, [listenerId, state, successCount, lastSuccessAt, ...failures])
        }
        await notify(on, ...newStates(sorted))
      })
    },
    async changes({ organizationId, queueId, id, before, offset, limit }) {
      if ((await db.rows(LISTENER, [organizationId, id, queueId])).length === 0) return null
      const ask = [organizationId, id, before ?? Number.MAX_SAFE_INTEGER, limit, offset]
      const rows = await db.rows<LivenessChange>(CHANGES, ask)
      return rows.map(({ message, ...rest }) => ({ ...rest, message: message === null ? null : restored(message) }))
    },
    prune: ({ before, limit }) => db.run(PRUNE, [before, limit]),
  }
}

async function remember(on: Db, change: [listenerId: string, ...values: Value[]]): Promise<void> {
  const [changed] = await on.rows<{ organizationId: string }>(CHANGE, change)
  if (changed !== undefined) await on.run(FORGET_OLDEST, [changed.organizationId, change[0]])
}

/** By state, so that many that have gone together are told of together. */
function newStates(notes: readonly LivenessNote[]): NodeNews[] {
  return LIVENESS_STATES.flatMap((state) => {
    const listenerIds = notes.filter(({ news }) => news.state === state).map(({ listenerId }) => listenerId)
    return listenerIds.length === 0 ? [] : [{ kind: 'liveness' as const, state, listenerIds }]
  })
}

/** How these listeners of one organization were doing when that was last written down, by id. */
export async function livenessOf(
  db: Db,
  organizationId: string,
  listenerIds: string,
): Promise<(listenerId: string) => Liveness> {
  const rows = await db.rows<Liveness & { listenerId: string }>(READ, [organizationId, listenerIds])
  const found = new Map(
    rows.map(({ listenerId, lastFailureMsg, ...liveness }) => {
      return [listenerId, { ...liveness, lastFailureMsg: lastFailureMsg === null ? null : restored(lastFailureMsg) }]
    }),
  )
  return (listenerId) => found.get(listenerId) ?? UNKNOWN_LIVENESS
}
