import type { DatabaseSync } from 'node:sqlite'
import type { LeasedDelivery } from '../../core/delivery/delivery.ts'
import type { Message } from '../../core/delivery/message.ts'
import type { Claim, DeliveryStore, WaitingListener } from '../../store/deliveries.ts'
import { LISTENER_ENABLED } from '../listener-row.ts'
import { MESSAGE_COLUMNS } from '../messages/messages.ts'
import { reading } from '../transaction.ts'
import { createBacklog } from './backlog.ts'
import type { Leases } from './leases.ts'
import type { Orders } from './orders.ts'
import type { RowlessDeliveries } from './rowless.ts'

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
  { rowless, leases, orders }: { rowless: RowlessDeliveries; leases: Leases; orders: Orders },
): DeliveryStore {
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

  return {
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
      return backlog(ask)
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
