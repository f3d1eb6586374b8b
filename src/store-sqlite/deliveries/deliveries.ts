import type { DatabaseSync } from 'node:sqlite'
import type { LeasedDelivery } from '../../core/delivery/delivery.ts'
import type { Message } from '../../core/delivery/message.ts'
import { isOfOutage, type Retried } from '../../core/delivery/outage.ts'
import type { Claim, DeliveryStore, DuePlace, WaitingListener } from '../../store/deliveries.ts'
import type { Shared } from '../commit/parts.ts'
import { LISTENER_ENABLED } from '../listener-row.ts'
import { MESSAGE_COLUMNS } from '../messages/messages.ts'
import { type ChangeLog, reading, type Transact } from '../transaction.ts'
import { createBacklog } from './backlog.ts'

const IN_DUE_ORDER = `
  select due_at as dueAt, sequence, attempts, attempts_before as attemptsBefore, first_sent_at as firstSentAt
    from deliveries where listener_id = ? and pulled_at is null order by due_at, sequence`

const MESSAGE = `select ${MESSAGE_COLUMNS} from messages where sequence = ?`

/** A listener whose organization is deleted may still have its row, and is gone nevertheless. */
export const RUNS = `
  q.paused = 0 and ${LISTENER_ENABLED} and exists (select 1 from organizations o where o.id = l.organization_id)`

/** A cross join is read from left to right: listeners in the order of their key, and the queue of each by its own. */
const LISTENER_RUNS = `
  select 1 from listeners l cross join queues q on q.id = l.queue_id where l.id = ? and ${RUNS}`

/** Accepted at a time that is yet to come, and due at that time. Each listener's by the key of their due times. */
const FROM_AHEAD = `
  select d.listener_id as listenerId, d.due_at as dueAt, d.sequence
    from listeners l cross join deliveries d on d.listener_id = l.id and d.due_at > ? and d.due_at <= ?
   where d.pulled_at is null and d.attempts = 0
     and exists (select 1 from messages m
                  where m.sequence = d.sequence and m.created_at = d.due_at and m.deliver_at = d.due_at)`

const MOVE = `update deliveries set due_at = ?, moved = 1 where listener_id = ? and due_at = ? and sequence = ?`

/** What waits for another attempt, from a place on, and when the last one ended. */
const RETRIED = `
  select d.due_at as dueAt, d.sequence, d.attempts, d.attempts_before as attemptsBefore, (
           select a.started_at + a.duration_ms from attempts a
            where a.sequence = d.sequence and a.listener_id = d.listener_id order by a.number desc limit 1) as failedAt
    from deliveries d
   where d.listener_id = ? and (d.due_at, d.sequence) > (?, ?) and d.pulled_at is null and d.attempts > d.attempts_before
   order by d.due_at, d.sequence limit ?`

/** By this the next one of an order is known, when its turn comes. */
const NOTE = `
  insert into notes (name, value) values ('clock_was_at', ?)
      on conflict (name) do update set value = excluded.value where cast(excluded.value as integer) > cast(value as integer)`

const LISTENERS = `
  select l.id from listeners l cross join queues q on q.id = l.queue_id where l.id > ? and l.notify_url is not null and ${RUNS}
   order by l.id limit ?`

interface Row {
  dueAt: number
  sequence: number
  attempts: number
  attemptsBefore: number
  firstSentAt: number | null
}

export function createDeliveryStore(
  db: DatabaseSync,
  {
    rowless,
    leases,
    orders,
    touched,
    changes,
  }: Pick<Shared, 'rowless' | 'leases' | 'orders' | 'touched'> & { changes: ChangeLog },
  transact: Transact,
): DeliveryStore {
  const retried = db.prepare(RETRIED)
  const [fromAhead, move, note] = [db.prepare(FROM_AHEAD), db.prepare(MOVE), db.prepare(NOTE)]
  const [inDueOrder, message] = [db.prepare(IN_DUE_ORDER), db.prepare(MESSAGE)]
  const backlog = createBacklog(db)
  const [listenerRuns, listeners] = [db.prepare(LISTENER_RUNS), db.prepare(LISTENERS)]

  /** The listener's deliveries that the node may take, due or not. Passes over at most what the lanes hold. */
  function* free(ask: { node: string; listenerId: string; now: number }): Generator<Row> {
    for (const row of inDueOrder.iterate(ask.listenerId) as unknown as Iterable<Row>) {
      if (!leases.bars(ask.node, ask.listenerId, row.sequence, ask.now)) yield row
    }
  }

  function claim(ask: Parameters<DeliveryStore['claimDue']>[0]): Claim {
    const deliveries: LeasedDelivery[] = []
    let bytesLeft = ask.maxBytes
    // What a deleted listener had waiting is gone for every client, though its rows are removed later; what one of a
    // paused queue, or one that is disabled, has waiting stays where it is.
    if (listenerRuns.get(ask.listenerId) === undefined) return { deliveries, nextDueAt: null }
    for (const { dueAt, sequence, ...row } of free(ask)) {
      if (dueAt > ask.now || deliveries.length >= ask.limit) return { deliveries, nextDueAt: dueAt }
      const found = { ...(message.get(sequence) as unknown as Message) }
      bytesLeft -= Buffer.byteLength(found.data)
      if (bytesLeft < 0 && deliveries.length > 0) return { deliveries, nextDueAt: dueAt }
      const lease = leases.take(ask.node, ask.listenerId, sequence, found)
      const orderNumber = orders.numberOf(ask.listenerId, sequence)
      deliveries.push({ listenerId: ask.listenerId, message: found, dueAt, lease, orderNumber, ...row })
    }
    return { deliveries, nextDueAt: null }
  }

  function firstFree(ask: { node: string; listenerId: string; now: number }): WaitingListener | null {
    for (const { dueAt } of free(ask)) return { listenerId: ask.listenerId, nextDueAt: dueAt }
    return null
  }

  function bringForward({ now, until, limit }: { now: number; until: number; limit: number }): string[] {
    note.run(String(until))
    const found: (Pick<Row, 'dueAt' | 'sequence'> & { listenerId: string })[] = []
    for (const row of fromAhead.iterate(now, until) as unknown as Iterable<(typeof found)[number]>) {
      if (leases.isLeased(row.listenerId, row.sequence, now)) continue
      found.push(row)
      if (found.length === limit) break
    }
    for (const { listenerId, dueAt, sequence } of found) {
      move.run(now, listenerId, dueAt, sequence)
      touched.mark(sequence)
    }
    const listenerIds = found.map(({ listenerId }) => listenerId)
    const own = [...new Set(listenerIds)]
    if (own.length > 0) changes.note({ kind: 'deliveries_due', listenerIds: own, dueAt: now })
    return listenerIds
  }

  return {
    async bringForward(ask) {
      rowless.writeFree(ask.now)
      return transact(() => bringForward(ask))
    },
    async bringBack({ listenerId, since, retry, now, limit, after }) {
      return transact(() => {
        const from = after ?? { dueAt: now, sequence: Number.MAX_SAFE_INTEGER }
        const rows = retried.all(listenerId, from.dueAt, from.sequence, limit) as unknown as (Retried & DuePlace)[]
        const back = rows.filter((row) => isOfOutage(row, { since, retry }))
        const free = back.filter(({ sequence }) => !leases.isLeased(listenerId, sequence, now))
        for (const { dueAt, sequence } of free) {
          move.run(now, listenerId, dueAt, sequence)
          touched.mark(sequence)
        }
        const last = rows.at(-1)
        return { moved: free.length, after: last === undefined || rows.length < limit ? null : positionOf(last) }
      })
    },
    async claimDue(ask) {
      rowless.writeFree(ask.now)
      return reading(() => claim(ask))
    },
    async waiting({ node, after, limit, now }) {
      rowless.writeFree(now)
      return reading(() => {
        const found: WaitingListener[] = []
        let last = after ?? ''
        for (;;) {
          const ids = listeners.all(last, limit) as { id: string }[]
          for (const { id } of ids) {
            const waiting = firstFree({ node, listenerId: id, now })
            if (waiting !== null) found.push(waiting)
            if (found.length === limit) return found
          }
          if (ids.length < limit) return found
          last = ids[ids.length - 1]!.id
        }
      })
    },
    async backlog(ask) {
      rowless.writeToLook()
      return backlog.backlog(ask)
    },
    async worstListeners(ask) {
      rowless.writeToLook()
      return backlog.worstListeners(ask)
    },
    async renew({ node, until }) {
      leases.renew(node, until)
    },
    async handBack({ node, leases: given }) {
      rowless.writeAll()
      for (const lease of given) leases.handBack(node, lease)
    },
    async release({ node }) {
      rowless.writeToLook()
      leases.release(node)
    },
  }
}

function positionOf({ dueAt, sequence }: DuePlace): DuePlace {
  return { dueAt, sequence }
}
