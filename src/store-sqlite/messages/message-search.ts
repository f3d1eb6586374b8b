import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Message, statusOf } from '../../core/delivery/message.ts'
import type { MessageDetails, MessageFilter, MessageStore } from '../../store/messages.ts'
import type { RecipientSets } from '../deliveries/recipient-sets.ts'
import type { DeliverySummaries } from './delivery-summaries.ts'

/** What is looked at comes before the data in a row, which may be large. */
const CANDIDATE = `
  m.sequence, m.id, m.queue_id as queueId, m.audience as recipientSet, m.name, m.key, m.created_at as createdAt,
  m.deliver_at as deliverAt`

/** Says of each only what is cheap to find: whether it may have the status, for which the truth takes five reads. */
const MAY_BE_PENDING = `
  exists (select 1 from listeners l join deliveries d
            on d.listener_id = l.id and d.due_at = m.deliver_at and d.sequence = m.sequence
           where l.queue_id = m.queue_id)
  or exists (select 1 from deliveries d where d.sequence = m.sequence and d.moved = 1)
  or exists (select 1 from order_places p join held h
               on h.listener_id = p.listener_id and h.key = p.key and h.sequence = p.sequence
              where p.sequence = m.sequence)`
const MAY_BE_MISSED = `exists (select 1 from missed x where x.sequence = m.sequence)`

const MAY_BE_EXPIRED = `exists (select 1 from delivery_discards x where x.sequence = m.sequence)`

/** The bound is inside: however few fit, no more rows are read. */
function candidates(where: string, likely: string): string {
  return `
  select ${CANDIDATE}, (${likely}) as likely from
    (select * from messages where queue_id = :queueId ${where} and id >= :from and id < :before
      order by id desc limit :examine) m
   order by m.id desc`
}

const LIKELY: Record<NonNullable<MessageFilter['status']> | 'any', string> = {
  any: '1',
  scheduled: `m.deliver_at > :now and m.deliver_at > m.created_at`,
  pending: MAY_BE_PENDING,
  missed: MAY_BE_MISSED,
  expired: MAY_BE_EXPIRED,
  // A redelivery may have brought it forward.
  delivered: `m.deliver_at <= :now or m.deliver_at = m.created_at or exists (select 1 from attempts a where a.sequence = m.sequence)`,
  // The recipient set says it, which is in memory.
  discarded: '1',
  unrouted: '1',
}

const BY_NAME = 'and name = :name'
const BY_KEY = 'and key = :key'

const LISTENERS = `select id from listeners where queue_id = ?`

type Candidate = Pick<Message, 'sequence' | 'id' | 'queueId' | 'name' | 'key' | 'createdAt' | 'deliverAt'> & {
  recipientSet: number
  likely: 0 | 1
}
type Ask = Parameters<MessageStore['search']>[0]

interface SearchParts {
  summaries: DeliverySummaries
  recipientSets: RecipientSets
  read: (candidate: { queueId: string; id: string }) => Message
}

/** Finds messages of a queue by what they are, the newest first, looking at a bounded number of them. */
export function createMessageSearch(db: DatabaseSync, { summaries, recipientSets, read }: SearchParts) {
  const listeners = db.prepare(LISTENERS)
  const statements = new Map<string, StatementSync>()

  function statementFor({ name, key, status }: MessageFilter): StatementSync {
    const where = name !== null ? BY_NAME : key !== null ? BY_KEY : ''
    const sql = candidates(where, LIKELY[status ?? 'any'])
    const known = statements.get(sql)
    if (known !== undefined) return known
    const made = db.prepare(sql)
    // One for the three ways to look, times the statuses to look for.
    statements.set(sql, made)
    made.setAllowUnknownNamedParameters(true)
    return made
  }

  /**
   * Says of a recipient set whether messages that have it may have the status. Many messages have the same, of which
   * some have thousands of listeners: each is looked at once.
   */
  function mayHave({ filter: { status }, queueId }: Ask): (recipientSet: number) => boolean {
    if (status !== 'unrouted' && status !== 'discarded') return () => true
    const existing = new Set(listeners.all(queueId).map(({ id }) => id as string))
    const known = new Map<number, boolean>()
    return (recipientSet) => {
      let may = known.get(recipientSet)
      if (may === undefined) {
        const recipients = recipientSets.listenersOf(recipientSet)
        may = status === 'unrouted' ? recipients.length === 0 : recipients.some((id) => !existing.has(id))
        known.set(recipientSet, may)
      }
      return may
    }
  }

  /** The message in full where it fits. */
  function match(candidate: Candidate, { filter, only, now, queueId }: Ask): MessageDetails | null {
    if (candidate.likely === 0) return null
    if (filter.key !== null && candidate.key !== filter.key) return null
    if (only !== null && !only.includes(queueId) && !only.includes(candidate.id)) return null
    const deliveries = summaries.of(candidate)
    if (filter.status !== null && statusOf(candidate, deliveries, now) !== filter.status) return null
    return { message: { ...read(candidate) }, deliveries }
  }

  return (ask: Ask): Awaited<ReturnType<MessageStore['search']>> => {
    const { queueId, filter, from, before, limit, examine, now } = ask
    const rows = statementFor(filter).all({ queueId, from, before, examine, now, name: filter.name, key: filter.key })
    const may = mayHave(ask)
    const entries: MessageDetails[] = []
    for (const row of rows) {
      const candidate = row as unknown as Candidate
      const details = may(candidate.recipientSet) ? match(candidate, ask) : null
      if (details === null) continue
      entries.push(details)
      if (entries.length === limit) return { entries, next: candidate.id }
    }
    return { entries, next: rows.length === examine ? (rows.at(-1)!.id as string) : null }
  }
}
