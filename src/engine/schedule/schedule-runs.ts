import type { QueueDirectory } from '../../app/caches/queue-directory.ts'
import type { SchemaChecks } from '../../app/caches/schema-checks.ts'
import type { Acceptor } from '../../app/deps.ts'
import { expectFewDeliveries, MAX_DELIVERIES } from '../../core/delivery/delivery.ts'
import type { Message } from '../../core/delivery/message.ts'
import { Problem } from '../../core/problem.ts'
import type { PlannedRun } from '../../core/schedule/jitter.ts'
import { NO_SERVER, type Skipped } from '../../core/schedule/missed.ts'
import { goesByMessageBefore, STILL_PENDING, withoutOverlap } from '../../core/schedule/overlap.ts'
import { inPortions, type SchedulePlan, separateRuns } from '../../core/schedule/schedule-plan.ts'
import { scheduledHeaders } from '../../core/schedule/scheduled-headers.ts'
import type { Runtime } from '../../runtime.ts'
import type { QueueRoute } from '../../store/queues.ts'
import type { ScheduleRun, ScheduleStep } from '../../store/schedules.ts'
import type { Store } from '../../store/store.ts'
import { type Moments, NO_MOMENTS } from '../notify/moments.ts'

/** Of a reason why a run failed. */
const MAX_ERROR_CHARS = 500

export interface ScheduleRunsDeps {
  store: Pick<Store, 'schedules'>
  acceptor: Pick<Acceptor, 'accept'>
  directory: QueueDirectory
  schemaChecks: SchemaChecks
  runtime: Runtime
  /** Told of runs that failed. */
  moments?: Pick<Moments, 'scheduleFailed'>
}

/** Makes the messages of due times, and has their schedules step on. */
export interface ScheduleRuns {
  /** Queues side by side, each in the order of its due times. Throws what the store does, once all queues are through. */
  run(plans: readonly SchedulePlan[]): Promise<void>
}

export function createScheduleRuns(deps: ScheduleRunsDeps): ScheduleRuns {
  const { store, runtime, moments = NO_MOMENTS } = deps

  async function runQueue(plans: SchedulePlan[]): Promise<void> {
    const { organizationId, queueId } = plans[0]!.due.schedule
    const { peek, load, forget } = deps.directory
    const known = peek(organizationId, queueId)
    const route = known ?? (await load(organizationId, queueId))
    // The queue is gone, and its schedules will be.
    if (route === null) return skip(plans.map((plan) => ({ ...stepOf(plan, [], runtime.now()), nextAt: null })))
    const refused = plans.flatMap((plan) => {
      const error = refusalOf(plan, route)
      return error === null ? [] : [failed(plan, error)]
    })
    // No run fails by what may be the schema of yesterday.
    if (refused.length > 0 && known !== undefined) {
      forget(organizationId, queueId)
      return runQueue(plans)
    }
    const failing = new Set(refused.map(({ scheduleId }) => scheduleId))
    const fine = await withoutOverlaps(plans.filter(({ due }) => !failing.has(due.schedule.id)))
    const idle = fine.filter(({ runs }) => runs.length === 0)
    const steps = [...refused, ...idle.map((plan) => stepOf(plan, [], runtime.now()))]
    if (steps.length > 0) await skip(steps)
    const most = Math.floor(MAX_DELIVERIES / Math.max(1, route.listeners.length))
    // One after the other, because a portion begins where the one before it ends.
    for (const portion of inPortions(
      fine.filter(({ runs }) => runs.length > 0),
      most,
    )) {
      if (!(await make(portion, route))) return
    }
  }

  /** By what the messages before are now; the store sees to it that it is still so when the steps are written. */
  async function withoutOverlaps(plans: SchedulePlan[]): Promise<SchedulePlan[]> {
    const asking = plans.filter(goesByMessageBefore)
    if (asking.length === 0) return plans
    const { organizationId } = asking[0]!.due.schedule
    const scheduleIds = asking.map(({ due }) => due.schedule.id)
    const pending = new Set(await store.schedules.withPendingMessage({ organizationId, scheduleIds }))
    return plans.map((plan) =>
      goesByMessageBefore(plan) ? withoutOverlap(plan, pending.has(plan.due.schedule.id)) : plan,
    )
  }

  /** Why none of the runs can make a message, or null where they can. */
  function refusalOf({ due, runs, unreadable }: SchedulePlan, { queue, listeners }: QueueRoute): string | null {
    if (unreadable !== null) return unreadable
    if (runs.length === 0) return null
    if (due.frozen) return 'the organization is frozen: it takes no writes'
    return errorOf(() => {
      expectFewDeliveries(1, listeners.length)
      deps.schemaChecks.expectFit(queue, due.schedule)
    })
  }

  /**
   * All messages of one queue, in the order of their due times, and the steps of their schedules, or nothing. False where
   * the queue or a schedule is not what it was: they are read again with the next round.
   */
  async function make(plans: SchedulePlan[], route: QueueRoute): Promise<boolean> {
    const stamps = stampsOf(plans)
    const made = plans.map((plan) => messagesOf(plan, stamps))
    // By their ids, which are in the order in which they run; stored in it, they are the least work.
    const messages = made.flatMap((one) => one.messages).sort((a, b) => (a.id < b.id ? -1 : 1))
    const steps = made.map((one) => one.step)
    try {
      const outcome = await deps.acceptor.accept(messages, route, undefined, steps)
      if (outcome === 'stale') deps.directory.forget(route.queue.organizationId, route.queue.id)
      return outcome === 'accepted'
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'quota_reached') throw error
      if (messages.length === 1) await skip(plans.map((plan) => failed(plan, error.message)))
      else for (const plan of plans.flatMap(separateRuns)) if (!(await make([plan], route))) return false
      return true
    }
  }

  /** Of each run when its message is made, and the id: also of those that are made together the first has the lowest. */
  function stampsOf(plans: readonly SchedulePlan[]): Map<PlannedRun, { id: string; at: number }> {
    const inOrder = plans.flatMap(({ runs }) => runs).sort((one, other) => one.runAt - other.runAt)
    const ats = inOrder.map(madeAt)
    const ids = ats.map((at) => runtime.newId(at)).sort()
    return new Map(inOrder.map((run, index) => [run, { id: ids[index]!, at: ats[index]! }]))
  }

  function messagesOf(plan: SchedulePlan, stamps: ReturnType<typeof stampsOf>) {
    const { schedule } = plan.due
    const { organizationId, queueId, messageName: name, key, expiresInMs, data, mediaType } = schedule
    const messages = plan.runs.map((run): Omit<Message, 'sequence'> => {
      const { id, at } = stamps.get(run)!
      const headers = scheduledHeaders(schedule, run.dueAt)
      const expiresAt = expiresInMs === null ? null : at + expiresInMs
      return {
        id,
        organizationId,
        queueId,
        name,
        key,
        data,
        mediaType,
        createdAt: at,
        deliverAt: at,
        expiresAt,
        headers,
      }
    })
    const runs = messages.map(({ id, createdAt }, index) => {
      return { dueAt: plan.runs[index]!.dueAt, ranAt: createdAt, messageId: id, error: null, skipped: null }
    })
    return { messages, step: stepOf(plan, runs, runtime.now()) }
  }

  function failed(plan: SchedulePlan, error: string): ScheduleStep {
    const runs = plan.runs.map((run) => {
      return { dueAt: run.dueAt, ranAt: madeAt(run), messageId: null, error, skipped: null }
    })
    const last = runs.at(-1)
    if (last !== undefined) moments.scheduleFailed(plan.due.schedule, last.dueAt, error)
    return stepOf(plan, runs, runtime.now())
  }

  /** Within a jump of the clock a message is made for a time that is yet to come; else the time is now. */
  function madeAt({ runAt }: PlannedRun): number {
    return Math.max(runtime.now(), runAt)
  }

  async function skip(steps: ScheduleStep[]): Promise<void> {
    await store.schedules.step(steps)
  }

  return {
    async run(plans) {
      const outcomes = await Promise.allSettled([...byQueue(plans)].map(runQueue))
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    },
  }
}

function stepOf(plan: SchedulePlan, runs: ScheduleRun[], now: number): ScheduleStep {
  const { due, skipped, overlapped, messageBefore, nextAt } = plan
  const { schedule, revision, nextAt: from } = due
  const all = [...skippedRuns(skipped, NO_SERVER, now), ...runs, ...skippedRuns(overlapped, STILL_PENDING, now)]
  return { scheduleId: schedule.id, revision, from, messageBefore, nextAt, runs: all }
}

function skippedRuns(skipped: Skipped | null, reason: string, now: number): ScheduleRun[] {
  if (skipped === null) return []
  const { count, firstAt, lastAt } = skipped
  return [{ dueAt: lastAt, ranAt: now, messageId: null, error: reason, skipped: { count, firstAt } }]
}

function byQueue(plans: readonly SchedulePlan[]): Iterable<SchedulePlan[]> {
  return Map.groupBy(plans, ({ due }) => due.schedule.queueId).values()
}

/** What a problem says, with its faults; anything else is thrown on. */
function errorOf(work: () => void): string | null {
  try {
    work()
    return null
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const faults = (error.errors ?? []).map(({ path, message }) => `${path} ${message}`)
    return [error.detail, ...faults].join('; ').slice(0, MAX_ERROR_CHARS)
  }
}
