import type { Message } from '../../core/delivery/message.ts'
import type { RemovalStore } from '../../store/removals.ts'
import { Changes, writeChanges } from '../cluster/changes.ts'
import { numbers } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { Database } from '../connect/transaction.ts'
import { sweepLedger } from '../ledger/ledger-sweep.ts'
import type { Routines } from '../routines.ts'
import { pendingOf } from './delivery-summaries.ts'
import { erase } from './message-erasure.ts'

/** In the order of acceptance, which is that of time. The data is left where it is: it may be large. */
const NEXT = `
  select id, organization_id as "organizationId", queue_id as "queueId", sequence,
         created_at as "createdAt", deliver_at as "deliverAt"
    from discue.messages where sequence > $1 order by sequence limit $2`

/** Only of those that no other transaction, such as another node's pruner, is about to remove. */
const LOCK = `
  select sequence from discue.messages where sequence = any($1) order by sequence for update skip locked`

const LAST_ATTEMPTS = `
  select sequence, max(started_at) as at from discue.attempts where organization_id = $1 and sequence = any($2) group by sequence`

/** Messages that were missed by a listener that blocks then: it waits until a client redelivers or deletes them. */
const WAITED_FOR = `
  select p.sequence from discue.order_places p
    join discue.order_heads h on h.organization_id = $1 and h.listener_id = p.listener_id and h.key = p.key
         and h.sequence = p.sequence and h.blocked
   where p.organization_id = $1 and p.sequence = any($2)`

type Old = Pick<Message, 'id' | 'organizationId' | 'queueId' | 'sequence' | 'createdAt' | 'deliverAt'>

/** Removes messages that are done with and old, a few at a time. */
export function createExpiry({ transact }: Database, routines: Routines): RemovalStore['expire'] {
  /** A message that was scheduled or retried is kept as long after that as any other is after its acceptance. */
  async function expireOf(
    db: Db,
    messages: Old[],
    by: { now: number; before: number },
    changes: Changes,
  ): Promise<number> {
    const { now, before } = by
    const sequences = numbers(messages.map(({ sequence }) => sequence))
    const pending = new Set((await pendingOf(db, messages)).map(({ sequence }) => sequence))
    interface Last {
      sequence: number
      at: number
    }
    const attempts = await db.rows<Last>(LAST_ATTEMPTS, [messages[0]!.organizationId, sequences])
    interface Row {
      sequence: number
    }
    const waitedFor = await db.rows<Row>(WAITED_FOR, [messages[0]!.organizationId, sequences])
    for (const { sequence } of waitedFor) pending.add(sequence)
    const young = new Set(attempts.filter(({ at }) => at >= before).map(({ sequence }) => sequence))
    const over = messages.filter(({ sequence }) => !pending.has(sequence) && !young.has(sequence))
    if (over.length > 0) await erase(db, over, [], { now, reason: 'retention', changes, routines })
    return over.length
  }

  return async ({ now, before, after, limit }) =>
    transact(async (db) => {
      await sweepLedger(db, { before, limit })
      const messages = await db.rows<Old>(NEXT, [after, limit])
      const old = messages.filter((message) => message.createdAt < before && message.deliverAt < before)
      const locked = await db.rows<{ sequence: number }>(LOCK, [numbers(old.map(({ sequence }) => sequence))])
      const mine = new Set(locked.map(({ sequence }) => sequence))
      const free = old.filter(({ sequence }) => mine.has(sequence))
      const changes = new Changes()
      let removed = 0
      for (const group of Map.groupBy(free, ({ organizationId }) => organizationId).values()) {
        removed += await expireOf(db, group, { now, before }, changes)
      }
      await writeChanges(db, changes, now)
      const last = messages.at(-1)
      if (last !== undefined && messages.length === limit && last.createdAt < before) {
        return { removed, after: last.sequence, done: false }
      }
      // What is too young today is the first to look at next time.
      const young = messages.find((message) => message.createdAt >= before)
      return { removed, after: young === undefined ? (last?.sequence ?? after) : young.sequence - 1, done: true }
    })
}
