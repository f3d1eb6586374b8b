import type { DatabaseSync } from 'node:sqlite'
import type { Attempt } from '../../core/delivery/attempt.ts'
import type { Message } from '../../core/delivery/message.ts'
import { AFTER_EVERY_ID } from '../../core/id.ts'
import { failsIfMatch } from '../../store/listing/expected-revision.ts'
import type { Only, Revised } from '../../store/listing/slice.ts'
import type { DeletedMessage, MessageDetails, MessageStore } from '../../store/messages.ts'
import { CounterChanges, createListenerCounters } from '../commit/listener-counters.ts'
import type { Leases } from '../deliveries/leases.ts'
import type { RowlessDeliveries } from '../deliveries/rowless.ts'
import { onlyOf } from '../listing.ts'
import { type ChangeLog, reading, readingLong, type Transact } from '../transaction.ts'
import { createDeliverySummaries } from './delivery-summaries.ts'
import { createMessageErasure, type ErasureParts } from './message-erasure.ts'
import { createMessageSearch } from './message-search.ts'
import { createMessagesAcross } from './messages-across.ts'

export const MESSAGE_COLUMNS = `
  id, organization_id as organizationId, queue_id as queueId, name, key, data, media_type as mediaType,
  created_at as createdAt, deliver_at as deliverAt, expires_at as expiresAt, headers, sequence`

const GET = `select ${MESSAGE_COLUMNS}, revision from messages where queue_id = ? and id = ? and organization_id = ?`

/** The offset is counted in the index alone. A queue's messages are all of its own organization. */
const NEWEST = `
  select ${MESSAGE_COLUMNS} from messages where sequence in
    (select sequence from messages where queue_id = ? and id < ? order by id desc limit ? offset ?)
   order by id desc`

const NEWEST_ONLY = `
  select ${MESSAGE_COLUMNS} from messages
   where queue_id = :queueId and id < :before and +organization_id = :organizationId
     and id in (select value from json_each(:only))
   order by id desc limit :limit offset :offset`

const READ_ONE = `select ${MESSAGE_COLUMNS} from messages where queue_id = ? and id = ?`
const COUNT_OF = `
  select count(*) as count from json_each(?) it cross join messages m on m.queue_id = ? and m.id = it.value
   where m.organization_id = ?`
const QUEUE_EXISTS = `select 1 from queues where organization_id = ? and id = ?`
const PULLED = `select 1 from deliveries where sequence = ? and moved = 1 and pulled_at is not null`
const UPDATE = `update messages set name = ?, deliver_at = ?, revision = revision + 1 where sequence = ?`

/** Moves a pending delivery to its message's new due time, by which a delivery that was never tried is found. */
const MOVE = `update deliveries set due_at = ? where listener_id = ? and due_at = ? and sequence = ?`

const ATTEMPTS = `
  select listener_id as listenerId, number, started_at as startedAt, duration_ms as durationMs, status, error, response
    from attempts
   where sequence = :sequence and listener_id >= :listenerId and (listener_id > :listenerId or number < :number)
   order by listener_id, number desc limit :limit`
const NO_LIMIT = -1

interface Ask {
  one: { organizationId: string; queueId: string; id: string }
  list: Parameters<MessageStore['list']>[0]
}

export function createMessageStore(
  db: DatabaseSync,
  transact: Transact,
  shared: ErasureParts & { rowless: RowlessDeliveries; leases: Leases; changes: ChangeLog },
): MessageStore {
  const { rowless, leases, marks, changes: log } = shared
  const [get, newest] = [db.prepare(GET), db.prepare(NEWEST)]
  const across = createMessagesAcross(db, marks)
  const newestOnly = db.prepare(NEWEST_ONLY)
  const [queueExists, attempts] = [db.prepare(QUEUE_EXISTS), db.prepare(ATTEMPTS)]
  const [readOne, countOf] = [db.prepare(READ_ONE), db.prepare(COUNT_OF)]
  const [update, move, pulled] = [db.prepare(UPDATE), db.prepare(MOVE), db.prepare(PULLED)]
  const eraseFrom = createMessageErasure(db, shared)
  const summaries = createDeliverySummaries(db, shared)
  const counters = createListenerCounters(db)
  const search = createMessageSearch(db, {
    summaries,
    across,
    recipientSets: shared.recipientSets,
    read: ({ queueId, id }) => readOne.get(queueId, id) as unknown as Message,
  })

  const find = ({ organizationId, queueId, id }: Ask['one']): { message: Message; revision: number } | null => {
    // The messages of a deleted queue are swept later; no client may see them until then.
    if (queueExists.get(organizationId, queueId) === undefined) return null
    const row = get.get(queueId, id, organizationId) as unknown as Revised<Message> | undefined
    if (row === undefined) return null
    const { revision, ...message } = row
    return { message, revision }
  }
  const detailed = (message: Message): MessageDetails => ({ message, deliveries: summaries.of(message) })

  function page(queueId: string, organizationId: string, only: Only, part: Part): Message[] {
    if (only !== null && !only.includes(queueId)) {
      return newestOnly.all({ queueId, organizationId, only: onlyOf(only), ...part }) as unknown as Message[]
    }
    const { before, offset } = marks.skip(queueId, part.before, part.offset)
    return newest.all(queueId, before, part.limit, offset) as unknown as Message[]
  }
  interface Part {
    before: string
    limit: number
    offset: number
  }

  async function listAcross(ask: Ask['list']): Promise<Message[]> {
    const rows: Message[] = []
    let { offset } = ask
    let before = ask.before ?? AFTER_EVERY_ID
    for (;;) {
      const limit = ask.limit - rows.length
      const places = await across({ ...ask, before, offset, limit })
      for (const { queueId, id } of places) {
        const row = readOne.get(queueId, id) as unknown as Message | undefined
        if (row !== undefined) rows.push(row)
      }
      // What was deleted while the rest was found makes room for some below: a short page would say that it is the
      // last.
      if (rows.length === ask.limit || places.length < limit) return rows
      before = places.at(-1)!.id
      offset = 0
    }
  }

  function listOne({ organizationId, only, limit, offset, ...ask }: Ask['list'], queueId: string): Message[] {
    if (queueExists.get(organizationId, queueId) === undefined) return []
    return page(queueId, organizationId, only, { before: ask.before ?? AFTER_EVERY_ID, limit, offset })
  }

  function shown(rows: Message[], full: boolean): MessageDetails[] {
    const messages = rows.map((row) => ({ ...row }))
    return full ? messages.map(detailed) : messages.map((message) => ({ message, deliveries: [] }))
  }

  /** Takes a message out of every table. */
  function erase(message: Message, now: number): DeletedMessage {
    const changes = new CounterChanges()
    const pending = summaries.pendingOf(message)
    const freedListenerIds = eraseFrom(message, pending, { now, reason: 'deleted', changes })
    for (const [listenerId, change] of changes.entries()) counters.add(listenerId, change)
    return { listenerIds: pending.map(({ listenerId }) => listenerId), freedListenerIds }
  }

  /** Moves the deliveries of a message of which none is leased, was tried or has ended; else answers `started`. */
  function moved(message: Message, deliverAt: number, now: number): string[] | 'started' {
    if (pulled.get(message.sequence) !== undefined) return 'started'
    const all = summaries.of(message).filter(({ status }) => status !== 'discarded')
    const untouched = all.every(({ listenerId, status, attempts: made }) => {
      return status === 'pending' && made === 0 && !leases.isLeased(listenerId, message.sequence, now)
    })
    if (!untouched || (all.length === 0 && message.deliverAt <= now)) return 'started'
    for (const { listenerId, nextAttemptAt } of all) {
      if (nextAttemptAt !== null) move.run(deliverAt, listenerId, nextAttemptAt, message.sequence)
    }
    return all.map(({ listenerId }) => listenerId)
  }

  return {
    async get(ask) {
      return reading(() => {
        const found = find(ask)
        if (found === null) return null
        const { message, revision } = found
        return { ...detailed(message), leftOut: summaries.leftOutOf(message), revision }
      })
    },
    countOf: async ({ organizationId, queueId, ids }) =>
      reading(() => {
        if (queueExists.get(organizationId, queueId) === undefined) return 0
        return Number(countOf.get(JSON.stringify(ids), queueId, organizationId)!.count)
      }),
    locate({ organizationId, id }) {
      return readingLong(async () => {
        const ask = { organizationId, only: [id], before: AFTER_EVERY_ID, offset: 0, limit: 1 }
        const [place] = await across(ask)
        // The id of a queue would mean all of its messages.
        return place?.id === id ? place.queueId : null
      })
    },
    async list(ask) {
      const { queueId } = ask
      if (queueId === null) return readingLong(async () => shown(await listAcross(ask), ask.full))
      return reading(() => shown(listOne(ask, queueId), ask.full))
    },
    async search(ask) {
      rowless.writeToLook()
      const { organizationId, queueId } = ask
      if (queueId === null) return readingLong(() => search.inAll(ask))
      return reading(() => {
        const exists = queueExists.get(organizationId, queueId) !== undefined
        return exists ? search.inQueue(ask) : { entries: [], next: null, looked: 0, bytes: 0 }
      })
    },
    async update({ changes, now, ifMatch, ...ask }) {
      rowless.writeAll()
      return transact(() => {
        const found = find(ask)
        if (found === null) return 'not_found'
        if (failsIfMatch(found.revision, ifMatch)) return 'changed'
        const { message } = found
        const { name = message.name, deliverAt = message.deliverAt } = changes
        const movedListenerIds = deliverAt === message.deliverAt ? [] : moved(message, deliverAt, now)
        if (movedListenerIds === 'started') return 'started'
        update.run(name, deliverAt, message.sequence)
        shared.touched.mark(message.sequence)
        if (movedListenerIds.length > 0) {
          log.note({ kind: 'deliveries_due', listenerIds: movedListenerIds, dueAt: deliverAt })
        }
        return { movedListenerIds }
      })
    },
    async delete(ask) {
      rowless.writeAll()
      const erased = transact(() => {
        const found = find(ask)
        if (found === null) return 'not_found'
        if (failsIfMatch(found.revision, ask.ifMatch)) return 'changed'
        const { sequence, id } = found.message
        const { listenerIds, freedListenerIds } = erase(found.message, ask.now)
        log.note({ kind: 'message_gone', messageId: id, listenerIds })
        if (freedListenerIds.length > 0) {
          log.note({ kind: 'deliveries_due', listenerIds: freedListenerIds, dueAt: ask.now })
        }
        return { sequence, listenerIds, freedListenerIds }
      })
      if (typeof erased === 'string') return erased
      const { sequence, ...deleted } = erased
      for (const listenerId of deleted.listenerIds) leases.drop(listenerId, sequence)
      return deleted
    },
    async attempts(ask) {
      return reading(() => {
        const found = find(ask)
        if (found === null) return null
        const { after, limit } = ask.part ?? { after: null, limit: NO_LIMIT }
        const { listenerId: from, number } = after ?? { listenerId: '', number: 0 }
        const part = { sequence: found.message.sequence, listenerId: from, number, limit }
        const rows = attempts.all(part) as unknown as ({ listenerId: string } & Attempt)[]
        return rows.map(({ listenerId, ...attempt }) => ({ listenerId, attempt }))
      })
    },
  }
}
