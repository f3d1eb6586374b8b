import { isPushed, type Listener, withChange } from '../core/delivery/listener.ts'
import { MAX_FILTERS_OF_QUEUE, MAX_LISTENERS_OF_QUEUE } from '../core/delivery/queue.ts'
import type { EventType } from '../core/telemetry/event.ts'
import { rotated } from '../core/tenant/secret-rotation.ts'
import type { ListenerDetails, ListenerStore, ListenerUrls } from '../store/listeners.ts'
import { failsIfMatch } from '../store/listing/expected-revision.ts'
import type { Revised } from '../store/listing/slice.ts'
import { lockQueue } from './cluster/locks.ts'
import type { Publish } from './cluster/publish.ts'
import { countersOf } from './commit/listener-counters.ts'
import { texts } from './connect/arrays.ts'
import { jsonText } from './connect/json-text.ts'
import type { Db } from './connect/session.ts'
import type { Database, Transaction } from './connect/transaction.ts'
import type { Leases } from './deliveries/leases.ts'
import type { ListenerOwners } from './deliveries/listener-owners.ts'
import { noteRelease } from './deliveries/order-releases.ts'
import { unlessTaken } from './errors.ts'
import { hasRecord, writeRecord } from './idempotency-records.ts'
import { LISTENER_COLUMNS, type ListenerRow, listenerOf } from './listener-row.ts'
import { onlyOf, sliceOf } from './listing.ts'
import { livenessOf } from './liveness.ts'
import { refusalOf } from './quotas.ts'
import { retire } from './secrets.ts'
import { note } from './telemetry/usage.ts'

const INSERT = `
  insert into discue.listeners
    (id, organization_id, queue_id, name, notify_url, liveness_url, secret, settings, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

const GET = `select ${LISTENER_COLUMNS} from discue.listeners where id = $1`

const GET_OWN = `
  select ${LISTENER_COLUMNS}, revision from discue.listeners where organization_id = $1 and id = $2 and queue_id = $3`
const GET_LOCKED = `${GET_OWN} for update`

const LIST = `
  select ${LISTENER_COLUMNS} from discue.listeners
   where organization_id = $1 and ($2::text is null or queue_id = $2)
     and ($3::text[] is null or id = any($3) or queue_id = any($3))
   order by id limit $4 offset $5`

const URLS = `
  select id, notify_url as "notifyUrl", liveness_url as "livenessUrl" from discue.listeners where id > $1 order by id limit $2`

const UPDATE = `
  update discue.listeners set name = $3, notify_url = $4, liveness_url = $5, secret = $6, settings = $7, updated_at = $8,
         revision = revision + 1
   where organization_id = $1 and id = $2`

const DELETE = `delete from discue.listeners where organization_id = $1 and id = $2`
const REMEMBER = `insert into discue.removals (kind, id, organization_id) values ('listener', $2, $1)`
/** For the ledger. */
const NOTE_REMOVAL = `
  insert into discue.removed_listeners (organization_id, id, queue_id, name, removed_at) values ($1, $2, $3, $4, $5)`
const QUEUE_EXISTS = `select 1 from discue.queues where organization_id = $1 and id = $2`
/** Reads no further than to the bound, in the index of names. */
const FILTERS = `
  select coalesce(sum(length(settings ->> 'filter')), 0) as length from discue.listeners
   where organization_id = $1 and queue_id = $2 and id <> $3`
const IS_FULL = `select 1 from discue.listeners where organization_id = $1 and queue_id = $2 limit 1 offset $3`
const TOUCH_QUEUE = `update discue.queues set version = version + 1 where organization_id = $1 and id = $2`

type Ask = { organizationId: string; queueId: string; id: string }

export function createListenerStore(
  { transact, snapshot, db }: Database,
  { leases, owners, publish }: { leases: Leases; owners: ListenerOwners; publish: Publish },
): ListenerStore {
  async function findOwn(on: Db, ask: Ask, sql = GET_OWN): Promise<Revised<Listener> | null> {
    const [row] = await on.rows<Revised<ListenerRow>>(sql, [ask.organizationId, ask.id, ask.queueId])
    return row === undefined ? null : { ...listenerOf(row), revision: row.revision }
  }

  async function detailed<L extends Listener>(on: Db, organizationId: string, listeners: L[]) {
    const ids = texts(listeners.map(({ id }) => id))
    const counters = await countersOf(on, organizationId, ids)
    const liveness = await livenessOf(on, organizationId, ids)
    return listeners.map((listener): L & ListenerDetails => {
      const { id } = listener
      return { ...listener, ...counters.get(id)!, liveness: liveness(id) }
    })
  }

  async function noted(
    on: Transaction,
    type: EventType,
    listener: Listener,
    now: number,
    reason?: string,
  ): Promise<void> {
    const { organizationId, queueId, id, name } = listener
    await note(on, { type, organizationId, id, name, queueId, reason }, now)
    await publish(on, { kind: 'queue', organizationId, queueId })
  }

  async function notedUpdate(on: Transaction, listener: Listener, now: number, reason?: string): Promise<void> {
    await noted(on, 'listener_updated', listener, now, reason)
    await publish(on, { kind: 'listener', listenerId: listener.id, listener })
  }

  /** The listener with its new time, within a transaction that has its queue's lock. */
  async function written<Changed extends Listener>(on: Db, listener: Changed, now: number): Promise<Changed> {
    const { id, organizationId, queueId, name, notifyUrl, livenessUrl, secret, settings } = listener
    // Two changes within a millisecond must not look like one to a node that compares them.
    const updatedAt = Math.max(now, listener.updatedAt + 1)
    const values = [name, notifyUrl, livenessUrl, secret, jsonText(settings), updatedAt]
    await on.run(UPDATE, [organizationId, id, ...values])
    await on.run(TOUCH_QUEUE, [organizationId, queueId])
    return { ...listener, updatedAt }
  }

  /** Whether the queue's filters leave no room for this one; within a transaction that has its lock. */
  async function hasNoRoom(on: Db, { id, organizationId, queueId, settings: { filter } }: Listener): Promise<boolean> {
    if (filter === null) return false
    const [others] = await on.rows<{ length: number }>(FILTERS, [organizationId, queueId, id])
    return others!.length + filter.length > MAX_FILTERS_OF_QUEUE
  }

  return {
    async create(listener, answer, most = MAX_LISTENERS_OF_QUEUE) {
      return unlessTaken(() =>
        transact(async (on) => {
          const { id, organizationId, queueId, name, notifyUrl, livenessUrl, secret, createdAt, updatedAt } = listener
          await lockQueue(on, queueId)
          if ((await on.rows(QUEUE_EXISTS, [organizationId, queueId])).length === 0) return 'queue_not_found'
          if (await hasRecord(on, answer)) return 'answered'
          const refused = await refusalOf(on, organizationId, 'listeners')
          if (refused !== null) return refused
          // Counted under the queue's lock, which every creation takes.
          if ((await on.rows(IS_FULL, [organizationId, queueId, most - 1])).length > 0) return 'queue_full'
          if (await hasNoRoom(on, listener)) return 'filters_full'
          await writeRecord(on, answer)
          await on.run(TOUCH_QUEUE, [organizationId, queueId])
          const settings = jsonText(listener.settings)
          const place = [id, organizationId, queueId, name]
          await on.run(INSERT, [...place, notifyUrl, livenessUrl, secret, settings, createdAt, updatedAt])
          await noted(on, 'listener_added', listener, createdAt)
          if (livenessUrl !== null) await publish(on, { kind: 'listener_added', listenerId: id, listener })
          return 'created'
        }),
      )
    },
    async get(ask) {
      return snapshot(async (on) => {
        const listener = await findOwn(on, ask)
        return listener === null ? null : (await detailed(on, ask.organizationId, [listener]))[0]!
      })
    },
    async list({ organizationId, queueId, only, slice }) {
      return snapshot(async (on) => {
        const rows = await on.rows<ListenerRow>(LIST, [organizationId, queueId, onlyOf(only), ...sliceOf(slice)])
        return detailed(on, organizationId, rows.map(listenerOf))
      })
    },
    async urls({ after, limit }) {
      return db.rows<ListenerUrls>(URLS, [after ?? '', limit])
    },
    async find(id) {
      const [row] = await db.rows<ListenerRow>(GET, [id])
      return row === undefined ? null : listenerOf(row)
    },
    async update({ changes: { secret, privateKey, ...changes }, now, ifMatch, ...ask }) {
      return unlessTaken(() =>
        transact(async (on) => {
          await lockQueue(on, ask.queueId)
          const listener = await findOwn(on, ask, GET_LOCKED)
          if (listener === null) return 'not_found'
          if (failsIfMatch(listener.revision, ifMatch)) return 'changed'
          const settings = withChange(listener.settings, changes.settings ?? {})
          if (changes.settings?.filter != null && (await hasNoRoom(on, { ...listener, settings })))
            return 'filters_full'
          const isRotated = secret !== undefined || privateKey !== undefined
          const secrets = isRotated ? rotated(listener, { secret, privateKey }, now) : {}
          const changed = await written(on, { ...listener, ...changes, ...secrets, settings }, now)
          if (isRotated) await retire(on, ask.id, changed.retiredSecrets)
          await noteRelease(on, listener, changed)
          await notedUpdate(on, changed, now)
          return { ...changed, revision: listener.revision + 1 }
        }),
      )
    },
    async disable({ id, notifyUrl, reason, now }) {
      return transact(async (on) => {
        const place = await owners.of(id)
        if (place === null) return null
        await lockQueue(on, place.queueId)
        const listener = await findOwn(on, { ...place, id }, GET_LOCKED)
        if (listener === null || listener.notifyUrl !== notifyUrl || !isPushed(listener)) return null
        const { revision: _, ...current } = listener
        const settings = withChange(listener.settings, { status: 'disabled' })
        const changed: Listener = await written(on, { ...current, settings }, now)
        await notedUpdate(on, changed, now, reason)
        return changed
      })
    },
    async delete({ now, ifMatch, ...ask }) {
      const outcome = await transact(async (on) => {
        await lockQueue(on, ask.queueId)
        const listener = await findOwn(on, ask, GET_LOCKED)
        if (listener === null) return 'not_found'
        if (failsIfMatch(listener.revision, ifMatch)) return 'changed'
        await on.run(DELETE, [ask.organizationId, ask.id])
        await on.run(REMEMBER, [ask.organizationId, ask.id])
        await on.run(NOTE_REMOVAL, [ask.organizationId, ask.id, ask.queueId, listener.name, now])
        await on.run(TOUCH_QUEUE, [ask.organizationId, ask.queueId])
        await noted(on, 'listener_deleted', listener, now)
        await publish(on, { kind: 'listeners_gone', listenerIds: [ask.id] })
        return 'deleted'
      })
      if (outcome === 'deleted') leases.dropListener(ask.id)
      return outcome
    },
  }
}
