import type { DatabaseSync } from 'node:sqlite'
import type { Message } from '../../core/delivery/message.ts'
import { isExpired, MAX_EXPIRED_A_STEP, nextLookAt } from '../../core/message/expiry.ts'
import type { ExpiryStep, ExpiryStore, LeaseReference } from '../../store/deliveries.ts'
import type { Shared } from '../commit/parts.ts'
import { createDeliverySummaries } from '../messages/delivery-summaries.ts'
import type { ChangeLog, Transact } from '../transaction.ts'
import { createWaitingEnds, type Ending } from './waiting-ends.ts'

const IS_ANY_OVER = `select 1 from message_expiries where look_at <= ? limit 1`

/** The next organization in turn of which anything is over: from one to the next in the index. */
const NEXT_ORGANIZATION = `
  with recursive o(id) as (
    select min(organization_id) from message_expiries where organization_id > :after
    union all
    select (select min(e.organization_id) from message_expiries e where e.organization_id > o.id)
      from o where o.id is not null
       and not exists (select 1 from message_expiries e where e.organization_id = o.id and e.look_at <= :now)
  )
  select id from o where id is not null
     and exists (select 1 from message_expiries e where e.organization_id = o.id and e.look_at <= :now) limit 1`

const OVER = `
  select look_at as lookAt, sequence from message_expiries
   where organization_id = ? and look_at <= ? order by look_at, sequence limit ?`

const FORGET = `delete from message_expiries where organization_id = ? and look_at = ? and sequence = ?`
const LOOK_AGAIN = `insert or ignore into message_expiries (organization_id, look_at, sequence) values (?, ?, ?)`

const MESSAGE = `
  select organization_id as organizationId, queue_id as queueId, deliver_at as deliverAt, expires_at as expiresAt, sequence
    from messages where sequence = ?`

const PULLED = `
  select listener_id as listenerId, due_at as until from deliveries where sequence = ? and moved = 1 and pulled_at is not null`

const MISSED = `select listener_id as listenerId from missed where sequence = ?`

type Expiring = Pick<Message, 'organizationId' | 'queueId' | 'deliverAt' | 'expiresAt' | 'sequence'>

export function createExpiryStore(
  db: DatabaseSync,
  transact: Transact,
  shared: Shared & { changes: ChangeLog },
): ExpiryStore {
  const { leases, rowless } = shared
  const [isAnyOver, nextOrganization, over] = [db.prepare(IS_ANY_OVER), db.prepare(NEXT_ORGANIZATION), db.prepare(OVER)]
  const [forget, lookAgain, message] = [db.prepare(FORGET), db.prepare(LOOK_AGAIN), db.prepare(MESSAGE)]
  const [pulled, missed] = [db.prepare(PULLED), db.prepare(MISSED)]
  const summaries = createDeliverySummaries(db, shared)
  const ends = createWaitingEnds(db, transact, { reason: 'expired', shared })

  /**
   * Ends what waits and is on its way to no listener; answers with when to look again: null where nothing is left, at once
   * where the step has discarded as much as it may.
   */
  function end(expiring: Expiring, node: string, done: Ending): number | null {
    const { sequence } = expiring
    const { now } = done
    const untilOf = new Map(pulled.all(sequence).map((row) => [row.listenerId as string, row.until as number]))
    let isSent = false
    for (const { listenerId, dueAt } of summaries.pendingOf(expiring)) {
      if (untilOf.has(listenerId)) continue
      if (leases.bars(node, listenerId, sequence, now)) isSent = true
      else if (done.ended.length >= MAX_EXPIRED_A_STEP) return now
      else ends.end({ listenerId, sequence, dueAt }, done)
    }
    // What was missed and blocks cannot be redelivered any more: nothing else would let the messages behind it go on.
    for (const row of missed.all(sequence)) ends.unblock(row.listenerId as string, sequence, done)
    if (!isSent && untilOf.size === 0) return null
    return nextLookAt({ isSent, pulledUntil: untilOf.size === 0 ? null : Math.min(...untilOf.values()) }, now)
  }

  function stepOf(ask: { organizationId: string; node: string; limit: number }, done: Ending): number {
    const { organizationId, node, limit } = ask
    const rows = over.all(organizationId, done.now, limit) as { lookAt: number; sequence: number }[]
    for (const { lookAt, sequence } of rows) {
      if (done.ended.length >= MAX_EXPIRED_A_STEP) break
      const found = message.get(sequence) as Expiring | undefined
      const lookAgainAt = found === undefined ? null : end(found, node, done)
      forget.run(organizationId, lookAt, sequence)
      if (lookAgainAt !== null) lookAgain.run(organizationId, lookAgainAt, sequence)
    }
    return rows.length
  }

  function endHeld({ listenerId, sequence, lease }: LeaseReference, node: string, done: Ending): void {
    if (!leases.holds(node, { listenerId, sequence, lease })) return
    const found = message.get(sequence) as Expiring | undefined
    if (found === undefined || !isExpired(found, done.now)) return
    const pending = summaries.pendingOf(found).find((it) => it.listenerId === listenerId)
    if (pending === undefined) return
    ends.end({ listenerId, sequence, dueAt: pending.dueAt }, done)
  }

  return {
    async step({ node, now, limit, afterOrganization }): Promise<ExpiryStep> {
      if (isAnyOver.get(now) === undefined) return { looked: 0, discarded: 0, organizationId: null }
      // What has no row yet must not pass for done with.
      rowless.findAgain()
      rowless.writeFree(now)
      return ends.ending(now, (done) => {
        const found =
          nextOrganization.get({ after: afterOrganization ?? '', now }) ?? nextOrganization.get({ after: '', now })
        const organizationId = (found?.id as string | undefined) ?? null
        const looked = organizationId === null ? 0 : stepOf({ organizationId, node, limit }, done)
        return { looked, discarded: done.ended.length, organizationId }
      })
    },
    async endLeased({ node, now, leases: given }) {
      const discarded = ends.ending(now, (done) => {
        for (const reference of given) endHeld(reference, node, done)
        return done.ended.length
      })
      ends.giveUp(node, given)
      return discarded
    },
  }
}
