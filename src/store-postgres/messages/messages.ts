import type { Attempt } from '../../core/delivery/attempt.ts'
import type { Message } from '../../core/delivery/message.ts'
import { AFTER_EVERY_ID, IDS_PER_MS, idNumber, idOfNumber } from '../../core/id.ts'
import { SerialQueue } from '../../store/commit/serial-queue.ts'
import { failsIfMatch } from '../../store/listing/expected-revision.ts'
import { isDeep, seekOffset } from '../../store/listing/offset-seek.ts'
import type { Revised } from '../../store/listing/slice.ts'
import type { MessageDetails, MessageStore } from '../../store/messages.ts'
import { Changes, writeChanges } from '../cluster/changes.ts'
import { type Clock, LIVING } from '../cluster/nodes.ts'
import type { Publish } from '../cluster/publish.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import { restored } from '../connect/text.ts'
import type { Database } from '../connect/transaction.ts'
import type { Leases } from '../deliveries/leases.ts'
import { onlyOf } from '../listing.ts'
import type { Routines } from '../routines.ts'
import { leftOutOf, pendingOf, summariesOf } from './delivery-summaries.ts'
import { erase } from './message-erasure.ts'
import { MESSAGE_COLUMNS, messageOf } from './message-row.ts'
import { search } from './message-search.ts'

const GET = `
  select ${MESSAGE_COLUMNS}, m.revision from discue.messages m
   where m.organization_id = $1 and m.queue_id = $2 and m.id = $3
     -- The messages of a deleted queue are swept later; nobody may see them until then.
     and exists (select 1 from discue.queues q where q.organization_id = $1 and q.id = $2)`
const GET_LOCKED = `${GET} for update of m`

const COUNT_OF = `
  select count(*)::int as count from unnest($3::text[]) u(id)
    join discue.messages m on m.organization_id = any(array[$1]) and m.queue_id = $2 and m.id = u.id
   where exists (select 1 from discue.queues q where q.organization_id = $1 and q.id = $2)`

/** Each queue is looked into by itself, by the messages' primary key. */
const LOCATE = `
  select q.id as "queueId" from discue.queues q cross join lateral (
     select 1 from discue.messages o where o.organization_id = $1 and o.queue_id = q.id and o.id = $2 limit 1) o
   where q.organization_id = $1 limit 1`

/** A page of a queue's messages, newest first. The offset is counted in the index alone. */
const NEWEST = `
  select ${MESSAGE_COLUMNS} from discue.messages m
   where m.organization_id = $1 and m.queue_id = $2 and m.id = any(array(
     select o.id from discue.messages o where o.organization_id = $1 and o.queue_id = $2 and o.id < $3
      order by o.id desc limit $4 offset $5))
     and exists (select 1 from discue.queues q where q.organization_id = $1 and q.id = $2)
   order by m.id desc`

const SEEN = `($3::text[] is null or q.id = any($3) or o.id = any($3))`

/** Over many queues, each of which is read from its newest on; by their ids alone, for some have a lot to tell. */
const NEWEST_ACROSS = `
  select ${MESSAGE_COLUMNS} from (
    select o.queue_id, o.id from discue.queues q cross join lateral (
       select o.queue_id, o.id from discue.messages o
        where o.organization_id = $1 and o.queue_id = q.id and o.id < $2 and ${SEEN}
        order by o.id desc limit $4::bigint + $5::bigint) o
     where q.organization_id = $1 and ($6::text is null or q.id = $6)
     order by o.id desc limit $4 offset $5) p
    join discue.messages m on m.organization_id = $1 and m.queue_id = p.queue_id and m.id = p.id
   order by m.id desc`

const NEWEST_ID = `
  select max(o.id) as id from discue.queues q cross join lateral (
     select o.id from discue.messages o
      where o.organization_id = $1 and o.queue_id = q.id and o.id < $2 and ${SEEN} order by o.id desc limit 1) o
   where q.organization_id = $1`

/** In the index alone, and each queue's by itself: of a join the planner may read every organization's messages. */
const countAcross = (more: string) => `
  select coalesce(sum(c.messages), 0)::bigint as messages from discue.queues q cross join lateral (
     select count(*) as messages from discue.messages o
      where o.organization_id = $1 and o.queue_id = q.id and o.id >= $2 and o.id < $4 ${more}) c
   where q.organization_id = $1`
const COUNT_ACROSS = countAcross('and $3::text[] is null')
const COUNT_SEEN = countAcross(`and ${SEEN}`)

const UPDATE = `
  update discue.messages set name = $4, deliver_at = $5, revision = revision + 1
   where organization_id = $1 and queue_id = $2 and id = $3`

/** Moves pending deliveries to their message's new due time, by which a delivery that was never tried is found. */
const MOVE = `
  update discue.deliveries d set due_at = $2 from unnest($3::text[], $4::bigint[]) u(listener_id, due_at)
   where d.organization_id = $1 and d.listener_id = u.listener_id and d.due_at = u.due_at and d.sequence = $5`

const PULLED = `select 1 from discue.deliveries where sequence = $1 and moved and pulled_at is not null`

/** Until the transaction is over no other claims, settles or moves them. */
const LOCK_DELIVERIES = `
  select lease_node as "leaseNode" from discue.deliveries
   where organization_id = $1 and (listener_id, due_at) in (select * from unnest($2::text[], $3::bigint[]))
     and sequence = $4 for update`

const ATTEMPTS = `
  select listener_id as "listenerId", number, started_at as "startedAt", duration_ms as "durationMs", status, error, response
    from discue.attempts
   where organization_id = $1 and sequence = $2 and listener_id >= $3 and (listener_id > $3 or number < $4)
   order by listener_id, number desc limit $5`

type Ask = { organizationId: string; queueId: string; id: string }
type ListAsk = Parameters<MessageStore['list']>[0]

export function createMessageStore(
  { transact, snapshot, db }: Database,
  { leases, publish, clock, routines }: { leases: Leases; publish: Publish; clock: Clock; routines: Routines },
): MessageStore {
  const serialQueue = new SerialQueue()

  async function find(on: Db, { organizationId, queueId, id }: Ask, sql = GET) {
    const [row] = await on.rows<Revised<Message>>(sql, [organizationId, queueId, id])
    if (row === undefined) return null
    const { revision, ...message } = messageOf(row)
    return { message, revision }
  }

  async function detailed(on: Db, messages: Message[]): Promise<MessageDetails[]> {
    const summaries = await summariesOf(on, messages)
    return messages.map((message, index) => ({ message, deliveries: summaries[index]! }))
  }

  async function page(on: Db, ask: ListAsk): Promise<Message[]> {
    const { organizationId, queueId, only, limit, offset } = ask
    const before = ask.before ?? AFTER_EVERY_ID
    const rows =
      queueId !== null && (only === null || only.includes(queueId))
        ? await on.rows<Message>(NEWEST, [organizationId, queueId, before, limit, offset])
        : await on.rows<Message>(NEWEST_ACROSS, [organizationId, before, onlyOf(only), limit, offset, queueId])
    return rows.map(messageOf)
  }

  /**
   * Tells a part of a listing over all queues by a message that is near it, so that a page far down is found by
   * counting.
   */
  async function farther(ask: ListAsk): Promise<ListAsk> {
    const { organizationId } = ask
    const only = onlyOf(ask.only)
    const [newest] = await db.rows<{ id: string | null }>(NEWEST_ID, [
      organizationId,
      ask.before ?? AFTER_EVERY_ID,
      only,
    ])
    if (newest?.id == null) return ask
    const { below, offset } = await seekOffset({
      newest: idNumber(newest.id),
      perMs: IDS_PER_MS,
      offset: ask.offset,
      // One statement counts them all.
      lists: 1,
      async count(from, to) {
        const range = [idOfNumber(from), only, idOfNumber(to)] as const
        const sql = only === null ? COUNT_ACROSS : COUNT_SEEN
        const [row] = await db.rows<{ messages: number }>(sql, [organizationId, ...range])
        return row!.messages
      },
    })
    return { ...ask, before: idOfNumber(below), offset }
  }

  /** Moves the deliveries of a message of which none is leased, was tried or has ended; else answers `started`. */
  async function moved(on: Db, message: Message, deliverAt: number, now: number): Promise<string[] | 'started'> {
    const { organizationId, sequence } = message
    if ((await on.rows(PULLED, [sequence])).length > 0) return 'started'
    const [summaries] = await summariesOf(on, [message])
    const all = summaries!.filter(({ status }) => status !== 'discarded')
    const untouched = all.every(({ status, attempts }) => status === 'pending' && attempts === 0)
    if (!untouched || (all.length === 0 && message.deliverAt <= now)) return 'started'
    const listenerIds = all.map(({ listenerId }) => listenerId)
    // What waits for its turn in an order is not leased, and is due with its message once its turn comes.
    const due = all.filter(({ nextAttemptAt }) => nextAttemptAt !== null)
    const dueIds = texts(due.map(({ listenerId }) => listenerId))
    const dueAts = numbers(due.map(({ nextAttemptAt }) => nextAttemptAt))
    const rows = await on.rows<{ leaseNode: string | null }>(LOCK_DELIVERIES, [
      ...[organizationId, dueIds, dueAts, sequence],
    ])
    const living = await on.rows<{ node: string }>(LIVING, [clock(now)])
    const isLeased = rows.some(({ leaseNode }) => living.some(({ node }) => node === leaseNode))
    if (isLeased || rows.length < due.length) return 'started'
    await on.run(MOVE, [organizationId, deliverAt, dueIds, dueAts, sequence])
    return listenerIds
  }

  return {
    async get(ask) {
      return snapshot(async (on) => {
        const found = await find(on, ask)
        if (found === null) return null
        const { message, revision } = found
        return { ...(await detailed(on, [message]))[0]!, leftOut: await leftOutOf(on, message), revision }
      })
    },
    async countOf({ organizationId, queueId, ids }) {
      const [row] = await db.rows<{ count: number }>(COUNT_OF, [organizationId, queueId, texts(ids)])
      return row!.count
    },
    async locate({ organizationId, id }) {
      const [row] = await db.rows<{ queueId: string }>(LOCATE, [organizationId, id])
      return row?.queueId ?? null
    },
    async list(ask) {
      const isLong = ask.queueId === null && isDeep(ask.offset, 1)
      const near = isLong ? await serialQueue.take(ask.organizationId, () => farther(ask)) : ask
      return snapshot(async (on) => {
        const messages = await page(on, near)
        return ask.full ? detailed(on, messages) : messages.map((message) => ({ message, deliveries: [] }))
      })
    },
    search: (ask) => snapshot((on) => search(on, ask)),
    async update({ changes, now, ifMatch, ...ask }) {
      return transact(async (on) => {
        const found = await find(on, ask, GET_LOCKED)
        if (found === null) return 'not_found'
        if (failsIfMatch(found.revision, ifMatch)) return 'changed'
        const { message } = found
        const { name = message.name, deliverAt = message.deliverAt } = changes
        const movedListenerIds = deliverAt === message.deliverAt ? [] : await moved(on, message, deliverAt, now)
        if (movedListenerIds === 'started') return 'started'
        await on.run(UPDATE, [ask.organizationId, ask.queueId, ask.id, name, deliverAt])
        if (movedListenerIds.length > 0) {
          await publish(on, { kind: 'deliveries_due', listenerIds: movedListenerIds, dueAt: deliverAt })
        }
        return { movedListenerIds }
      })
    },
    async delete({ now, ifMatch, ...ask }) {
      const erased = await transact(async (on) => {
        const found = await find(on, ask, GET_LOCKED)
        if (found === null) return 'not_found'
        if (failsIfMatch(found.revision, ifMatch)) return 'changed'
        const changes = new Changes()
        const { message } = found
        const effects = { now, reason: 'deleted' as const, changes, routines }
        const { gone, freedListenerIds } = await erase(on, [message], await pendingOf(on, [message]), effects)
        await writeChanges(on, changes, now)
        const listenerIds = gone.map(({ listenerId }) => listenerId)
        await publish(on, { kind: 'message_gone', messageId: message.id, listenerIds })
        if (freedListenerIds.length > 0) {
          await publish(on, { kind: 'deliveries_due', listenerIds: freedListenerIds, dueAt: now })
        }
        return { sequence: message.sequence, listenerIds, freedListenerIds }
      })
      if (typeof erased === 'string') return erased
      const { sequence, ...deleted } = erased
      for (const listenerId of deleted.listenerIds) leases.dropDelivery(listenerId, sequence)
      return deleted
    },
    async attempts(ask) {
      return snapshot(async (on) => {
        const found = await find(on, ask)
        if (found === null) return null
        const { organizationId, sequence } = found.message
        const rows = await on.rows<{ listenerId: string } & Attempt>(ATTEMPTS, [
          organizationId,
          sequence,
          ask.part?.after?.listenerId ?? '',
          ask.part?.after?.number ?? 0,
          ask.part?.limit ?? null,
        ])
        return rows.map(({ listenerId, ...attempt }) => ({
          listenerId,
          attempt: { ...attempt, response: restored(attempt.response) },
        }))
      })
    },
  }
}
