import type { DatabaseSync } from 'node:sqlite'
import type { Queue } from '../core/queue.ts'
import type { QueueDetails, QueueStore } from '../store/queues.ts'
import { createKeepAnswer } from './answers.ts'
import { contradicts } from './belief.ts'
import { unlessTaken } from './errors.ts'
import type { Leases } from './leases.ts'
import { type ListenerRow, listenerColumns, listenerOf } from './listener-row.ts'
import { onlyOf, sliceOf } from './listing.ts'
import { reading, type Transact } from './transaction.ts'

const COLUMNS = `
  id, organization_id as organizationId, name, version, created_at as createdAt, updated_at as updatedAt`

const INSERT = `
  insert into queues (id, organization_id, name, version, created_at, updated_at) values (?, ?, ?, ?, ?, ?)`

const GET = `select ${COLUMNS} from queues where organization_id = ? and id = ?`

const LIST = `
  select ${COLUMNS} from queues
   where organization_id = :organizationId and (:only is null or id in (select value from json_each(:only)))
   order by id limit :limit offset :offset`

const LISTENERS = `select ${listenerColumns()} from listeners where queue_id = ? order by id`

const LISTENER_REFS = `
  select l.id, l.name, coalesce(f.pending, 0) as pending
    from listeners l left join listener_figures f on f.listener_id = l.id
   where l.queue_id = ? order by l.id`

const RENAME = `update queues set name = ?, version = version + 1, updated_at = ? where organization_id = ? and id = ?`
const DELETE = `delete from queues where organization_id = ? and id = ?`
const REMEMBER_LISTENERS = `insert into removals (kind, id) select 'listener', id from listeners where queue_id = ?`
const REMEMBER_QUEUE = `insert into removals (kind, id) values ('queue', ?)`
const DELETE_LISTENERS = `delete from listeners where queue_id = ?`

export function createQueueStore(db: DatabaseSync, transact: Transact, leases: Leases): QueueStore {
  const [insert, get, list] = [db.prepare(INSERT), db.prepare(GET), db.prepare(LIST)]
  const [listeners, listenerRefs, rename] = [db.prepare(LISTENERS), db.prepare(LISTENER_REFS), db.prepare(RENAME)]
  const remove = db.prepare(DELETE)
  const keepAnswer = createKeepAnswer(db)
  const cleanup = [REMEMBER_LISTENERS, REMEMBER_QUEUE, DELETE_LISTENERS].map((sql) => db.prepare(sql))

  const find = (organizationId: string, id: string) => get.get(organizationId, id) as Queue | undefined
  const detailed = (queue: Queue): QueueDetails => {
    const rows = listenerRefs.all(queue.id) as { id: string; name: string; pending: number }[]
    const pendingCount = rows.reduce((sum, row) => sum + row.pending, 0)
    return { ...queue, listeners: rows.map(({ id, name }) => ({ id, name })), pendingCount }
  }

  return {
    async create({ id, organizationId, name, version, createdAt, updatedAt }, answer) {
      return unlessTaken(() =>
        transact(() => {
          if (answer !== undefined && keepAnswer(answer) === 'answered') return 'answered'
          insert.run(id, organizationId, name, version, createdAt, updatedAt)
          return 'created'
        }),
      )
    },
    async get({ organizationId, id }) {
      return reading(() => {
        const queue = find(organizationId, id)
        return queue === undefined ? null : detailed(queue)
      })
    },
    async list({ organizationId, only, slice }) {
      return reading(() => {
        const rows = list.all({ organizationId, only: onlyOf(only), ...sliceOf(slice) })
        return (rows as unknown as Queue[]).map(detailed)
      })
    },
    async route({ organizationId, id }) {
      return reading(() => {
        const queue = find(organizationId, id)
        if (queue === undefined) return null
        return { queue: { ...queue }, listeners: (listeners.all(id) as unknown as ListenerRow[]).map(listenerOf) }
      })
    },
    async update({ organizationId, id, changes, now, belief }) {
      return unlessTaken(() =>
        transact(() => {
          const queue = find(organizationId, id)
          if (queue === undefined) return 'not_found'
          if (contradicts(queue.version, belief)) return 'changed'
          rename.run(changes.name ?? queue.name, now, organizationId, id)
          return 'updated'
        }),
      )
    },
    async delete({ organizationId, id, belief }) {
      const listenerIds = transact(() => {
        const queue = find(organizationId, id)
        if (queue === undefined) return 'not_found'
        if (contradicts(queue.version, belief)) return 'changed'
        remove.run(organizationId, id)
        const ids = listenerRefs.all(id).map((row) => row.id as string)
        for (const statement of cleanup) statement.run(id)
        return ids
      })
      if (typeof listenerIds === 'string') return listenerIds
      for (const listenerId of listenerIds) leases.dropListener(listenerId)
      return { listenerIds }
    },
  }
}
