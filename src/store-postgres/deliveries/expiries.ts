import type { Message } from '../../core/delivery/message.ts'
import { MAX_EXPIRED_A_STEP, nextLookAt } from '../../core/message/expiry.ts'
import type { ExpiryStep, ExpiryStore } from '../../store/deliveries.ts'
import { Changes, writeChanges } from '../cluster/changes.ts'
import { shareQueues } from '../cluster/locks.ts'
import { type Clock, LIVING_NODES } from '../cluster/nodes.ts'
import type { Publish } from '../cluster/publish.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { Database, Transaction } from '../connect/transaction.ts'
import { type Pending, pendingOf } from '../messages/delivery-summaries.ts'
import type { Routines } from '../routines.ts'
import { type Discarded, endExpired, leaveOrders, lockOrders } from './delivery-discards.ts'
import type { HeldLease, Leases } from './leases.ts'

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

const KEYS = `unnest($2::text[], $3::bigint[], $4::bigint[])`
const OF_KEYS = `
  d.organization_id = any(array[$1::text]) and d.listener_id = u.listener and d.due_at = u.due_at
    and d.sequence = u.sequence`

/**
 * What is on its way stays: an attempt that a living node may be making, what a client has pulled, and what a statement of
 * the asking node may be claiming at this moment ($6, from the lease $7 on). So does what another transaction has locked, a
 * pull for example, which may be waiting for rows of this one.
 */
const END_FREE = `
  with picked as materialized (
    select d.listener_id as listener, d.due_at, d.sequence
      from ${KEYS} u(listener, due_at, sequence) join discue.deliveries d on ${OF_KEYS}
     where d.pulled_at is null and (d.lease_node is null or d.lease_node <> all(${LIVING_NODES('$5')}))
       and (d.lease_node is distinct from $6 or d.lease < $7)
       for update of d skip locked)
  delete from discue.deliveries d using picked u where ${OF_KEYS}
  returning d.sequence, d.listener_id as "listenerId"`

const PULLED = `
  select sequence, min(due_at) as until, count(*)::int as pulled from discue.deliveries
   where sequence = any($1) and moved and pulled_at is not null group by sequence`

/** What was missed and blocks. */
const BLOCKING = `
  select p.sequence, p.listener_id as "listenerId" from discue.order_places p
    join discue.order_heads h on h.organization_id = $1 and h.listener_id = p.listener_id and h.key = p.key
         and h.sequence = p.sequence and h.blocked
   where p.organization_id = $1 and p.sequence = any($2)`

const FORGET = `
  delete from discue.message_expiries e using unnest($2::bigint[], $3::bigint[]) u(look_at, sequence)
   where e.organization_id = $1 and e.look_at = u.look_at and e.sequence = u.sequence`
const LOOK_AGAIN = `
  insert into discue.message_expiries (organization_id, look_at, sequence)
  select $1, u.look_at, u.sequence from unnest($2::bigint[], $3::bigint[]) u(look_at, sequence) on conflict do nothing`

/** Only what this node still holds, and whose message's time is over. */
const END_LEASED = `
  delete from discue.deliveries d
   using unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) u(listener, due_at, sequence, lease)
   where ${OF_KEYS} and d.lease_node = $6 and d.lease = u.lease
     and exists (select 1 from discue.messages m where m.sequence = any(array[d.sequence]) and m.expires_at <= $7)
  returning d.sequence, d.listener_id as "listenerId"`

/** What is in time after all waits for any node. */
const GIVE_UP = `
  update discue.deliveries d set lease_node = null, lease = null
    from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) u(listener, due_at, sequence, lease)
   where ${OF_KEYS} and d.lease_node = $6 and d.lease = u.lease`

type Expiring = Pick<Message, 'organizationId' | 'queueId' | 'deliverAt' | 'sequence'>

/** Who asks, and when. */
interface Asker {
  node: string
  now: number
}

const NOTHING = { discarded: 0, lookAgain: [], unfinished: new Set<number>() }

interface Over {
  lookAt: number
  sequence: number
}

export function createExpiryStore(
  { transact, db }: Database,
  { leases, clock, publish, routines }: { leases: Leases; clock: Clock; publish: Publish; routines: Routines },
): ExpiryStore {
  async function nextOrganization(on: Db, after: string, now: number): Promise<string | null> {
    const [next] = await on.rows<{ id: string }>(NEXT_ORGANIZATION, [after, now])
    return next?.id ?? null
  }

  /** Takes the rows of what waits and is on its way to no listener. */
  async function takeFree(on: Db, pending: readonly Pending[], messages: readonly Expiring[], { node, now }: Asker) {
    const queueOf = new Map(messages.map(({ sequence, queueId }) => [sequence, queueId]))
    const withQueue = (it: Omit<Discarded, 'queueId'>) => ({ ...it, queueId: queueOf.get(it.sequence)! })
    // What this node holds it may be sending, also where it was asleep for longer than its leases last.
    const due = pending.filter((it) => it.dueAt !== null && !leases.holds(node, it))
    const asker = [clock(now), node, leases.firstInFlight]
    const keys = [
      texts(due.map(({ listenerId }) => listenerId)),
      numbers(due.map(({ dueAt }) => dueAt)),
      numbers(due.map(({ sequence }) => sequence)),
    ]
    const taken =
      due.length === 0
        ? []
        : await on.rows<Omit<Discarded, 'queueId'>>(END_FREE, [messages[0]!.organizationId, ...keys, ...asker])
    const held = pending.filter(({ dueAt }) => dueAt === null)
    return [...held, ...taken].map(({ sequence, listenerId }) => withQueue({ sequence, listenerId }))
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
    const ended = await takeFree(on, pending, messages, asker)
    const changes = new Changes()
    const effects = { organizationId, now, changes, routines }
    const freed = await endExpired(on, ended, effects)
    // What was missed and blocks cannot be redelivered any more: nothing else would let the messages behind it go on.
    const blocking = await on.rows<Omit<Discarded, 'queueId'>>(BLOCKING, [organizationId, numbers(sequences)])
    if (blocking.length > 0) freed.push(...(await leaveOrders(on, blocking, effects)))
    await writeChanges(on, changes, now)
    await tell(on, freed, now)
    const lookAgain = await leftOf(on, pending, ended, now)
    return {
      discarded: ended.length,
      lookAgain: lookAgain.filter(({ sequence }) => !unfinished.has(sequence)),
      unfinished,
    }
  }

  async function leftOf(
    on: Db,
    pending: readonly Pending[],
    ended: readonly Discarded[],
    now: number,
  ): Promise<Over[]> {
    const gone = new Set(ended.map(({ sequence, listenerId }) => `${sequence} ${listenerId}`))
    const left = pending.filter(({ sequence, listenerId }) => !gone.has(`${sequence} ${listenerId}`))
    if (left.length === 0) return []
    const sequences = [...new Set(left.map(({ sequence }) => sequence))]
    const rows = await on.rows<{ sequence: number; until: number; pulled: number }>(PULLED, [numbers(sequences)])
    const pulled = new Map(rows.map((row) => [row.sequence, row]))
    return sequences.map((sequence) => {
      const of = pulled.get(sequence)
      const isSent = left.filter((it) => it.sequence === sequence).length > (of?.pulled ?? 0)
      return { sequence, lookAt: nextLookAt({ isSent, pulledUntil: of?.until ?? null }, now) }
    })
  }

  async function tell(on: Transaction, freed: readonly string[], now: number): Promise<void> {
    const listenerIds = [...new Set(freed)]
    if (listenerIds.length > 0) await publish(on, { kind: 'deliveries_due', listenerIds, dueAt: now })
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

  /** Ends what a node holds of one organization. */
  async function endHeld(on: Transaction, node: string, held: readonly HeldLease[], now: number): Promise<number> {
    const { organizationId } = held[0]!.message
    const sequences = held.map(({ sequence }) => sequence)
    await shareQueues(
      on,
      held.map(({ message }) => message.queueId),
    )
    await lockOrders(on, organizationId, sequences)
    const keys = [
      texts(held.map(({ listenerId }) => listenerId)),
      numbers(held.map(({ dueAt }) => dueAt)),
      numbers(sequences),
      numbers(held.map(({ number }) => number)),
    ]
    const ended = await on.rows<Omit<Discarded, 'queueId'>>(END_LEASED, [organizationId, ...keys, node, now])
    if (ended.length < held.length) await on.run(GIVE_UP, [organizationId, ...keys, node])
    const queueOf = new Map(held.map(({ sequence, message }) => [sequence, message.queueId]))
    const changes = new Changes()
    const withQueues = ended.map((it) => ({ ...it, queueId: queueOf.get(it.sequence)! }))
    const freed = await endExpired(on, withQueues, { organizationId, now, changes, routines })
    await writeChanges(on, changes, now)
    await tell(on, freed, now)
    return ended.length
  }

  return {
    async step(ask) {
      if ((await db.rows(IS_ANY_OVER, [ask.now])).length === 0) return { looked: 0, discarded: 0, organizationId: null }
      return transact((on) => step(on, ask))
    },
    async endLeased({ node, now, leases: given }) {
      const held = given.flatMap((reference) => leases.find(node, reference) ?? [])
      let discarded = 0
      for (const group of Map.groupBy(held, ({ message }) => message.organizationId).values()) {
        discarded += await transact((on) => endHeld(on, node, group, now))
        for (const lease of group) leases.drop(node, lease)
      }
      return discarded
    },
  }
}

function arraysOf(rows: readonly Over[]): [string, string] {
  return [numbers(rows.map(({ lookAt }) => lookAt)), numbers(rows.map(({ sequence }) => sequence))]
}
