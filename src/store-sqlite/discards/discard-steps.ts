import type { DatabaseSync } from 'node:sqlite'
import type { Message } from '../../core/delivery/message.ts'
import { type Discardable, discards, MAX_DISCARDED_A_STEP, standingOfWaiting } from '../../core/message/discard.ts'
import { nextLookAt } from '../../core/message/expiry.ts'
import type { LeaseReference } from '../../store/deliveries.ts'
import type { DiscardStep, DiscardStore } from '../../store/jobs/discards.ts'
import type { Shared } from '../commit/parts.ts'
import { createWaitingEnds, type Ending } from '../deliveries/waiting-ends.ts'
import { createDeliverySummaries } from '../messages/delivery-summaries.ts'
import type { ChangeLog, Transact } from '../transaction.ts'

const JOB = `
  select id, queue_id as queueId, listener_id as listenerId, since, until, status, last_sequence as lastSequence, before
    from discard_jobs where id = ? and ended_at is null`
const ADVANCE = `
  update discard_jobs set before = :next, matched = matched + :ended,
         ended_at = case when :next is null and not exists (select 1 from discard_leftovers where discard_id = :id) then :now end
   where id = :id`
const COUNT = `update discard_jobs set matched = matched + 1 where id = ?`

const FORGET = `delete from discard_leftovers where discard_id = ? and sequence = ?`
const LOOK_AGAIN = `insert or replace into discard_leftovers (discard_id, sequence, look_at) values (?, ?, ?)`
const MEANT = `
  select j.id from discard_leftovers l join discard_jobs j on j.id = l.discard_id
   where l.sequence = ? and (j.listener_id is null or j.listener_id = ?) and (j.status is null or j.status = ?) limit 1`

const MESSAGE = `
  select organization_id as organizationId, queue_id as queueId, created_at as createdAt, deliver_at as deliverAt, sequence
    from messages where sequence = ?`
const PULLED = `
  select listener_id as listenerId, due_at as until from deliveries where sequence = ? and moved = 1 and pulled_at is not null`
const MISSED = `
  select x.listener_id as listenerId from missed x join listeners l on l.id = x.listener_id where x.sequence = ?`
const DELETE_MISSED = `delete from missed where sequence = ? and listener_id = ?`
const NOTE_MISSED = `insert or ignore into delivery_discards (sequence, listener_id, at, reason) values (?, ?, ?, 'discarded')`

interface Job {
  id: string
  queueId: string
  listenerId: string | null
  since: number
  until: number
  status: Discardable | null
  lastSequence: number
  before: string | null
}

type Meant = Pick<Message, 'queueId' | 'createdAt' | 'deliverAt' | 'sequence'>

/** One step under way; `sent`: listeners of which something is on its way, that a node may not have sent yet. */
interface Work {
  job: Job
  node: string
  ending: Ending
  sent: Set<string>
}

export function createDiscardSteps(
  db: DatabaseSync,
  transact: Transact,
  shared: Shared & { changes: ChangeLog },
): Pick<DiscardStore, 'step' | 'endLeased'> {
  const { leases, rowless, touched, changes: log } = shared
  const [job, advance, count] = [db.prepare(JOB), db.prepare(ADVANCE), db.prepare(COUNT)]
  const [forget, lookAgain, meant] = [db.prepare(FORGET), db.prepare(LOOK_AGAIN), db.prepare(MEANT)]
  const [message, pulled, missed] = [db.prepare(MESSAGE), db.prepare(PULLED), db.prepare(MISSED)]
  const [deleteMissed, noteMissed] = [db.prepare(DELETE_MISSED), db.prepare(NOTE_MISSED)]
  const summaries = createDeliverySummaries(db, shared)
  const ends = createWaitingEnds(db, transact, { reason: 'discarded', shared })

  const isFull = ({ ending }: Work) => ending.ended.length >= MAX_DISCARDED_A_STEP
  const isFor = ({ job: { listenerId } }: Work, id: string) => listenerId === null || listenerId === id

  function isMeant({ queueId, createdAt, sequence }: Meant, of: Job): boolean {
    return queueId === of.queueId && createdAt >= of.since && createdAt < of.until && sequence <= of.lastSequence
  }

  /** Ends what was missed; whether that is all of it. */
  function endMissed(sequence: number, work: Work): boolean {
    const { now, changes, ended } = work.ending
    for (const { listenerId } of missed.all(sequence) as { listenerId: string }[]) {
      if (!isFor(work, listenerId)) continue
      if (isFull(work)) return false
      deleteMissed.run(sequence, listenerId)
      noteMissed.run(sequence, listenerId, now)
      changes.of(listenerId).missed -= 1
      touched.mark(sequence)
      ends.unblock(listenerId, sequence, work.ending)
      ended.push({ listenerId, sequence })
    }
    return true
  }

  /** Ends what waits and is on its way to no listener; answers with when to look again, or null where nothing is left. */
  function endWaiting(found: Meant, work: Work): number | null {
    const { sequence, deliverAt } = found
    const { job: of, node, ending, sent } = work
    const { now } = ending
    const untilOf = new Map(pulled.all(sequence).map((row) => [row.listenerId as string, row.until as number]))
    const kept: number[] = []
    let isSent = false
    for (const { listenerId, dueAt, attempts } of summaries.pendingOf(found)) {
      if (!isFor(work, listenerId)) continue
      const isLeased = leases.bars(node, listenerId, sequence, now)
      if (!discards(of.status, standingOfWaiting({ deliverAt, attempts }, now))) continue
      if (untilOf.has(listenerId)) kept.push(untilOf.get(listenerId)!)
      else if (isLeased) {
        isSent = true
        sent.add(listenerId)
      } else if (isFull(work)) return now
      else ends.end({ listenerId, sequence, dueAt }, ending)
    }
    if (!isSent && kept.length === 0) return null
    return nextLookAt({ isSent, pulledUntil: kept.length === 0 ? null : Math.min(...kept) }, now)
  }

  function endOf(sequence: number, work: Work): void {
    const found = message.get(sequence) as Meant | undefined
    let lookAt: number | null = null
    if (found !== undefined && isMeant(found, work.job)) {
      lookAt = endWaiting(found, work)
      if (discards(work.job.status, 'missed') && !endMissed(sequence, work)) lookAt = work.ending.now
    }
    if (lookAt === null) forget.run(work.job.id, sequence)
    else lookAgain.run(work.job.id, sequence, lookAt)
  }

  function step({ id, before, next, sequences, node }: DiscardStep, ending: Ending): number | null {
    const found = job.get(id) as unknown as Job | undefined
    if (found === undefined || found.before !== before) return null
    const work: Work = { job: found, node, ending, sent: new Set() }
    for (const sequence of sequences) endOf(sequence, work)
    advance.run({ id, next, ended: ending.ended.length, now: ending.now })
    if (work.sent.size > 0) log.note({ kind: 'discard', listenerIds: [...work.sent] })
    return ending.ended.length
  }

  function endHeld({ listenerId, sequence, lease }: LeaseReference, node: string, ending: Ending): void {
    if (!leases.holds(node, { listenerId, sequence, lease })) return
    const found = message.get(sequence) as Meant | undefined
    const waiting = found && summaries.pendingOf(found).find((it) => it.listenerId === listenerId)
    if (waiting === undefined) return
    const { deliverAt } = found!
    const standing = standingOfWaiting({ deliverAt, attempts: waiting.attempts }, ending.now)
    const of = meant.get(sequence, listenerId, standing)
    if (of === undefined) return
    ends.end({ listenerId, sequence, dueAt: waiting.dueAt }, ending)
    count.run(of.id as string)
  }

  return {
    async step(ask) {
      // What has no row yet must not pass for done with.
      rowless.findAgain()
      rowless.writeFree(ask.now)
      return ends.ending(ask.now, (ending) => step(ask, ending))
    },
    async endLeased({ node, now, leases: given }) {
      const ended = ends.ending(now, (ending) => {
        for (const reference of given) endHeld(reference, node, ending)
        return ending.ended.length
      })
      ends.giveUp(node, given)
      return ended
    },
  }
}
