import type { FilteredRoute, QueueDirectory } from '../../app/caches/queue-directory.ts'
import type { SchemaChecks } from '../../app/caches/schema-checks.ts'
import type { Acceptor } from '../../app/deps.ts'
import { FilterJudge } from '../../app/left-out.ts'
import { expectFewDeliveries, MAX_DELIVERIES } from '../../core/delivery/delivery.ts'
import type { Message } from '../../core/delivery/message.ts'
import type { LeftOut } from '../../core/listener-filter/left-out.ts'
import { Problem } from '../../core/problem.ts'
import type { PlannedRun } from '../../core/schedule/jitter.ts'
import { NO_SERVER, type Skipped } from '../../core/schedule/missed.ts'
import { goesByMessageBefore, STILL_PENDING, withoutOverlap } from '../../core/schedule/overlap.ts'
import { inPortions, type SchedulePlan, separateRuns } from '../../core/schedule/schedule-plan.ts'
import { scheduledHeaders } from '../../core/schedule/scheduled-headers.ts'
import type { Runtime } from '../../runtime.ts'
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

/** A queue as one round sees it, with what its filters say of each schedule's messages, which are all alike. */
interface Round {
  route: FilteredRoute
  /** Undefined where no listener has a filter. Throws `invalid` like `FilterJudge`. */
  leftOut: ((schedule: SchedulePlan['due']['schedule']) => LeftOut | null) | undefined
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
    const round = roundOf(route)
    const refused = plans.flatMap((plan) => {
      const error = refusalOf(plan, round)
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
      if (!(await make(portion, round))) return
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
  function refusalOf({ due, runs, unreadable }: SchedulePlan, { route, leftOut }: Round): string | null {
    if (unreadable !== null) return unreadable
    if (runs.length === 0) return null
    if (due.frozen) return 'the organization is frozen: it takes no writes'
    return errorOf(() => {
      expectFewDeliveries(1, route.listeners.length)
      deps.schemaChecks.expectFit(route.queue, due.schedule)
      leftOut?.(due.schedule)
    })
  }

  /**
   * All messages of one queue, in the order of their due times, and the steps of their schedules, or nothing. False where
   * the queue or a schedule is not what it was: they are read again with the next round.
   */
  async function make(plans: SchedulePlan[], round: Round): Promise<boolean> {
    const { route } = round
    const stamps = stampsOf(plans)
    const made = plans.map((plan) => messagesOf(plan, stamps))
    // By their ids, which are in the order in which they run; stored in it, they are the least work.
    const all = made.flatMap((one) => one.messages).sort((a, b) => (a.message.id < b.message.id ? -1 : 1))
    const messages = all.map(({ message }) => message)
    const leftOut = round.leftOut && all.map(({ schedule }) => round.leftOut!(schedule))
    const steps = made.map((one) => one.step)
    try {
      const outcome = await deps.acceptor.accept(messages, route, undefined, steps, leftOut)
      if (outcome === 'stale') deps.directory.forget(route.queue.organizationId, route.queue.id)
      return outcome === 'accepted'
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'quota_reached') throw error
      if (messages.length === 1) await skip(plans.map((plan) => failed(plan, error.message)))
      else for (const plan of plans.flatMap(separateRuns)) if (!(await make([plan], round))) return false
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
    const step = stepOf(plan, runs, runtime.now())
    return { messages: messages.map((message) => ({ message, schedule })), step }
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

function roundOf(route: FilteredRoute): Round {
  const { filters } = route
  if (filters === null) return { route, leftOut: undefined }
  const known = new Map<string, LeftOut | null>()
  return {
    route,
    leftOut({ id, messageName: name, data }) {
      if (!known.has(id)) known.set(id, new FilterJudge(filters).leftOut({ name, data }, ''))
      return known.get(id)!
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
