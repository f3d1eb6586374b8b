import type { Message } from '../../core/delivery/message.ts'
import { type Discardable, discards, MAX_DISCARDED_A_STEP, standingOfWaiting } from '../../core/message/discard.ts'
import type { DiscardStep, DiscardStore } from '../../store/jobs/discards.ts'
import { Changes, writeChanges } from '../cluster/changes.ts'
import { shareQueues } from '../cluster/locks.ts'
import type { Clock } from '../cluster/nodes.ts'
import type { Publish } from '../cluster/publish.ts'
import { numbers, texts } from '../connect/arrays.ts'
import type { Db } from '../connect/session.ts'
import type { Database, Transaction } from '../connect/transaction.ts'
import { type Discarded, endWaiting, leaveOrders, lockOrders, noteEnds } from '../deliveries/delivery-discards.ts'
import type { Leases } from '../deliveries/leases.ts'
import { createHeldEnds, leftOf, takeFree, tellFreed } from '../deliveries/waiting-ends.ts'
import { type Pending, pendingOf } from '../messages/delivery-summaries.ts'
import type { Routines } from '../routines.ts'

/** One that another node is at is that node's. */
const JOB = `
  select id, organization_id as "organizationId", queue_id as "queueId", listener_id as "listenerId", since, until, status,
         last_sequence as "lastSequence", before
    from discue.discard_jobs where organization_id = $1 and id = $2 and ended_at is null for update skip locked`
const ADVANCE = `
  update discue.discard_jobs set before = $3, matched = matched + $4,
         ended_at = case when $3::text is null and not exists (
           select 1 from discue.discard_leftovers where organization_id = $1 and discard_id = $2) then $5::bigint end
   where organization_id = $1 and id = $2`

/** One that is being changed or deleted is looked at with a later step. */
const MESSAGES = `
  select m.organization_id as "organizationId", m.queue_id as "queueId", m.created_at as "createdAt",
         m.deliver_at as "deliverAt", m.sequence
    from discue.messages m where m.sequence = any($1) order by m.sequence for update skip locked`
const EXISTING = `select m.sequence from discue.messages m where m.sequence = any($1)`

const END_MISSED = `
  with picked as materialized (
    select x.sequence, x.listener_id from discue.missed x
     where x.organization_id = $1 and x.sequence = any($2) and ($3::text is null or x.listener_id = $3)
       and exists (select 1 from discue.listeners l where l.organization_id = $1 and l.id = x.listener_id)
     order by x.sequence, x.listener_id limit $4 for update)
  delete from discue.missed x using picked p
   where x.organization_id = $1 and x.sequence = p.sequence and x.listener_id = p.listener_id
  returning x.sequence, x.listener_id as "listenerId"`
const BLOCKING = `
  select p.sequence, p.listener_id as "listenerId" from unnest($2::bigint[], $3::text[]) u(sequence, listener)
    join discue.order_places p on p.organization_id = $1 and p.sequence = u.sequence and p.listener_id = u.listener
    join discue.order_heads h on h.organization_id = $1 and h.listener_id = p.listener_id and h.key = p.key
         and h.sequence = p.sequence and h.blocked`

const FORGET = `
  delete from discue.discard_leftovers where organization_id = $1 and discard_id = $2 and sequence = any($3)`
const LOOK_AGAIN = `
  insert into discue.discard_leftovers (organization_id, discard_id, sequence, look_at)
  select $1, $2, u.sequence, u.look_at from unnest($3::bigint[], $4::bigint[]) u(sequence, look_at)
      on conflict (organization_id, discard_id, sequence) do update set look_at = excluded.look_at`

const OF_LEFTOVER = (sequence: string, listener: string) => `
  select l.discard_id from discue.discard_leftovers l
    join discue.discard_jobs j on j.organization_id = l.organization_id and j.id = l.discard_id
   where l.organization_id = $1 and l.sequence = ${sequence} and (j.listener_id is null or j.listener_id = ${listener})
   order by l.discard_id limit 1`
/** Of a delivery `d` that a node holds, at $7; as `standingOfWaiting` says. */
const IS_MEANT = `exists (
  select 1 from discue.messages m
    join discue.discard_leftovers l on l.organization_id = $1 and l.sequence = m.sequence
    join discue.discard_jobs j on j.organization_id = $1 and j.id = l.discard_id
   where m.sequence = any(array[d.sequence]) and (j.listener_id is null or j.listener_id = d.listener_id)
     and (j.status is null
       or j.status = case when m.deliver_at > $7 and d.attempts = 0 then 'scheduled' else 'pending' end))`

/** Before all else, as a step does. */
const LOCK_JOBS = `
  select 1 from discue.discard_jobs j
   where j.organization_id = $1 and exists (
     select 1 from discue.discard_leftovers l
      where l.organization_id = $1 and l.discard_id = j.id and l.sequence = any($2))
   order by j.id for update`
const COUNT = `
  update discue.discard_jobs j set matched = j.matched + u.ended
    from (select x.discard_id, count(*) as ended from unnest($2::bigint[], $3::text[]) p(sequence, listener)
           cross join lateral (${OF_LEFTOVER('p.sequence', 'p.listener')}) x group by x.discard_id) u
   where j.organization_id = $1 and j.id = u.discard_id`

interface Job {
  id: string
  organizationId: string
  queueId: string
  listenerId: string | null
  since: number
  until: number
  status: Discardable | null
  lastSequence: number
  before: string | null
}

type Meant = Pick<Message, 'organizationId' | 'queueId' | 'createdAt' | 'deliverAt' | 'sequence'>
type Left = { sequence: number; lookAt: number; listenerIds: string[] }

export interface DiscardParts {
  leases: Leases
  clock: Clock
  publish: Publish
  routines: Routines
}

export function createDiscardSteps(
  { transact }: Database,
  { leases, clock, publish, routines }: DiscardParts,
): Pick<DiscardStore, 'step' | 'endLeased'> {
  const endHeld = createHeldEnds(
    { transact },
    {
      ...{ leases, publish, routines, reason: 'discarded' },
      isOver: IS_MEANT,
      before: (on, organizationId, sequences) => on.rows(LOCK_JOBS, [organizationId, sequences]),
      counted: async (on, organizationId, ended) => {
        if (ended.length > 0) await on.run(COUNT, [organizationId, ...arraysOf(ended)])
      },
    },
  )

  /** Ends what waits and is on its way to no listener; answers with what is left. */
  async function endFree(on: Transaction, messages: readonly Meant[], ask: Asked): Promise<Ended> {
    const { job, now, effects } = ask
    const dueOf = new Map(messages.map(({ sequence, deliverAt }) => [sequence, deliverAt]))
    const isMeant = ({ sequence, listenerId, attempts }: Pending) =>
      (job.listenerId === null || job.listenerId === listenerId) &&
      discards(job.status, standingOfWaiting({ deliverAt: dueOf.get(sequence)!, attempts }, now))
    const all = (await pendingOf(on, messages)).filter(isMeant)
    const pending = all.slice(0, MAX_DISCARDED_A_STEP)
    const ended = await takeFree(on, { pending, messages, asker: ask }, { leases, clock })
    const freed = await endWaiting(on, ended, effects)
    const unfinished = [...new Set(all.slice(MAX_DISCARDED_A_STEP).map(({ sequence }) => sequence))]
    const left = await leftOf(on, { pending, ended, now })
    return { count: ended.length, freed, left: [...left, ...unfinished.map((it) => lookNow(it, now))] }
  }

  async function endMissed(on: Transaction, messages: readonly Meant[], ask: Asked, limit: number): Promise<Ended> {
    const { job, now, effects } = ask
    const { organizationId } = job
    const sequences = messages.map(({ sequence }) => sequence)
    if (!discards(job.status, 'missed')) return { count: 0, freed: [], left: [] }
    const values = [organizationId, numbers(sequences), job.listenerId, limit]
    const ended = limit === 0 ? [] : await on.rows<Omit<Discarded, 'queueId'>>(END_MISSED, values)
    await noteEnds(on, ended, effects)
    for (const pair of ended) effects.changes.of({ organizationId, queueId: job.queueId, ...pair }).missed -= 1
    const blocking =
      ended.length === 0
        ? []
        : await on.rows<Omit<Discarded, 'queueId'>>(BLOCKING, [organizationId, ...arraysOf(ended)])
    const freed = blocking.length === 0 ? [] : await leaveOrders(on, blocking, effects)
    const left = ended.length < limit ? [] : sequences.map((it) => lookNow(it, now))
    return { count: ended.length, freed, left }
  }

  async function end(on: Transaction, messages: readonly Meant[], ask: Asked): Promise<Ended> {
    if (messages.length === 0) return { count: 0, freed: [], left: [] }
    await lockOrders(
      on,
      ask.job.organizationId,
      messages.map(({ sequence }) => sequence),
    )
    const free = await endFree(on, messages, ask)
    const missed = await endMissed(on, messages, ask, MAX_DISCARDED_A_STEP - free.count)
    const left = new Map([...free.left, ...missed.left].map((it) => [it.sequence, it]))
    return { count: free.count + missed.count, freed: [...free.freed, ...missed.freed], left: [...left.values()] }
  }

  async function step(on: Transaction, ask: DiscardStep): Promise<number | null> {
    const { id, organizationId, before, next, node, now } = ask
    const [job] = await on.rows<Job>(JOB, [organizationId, id])
    if (job === undefined || job.before !== before) return null
    const sequences = numbers(ask.sequences)
    await shareQueues(on, [job.queueId])
    const locked = await on.rows<Meant>(MESSAGES, [sequences])
    const changes = new Changes()
    const effects = { organizationId, now, changes, routines, reason: 'discarded' as const }
    const meant = locked.filter((message) => isMeant(message, job))
    const { count, freed, left } = await end(on, meant, { job, node, now, effects })
    await writeChanges(on, changes, now)
    await tellFreed(on, publish, freed, now)
    const known = new Set(locked.map(({ sequence }) => sequence))
    const existing = await on.rows<{ sequence: number }>(EXISTING, [sequences])
    const busy = existing.filter(({ sequence }) => !known.has(sequence)).map(({ sequence }) => lookNow(sequence, now))
    await keepLeft(on, job, ask.sequences, [...left, ...busy])
    await on.run(ADVANCE, [organizationId, id, next, count, now])
    const listenerIds = [...new Set(left.flatMap((it) => it.listenerIds))]
    if (listenerIds.length > 0) await publish(on, { kind: 'discard', listenerIds })
    return count
  }

  return {
    step: (ask) => transact((on) => step(on, ask)),
    endLeased: ({ leases: given, ...asker }) => endHeld(given, asker),
  }
}

interface Asked {
  job: Job
  node: string
  now: number
  effects: Parameters<typeof endWaiting>[2]
}

interface Ended {
  count: number
  freed: string[]
  left: Left[]
}

async function keepLeft(on: Db, { organizationId, id }: Job, looked: readonly number[], left: readonly Left[]) {
  const again = new Set(left.map(({ sequence }) => sequence))
  const over = looked.filter((sequence) => !again.has(sequence))
  if (over.length > 0) await on.run(FORGET, [organizationId, id, numbers(over)])
  if (left.length === 0) return
  const lookAts = numbers(left.map(({ lookAt }) => lookAt))
  await on.run(LOOK_AGAIN, [organizationId, id, numbers([...again]), lookAts])
}

function isMeant({ organizationId, queueId, createdAt, sequence }: Meant, job: Job): boolean {
  const isThere = organizationId === job.organizationId && queueId === job.queueId
  return isThere && createdAt >= job.since && createdAt < job.until && sequence <= job.lastSequence
}

function lookNow(sequence: number, now: number): Left {
  return { sequence, lookAt: now, listenerIds: [] }
}

function arraysOf(pairs: readonly { sequence: number; listenerId: string }[]): [string, string] {
  return [numbers(pairs.map(({ sequence }) => sequence)), texts(pairs.map(({ listenerId }) => listenerId))]
}
