import type { Message } from '../../core/delivery/message.ts'
import { MAX_EXPIRED_A_STEP } from '../../core/message/expiry.ts'
import type { ExpiryStep, ExpiryStore } from '../../store/deliveries.ts'
import { Changes, writeChanges } from '../cluster/changes.ts'
import { shareQueues } from '../cluster/locks.ts'
import type { Clock } from '../cluster/nodes.ts'
import type { Publish } from '../cluster/publish.ts'
import { numbers } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { Database, Transaction } from '../connect/transaction.ts'
import { pendingOf } from '../messages/delivery-summaries.ts'
import type { Routines } from '../routines.ts'
import { type Discarded, endWaiting, leaveOrders, lockOrders } from './delivery-discards.ts'
import type { Leases } from './leases.ts'
import { type Asker, createHeldEnds, leftOf, takeFree, tellFreed } from './waiting-ends.ts'

const IS_ANY_OVER = `select 1 from discue.message_expiries where look_at <= $1 limit 1`

/** The next organization in turn of which anything is over: from one to the next in the index. */
const NEXT_ORGANIZATION = `
  with recursive o(id) as (
    select (select e.organization_id from discue.message_expiries e
             where e.organization_id > $1 order by e.organization_id limit 1)
    union all
    select (select e.organization_id from discue.message_expiries e
             where e.organization_id > o.id order by e.organization_id limit 1)
      from o where o.id is not null
       and not exists (select 1 from discue.message_expiries e where e.organization_id = o.id and e.look_at <= $2)
  )
  select o.id from o where o.id is not null
     and exists (select 1 from discue.message_expiries e where e.organization_id = o.id and e.look_at <= $2) limit 1`

/** Not locked: a transaction that removes a message has its lock, and would wait for the one of this row. */
const OVER = `
  select e.look_at as "lookAt", e.sequence from discue.message_expiries e
   where e.organization_id = $1 and e.look_at <= $2 order by e.look_at, e.sequence limit $3`

const QUEUES = `select distinct queue_id as "queueId" from discue.messages where sequence = any($1)`

/** One that is being changed or deleted, or that another node is looking at, is looked at with the next step. */
const MESSAGES = `
  select m.organization_id as "organizationId", m.queue_id as "queueId", m.deliver_at as "deliverAt", m.sequence
    from discue.messages m where m.sequence = any($1) order by m.sequence for update skip locked`
const EXISTING = `select m.sequence from discue.messages m where m.sequence = any($1)`

/** What was missed and blocks. */
const BLOCKING = `
  select p.sequence, p.listener_id as "listenerId" from discue.order_places p
    join discue.order_heads h on h.organization_id = $1 and h.listener_id = p.listener_id and h.key = p.key
         and h.sequence = p.sequence and h.blocked
   where p.organization_id = $1 and p.sequence = any($2)`

/** Of deliveries `d` that a node holds: their message's time is over. */
const HAS_EXPIRED = `exists (select 1 from discue.messages m where m.sequence = any(array[d.sequence]) and m.expires_at <= $7)`

const FORGET = `
  delete from discue.message_expiries e using unnest($2::bigint[], $3::bigint[]) u(look_at, sequence)
   where e.organization_id = $1 and e.look_at = u.look_at and e.sequence = u.sequence`
const LOOK_AGAIN = `
  insert into discue.message_expiries (organization_id, look_at, sequence)
  select $1, u.look_at, u.sequence from unnest($2::bigint[], $3::bigint[]) u(look_at, sequence) on conflict do nothing`

type Expiring = Pick<Message, 'organizationId' | 'queueId' | 'deliverAt' | 'sequence'>

const NOTHING = { discarded: 0, lookAgain: [], unfinished: new Set<number>() }

interface Over {
  lookAt: number
  sequence: number
}

export function createExpiryStore(
  { transact, db }: Database,
  { leases, clock, publish, routines }: { leases: Leases; clock: Clock; publish: Publish; routines: Routines },
): ExpiryStore {
  const endHeld = createHeldEnds({ transact }, { leases, publish, routines, reason: 'expired', isOver: HAS_EXPIRED })

  async function nextOrganization(on: Db, after: string, now: number): Promise<string | null> {
    const [next] = await on.rows<{ id: string }>(NEXT_ORGANIZATION, [after, now])
    return next?.id ?? null
  }

  /** Ends what can be ended of these messages, which are locked; answers with which are to be looked at again, and when. */
  async function end(on: Transaction, messages: readonly Expiring[], asker: Asker) {
    const { now } = asker
    const { organizationId } = messages[0]!
    const sequences = messages.map(({ sequence }) => sequence)
    await lockOrders(on, organizationId, sequences)
    const all = await pendingOf(on, messages)
    const pending = all.slice(0, MAX_EXPIRED_A_STEP)
    const unfinished = new Set(all.slice(MAX_EXPIRED_A_STEP).map(({ sequence }) => sequence))
    const ended = await takeFree(on, { pending, messages, asker }, { leases, clock })
    const changes = new Changes()
    const effects = { organizationId, now, changes, routines, reason: 'expired' as const }
    const freed = await endWaiting(on, ended, effects)
    // What was missed and blocks cannot be redelivered any more: nothing else would let the messages behind it go on.
    const blocking = await on.rows<Omit<Discarded, 'queueId'>>(BLOCKING, [organizationId, numbers(sequences)])
    if (blocking.length > 0) freed.push(...(await leaveOrders(on, blocking, effects)))
    await writeChanges(on, changes, now)
    await tellFreed(on, publish, freed, now)
    const lookAgain = await leftOf(on, { pending, ended, now })
    return {
      discarded: ended.length,
      lookAgain: lookAgain.filter(({ sequence }) => !unfinished.has(sequence)),
      unfinished,
    }
  }

  async function step(on: Transaction, ask: Parameters<ExpiryStore['step']>[0]): Promise<ExpiryStep> {
    const { node, now, limit, afterOrganization } = ask
    const organizationId =
      (await nextOrganization(on, afterOrganization ?? '', now)) ?? (await nextOrganization(on, '', now))
    if (organizationId === null) return { looked: 0, discarded: 0, organizationId: null }
    const over = await on.rows<Over>(OVER, [organizationId, now, limit])
    const sequences = numbers(over.map(({ sequence }) => sequence))
    const queues = await on.rows<{ queueId: string }>(QUEUES, [sequences])
    await shareQueues(
      on,
      queues.map(({ queueId }) => queueId),
    )
    const messages = await on.rows<Expiring>(MESSAGES, [sequences])
    const { discarded, lookAgain, unfinished } =
      messages.length === 0 ? NOTHING : await end(on, messages, { node, now })
    const locked = new Set(messages.flatMap(({ sequence }) => (unfinished.has(sequence) ? [] : sequence)))
    const existing = new Set((await on.rows<Over>(EXISTING, [sequences])).map(({ sequence }) => sequence))
    const done = over.filter(({ sequence }) => locked.has(sequence) || !existing.has(sequence))
    if (done.length > 0) await on.run(FORGET, [organizationId, ...arraysOf(done)])
    if (lookAgain.length > 0) await on.run(LOOK_AGAIN, [organizationId, ...arraysOf(lookAgain)])
    return { looked: over.length, discarded, organizationId }
  }

  return {
    async step(ask) {
      if ((await db.rows(IS_ANY_OVER, [ask.now])).length === 0) return { looked: 0, discarded: 0, organizationId: null }
      return transact((on) => step(on, ask))
    },
    async endLeased({ node, now, leases: given }) {
      return endHeld(given, { node, now })
    },
  }
}

function arraysOf(rows: readonly Over[]): [string, string] {
  return [numbers(rows.map(({ lookAt }) => lookAt)), numbers(rows.map(({ sequence }) => sequence))]
}
