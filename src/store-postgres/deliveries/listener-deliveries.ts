import { type Attempt, acknowledges } from '../../core/delivery/attempt.ts'
import { fitsFilter } from '../../core/search/attempt-filter.ts'
import type {
  ListedMessage,
  ListenerAttempt,
  ListenerDelivery,
  ListenerDeliveryStore,
  MissedDelivery,
} from '../../store/listing/listener-deliveries.ts'
import { numbers } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import { restored } from '../connect/text.ts'
import type { Database } from '../connect/transaction.ts'
import { LISTED, listed, readPending } from './pending-deliveries.ts'

const ATTEMPT = `a.number, a.started_at as "startedAt", a.duration_ms as "durationMs", a.status, a.error, a.response`

/** As the index says it. By `any`, so that it is only ever gone from what was picked to its message. */
export const ATTEMPTS = `
  select m.id, m.name, m.sequence, ${ATTEMPT}
    from (select * from discue.attempts
           where organization_id = $1 and listener_id = $2 and started_at >= $3 and started_at <= $4
             and (started_at, sequence, number) < ($5, $6, $7)
             and (number > 1 or error is not null or status is null or status not between 200 and 299)
           order by started_at desc, sequence desc, number desc limit $8) a
    join discue.messages m on m.sequence = any(array[a.sequence])
   order by a.started_at desc, a.sequence desc, a.number desc`

/** The bound is inside: however few fit, no more messages are read. */
const OF_QUEUE = `
  select sequence, id, name, key, created_at, deliver_at from discue.messages
   where organization_id = $1 and queue_id = $2 and id >= $4 and id < $5 order by id desc limit $6`

export const FIRST_ATTEMPTS = `
  select m.id, m.name, m.sequence, ${ATTEMPT}
    from (${OF_QUEUE}) m
    left join lateral (
      select * from discue.attempts a
       where a.organization_id = $1 and a.sequence = m.sequence and a.listener_id = $3 and a.number = 1 limit 1) a on true
   order by m.id desc`

export const MISSED = `
  select ${LISTED}, x.at as "missedAt", x.reason
    from (select * from discue.missed where organization_id = $1 and listener_id = $2 and sequence < $3
           order by sequence desc limit $4) x
    join discue.messages m on m.sequence = any(array[x.sequence])
   order by x.sequence desc`

/**
 * One that was delivered and is to be delivered again has a row, or waits in an order. By `limit`, or the planner may read all
 * that the listener has, to look the few up in it.
 */
const OPEN = [
  `discue.missed x where x.organization_id = $1 and x.sequence = m.sequence and x.listener_id = $3`,
  `discue.delivery_discards x where x.organization_id = $1 and x.sequence = m.sequence and x.listener_id = $3`,
  `discue.deliveries d where d.sequence = m.sequence and d.moved and d.listener_id = $3`,
  `discue.deliveries d
    where d.organization_id = $1 and d.listener_id = $3 and d.due_at = m.deliver_at and d.sequence = m.sequence`,
  `discue.order_places p
     join discue.held h on h.organization_id = $1 and h.listener_id = $3 and h.key = p.key and h.sequence = p.sequence
    where p.organization_id = $1 and p.sequence = m.sequence and p.listener_id = $3`,
]

export const DELIVERED = `
  select ${LISTED}, ${ATTEMPT},
         ${OPEN.map((rows) => `(select true from ${rows} limit 1) is not null`).join(' or ')} as "isOpen"
    from (${OF_QUEUE}) m
    left join lateral (
      select * from discue.attempts a
       where a.organization_id = $1 and a.sequence = m.sequence and a.listener_id = $3
       order by a.number desc limit 1) a on true
   order by m.id desc`

export const LAST_ATTEMPTS = `
  select u.sequence, ${ATTEMPT} from unnest($3::bigint[]) u(sequence) cross join lateral (
    select * from discue.attempts a where a.organization_id = $1 and a.sequence = u.sequence and a.listener_id = $2
     order by a.number desc limit 1) a`

/** Where no time was given. */
const ANY_TIME = Number.MAX_SAFE_INTEGER

type AttemptRow = Pick<ListedMessage, 'id' | 'name' | 'sequence'> & Attempt
/** `number` is null where nothing was tried. */
type Tried = Omit<Attempt, 'number'> & { number: number | null }
type DeliveredRow = ListedMessage & Attempt & { isOpen: boolean }

export function createListenerDeliveryStore({ snapshot, db }: Database): ListenerDeliveryStore {
  /** Adds to deliveries of a listener the last attempt of each. */
  async function withLast<Found extends { message: ListedMessage }>(
    on: Db,
    { organizationId, listenerId }: { organizationId: string; listenerId: string },
    found: readonly Found[],
  ): Promise<(Found & Pick<ListenerDelivery, 'lastAttempt'>)[]> {
    if (found.length === 0) return []
    const sequences = numbers(found.map(({ message }) => message.sequence))
    const rows = await on.rows<Attempt & { sequence: number }>(LAST_ATTEMPTS, [organizationId, listenerId, sequences])
    const last = new Map(rows.map(({ sequence, ...attempt }) => [sequence, shown(attempt)]))
    return found.map((it) => ({ ...it, lastAttempt: last.get(it.message.sequence) ?? null }))
  }

  return {
    async attempts({ organizationId, listenerId, filter, before, limit, examine }) {
      const range = [filter.since ?? 0, filter.until ?? ANY_TIME, before.startedAt, before.sequence, before.number]
      const rows = await db.rows<AttemptRow>(ATTEMPTS, [organizationId, listenerId, ...range, examine])
      const entries: ListenerAttempt[] = []
      for (const row of rows) {
        if (!fitsFilter(row, filter)) continue
        entries.push(attemptOf(row))
        if (entries.length === limit) return { entries, next: positionOf(row) }
      }
      return { entries, next: rows.length < examine ? null : positionOf(rows.at(-1)!) }
    },
    async firstAttempts({ organizationId, queueId, listenerId, filter, from, before, limit, examine }) {
      const rows = await db.rows<AttemptRow>(FIRST_ATTEMPTS, [
        ...[organizationId, queueId, listenerId, from, before, examine],
      ])
      const entries: ListenerAttempt[] = []
      for (const row of rows) {
        if (!isTried(row) || !acknowledges(row) || !fitsFilter(row, filter)) continue
        entries.push(attemptOf(row))
        if (entries.length === limit) return { entries, next: row.id }
      }
      return { entries, next: rows.length < examine ? null : rows.at(-1)!.id }
    },
    pending: (ask) => snapshot(async (on) => withLast(on, ask, await readPending(on, ask))),
    missed: (ask) =>
      snapshot(async (on) => {
        const { organizationId, listenerId, before, limit } = ask
        const rows = await on.rows<ListedMessage & Pick<MissedDelivery, 'missedAt' | 'reason'>>(MISSED, [
          ...[organizationId, listenerId, before, limit],
        ])
        const found = rows.map(({ missedAt, reason, ...message }) => ({ message: listed(message), missedAt, reason }))
        return withLast(on, ask, found)
      }),
    async delivered({ organizationId, queueId, listenerId, before, limit, examine }) {
      const place = [organizationId, queueId, listenerId, '', before, examine]
      const rows = await db.rows<DeliveredRow>(DELIVERED, place)
      const entries: ListenerDelivery[] = []
      for (const { isOpen, ...row } of rows) {
        if (isOpen || !isTried(row) || !acknowledges(row)) continue
        const { id, name, key, createdAt, deliverAt, sequence, ...attempt } = row
        const message = listed({ id, name, key, createdAt, deliverAt, sequence })
        entries.push({ message, lastAttempt: shown(attempt) })
        if (entries.length === limit) return { entries, next: id }
      }
      return { entries, next: rows.length < examine ? null : rows.at(-1)!.id }
    },
  }
}

function isTried(row: Tried): boolean {
  return row.number !== null
}

function attemptOf({ id, name, sequence, ...attempt }: AttemptRow): ListenerAttempt {
  return { message: { id, name, sequence }, attempt: shown(attempt) }
}

function shown(attempt: Attempt): Attempt {
  return { ...attempt, response: restored(attempt.response) }
}

function positionOf({ startedAt, sequence, number }: AttemptRow) {
  return { startedAt, sequence, number }
}
