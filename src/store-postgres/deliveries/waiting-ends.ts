import type { Message } from '../../core/delivery/message.ts'
import { type DiscardedAs, nextLookAt } from '../../core/message/expiry.ts'
import type { LeaseReference } from '../../store/deliveries.ts'
import { Changes, writeChanges } from '../cluster/changes.ts'
import { shareQueues } from '../cluster/locks.ts'
import { type Clock, LIVING_NODES } from '../cluster/nodes.ts'
import type { Publish } from '../cluster/publish.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { Database, Transaction } from '../connect/transaction.ts'
import type { Pending } from '../messages/delivery-summaries.ts'
import type { Routines } from '../routines.ts'
import { type Discarded, endWaiting, lockOrders } from './delivery-discards.ts'
import type { HeldLease, Leases } from './leases.ts'

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

/** Only what this node still holds, and what is over ($7: now). */
const END_LEASED = (isOver: string) => `
  delete from discue.deliveries d
   using unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) u(listener, due_at, sequence, lease)
   where ${OF_KEYS} and d.lease_node = $6 and d.lease = u.lease and $7::bigint is not null and ${isOver}
  returning d.sequence, d.listener_id as "listenerId"`

/** What is in time after all waits for any node. */
const GIVE_UP = `
  update discue.deliveries d set lease_node = null, lease = null
    from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) u(listener, due_at, sequence, lease)
   where ${OF_KEYS} and d.lease_node = $6 and d.lease = u.lease`

/** Who asks, and when. */
export interface Asker {
  node: string
  now: number
}

/** What an end of deliveries looks at: those that wait of these messages. */
interface Looked {
  pending: readonly Pending[]
  messages: readonly Pick<Message, 'organizationId' | 'queueId' | 'sequence'>[]
  asker: Asker
}

type Pair = Omit<Discarded, 'queueId'>

/** Takes the rows of what waits and is on its way to no listener. */
export async function takeFree(
  on: Db,
  { pending, messages, asker: { node, now } }: Looked,
  { leases, clock }: { leases: Leases; clock: Clock },
): Promise<Discarded[]> {
  const queueOf = new Map(messages.map(({ sequence, queueId }) => [sequence, queueId]))
  // What this node holds it may be sending, also where it was asleep for longer than its leases last.
  const due = pending.filter((it) => it.dueAt !== null && !leases.holds(node, it))
  const keys = [
    texts(due.map(({ listenerId }) => listenerId)),
    numbers(due.map(({ dueAt }) => dueAt)),
    numbers(due.map(({ sequence }) => sequence)),
  ]
  const values = [messages[0]!.organizationId, ...keys, clock(now), node, leases.firstInFlight]
  const taken = due.length === 0 ? [] : await on.rows<Pair>(END_FREE, values)
  const held = pending.filter(({ dueAt }) => dueAt === null)
  return [...held, ...taken].map(({ sequence, listenerId }) => {
    return { sequence, listenerId, queueId: queueOf.get(sequence)! }
  })
}

/** Of what waits the messages of which something is on its way still, and when to look at each again. */
export async function leftOf(
  on: Db,
  { pending, ended, now }: { pending: readonly Pending[]; ended: readonly Pair[]; now: number },
): Promise<{ sequence: number; lookAt: number; listenerIds: string[] }[]> {
  const gone = new Set(ended.map(({ sequence, listenerId }) => `${sequence} ${listenerId}`))
  const left = pending.filter(({ sequence, listenerId }) => !gone.has(`${sequence} ${listenerId}`))
  if (left.length === 0) return []
  const bySequence = Map.groupBy(left, ({ sequence }) => sequence)
  const sequences = numbers([...bySequence.keys()])
  const rows = await on.rows<{ sequence: number; until: number; pulled: number }>(PULLED, [sequences])
  const pulled = new Map(rows.map((row) => [row.sequence, row]))
  return [...bySequence].map(([sequence, own]) => {
    const of = pulled.get(sequence)
    const isSent = own.length > (of?.pulled ?? 0)
    const listenerIds = own.map(({ listenerId }) => listenerId)
    return { sequence, lookAt: nextLookAt({ isSent, pulledUntil: of?.until ?? null }, now), listenerIds }
  })
}

/** Tells of listeners of which another message has its turn. */
export async function tellFreed(
  on: Transaction,
  publish: Publish,
  freed: readonly string[],
  now: number,
): Promise<void> {
  const listenerIds = [...new Set(freed)]
  if (listenerIds.length > 0) await publish(on, { kind: 'deliveries_due', listenerIds, dueAt: now })
}

interface HeldParts {
  leases: Leases
  publish: Publish
  routines: Routines
  reason: DiscardedAs
  /** The condition, in SQL, under which a delivery `d` is over at $7. */
  isOver: string
  /** Runs first in each transaction, and with what it has ended last. */
  before?: (on: Db, organizationId: string, sequences: string) => Promise<unknown>
  counted?: (on: Db, organizationId: string, ended: readonly Pair[]) => Promise<unknown>
}

/** Makes the end of deliveries that a node holds and has not sent; the leases of the rest are given up. */
export function createHeldEnds(
  { transact }: Pick<Database, 'transact'>,
  { leases, publish, routines, reason, isOver, before, counted }: HeldParts,
): (given: readonly LeaseReference[], asker: Asker) => Promise<number> {
  const endLeased = END_LEASED(isOver)

  /** Ends what a node holds of one organization. */
  async function endHeld(on: Transaction, held: readonly HeldLease[], { node, now }: Asker): Promise<number> {
    const { organizationId } = held[0]!.message
    const sequences = held.map(({ sequence }) => sequence)
    await before?.(on, organizationId, numbers(sequences))
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
    const ended = await on.rows<Pair>(endLeased, [organizationId, ...keys, node, now])
    if (ended.length < held.length) await on.run(GIVE_UP, [organizationId, ...keys, node])
    const queueOf = new Map(held.map(({ sequence, message }) => [sequence, message.queueId]))
    const changes = new Changes()
    const withQueues = ended.map((it) => ({ ...it, queueId: queueOf.get(it.sequence)! }))
    const freed = await endWaiting(on, withQueues, { organizationId, now, changes, routines, reason })
    await writeChanges(on, changes, now)
    await tellFreed(on, publish, freed, now)
    await counted?.(on, organizationId, ended)
    return ended.length
  }

  return async (given, asker) => {
    const held = given.flatMap((reference) => leases.find(asker.node, reference) ?? [])
    let ended = 0
    for (const group of Map.groupBy(held, ({ message }) => message.organizationId).values()) {
      ended += await transact((on) => endHeld(on, group, asker))
      for (const lease of group) leases.drop(asker.node, lease)
    }
    return ended
  }
}
