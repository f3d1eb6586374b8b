import type { DatabaseSync } from 'node:sqlite'
import type { Message } from '../../core/delivery/message.ts'
import { isExpired } from '../../core/message/expiry.ts'
import type { MessageRedelivery, Redelivery, RedeliveryStore } from '../../store/jobs/redeliveries.ts'
import type { Revised } from '../../store/listing/slice.ts'
import { CounterChanges, createListenerCounters } from '../commit/listener-counters.ts'
import { createDeliveryRestart, type RestartParts } from '../deliveries/delivery-restarts.ts'
import type { RecipientRow, RecipientSets } from '../deliveries/recipient-sets.ts'
import type { RowlessDeliveries } from '../deliveries/rowless.ts'
import { createEffectRecords } from '../idempotency-records.ts'
import { createDeliverySummaries } from '../messages/delivery-summaries.ts'
import { MESSAGE_COLUMNS } from '../messages/messages.ts'
import { type ChangeLog, reading, type Transact } from '../transaction.ts'
import { createRedeliveryMatching } from './redelivery-matching.ts'
import { createRedeliverySteps } from './redelivery-steps.ts'

const MESSAGE = `
  select ${MESSAGE_COLUMNS}, audience as recipientSet, left_out as leftOut, revision from messages
   where queue_id = :queueId and id = :id and organization_id = :organizationId
     and exists (select 1 from queues q where q.organization_id = :organizationId and q.id = :queueId)`

const LISTENERS = `select id from listeners where queue_id = ?`
const LISTENER = `select 1 from listeners where id = ? and queue_id = ? and organization_id = ?`
const NEWEST = `select coalesce(max(sequence), 0) as sequence from messages`

const INSERT = `
  insert into redeliveries
    (id, organization_id, queue_id, listener_id, since, until, status, immediately, last_sequence, after, matched,
     created_at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0, ?)`

const GET = `
  select id, organization_id as organizationId, queue_id as queueId, listener_id as listenerId, since, until, status,
         immediately, matched, created_at as createdAt, ended_at as endedAt
    from redeliveries where id = ? and organization_id = ? and queue_id = ? and listener_id = ?`

const RUNNING = `select 1 from redeliveries where ended_at is null limit 1`

const PRUNE = `
  delete from redeliveries where id in (select id from redeliveries where ended_at < ? limit ?)`

/** Where no time was given. */
const FOREVER = Number.MAX_SAFE_INTEGER

interface Row extends Omit<Redelivery, 'since' | 'until' | 'immediately' | 'done'> {
  since: number
  until: number
  immediately: 0 | 1
  endedAt: number | null
}

export function createRedeliveryStore(
  db: DatabaseSync,
  transact: Transact,
  shared: RestartParts & { recipientSets: RecipientSets; rowless: RowlessDeliveries; changes: ChangeLog },
): RedeliveryStore {
  const [message, listeners, listener] = [db.prepare(MESSAGE), db.prepare(LISTENERS), db.prepare(LISTENER)]
  const [newest, insert, get, prune] = [db.prepare(NEWEST), db.prepare(INSERT), db.prepare(GET), db.prepare(PRUNE)]
  const running = db.prepare(RUNNING)
  const { rowless, changes: log } = shared
  const restartDelivery = createDeliveryRestart(db, shared)
  const look = createRedeliveryMatching(db, shared)
  const step = createRedeliverySteps(db, { look, restartDelivery })
  const summaries = createDeliverySummaries(db, shared)
  const counters = createListenerCounters(db)
  const answers = createEffectRecords(db)

  function ofMessage(ask: Parameters<RedeliveryStore['ofMessage']>[0]): MessageRedelivery {
    const { organizationId, queueId, id, now, immediately } = ask
    const row = message.get({ organizationId, queueId, id }) as (Revised<Message> & RecipientRow) | undefined
    if (row === undefined) return 'not_found'
    const { revision, recipientSet, leftOut, ...found } = row
    if (isExpired(found, now)) return 'expired'
    const existing = new Set(listeners.all(queueId).map((it) => it.id as string))
    const recipients = { recipientSet, leftOut }
    const meant = shared.recipientSets.recipientsOf(recipients)
    for (const listenerId of ask.listenerIds ?? []) {
      if (!existing.has(listenerId)) return { refused: 'unknown', listenerId }
      const standing = shared.recipientSets.standingOf(recipients, listenerId)
      if (standing === null) return { refused: 'made_later', listenerId }
      if (standing === 'left_out') return { refused: 'left_out', listenerId }
    }
    const listenerIds = [...new Set(ask.listenerIds ?? meant.filter((it) => existing.has(it)))]
    if (listenerIds.length === 0) return 'nothing'
    const changes = new CounterChanges()
    for (const listenerId of listenerIds) restartDelivery({ message: found, listenerId }, { now, immediately, changes })
    for (const [listenerId, change] of changes.entries()) counters.add(listenerId, change)
    log.note({ kind: 'deliveries_due', listenerIds, dueAt: now })
    return { details: { message: found, revision, deliveries: summaries.of(found) }, listenerIds }
  }

  return {
    async ofMessage(ask) {
      rowless.writeAll()
      return transact(() => ofMessage(ask))
    },
    async create(redelivery, answer) {
      return transact(() => {
        const { id, organizationId, queueId, listenerId, status, createdAt } = redelivery
        if (listener.get(listenerId, queueId, organizationId) === undefined) return 'listener_not_found'
        if (answers.has(answer)) return 'answered'
        answers.write(answer)
        const { sequence } = newest.get() as { sequence: number }
        const { since, until } = { since: redelivery.since ?? 0, until: redelivery.until ?? FOREVER }
        const which = [since, until, status, redelivery.immediately ? 1 : 0, sequence]
        insert.run(id, organizationId, queueId, listenerId, ...which, createdAt)
        log.note({ kind: 'redelivery', listenerId })
        return 'created'
      })
    },
    async get({ organizationId, queueId, listenerId, id }) {
      const row = reading(() => get.get(id, organizationId, queueId, listenerId)) as Row | undefined
      if (row === undefined) return null
      const { since, until, immediately, endedAt, ...rest } = row
      const range = { since: since || null, until: until === FOREVER ? null : until }
      return { ...rest, ...range, immediately: immediately === 1, done: endedAt !== null }
    },
    async count({ organizationId, since, until, limit, ...which }) {
      rowless.writeToLook()
      return reading(() => {
        if (listener.get(which.listenerId, which.queueId, organizationId) === undefined) return 'listener_not_found'
        const times = { since: since ?? 0, until: until ?? FOREVER, lastSequence: FOREVER }
        const { looked, matching, after } = look({ ...which, ...times }, limit)
        return { looked, matched: matching.length, after }
      })
    },
    async step(ask) {
      if (running.get() === undefined) return { looked: 0, listenerIds: [], organizationId: null }
      rowless.writeAll()
      return transact(() => {
        const made = step(ask)
        const { listenerIds } = made
        if (listenerIds.length > 0) log.note({ kind: 'deliveries_due', listenerIds, dueAt: ask.now })
        return made
      })
    },
    async prune({ before, limit }) {
      return Number(transact(() => prune.run(before, limit)).changes)
    },
  }
}
