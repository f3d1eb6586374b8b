import type { DatabaseSync } from 'node:sqlite'
import type { DeliveryStatus } from '../../core/delivery/delivery-summary.ts'
import type { Message } from '../../core/delivery/message.ts'
import { idsBetween } from '../../core/id.ts'
import { isExpired } from '../../core/message/expiry.ts'
import type { Redelivery } from '../../store/jobs/redeliveries.ts'
import type { Orders } from '../deliveries/orders.ts'
import type { RecipientRow, RecipientSets } from '../deliveries/recipient-sets.ts'

const COLUMNS = `m.sequence, m.id, m.audience as recipientSet, m.left_out as leftOut, m.created_at as createdAt, m.deliver_at as deliverAt,
  m.expires_at as expiresAt`

/** Of the listener's own index: few of very many messages are missed. */
const MISSED = `
  select ${COLUMNS} from missed x cross join messages m on m.sequence = x.sequence
   where x.listener_id = :listenerId and x.sequence > :after and x.sequence <= :lastSequence
   order by x.sequence limit :limit`

const OF_QUEUE = `
  select ${COLUMNS} from messages m where m.queue_id = :queueId and m.id > :after and m.id < :end
   order by m.id limit :limit`

const IS_MISSED = `select 1 from missed where sequence = ? and listener_id = ?`
const IS_DISCARDED = `select 1 from delivery_discards where sequence = ? and listener_id = ?`
const IS_PENDING = `
  select 1 from deliveries where listener_id = :listenerId and due_at = :deliverAt and sequence = :sequence
  union all select 1 from deliveries where sequence = :sequence and moved = 1 and listener_id = :listenerId`

/** What is looked for, and where the looking goes on. */
export interface RedeliverySearch extends Pick<Redelivery, 'queueId' | 'listenerId' | 'status'> {
  since: number
  until: number
  /** The newest message that may be meant. */
  lastSequence: number
  /** What has expired by then is left out. */
  now: number
  /** Empty at the beginning. */
  after: string
}

type MatchedRow = Pick<Message, 'sequence' | 'id' | 'createdAt' | 'deliverAt' | 'expiresAt'> & RecipientRow

export interface MatchedStep {
  looked: number
  matching: MatchedRow[]
  /** Where the next step goes on; null where nothing is left to look at. */
  after: string | null
}

/** Makes the look at the next `limit` deliveries that a redelivery may mean. */
export function createRedeliveryMatching(
  db: DatabaseSync,
  { recipientSets, orders }: { recipientSets: RecipientSets; orders: Orders },
): (search: RedeliverySearch, limit: number) => MatchedStep {
  const [missed, ofQueue] = [db.prepare(MISSED), db.prepare(OF_QUEUE)]
  const [isMissed, isPending] = [db.prepare(IS_MISSED), db.prepare(IS_PENDING)]
  const isDiscarded = db.prepare(IS_DISCARDED)

  function rowsOf(
    { queueId, listenerId, since, until, lastSequence, after, status }: RedeliverySearch,
    limit: number,
  ): MatchedRow[] {
    if (status === 'missed') {
      return missed.all({ listenerId, after: Number(after || 0), lastSequence, limit }) as unknown as MatchedRow[]
    }
    const { from, end } = idsBetween(since, until)
    return ofQueue.all({ queueId, after: after || from, end, limit }) as unknown as MatchedRow[]
  }

  function statusOf({ sequence, deliverAt }: MatchedRow, listenerId: string): DeliveryStatus {
    if (isMissed.get(sequence, listenerId) !== undefined) return 'missed'
    if (isPending.get({ listenerId, deliverAt, sequence }) !== undefined) return 'pending'
    if (orders.isHeld(listenerId, sequence)) return 'pending'
    return isDiscarded.get(sequence, listenerId) === undefined ? 'delivered' : 'discarded'
  }

  function matches(row: MatchedRow, search: RedeliverySearch): boolean {
    const { listenerId, since, until, lastSequence, status, now } = search
    if (isExpired(row, now)) return false
    if (row.createdAt < since || row.createdAt >= until || row.sequence > lastSequence) return false
    if (recipientSets.standingOf(row, listenerId) !== 'recipient') return false
    return status === null || statusOf(row, listenerId) === status
  }

  return (search, limit) => {
    const rows = rowsOf(search, limit)
    const last = rows.at(-1)
    const after = search.status === 'missed' ? String(last?.sequence) : last?.id
    return {
      looked: rows.length,
      matching: rows.filter((row) => matches(row, search)),
      after: rows.length < limit ? null : after!,
    }
  }
}
