import type { DatabaseSync } from 'node:sqlite'
import type { RemovalStore } from '../store/removals.ts'
import { overwriting } from './file/overwriting.ts'
import { createExpiry, type ExpiryParts } from './messages/expiry.ts'
import { createQueueRemoval } from './queues.ts'
import { createScheduleErasure } from './schedules/schedule-erasure.ts'
import type { Transact } from './transaction.ts'

/**
 * Organizations take turns. Of one, listeners come before queues: a queue counts as gone once its own entry is, and by then
 * all of it must be. Entries of an older version, which do not say whose they are, come before all.
 */
const NEXT = `
  select kind, id, organization_id as organizationId from removals
   where organization_id is null order by kind, id limit 1`
const NEXT_AFTER = `
  select kind, id, organization_id as organizationId from removals
   where organization_id > ? order by organization_id, kind, id limit 1`
const FORGET = `delete from removals where kind = ? and id = ?`

const DELETE_DELIVERIES = `
  delete from deliveries where (listener_id, due_at, sequence) in
    (select listener_id, due_at, sequence from deliveries where listener_id = ? limit ?)`
const DELETE_MISSED = `
  delete from missed where (sequence, listener_id) in
    (select sequence, listener_id from missed where listener_id = ? limit ?)`
const DELETE_HELD = `
  delete from held where (listener_id, key, sequence) in
    (select listener_id, key, sequence from held where listener_id = ? limit ?)`
const DELETE_HEADS = `
  delete from order_heads where (listener_id, key) in
    (select listener_id, key from order_heads where listener_id = ? limit ?)`
const DELETE_REDELIVERIES = `
  delete from redeliveries where id in (select id from redeliveries where listener_id = ? limit ?)`
const DELETE_LIVENESS_CHANGES = `
  delete from liveness_changes where (listener_id, changed_at) in
    (select listener_id, changed_at from liveness_changes where listener_id = ? limit ?)`
const DELETE_COUNTER = `delete from order_counters where listener_id = ?`
const DELETE_RELEASE = `delete from order_releases where listener_id = ?`
const DELETE_FIGURES = `delete from listener_figures where listener_id = ?`
const DELETE_LIVENESS = `delete from listener_liveness where listener_id = ?`

const MESSAGES = `select sequence from messages where queue_id = ? limit ?`
const DELETE_MARKS = `
  delete from message_marks where (queue_id, below_id) in
    (select queue_id, below_id from message_marks where queue_id = ? limit ?)`
const DELETE_RECIPIENT_SETS = `
  delete from audiences where id in (select id from audiences where queue_id = ? limit ?)`
const DELETE_DISCARDS = `
  delete from discards where sequence in (select sequence from discards where queue_id = ? limit ?)`
const DELETE_DISCARD_JOBS = `
  delete from discard_jobs where id in (select id from discard_jobs where queue_id = ? limit ?)`
const DELETE_REMOVED_LISTENERS = `
  delete from removed_listeners where id in (select id from removed_listeners where queue_id = ? limit ?)`
const DELETE_PLACES = `
  delete from order_places where (sequence, listener_id) in
    (select sequence, listener_id from order_places where sequence = ? limit ?)`
const DELETE_ATTEMPTS = `
  delete from attempts where (sequence, listener_id, number) in
    (select sequence, listener_id, number from attempts where sequence = ? limit ?)`
const DELETE_DELIVERY_DISCARDS = `
  delete from delivery_discards where (sequence, listener_id) in
    (select sequence, listener_id from delivery_discards where sequence = ? limit ?)`
const DELETE_MESSAGE = `delete from messages where sequence = ?`

const LISTENERS = `select id from listeners where organization_id = ? limit ?`
const REMEMBER_LISTENER = `insert into removals (kind, id, organization_id) values ('listener', ?, ?)`
const DELETE_LISTENER = `delete from listeners where id = ?`
const QUEUES = `select id from queues where organization_id = ? limit ?`
const DELETE_KEYS = `
  delete from api_keys where id in (select id from api_keys where organization_id = ? limit ?)`
const DELETE_DOMAINS = `
  delete from domains where id in (select id from domains where organization_id = ? limit ?)`
const DELETE_ANSWERS = `
  delete from answers where number in (select number from answers where organization_id = ? limit ?)`

interface Removal {
  kind: string
  id: string
  /** Null in entries of an older version. */
  organizationId: string | null
}

type Sweep = (id: string, limit: number) => number

export function createRemovalStore(db: DatabaseSync, transact: Transact, shared: ExpiryParts): RemovalStore {
  const { recipientSets, orders } = shared

  const [next, nextAfter, forget] = [db.prepare(NEXT), db.prepare(NEXT_AFTER), db.prepare(FORGET)]
  let afterOrganization = ''
  const deleteDeliveries = db.prepare(DELETE_DELIVERIES)
  const [deleteCounters, deleteLiveness] = [db.prepare(DELETE_FIGURES), db.prepare(DELETE_LIVENESS)]
  const messages = db.prepare(MESSAGES)
  const [deleteAttempts, deleteMessage] = [db.prepare(DELETE_ATTEMPTS), db.prepare(DELETE_MESSAGE)]
  const deleteMarks = db.prepare(DELETE_MARKS)
  const ledgerOfQueue = [DELETE_DISCARDS, DELETE_DISCARD_JOBS, DELETE_REMOVED_LISTENERS, DELETE_RECIPIENT_SETS].map(
    (sql) => db.prepare(sql),
  )
  const deleteDeliveryDiscards = db.prepare(DELETE_DELIVERY_DISCARDS)
  const [deletePlaces, deleteCounter] = [db.prepare(DELETE_PLACES), db.prepare(DELETE_COUNTER)]
  const deleteRelease = db.prepare(DELETE_RELEASE)
  const belowListener = [DELETE_MISSED, DELETE_HELD, DELETE_HEADS, DELETE_REDELIVERIES, DELETE_LIVENESS_CHANGES].map(
    (sql) => db.prepare(sql),
  )
  const schedules = createScheduleErasure(db)

  /** Attempts stay with their message: they are its history, whichever listener it went to. */
  function sweepListener(id: string, limit: number): number {
    const deliveries = Number(deleteDeliveries.run(id, limit).changes)
    let left = limit - deliveries
    for (const statement of belowListener) if (left > 0) left -= Number(statement.run(id, left).changes)
    if (left < limit) return limit - left
    deleteCounters.run(id)
    deleteLiveness.run(id)
    deleteCounter.run(id)
    deleteRelease.run(id)
    orders.drop(id)
    return 0
  }

  /** A message after its attempts, so that no round looks again at what an earlier one has done. */
  function sweepQueue(id: string, limit: number): number {
    let left = limit
    for (const { sequence } of messages.all(id, limit) as { sequence: number }[]) {
      left -= Number(deleteAttempts.run(sequence, left).changes)
      if (left > 0) left -= Number(deletePlaces.run(sequence, left).changes)
      if (left > 0) left -= Number(deleteDeliveryDiscards.run(sequence, left).changes)
      // Attempts may be left of it: one message can have more of them than a round may remove.
      if (left === 0) break
      left -= Number(deleteMessage.run(sequence).changes)
      if (left === 0) break
    }
    if (left > 0) left -= Number(deleteMarks.run(id, left).changes)
    for (const statement of ledgerOfQueue) if (left > 0) left -= Number(statement.run(id, left).changes)
    recipientSets.forget()
    if (left > 0) left -= schedules.ofQueue(id, left)
    return limit - left
  }

  const sweepOrganization = createOrganizationSweep(db)
  const sweeps: Record<string, Sweep> = {
    listener: sweepListener,
    queue: sweepQueue,
    schedule: (id, limit) => schedules.runs(id, Number.MAX_SAFE_INTEGER, limit),
    organization: (id, limit) => overwriting(db, () => sweepOrganization(id, limit)),
  }

  function nextInTurn(): Removal | undefined {
    return (next.get() ?? nextAfter.get(afterOrganization) ?? nextAfter.get('')) as Removal | undefined
  }

  function sweep(limit: number): number {
    const removal = nextInTurn()
    if (removal === undefined) return 0
    afterOrganization = removal.organizationId ?? ''
    const removed = sweeps[removal.kind]!(removal.id, limit)
    return removed > 0 ? removed : Number(forget.run(removal.kind, removal.id).changes)
  }

  return {
    expire: createExpiry(db, transact, shared),
    async sweep({ limit }) {
      return transact(() => sweep(limit))
    },
  }
}

/** Turns what an organization held into removals of their own, listeners first: a queue may have very many. */
function createOrganizationSweep(db: DatabaseSync): Sweep {
  const [listeners, queues, deleteKeys] = [db.prepare(LISTENERS), db.prepare(QUEUES), db.prepare(DELETE_KEYS)]
  const [remember, deleteListener] = [db.prepare(REMEMBER_LISTENER), db.prepare(DELETE_LISTENER)]
  const [removeQueue, deleteAnswers] = [createQueueRemoval(db), db.prepare(DELETE_ANSWERS)]
  const deleteDomains = db.prepare(DELETE_DOMAINS)
  return (organizationId, limit) => {
    const listenerIds = listeners.all(organizationId, limit).map((row) => row.id as string)
    for (const id of listenerIds) {
      remember.run(id, organizationId)
      deleteListener.run(id)
    }
    let left = limit - listenerIds.length
    const queueIds = left > 0 ? queues.all(organizationId, left).map((row) => row.id as string) : []
    for (const id of queueIds) removeQueue(organizationId, id)
    left -= queueIds.length
    if (left > 0) left -= Number(deleteKeys.run(organizationId, left).changes)
    if (left > 0) left -= Number(deleteDomains.run(organizationId, left).changes)
    if (left > 0) left -= Number(deleteAnswers.run(organizationId, left).changes)
    return limit - left
  }
}
