import type { DatabaseSync } from 'node:sqlite'
import { encodeTime } from '../core/id.ts'
import type { DeliveryStatus, Message } from '../core/message.ts'
import type { Redelivery } from '../store/redeliveries.ts'
import type { Audiences } from './audiences.ts'
import { createFigures, FigureChanges } from './figures.ts'
import type { BeginAnew } from './fresh-runs.ts'
import { AFTER_ALL } from './message-marks.ts'
import type { Orders } from './orders.ts'

const OLDEST = `
  select id, queue_id as queueId, listener_id as listenerId, since, until, status, last_sequence as lastSequence, after,
         matched
    from redeliveries where ended_at is null order by id limit 1`

const LISTENER_EXISTS = `select 1 from listeners where id = ?`
const COLUMNS = `m.sequence, m.id, m.audience, m.created_at as createdAt, m.deliver_at as deliverAt`

/** Of the listener's own index: few of very many messages are missed. */
const MISSED = `
  select ${COLUMNS} from missed x cross join messages m on m.sequence = x.sequence
   where x.listener_id = :listenerId and x.sequence > :after and x.sequence <= :lastSequence
   order by x.sequence limit :limit`

const OF_QUEUE = `
  select ${COLUMNS} from messages m where m.queue_id = :queueId and m.id > :after and m.id < :end
   order by m.id limit :limit`

const IS_MISSED = `select 1 from missed where sequence = ? and listener_id = ?`
const IS_PENDING = `
  select 1 from deliveries where listener_id = :listenerId and due_at = :deliverAt and sequence = :sequence
  union all select 1 from deliveries where sequence = :sequence and moved = 1 and listener_id = :listenerId`

const ADVANCE = `update redeliveries set after = ?, matched = matched + ?, ended_at = ? where id = ?`

/** The last time that an id can say. */
const LAST_TIME = 2 ** 48
/** An id is made around the time that its message says it was created at, not at it. */
const ID_SLACK_MS = 60_000

type Running = Pick<Redelivery, 'id' | 'queueId' | 'listenerId' | 'status' | 'matched'> & {
  since: number
  until: number
  lastSequence: number
  after: string
}

type Row = Pick<Message, 'sequence' | 'id' | 'createdAt' | 'deliverAt'> & { audience: number }

/** Makes the step of a redelivery, within a transaction. Its progress is stored with what it did. */
export function createRedeliverySteps(
  db: DatabaseSync,
  { audiences, orders, beginAnew }: { audiences: Audiences; orders: Orders; beginAnew: BeginAnew },
) {
  const [oldest, listenerExists, advance] = [db.prepare(OLDEST), db.prepare(LISTENER_EXISTS), db.prepare(ADVANCE)]
  const [missed, ofQueue] = [db.prepare(MISSED), db.prepare(OF_QUEUE)]
  const [isMissed, isPending] = [db.prepare(IS_MISSED), db.prepare(IS_PENDING)]
  const figures = createFigures(db)

  function rowsOf({ queueId, listenerId, since, until, lastSequence, after, status }: Running, limit: number): Row[] {
    if (status === 'missed') {
      return missed.all({ listenerId, after: Number(after || 0), lastSequence, limit }) as unknown as Row[]
    }
    const first = after || encodeTime(Math.max(0, since - ID_SLACK_MS))
    const end = until >= LAST_TIME - ID_SLACK_MS ? AFTER_ALL : encodeTime(until + ID_SLACK_MS)
    return ofQueue.all({ queueId, after: first, end, limit }) as unknown as Row[]
  }

  function statusOf({ sequence, deliverAt }: Row, listenerId: string): DeliveryStatus {
    if (isMissed.get(sequence, listenerId) !== undefined) return 'missed'
    if (isPending.get({ listenerId, deliverAt, sequence }) !== undefined) return 'pending'
    return orders.isHeld(listenerId, sequence) ? 'pending' : 'delivered'
  }

  function matches(row: Row, { listenerId, since, until, lastSequence, status }: Running): boolean {
    if (row.createdAt < since || row.createdAt >= until || row.sequence > lastSequence) return false
    if (!audiences.listenersOf(row.audience).includes(listenerId)) return false
    return status === null || statusOf(row, listenerId) === status
  }

  return ({ limit, now }: { limit: number; now: number }): { looked: number; listenerIds: string[] } => {
    const running = oldest.get() as unknown as Running | undefined
    if (running === undefined) return { looked: 0, listenerIds: [] }
    const { id, listenerId, status } = running
    const rows = listenerExists.get(listenerId) === undefined ? [] : rowsOf(running, limit)
    const changes = new FigureChanges()
    const matching = rows.filter((row) => matches(row, running))
    for (const message of matching) beginAnew({ message, listenerId }, { now, changes })
    for (const [changedId, change] of changes.entries()) figures.add(changedId, change)
    const last = rows.at(-1)
    const after = last === undefined ? running.after : status === 'missed' ? String(last.sequence) : last.id
    advance.run(after, matching.length, rows.length < limit ? now : null, id)
    return { looked: rows.length + 1, listenerIds: matching.length > 0 ? [listenerId] : [] }
  }
}
