import type { DatabaseSync } from 'node:sqlite'
import type { Queue } from '../core/delivery/queue.ts'
import type { EventType } from '../core/telemetry/event.ts'
import { failsIfMatch } from '../store/listing/expected-revision.ts'
import type { QueueDetails, QueueStore } from '../store/queues.ts'
import type { Leases } from './deliveries/leases.ts'
import { unlessTaken } from './errors.ts'
import { overwriting } from './file/overwriting.ts'
import { createEffectRecords } from './idempotency-records.ts'
import { type ListenerRow, listenerColumns, listenerOf } from './listener-row.ts'
import { onlyOf, sliceOf } from './listing.ts'
import { QUEUE_COLUMNS, type QueueRow, queueColumnsOf, queueOf } from './queue-row.ts'
import { createRefusal } from './quotas.ts'
import type { Usage } from './telemetry/usage.ts'
import { type ChangeLog, reading, type Transact } from './transaction.ts'

const INSERT = `
  insert into queues (id, organization_id, name, schema, schema_id, paused, version, created_at, updated_at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)`

const GET = `
  select ${QUEUE_COLUMNS} from queues
   where organization_id = ? and id = ? and exists (select 1 from organizations where id = organization_id)`

const LIST = `
  select ${QUEUE_COLUMNS} from queues
   where organization_id = :organizationId and (:only is null or id in (select value from json_each(:only)))
   order by id limit :limit offset :offset`

const LISTENERS = `select ${listenerColumns()} from listeners where queue_id = ? order by id`

const LISTENER_REFS = `
  select l.id, l.name, coalesce(f.pending, 0) as pending
    from listeners l left join listener_figures f on f.listener_id = l.id
   where l.queue_id = ? order by l.id`

const UPDATE = `
  update queues set name = ?, schema = ?, schema_id = ?, paused = ?, version = ?, updated_at = ?
   where organization_id = ? and id = ?`

const DELETE = `delete from queues where organization_id = ? and id = ?`
const REMEMBER_LISTENERS = `
  insert into removals (kind, id, organization_id) select 'listener', id, ? from listeners where queue_id = ?`
const REMEMBER_QUEUE = `insert into removals (kind, id, organization_id) values ('queue', ?, ?)`
const IS_REMEMBERED = `select 1 from removals where kind = 'queue' and id = ? and organization_id = ?`
const DELETE_LISTENERS = `delete from listeners where queue_id = ?`

/** Removes a queue within a transaction; what lies below it follows by sweeps. Null where there is none. */
export function createQueueRemoval(db: DatabaseSync): (organizationId: string, id: string) => string[] | null {
  const [remove, listenerRefs] = [db.prepare(DELETE), db.prepare(LISTENER_REFS)]
  const [rememberListeners, removeListeners] = [db.prepare(REMEMBER_LISTENERS), db.prepare(DELETE_LISTENERS)]
  const rememberQueue = db.prepare(REMEMBER_QUEUE)
  return (organizationId, id) => {
    if (remove.run(organizationId, id).changes === 0) return null
    const listenerIds = listenerRefs.all(id).map((row) => row.id as string)
    rememberListeners.run(organizationId, id)
    rememberQueue.run(id, organizationId)
    removeListeners.run(id)
    return listenerIds
  }
}

export function createQueueStore(
  db: DatabaseSync,
  transact: Transact,
  { leases, usage, changes: log }: { leases: Leases; usage: Usage; changes: ChangeLog },
): QueueStore {
  const [insert, get, list] = [db.prepare(INSERT), db.prepare(GET), db.prepare(LIST)]
  const [listeners, listenerRefs, update] = [db.prepare(LISTENERS), db.prepare(LISTENER_REFS), db.prepare(UPDATE)]
  const isRemembered = db.prepare(IS_REMEMBERED)
  const remove = createQueueRemoval(db)
  const refusal = createRefusal(db, 'queues')
  const answers = createEffectRecords(db)

  const find = (organizationId: string, id: string): Queue | null => {
    const row = get.get(organizationId, id) as QueueRow | undefined
    return row === undefined ? null : queueOf(row)
  }
  const note = (
    type: EventType,
    { organizationId, id, name }: Pick<Queue, 'organizationId' | 'id' | 'name'>,
    now: number,
  ) => {
    usage.note({ type, organizationId, id, name, queueId: null }, now)
    log.note({ kind: 'queue', organizationId, queueId: id })
  }
  const detailed = (queue: Queue): QueueDetails => {
    const rows = listenerRefs.all(queue.id) as { id: string; name: string; pending: number }[]
    const pendingCount = rows.reduce((sum, row) => sum + row.pending, 0)
    return { ...queue, listeners: rows.map(({ id, name }) => ({ id, name })), pendingCount }
  }

  return {
    async create(queue, answer) {
      return unlessTaken(() =>
        transact(() => {
          if (answers.has(answer)) return 'answered'
          const { id, organizationId, name, version, createdAt, updatedAt } = queue
          const refused = refusal(organizationId)
          if (refused !== null) return refused
          answers.write(answer)
          insert.run(id, organizationId, name, ...queueColumnsOf(queue), version, createdAt, updatedAt)
          note('queue_added', queue, createdAt)
          return 'created'
        }),
      )
    },
    async get({ organizationId, id }) {
      return reading(() => {
        const queue = find(organizationId, id)
        return queue === null ? null : detailed(queue)
      })
    },
    async list({ organizationId, only, slice }) {
      return reading(() => {
        const rows = list.all({ organizationId, only: onlyOf(only), ...sliceOf(slice) })
        return (rows as unknown as QueueRow[]).map((row) => detailed(queueOf(row)))
      })
    },
    async route({ organizationId, id }) {
      return reading(() => {
        const queue = find(organizationId, id)
        if (queue === null) return null
        return { queue, listeners: (listeners.all(id) as unknown as ListenerRow[]).map(listenerOf) }
      })
    },
    async update({ organizationId, id, changes, now, ifMatch }) {
      return unlessTaken(() =>
        transact(() => {
          const queue = find(organizationId, id)
          if (queue === null) return 'not_found'
          if (failsIfMatch(queue.version, ifMatch)) return 'changed'
          const changed: Queue = { ...queue, ...changes, version: queue.version + 1, updatedAt: now }
          update.run(changed.name, ...queueColumnsOf(changed), changed.version, now, organizationId, id)
          note('queue_updated', changed, now)
          const details = detailed(changed)
          if (changed.paused !== queue.paused) {
            const kind = changed.paused ? 'listeners_paused' : 'listeners_resumed'
            log.note({ kind, listenerIds: details.listeners.map((listener) => listener.id) })
          }
          return details
        }),
      )
    },
    async delete({ organizationId, id, now, ifMatch }) {
      const erase = () => {
        const queue = find(organizationId, id)
        if (queue === null) return 'not_found'
        if (failsIfMatch(queue.version, ifMatch)) return 'changed'
        note('queue_deleted', queue, now)
        const gone = remove(organizationId, id)!
        log.note({ kind: 'listeners_gone', listenerIds: gone })
        return gone
      }
      const listenerIds = overwriting(db, () => transact(erase))
      if (typeof listenerIds === 'string') return listenerIds
      for (const listenerId of listenerIds) leases.dropListener(listenerId)
      return { listenerIds }
    },
    async isDeleting({ organizationId, id }) {
      return reading(() => isRemembered.get(id, organizationId)) !== undefined
    },
  }
}
