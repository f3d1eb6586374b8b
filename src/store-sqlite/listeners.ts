import type { DatabaseSync } from 'node:sqlite'
import { isPushed, type Listener, withChange } from '../core/delivery/listener.ts'
import { MAX_FILTERS_OF_QUEUE, MAX_LISTENERS_OF_QUEUE } from '../core/delivery/queue.ts'
import type { EventType } from '../core/telemetry/event.ts'
import { rotated } from '../core/tenant/secret-rotation.ts'
import type { ListenerDetails, ListenerStore, ListenerUrls } from '../store/listeners.ts'
import { failsIfMatch } from '../store/listing/expected-revision.ts'
import type { Revised } from '../store/listing/slice.ts'
import { createListenerCounters } from './commit/listener-counters.ts'
import type { Leases } from './deliveries/leases.ts'
import { createReleaseNotes } from './deliveries/order-releases.ts'
import { unlessTaken } from './errors.ts'
import { overwriting } from './file/overwriting.ts'
import { createEffectRecords } from './idempotency-records.ts'
import { type ListenerRow, listenerColumns, listenerOf } from './listener-row.ts'
import { onlyOf, sliceOf } from './listing.ts'
import { readLivenessOf } from './liveness.ts'
import { createRefusal } from './quotas.ts'
import { createRetirement } from './secrets.ts'
import type { Usage } from './telemetry/usage.ts'
import { type ChangeLog, reading, type Transact } from './transaction.ts'

const INSERT = `
  insert into listeners
    (id, organization_id, queue_id, name, notify_url, liveness_url, secret, settings, created_at, updated_at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const GET = `select ${listenerColumns()} from listeners where id = ?`

const GET_OWN = `
  select ${listenerColumns()}, revision from listeners where id = ? and organization_id = ? and queue_id = ?`

const LIST = `
  select ${listenerColumns()} from listeners
   where organization_id = :organizationId and (:queueId is null or queue_id = :queueId)
     and (:only is null or id in (select value from json_each(:only)) or queue_id in (select value from json_each(:only)))
   order by id limit :limit offset :offset`

const LIST_OF_QUEUE = LIST.replace('organization_id = :organizationId', '+organization_id = :organizationId').replace(
  '(:queueId is null or queue_id = :queueId)',
  'queue_id = :queueId',
)

const URLS = `
  select id, notify_url as notifyUrl, liveness_url as livenessUrl from listeners where id > ? order by id limit ?`

const UPDATE = `
  update listeners set name = ?, notify_url = ?, liveness_url = ?, secret = ?, settings = ?, updated_at = ?,
         revision = revision + 1
   where id = ?`

const DELETE = `delete from listeners where id = ?`
const REMEMBER = `insert into removals (kind, id, organization_id) values ('listener', ?, ?)`
/** For the ledger. */
const NOTE_REMOVAL = `
  insert or replace into removed_listeners (id, queue_id, name, removed_at) values (?, ?, ?, ?)`
const QUEUE_EXISTS = `select 1 from queues where organization_id = ? and id = ?`
/** Reads no further than to the bound, in the index of names. */
const FILTERS = `
  select coalesce(sum(length(settings ->> '$.filter')), 0) as length from listeners where queue_id = ? and id <> ?`
const IS_FULL = `select 1 from listeners where queue_id = ? limit 1 offset ?`
const TOUCH_QUEUE = `update queues set version = version + 1 where organization_id = ? and id = ?`

export function createListenerStore(
  db: DatabaseSync,
  transact: Transact,
  { leases, usage, changes: log }: { leases: Leases; usage: Usage; changes: ChangeLog },
): ListenerStore {
  const [insert, get, update] = [db.prepare(INSERT), db.prepare(GET), db.prepare(UPDATE)]
  const [listAll, listOfQueue] = [db.prepare(LIST), db.prepare(LIST_OF_QUEUE)]
  const [remove, remember, touchQueue] = [db.prepare(DELETE), db.prepare(REMEMBER), db.prepare(TOUCH_QUEUE)]
  const [getOwn, queueExists] = [db.prepare(GET_OWN), db.prepare(QUEUE_EXISTS)]
  const [noteRemoval, isFull, filters] = [db.prepare(NOTE_REMOVAL), db.prepare(IS_FULL), db.prepare(FILTERS)]
  /** Whether the queue's filters leave no room for this one. */
  const hasNoRoom = ({ id, queueId, settings: { filter } }: Listener) =>
    filter !== null && (filters.get(queueId, id)!.length as number) + filter.length > MAX_FILTERS_OF_QUEUE
  const urls = db.prepare(URLS)
  const refusal = createRefusal(db, 'listeners')
  const counters = createListenerCounters(db)
  const livenessOf = readLivenessOf(db)
  const noteRelease = createReleaseNotes(db)
  const answers = createEffectRecords(db)
  const retire = createRetirement(db)
  const writing = <Result>(work: () => Result) => overwriting(db, () => transact(work))

  const find = (id: string): Listener | null => {
    const row = get.get(id) as ListenerRow | undefined
    return row === undefined ? null : listenerOf(row)
  }
  const findOwn = (ask: { organizationId: string; queueId: string; id: string }): Revised<Listener> | null => {
    const row = getOwn.get(ask.id, ask.organizationId, ask.queueId) as Revised<ListenerRow> | undefined
    return row === undefined ? null : { ...listenerOf(row), revision: row.revision }
  }
  const note = (type: EventType, { organizationId, queueId, id, name }: Listener, now: number, reason?: string) => {
    usage.note({ type, organizationId, id, name, queueId, reason }, now)
    log.note({ kind: 'queue', organizationId, queueId })
  }
  const noteUpdate = (listener: Listener, now: number, reason?: string) => {
    note('listener_updated', listener, now, reason)
    log.note({ kind: 'listener', listenerId: listener.id, listener })
  }
  const detailed = (listener: Listener): ListenerDetails => ({
    ...listener,
    ...counters.read(listener.id),
    liveness: livenessOf(listener.id),
  })
  /** The listener with its new time, within a transaction. */
  const written = <Changed extends Listener>(listener: Changed, now: number): Changed => {
    const { id, organizationId, queueId, name, notifyUrl, livenessUrl, secret, settings } = listener
    // Two changes within a millisecond must not look like one to a caller that compares them.
    const updatedAt = Math.max(now, listener.updatedAt + 1)
    update.run(name, notifyUrl, livenessUrl, secret, JSON.stringify(settings), updatedAt, id)
    touchQueue.run(organizationId, queueId)
    return { ...listener, updatedAt }
  }

  return {
    async create(listener, answer, most = MAX_LISTENERS_OF_QUEUE) {
      return unlessTaken(() =>
        transact(() => {
          const { id, organizationId, queueId, name, notifyUrl, livenessUrl, secret, createdAt, updatedAt } = listener
          if (queueExists.get(organizationId, queueId) === undefined) return 'queue_not_found'
          if (answers.has(answer)) return 'answered'
          const refused = refusal(organizationId)
          if (refused !== null) return refused
          if (isFull.get(queueId, most - 1) !== undefined) return 'queue_full'
          if (hasNoRoom(listener)) return 'filters_full'
          answers.write(answer)
          touchQueue.run(organizationId, queueId)
          const settings = JSON.stringify(listener.settings)
          insert.run(id, organizationId, queueId, name, notifyUrl, livenessUrl, secret, settings, createdAt, updatedAt)
          note('listener_added', listener, createdAt)
          if (livenessUrl !== null) log.note({ kind: 'listener_added', listenerId: id, listener })
          return 'created'
        }),
      )
    },
    async get(ask) {
      return reading(() => {
        const listener = findOwn(ask)
        return listener === null ? null : { ...detailed(listener), revision: listener.revision }
      })
    },
    async list({ organizationId, queueId, only, slice }) {
      return reading(() => {
        const statement = queueId === null ? listAll : listOfQueue
        const rows = statement.all({ organizationId, queueId, only: onlyOf(only), ...sliceOf(slice) })
        return (rows as unknown as ListenerRow[]).map((row) => detailed(listenerOf(row)))
      })
    },
    async urls({ after, limit }) {
      return reading(() => urls.all(after ?? '', limit)) as unknown as ListenerUrls[]
    },
    async find(id) {
      return reading(() => find(id))
    },
    async update({ changes: { secret, privateKey, ...changes }, now, ifMatch, ...ask }) {
      return unlessTaken(() =>
        writing(() => {
          const listener = findOwn(ask)
          if (listener === null) return 'not_found'
          if (failsIfMatch(listener.revision, ifMatch)) return 'changed'
          const settings = withChange(listener.settings, changes.settings ?? {})
          if (changes.settings?.filter != null && hasNoRoom({ ...listener, settings })) return 'filters_full'
          const isRotated = secret !== undefined || privateKey !== undefined
          const secrets = isRotated ? rotated(listener, { secret, privateKey }, now) : {}
          const changed = written({ ...listener, ...changes, ...secrets, settings }, now)
          if (isRotated) retire(ask.id, changed.retiredSecrets)
          noteRelease(listener, changed)
          noteUpdate(changed, now)
          return { ...changed, revision: listener.revision + 1 }
        }),
      )
    },
    async disable({ id, notifyUrl, reason, now }) {
      return writing(() => {
        const listener = find(id)
        if (listener === null || listener.notifyUrl !== notifyUrl || !isPushed(listener)) return null
        const settings = withChange(listener.settings, { status: 'disabled' })
        const changed = written({ ...listener, settings }, now)
        noteUpdate(changed, now, reason)
        return changed
      })
    },
    async delete({ now, ...ask }) {
      const outcome = writing(() => {
        const listener = findOwn(ask)
        if (listener === null) return 'not_found'
        if (failsIfMatch(listener.revision, ask.ifMatch)) return 'changed'
        remove.run(ask.id)
        remember.run(ask.id, ask.organizationId)
        noteRemoval.run(ask.id, ask.queueId, listener.name, now)
        touchQueue.run(ask.organizationId, ask.queueId)
        note('listener_deleted', listener, now)
        log.note({ kind: 'listeners_gone', listenerIds: [ask.id] })
        return 'deleted'
      })
      if (outcome === 'deleted') leases.dropListener(ask.id)
      return outcome
    },
  }
}
