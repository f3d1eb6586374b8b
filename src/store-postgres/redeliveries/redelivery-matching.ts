import type { Message } from '../../core/delivery/message.ts'
import { idsBetween } from '../../core/id.ts'
import { isExpired } from '../../core/message/expiry.ts'
import type { Redelivery } from '../../store/jobs/redeliveries.ts'
import { numbers } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import { summariesOf } from '../messages/delivery-summaries.ts'
import { IS_MEANT } from '../messages/left-out-rows.ts'

const COLUMNS = `m.sequence, m.id, m.created_at as "createdAt", m.deliver_at as "deliverAt", m.expires_at as "expiresAt",
  $2 = any(a.listener_ids) and coalesce(${IS_MEANT('m', 'array_position(a.listener_ids, $2)')}, true) as meant`
const RECIPIENT_SET = `
  join discue.audiences a on a.organization_id = $1 and a.queue_id = m.queue_id and a.version = m.audience`

/** Of the listener's own index: few of very many messages are missed. */
const MISSED = `
  select ${COLUMNS} from (
    select x.sequence from discue.missed x
     where x.organization_id = $1 and x.listener_id = $2 and x.sequence > $3 and x.sequence <= $4
     order by x.sequence limit $5) x
    join discue.messages m on m.sequence = any(array[x.sequence]) ${RECIPIENT_SET}
   order by m.sequence`

const OF_QUEUE = `
  select ${COLUMNS} from (
    select * from discue.messages o
     where o.organization_id = $1 and o.queue_id = $3 and o.id > $4 and o.id < $5 order by o.id limit $6) m
    ${RECIPIENT_SET}
   order by m.id`

/** As long as the transaction is under way none of them is removed, and the node that ends what expires passes them over. */
const KEEP = `select m.sequence from discue.messages m where m.sequence = any($1) order by m.sequence for share`

/** What is looked for, and where the looking goes on. */
export interface RedeliverySearch extends Pick<Redelivery, 'organizationId' | 'queueId' | 'listenerId' | 'status'> {
  since: number
  until: number
  /** The sequence of the newest message that the redelivery covers. */
  lastSequence: number
  /** What has expired by then is left out. */
  now: number
  /** Empty at the beginning. */
  after: string
}

type MatchedRow = Pick<Message, 'sequence' | 'id' | 'createdAt' | 'deliverAt' | 'expiresAt'> & { meant: boolean }

export interface MatchedStep {
  looked: number
  matching: MatchedRow[]
  /** Where the next step goes on; null where nothing is left to look at. */
  after: string | null
}

/** Looks at the next `limit` deliveries that a redelivery may mean; what matches stays as it is until the transaction ends. */
export async function lookForMatches(db: Db, search: RedeliverySearch, limit: number): Promise<MatchedStep> {
  const rows = await rowsOf(db, search, limit)
  const last = rows.at(-1)
  const after = search.status === 'missed' ? String(last?.sequence) : last?.id
  return {
    looked: rows.length,
    matching: await matchingOf(db, rows, search),
    after: rows.length < limit ? null : after!,
  }
}

function rowsOf(db: Db, search: RedeliverySearch, limit: number): Promise<MatchedRow[]> {
  const { organizationId, queueId, listenerId, since, until, lastSequence, after, status } = search
  const of = [organizationId, listenerId]
  if (status === 'missed') return db.rows<MatchedRow>(MISSED, [...of, Number(after || 0), lastSequence, limit])
  const { from, end } = idsBetween(since, until)
  return db.rows<MatchedRow>(OF_QUEUE, [...of, queueId, after || from, end, limit])
}

async function matchingOf(db: Db, rows: readonly MatchedRow[], search: RedeliverySearch): Promise<MatchedRow[]> {
  const { organizationId, queueId, listenerId, since, until, lastSequence, status, now } = search
  const fits = rows.filter((row) => {
    return (
      row.meant &&
      !isExpired(row, now) &&
      row.createdAt >= since &&
      row.createdAt < until &&
      row.sequence <= lastSequence
    )
  })
  if (fits.length === 0) return []
  const kept = await db.rows<{ sequence: number }>(KEEP, [numbers(fits.map(({ sequence }) => sequence))])
  const existing = new Set(kept.map(({ sequence }) => sequence))
  const meant = fits.filter(({ sequence }) => existing.has(sequence))
  if (status === null) return meant
  const summaries = await summariesOf(
    db,
    meant.map((row) => ({ ...row, organizationId, queueId })),
  )
  return meant.filter((_, index) => {
    return summaries[index]!.find((it) => it.listenerId === listenerId)?.status === status
  })
}
