import type { Queue } from '../core/delivery/queue.ts'
import type { EventType } from '../core/telemetry/event.ts'
import { failsIfMatch } from '../store/listing/expected-revision.ts'
import type { QueueDetails, QueueStore } from '../store/queues.ts'
import { lockQueue } from './cluster/locks.ts'
import type { Publish } from './cluster/publish.ts'
import { texts } from './connect/arrays.ts'
import type { Db } from './connect/session.ts'
import type { Database, Transaction } from './connect/transaction.ts'
import type { Leases } from './deliveries/leases.ts'
import { unlessTaken } from './errors.ts'
import { hasRecord, writeRecord } from './idempotency-records.ts'
import { LISTENER_COLUMNS, type ListenerRow, listenerOf } from './listener-row.ts'
import { onlyOf, sliceOf } from './listing.ts'
import { QUEUE_COLUMNS, type QueueRow, queueColumnsOf, queueOf } from './queue-row.ts'
import { refusalOf } from './quotas.ts'
import { note } from './telemetry/usage.ts'

const INSERT = `
  insert into discue.queues (id, organization_id, name, schema, schema_id, paused, version, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

const GET = `
  select ${QUEUE_COLUMNS} from discue.queues
   where organization_id = $1 and id = $2 and exists (select 1 from discue.organizations where id = organization_id)`
const GET_LOCKED = `${GET} for update of queues`

const LIST = `
  select ${QUEUE_COLUMNS} from discue.queues
   where organization_id = $1 and ($2::text[] is null or id = any($2))
   order by id limit $3 offset $4`

const LISTENERS = `
  select ${LISTENER_COLUMNS} from discue.listeners where organization_id = $1 and queue_id = $2 order by id`

const LISTENER_REFS = `
  select l.queue_id as "queueId", l.id, l.name,
         coalesce(f.pending, 0) + coalesce((
           select sum(c.pending)::bigint from discue.usage_changes c
            where c.organization_id = l.organization_id and c.subject_id = l.queue_id and c.listener_id = l.id), 0)
         as pending
    from discue.listeners l
    left join discue.listener_figures f on f.organization_id = l.organization_id and f.listener_id = l.id
   where l.organization_id = $1 and l.queue_id = any($2) order by l.id`

const UPDATE = `
  update discue.queues set name = $3, schema = $4, schema_id = $5, paused = $6, version = $7, updated_at = $8
   where organization_id = $1 and id = $2`

const DELETE = `delete from discue.queues where organization_id = $1 and id = $2`
const REMEMBER_QUEUE = `insert into discue.removals (kind, id, organization_id) values ('queue', $2, $1)`
const IS_REMEMBERED = `select 1 from discue.removals where kind = 'queue' and id = $1 and organization_id = $2`
const TAKE_LISTENERS = `
  with gone as (delete from discue.listeners where organization_id = $1 and queue_id = $2 returning id)
  insert into discue.removals (kind, id, organization_id) select 'listener', id, $1 from gone returning id`

/** Removes a queue within a transaction; what lies below it follows by sweeps. Null where there is none. */
export async function removeQueue(db: Db, organizationId: string, id: string): Promise<string[] | null> {
  await lockQueue(db, id)
  if ((await db.run(DELETE, [organizationId, id])) === 0) return null
  const listeners = await db.rows<{ id: string }>(TAKE_LISTENERS, [organizationId, id])
  await db.run(REMEMBER_QUEUE, [organizationId, id])
  return listeners.map((listener) => listener.id)
}

export function createQueueStore(
  { transact, snapshot, db }: Database,
  { leases, publish }: { leases: Leases; publish: Publish },
): QueueStore {
  async function find(on: Db, organizationId: string, id: string, sql = GET): Promise<Queue | null> {
    const [row] = await on.rows<QueueRow>(sql, [organizationId, id])
    return row === undefined ? null : queueOf(row)
  }

  async function noted(
    on: Transaction,
    type: EventType,
    { organizationId, id, name }: Queue,
    now: number,
  ): Promise<void> {
    await note(on, { type, organizationId, id, name, queueId: null }, now)
    await publish(on, { kind: 'queue', organizationId, queueId: id })
  }

  async function detailed(on: Db, organizationId: string, queues: Queue[]): Promise<QueueDetails[]> {
    interface Ref {
      queueId: string
      id: string
      name: string
      pending: number
    }
    const ids = texts(queues.map(({ id }) => id))
    const refs = Map.groupBy(await on.rows<Ref>(LISTENER_REFS, [organizationId, ids]), ({ queueId }) => queueId)
    return queues.map((queue) => {
      const own = refs.get(queue.id) ?? []
      const pendingCount = own.reduce((sum, { pending }) => sum + pending, 0)
      return { ...queue, listeners: own.map(({ id, name }) => ({ id, name })), pendingCount }
    })
  }

  return {
    async create(queue, answer) {
      return unlessTaken(() =>
        transact(async (on) => {
          if (await hasRecord(on, answer)) return 'answered'
          const { id, organizationId, name, version, createdAt, updatedAt } = queue
          const refused = await refusalOf(on, organizationId, 'queues')
          if (refused !== null) return refused
          await writeRecord(on, answer)
          const values = [id, organizationId, name, ...queueColumnsOf(queue), version, createdAt, updatedAt]
          await on.run(INSERT, values)
          await noted(on, 'queue_added', queue, createdAt)
          return 'created'
        }),
      )
    },
    async get({ organizationId, id }) {
      return snapshot(async (on) => {
        const queue = await find(on, organizationId, id)
        return queue === null ? null : (await detailed(on, organizationId, [queue]))[0]!
      })
    },
    async list({ organizationId, only, slice }) {
      return snapshot(async (on) => {
        const rows = await on.rows<QueueRow>(LIST, [organizationId, onlyOf(only), ...sliceOf(slice)])
        return detailed(on, organizationId, rows.map(queueOf))
      })
    },
    async route({ organizationId, id }) {
      return snapshot(async (on) => {
        const queue = await find(on, organizationId, id)
        if (queue === null) return null
        return { queue, listeners: (await on.rows<ListenerRow>(LISTENERS, [organizationId, id])).map(listenerOf) }
      })
    },
    async update({ organizationId, id, changes, now, ifMatch }) {
      return unlessTaken(() =>
        transact(async (on) => {
          await lockQueue(on, id)
          const queue = await find(on, organizationId, id, GET_LOCKED)
          if (queue === null) return 'not_found'
          if (failsIfMatch(queue.version, ifMatch)) return 'changed'
          const changed: Queue = { ...queue, ...changes, version: queue.version + 1, updatedAt: now }
          const columns = queueColumnsOf(changed)
          await on.run(UPDATE, [organizationId, id, changed.name, ...columns, changed.version, now])
          await noted(on, 'queue_updated', changed, now)
          const details = (await detailed(on, organizationId, [changed]))[0]!
          if (changed.paused !== queue.paused) {
            const kind = changed.paused ? 'listeners_paused' : 'listeners_resumed'
            await publish(on, { kind, listenerIds: details.listeners.map((listener) => listener.id) })
          }
          return details
        }),
      )
    },
    async delete({ organizationId, id, now, ifMatch }) {
      const outcome = await transact(async (on) => {
        await lockQueue(on, id)
        const queue = await find(on, organizationId, id, GET_LOCKED)
        if (queue === null) return 'not_found'
        if (failsIfMatch(queue.version, ifMatch)) return 'changed'
        await noted(on, 'queue_deleted', queue, now)
        const listenerIds = (await removeQueue(on, organizationId, id))!
        await publish(on, { kind: 'listeners_gone', listenerIds })
        return { listenerIds }
      })
      if (typeof outcome !== 'string') for (const listenerId of outcome.listenerIds) leases.dropListener(listenerId)
      return outcome
    },
    async isDeleting({ organizationId, id }) {
      return (await db.rows(IS_REMEMBERED, [id, organizationId])).length > 0
    },
  }
}
