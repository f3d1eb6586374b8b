import { PullRoom } from '../../core/delivery/pull.ts'
import { isExpired, MAX_EXPIRED_A_PULL } from '../../core/message/expiry.ts'
import type { PullAsk } from '../../store/pulls.ts'
import { LIVING_NODES } from '../cluster/nodes.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { ListenerOwner } from './listener-owners.ts'
import { type EndedLease, endedBy, PENDING_ROW, type PendingRow, type PullListener } from './pull-rows.ts'

/** Of each listener, from a place on, which is a due time and a sequence; not what is on the wire, or being pulled. */
export const DUE = `
  select ${PENDING_ROW}, octet_length(m.data) as bytes
    from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::int[])
           u(organization, listener, due_at, sequence, most)
   cross join lateral (
     select * from discue.deliveries d
      where d.organization_id = u.organization and d.listener_id = u.listener and d.due_at <= $6
        and (d.due_at, d.sequence) > (u.due_at, u.sequence)
        and (d.lease_node is null or d.pulled_at is not null or d.lease_node <> all(${LIVING_NODES('$7')}))
      order by d.due_at, d.sequence limit u.most for update skip locked) d
    join discue.messages m on m.sequence = any(array[d.sequence])
   order by d.listener_id, d.due_at, d.sequence`

interface DueRow extends PendingRow {
  bytes: number
}

export type TakenRow = Pick<PendingRow, 'sequence' | 'dueAt' | 'attempts'>

/** What is due of one listener, as far as it was read. */
interface DueOfListener {
  listenerId: string
  owner: ListenerOwner
  /** One more than all its pulls may take: so many are read at a time. */
  most: number
  rows: DueRow[]
  /** The first row that no pull has gone past. */
  at: number
  isRead: boolean
}

/** What one pull has gone through. */
interface Took {
  taken: TakenRow[]
  /** Something that is due was left. */
  isMoreDue: boolean
}

/**
 * What is due of the listeners that one transaction pulls for. Rows are locked as they are read: those of all listeners in
 * one statement, and more of a listener only where leases of it that ran out for the last time were among them.
 */
export class DueRows {
  /** Leases that have run out, which pulls came across: to be written before anything is leased. */
  readonly ended: EndedLease[] = []
  /** What pulls came across whose messages' time is over: to be discarded, after what has ended is written. */
  readonly expired: DueRow[] = []
  readonly #db: Db
  readonly #by: { now: number; clock: number | null; listeners: ReadonlyMap<string, PullListener> }
  readonly #due = new Map<string, DueOfListener>()

  constructor(db: Db, by: { now: number; clock: number | null; listeners: ReadonlyMap<string, PullListener> }) {
    this.#db = db
    this.#by = by
  }

  /** Announces a pull; all of them before the first one takes anything. */
  expect({ listenerId, limit }: PullAsk, owner: ListenerOwner): void {
    const due = this.#due.get(listenerId)
    const none = { listenerId, owner, rows: [], at: 0, isRead: false }
    if (due === undefined) this.#due.set(listenerId, { ...none, most: limit + 1 })
    else due.most += limit
  }

  /** What a pull takes of what those before it have left. */
  async take(ask: PullAsk): Promise<Took> {
    const due = this.#due.get(ask.listenerId)!
    const room = new PullRoom(ask)
    const taken: TakenRow[] = []
    for (;;) {
      if (due.at === due.rows.length && !due.isRead) await this.#read(due)
      const row = due.rows[due.at]
      if (row === undefined) return { taken, isMoreDue: false }
      if (room.isFull) return { taken, isMoreDue: true }
      const free = row.pulledAt === null ? row : this.#freed(row)
      if (free !== null && isExpired(free, this.#by.now)) {
        due.rows[due.at] = free
        if (this.expired.length >= MAX_EXPIRED_A_PULL) return { taken, isMoreDue: true }
        this.expired.push(free)
      } else if (free !== null) {
        due.rows[due.at] = free
        if (!room.take(free.bytes)) return { taken, isMoreDue: true }
        taken.push(free)
      }
      due.at += 1
    }
  }

  /** The row as it is after its lease has run out; null where that was its last attempt. */
  #freed(row: DueRow): DueRow | null {
    const { listeners, now } = this.#by
    const { retry } = listeners.get(row.listenerId)!
    const ended = endedBy(row, { how: 'lease_expired' }, { retry, now, random: () => 0 })
    this.ended.push(ended)
    const { next } = ended.settlement
    return next.state === 'pending' ? { ...row, dueAt: next.dueAt, attempts: row.attempts + 1, pulledAt: null } : null
  }

  /** The next rows of a listener; the first ones of all listeners at once. */
  async #read(due: DueOfListener): Promise<void> {
    const wanted = due.rows.length > 0 ? [due] : [...this.#due.values()].filter(isUnread)
    const last = wanted.map(({ rows }) => rows.at(-1))
    const found = await this.#db.rows<DueRow>(DUE, [
      texts(wanted.map(({ owner }) => owner.organizationId)),
      texts(wanted.map(({ listenerId }) => listenerId)),
      numbers(last.map((row) => row?.dueAt ?? Number.MIN_SAFE_INTEGER)),
      numbers(last.map((row) => row?.sequence ?? 0)),
      numbers(wanted.map(({ most }) => most)),
      this.#by.now,
      this.#by.clock,
    ])
    const byListener = Map.groupBy(found, ({ listenerId }) => listenerId)
    for (const it of wanted) {
      const rows = byListener.get(it.listenerId) ?? []
      it.isRead = rows.length < it.most
      it.rows.push(...rows)
    }
  }
}

function isUnread({ rows, isRead }: DueOfListener): boolean {
  return rows.length === 0 && !isRead
}
