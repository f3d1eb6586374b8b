import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type Attempt, acknowledges } from '../../core/delivery/attempt.ts'
import { fitsFilter } from '../../core/search/attempt-filter.ts'
import type {
  ListedMessage,
  ListenerAttempt,
  ListenerDeliveryStore,
  MissedDelivery,
  PendingDelivery,
} from '../../store/listing/listener-deliveries.ts'
import { reading } from '../transaction.ts'
import { createPendingReading, LISTED } from './pending-deliveries.ts'
import type { RowlessDeliveries } from './rowless.ts'

const ATTEMPT = `a.number, a.started_at as startedAt, a.duration_ms as durationMs, a.status, a.error, a.response`

/** As the index says it. */
const RETRIED = `(number > 1 or error is not null or status is null or status not between 200 and 299)`

const ATTEMPTS = `
  select m.id, m.name, m.sequence, ${ATTEMPT}
    from (select * from attempts indexed by attempts_retried
           where listener_id = :listenerId and started_at >= :since and started_at <= :until
             and (started_at, sequence, number) < (:startedAt, :beforeSequence, :beforeNumber) and ${RETRIED}
           order by started_at desc, sequence desc, number desc limit :examine) a
    cross join messages m on m.sequence = a.sequence
   order by a.started_at desc, a.sequence desc, a.number desc`

/** The bound is inside: however few fit, no more messages are read. */
const OF_QUEUE = `
  select sequence, id, name, key, created_at, deliver_at from messages
   where queue_id = :queueId and id >= :from and id < :before order by id desc limit :examine`

const FIRST_ATTEMPTS = `
  select m.id, m.name, m.sequence, ${ATTEMPT}
    from (${OF_QUEUE}) m left join attempts a on a.sequence = m.sequence and a.listener_id = :listenerId and a.number = 1
   order by m.id desc`

const MISSED = `
  select ${LISTED}, x.at as missedAt, x.reason from missed x cross join messages m on m.sequence = x.sequence
   where x.listener_id = ? and x.sequence < ? order by x.sequence desc limit ?`

/** One that was delivered and is to be delivered again has a row, or waits in an order. */
const DELIVERED = `
  select ${LISTED}, ${ATTEMPT},
         exists (select 1 from missed x where x.sequence = m.sequence and x.listener_id = :listenerId)
         or exists (select 1 from delivery_discards x where x.sequence = m.sequence and x.listener_id = :listenerId)
         or exists (select 1 from deliveries d where d.sequence = m.sequence and d.moved = 1 and d.listener_id = :listenerId)
         or exists (select 1 from deliveries d
                     where d.listener_id = :listenerId and d.due_at = m.deliver_at and d.sequence = m.sequence)
         or exists (select 1 from order_places p join held h
                      on h.listener_id = p.listener_id and h.key = p.key and h.sequence = p.sequence
                     where p.sequence = m.sequence and p.listener_id = :listenerId) as isOpen
    from (${OF_QUEUE}) m
    left join attempts a on a.sequence = m.sequence and a.listener_id = :listenerId and a.number =
         (select max(l.number) from attempts l where l.sequence = m.sequence and l.listener_id = :listenerId)
   order by m.id desc`

const LAST_ATTEMPT = `
  select ${ATTEMPT} from attempts a where a.sequence = ? and a.listener_id = ? order by a.number desc limit 1`

/** Where no time was given. */
const ANY_TIME = Number.MAX_SAFE_INTEGER

type AttemptRow = Pick<ListedMessage, 'id' | 'name' | 'sequence'> & Attempt
type DeliveredRow = ListedMessage & Attempt & { isOpen: 0 | 1 }

export function createListenerDeliveryStore(
  db: DatabaseSync,
  { rowless }: { rowless: RowlessDeliveries },
): ListenerDeliveryStore {
  const [attempts, firstAttempts] = [named(db, ATTEMPTS), named(db, FIRST_ATTEMPTS)]
  const [missed, delivered, lastAttempt] = [db.prepare(MISSED), named(db, DELIVERED), db.prepare(LAST_ATTEMPT)]
  const pendingOf = createPendingReading(db)

  function lastAttemptOf(sequence: number, listenerId: string): Attempt | null {
    const row = lastAttempt.get(sequence, listenerId) as Attempt | undefined
    return row === undefined ? null : { ...row }
  }

  return {
    async attempts({ filter, before, limit, ...ask }) {
      return reading(() => {
        const { startedAt, sequence: beforeSequence, number: beforeNumber } = before
        const range = { since: filter.since ?? 0, until: filter.until ?? ANY_TIME }
        const place = { startedAt, beforeSequence, beforeNumber }
        const rows = attempts.all({ ...ask, ...range, ...place }) as unknown as AttemptRow[]
        const entries: ListenerAttempt[] = []
        for (const row of rows) {
          if (!fitsFilter(row, filter)) continue
          entries.push(attemptOf(row))
          if (entries.length === limit) return { entries, next: positionOf(row) }
        }
        return { entries, next: rows.length < ask.examine ? null : positionOf(rows.at(-1)!) }
      })
    },
    async firstAttempts({ filter, limit, ...ask }) {
      return reading(() => {
        const rows = firstAttempts.all(ask) as unknown as AttemptRow[]
        const entries: ListenerAttempt[] = []
        for (const row of rows) {
          if (row.number === null || !acknowledges(row) || !fitsFilter(row, filter)) continue
          entries.push(attemptOf(row))
          if (entries.length === limit) return { entries, next: row.id }
        }
        return { entries, next: rows.length < ask.examine ? null : rows.at(-1)!.id }
      })
    },
    async pending(ask) {
      rowless.writeToLook()
      return reading(() =>
        pendingOf(ask).map((row): PendingDelivery => {
          return { ...row, lastAttempt: lastAttemptOf(row.message.sequence, ask.listenerId) }
        }),
      )
    },
    async missed({ listenerId, before, limit }) {
      return reading(() => {
        const rows = missed.all(listenerId, before, limit) as unknown as (ListedMessage &
          Pick<MissedDelivery, 'missedAt' | 'reason'>)[]
        return rows.map(({ missedAt, reason, ...message }) => {
          return { message, missedAt, reason, lastAttempt: lastAttemptOf(message.sequence, listenerId) }
        })
      })
    },
    async delivered({ limit, ...ask }) {
      rowless.writeToLook()
      return reading(() => {
        const rows = delivered.all({ ...ask, from: '' }) as unknown as DeliveredRow[]
        const entries: Awaited<ReturnType<ListenerDeliveryStore['delivered']>>['entries'] = []
        for (const { isOpen, ...row } of rows) {
          if (isOpen === 1 || row.number === null || !acknowledges(row)) continue
          const { id, name, key, createdAt, deliverAt, sequence, ...attempt } = row
          entries.push({ message: { id, name, key, createdAt, deliverAt, sequence }, lastAttempt: attempt })
          if (entries.length === limit) return { entries, next: id }
        }
        return { entries, next: rows.length < ask.examine ? null : rows.at(-1)!.id }
      })
    },
  }
}

/** A statement whose caller hands over all that it was asked. */
function named(db: DatabaseSync, sql: string): StatementSync {
  const statement = db.prepare(sql)
  statement.setAllowUnknownNamedParameters(true)
  return statement
}

function attemptOf({ id, name, sequence, ...attempt }: AttemptRow): ListenerAttempt {
  return { message: { id, name, sequence }, attempt }
}

function positionOf({ startedAt, sequence, number }: AttemptRow) {
  return { startedAt, sequence, number }
}
