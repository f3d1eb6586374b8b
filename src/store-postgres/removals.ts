import type { RemovalStore } from '../store/removals.ts'
import type { Db } from './connect/session.ts'
import type { Database } from './connect/transaction.ts'
import { deletePicked } from './listing.ts'
import { createExpiry } from './messages/expiry.ts'
import { removeQueue } from './queues.ts'
import type { Routines } from './routines.ts'
import { eraseRuns, eraseSchedulesOf } from './schedules/schedule-erasure.ts'

/**
 * Organizations take turns. Of one, listeners come before queues: a queue counts as gone once its own entry is, and by then
 * all of it must be. One node sweeps an organization at a time: another one finds its first entry locked.
 */
const NEXT_AFTER = `
  select kind, id, organization_id as "organizationId" from discue.removals
   where organization_id > $1 order by organization_id, kind, id limit 1 for update skip locked`
const IS_FIRST = `select 1 from discue.removals where organization_id = $1 and (kind, id) < ($2, $3) limit 1`
const FORGET = `delete from discue.removals where kind = $1 and id = $2`

const some = (table: string, where: string, key: string) =>
  deletePicked(`discue.${table}`, key, `select ${key} from discue.${table} where ${where} limit $3`)

const DELETE_DELIVERIES = some(
  'deliveries',
  'organization_id = $1 and listener_id = $2',
  'organization_id, listener_id, due_at, sequence',
)
const DELETE_MISSED = some(
  'missed',
  'organization_id = $1 and listener_id = $2',
  'organization_id, sequence, listener_id',
)
const DELETE_HELD = some(
  'held',
  'organization_id = $1 and listener_id = $2',
  'organization_id, listener_id, key, sequence',
)
const DELETE_HEADS = some(
  'order_heads',
  'organization_id = $1 and listener_id = $2',
  'organization_id, listener_id, key',
)
const DELETE_REDELIVERIES = some(
  'redeliveries',
  'organization_id = $1 and listener_id = $2',
  'organization_id, listener_id, id',
)
const DELETE_LIVENESS_CHANGES = some(
  'liveness_changes',
  'organization_id = $1 and listener_id = $2',
  'organization_id, listener_id, changed_at',
)
const DELETE_COUNTER = `delete from discue.order_counters where organization_id = $1 and listener_id = $2`
const DELETE_RELEASE = `delete from discue.order_releases where organization_id = $1 and listener_id = $2`
const DELETE_FIGURES = `delete from discue.listener_figures where organization_id = $1 and listener_id = $2`
const DELETE_LIVENESS = `delete from discue.listener_liveness where organization_id = $1 and listener_id = $2`

/** What a listener may have many of, then what it has one of. */
const BELOW_LISTENER = [
  DELETE_DELIVERIES,
  DELETE_MISSED,
  DELETE_HELD,
  DELETE_HEADS,
  DELETE_REDELIVERIES,
  DELETE_LIVENESS_CHANGES,
]
const OF_LISTENER = [DELETE_FIGURES, DELETE_LIVENESS, DELETE_COUNTER, DELETE_RELEASE]

const MESSAGES = `
  select id, sequence from discue.messages where organization_id = $1 and queue_id = $2 order by id limit $3`
const DELETE_ATTEMPTS = some(
  'attempts',
  'organization_id = $1 and sequence = $2',
  'organization_id, sequence, listener_id, number',
)
const DELETE_PLACES = some(
  'order_places',
  'organization_id = $1 and sequence = $2',
  'organization_id, sequence, listener_id',
)
const DELETE_DELIVERY_DISCARDS = some(
  'delivery_discards',
  'organization_id = $1 and sequence = $2',
  'organization_id, sequence, listener_id',
)
const DELETE_MESSAGE = `delete from discue.messages where organization_id = $1 and queue_id = $2 and id = $3`
const DELETE_RECIPIENT_SETS = some(
  'audiences',
  'organization_id = $1 and queue_id = $2',
  'organization_id, queue_id, version',
)

const DELETE_DISCARDS = some(
  'discards',
  'organization_id = $1 and queue_id = $2',
  'organization_id, queue_id, sequence',
)
const DELETE_DISCARD_JOBS = some('discard_jobs', 'organization_id = $1 and queue_id = $2', 'organization_id, id')
const DELETE_REMOVED_LISTENERS = some(
  'removed_listeners',
  'organization_id = $1 and queue_id = $2',
  'organization_id, id',
)
const BOOKS_OF_QUEUE = [DELETE_DISCARDS, DELETE_DISCARD_JOBS, DELETE_REMOVED_LISTENERS, DELETE_RECIPIENT_SETS]

const TAKE_LISTENERS = `
  with picked as materialized (select id from discue.listeners where organization_id = $1 limit $2),
  gone as (delete from discue.listeners where organization_id = $1 and id in (select id from picked) returning id)
  insert into discue.removals (kind, id, organization_id) select 'listener', id, $1 from gone`
const QUEUES = `select id from discue.queues where organization_id = $1 limit $2`
const ofOrganization = (table: string, key: string) =>
  deletePicked(`discue.${table}`, key, `select ${key} from discue.${table} where organization_id = $1 limit $2`)

const DELETE_KEYS = ofOrganization('api_keys', 'id')
const DELETE_DOMAINS = ofOrganization('domains', 'id')
const DELETE_ANSWERS = ofOrganization('answers', 'organization_id, target, key')

interface Removal {
  kind: string
  id: string
  organizationId: string
}

type Sweep = (db: Db, removal: Removal, limit: number) => Promise<number>

/** Attempts stay with their message: they are its history, whichever listener it went to. */
const sweepListener: Sweep = async (db, { organizationId, id }, limit) => {
  let left = limit
  for (const sql of BELOW_LISTENER) if (left > 0) left -= await db.run(sql, [organizationId, id, left])
  if (left < limit) return limit - left
  for (const sql of OF_LISTENER) await db.run(sql, [organizationId, id])
  return 0
}

/** A message after its attempts, so that no round looks again at what an earlier one has done. */
const sweepQueue: Sweep = async (db, { organizationId, id }, limit) => {
  let left = limit
  const messages = await db.rows<{ id: string; sequence: number }>(MESSAGES, [organizationId, id, limit])
  for (const message of messages) {
    left -= await db.run(DELETE_ATTEMPTS, [organizationId, message.sequence, left])
    for (const sql of [DELETE_PLACES, DELETE_DELIVERY_DISCARDS])
      if (left > 0) left -= await db.run(sql, [organizationId, message.sequence, left])
    // Attempts may be left of it: one message can have more of them than a round may remove.
    if (left === 0) break
    left -= await db.run(DELETE_MESSAGE, [organizationId, id, message.id])
    if (left === 0) break
  }
  for (const sql of BOOKS_OF_QUEUE) if (left > 0) left -= await db.run(sql, [organizationId, id, left])
  if (left > 0) left -= await eraseSchedulesOf(db, { organizationId, queueId: id }, left)
  return limit - left
}

/** Turns what an organization held into removals of their own, listeners first: a queue may have very many. */
const sweepOrganization: Sweep = async (db, { id: organizationId }, limit) => {
  let left = limit - (await db.run(TAKE_LISTENERS, [organizationId, limit]))
  const queues = left > 0 ? await db.rows<{ id: string }>(QUEUES, [organizationId, left]) : []
  for (const { id } of queues) await removeQueue(db, organizationId, id)
  left -= queues.length
  if (left > 0) left -= await db.run(DELETE_KEYS, [organizationId, left])
  if (left > 0) left -= await db.run(DELETE_DOMAINS, [organizationId, left])
  if (left > 0) left -= await db.run(DELETE_ANSWERS, [organizationId, left])
  return limit - left
}

const sweepSchedule: Sweep = (db, { organizationId, id }, limit) => eraseRuns(db, { organizationId, id }, null, limit)

const SWEEPS: Record<string, Sweep> = {
  listener: sweepListener,
  queue: sweepQueue,
  schedule: sweepSchedule,
  organization: sweepOrganization,
}

export function createRemovalStore(database: Database, routines: Routines): RemovalStore {
  let afterOrganization = ''

  async function nextInTurn(db: Db): Promise<Removal | undefined> {
    const [next] = await db.rows<Removal>(NEXT_AFTER, [afterOrganization])
    if (next !== undefined || afterOrganization === '') return next
    return (await db.rows<Removal>(NEXT_AFTER, ['']))[0]
  }

  async function sweep(db: Db, limit: number): Promise<number> {
    const removal = await nextInTurn(db)
    if (removal === undefined) return 0
    const { kind, id, organizationId } = removal
    afterOrganization = organizationId
    // Another node is at one of the organization that comes before.
    if ((await db.rows(IS_FIRST, [organizationId, kind, id])).length > 0) return 0
    const removed = await SWEEPS[kind]!(db, removal, limit)
    return removed > 0 ? removed : db.run(FORGET, [kind, id])
  }

  return {
    expire: createExpiry(database, routines),
    sweep: ({ limit }) => database.transact((db) => sweep(db, limit)),
  }
}
