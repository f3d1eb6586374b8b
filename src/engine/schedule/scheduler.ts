import type { QueueDirectory } from '../../app/caches/queue-directory.ts'
import type { SchemaChecks } from '../../app/caches/schema-checks.ts'
import type { Acceptor } from '../../app/deps.ts'
import { expectFewDeliveries, MAX_DELIVERIES } from '../../core/delivery/delivery.ts'
import type { Message } from '../../core/delivery/message.ts'
import { Problem } from '../../core/problem.ts'
import { NO_SERVER, type Skipped } from '../../core/schedule/missed.ts'
import { type CronCache, nextDue, unreadable } from '../../core/schedule/schedule.ts'
import {
  type DueSchedule,
  inPortions,
  planInTurns,
  type SchedulePlan,
  separateRuns,
} from '../../core/schedule/schedule-plan.ts'
import type { Cancel, Runtime } from '../../runtime.ts'
import type { QueueRoute } from '../../store/queues.ts'
import type { ScheduleRun, ScheduleStep } from '../../store/schedules.ts'
import type { Store } from '../../store/store.ts'
import { createLoop, type Loop } from '../loop.ts'
import { createAttendance } from './attendance.ts'
import { type BackgroundThrottle, NO_THROTTLE } from './background-throttle.ts'
import { createDueTurns } from './due-turns.ts'

/** Runs of one round, where no client waits for its end. */
const RUNS = 100
/** Runs of one round while clients are active: so few that none waits for long. */
const RUNS_AMONG_OTHERS = 50
/** Runs of one round within a jump of the clock, for whose end the client that moves it waits. */
const RUNS_OF_A_JUMP = 4_000
/** Characters of data of one round. */
const MAX_CHARS = 4 * 1024 * 1024
/** How often to look for schedules that another node has planned. */
const LOOK_EVERY_MS = 10_000
/** Later than that, a timer says that the whole machine was asleep, which counts as downtime. */
const ASLEEP_MS = 30_000
/** A clock that goes back by less goes on as if it had not: that is less than any schedule has between two due times. */
const SET_BACK_MS = 1_000
/** Schedules that are looked through at a time, after the clock went back. */
const PAGE = 500
/** After a round that could not be written. */
const RETRY_MS = 1_000
/** Of a reason why a run failed. */
const MAX_ERROR_CHARS = 500

export interface SchedulerDeps {
  store: Pick<Store, 'schedules'>
  acceptor: Pick<Acceptor, 'accept'>
  directory: QueueDirectory
  schemaChecks: SchemaChecks
  cronCache: CronCache
  runtime: Runtime
  /** The name of this node, where there are others. */
  node?: string
  /** Between rounds of which another follows at once. */
  throttle?: BackgroundThrottle
}

/**
 * Makes the messages of schedules. It sleeps until the next due time, then makes all that are due: organizations take
 * turns, and of each the earliest come first.
 */
export interface Scheduler extends Loop {
  /** Something is due then; null: never. */
  dueAt(time: number | null): void
}

export function createScheduler(deps: SchedulerDeps): Scheduler {
  const { store, cronCache, runtime, node = '', throttle = NO_THROTTLE } = deps
  const attendance = createAttendance({ store: store.schedules, node, runtime, known: () => loop.wake() })
  /** Schedules may be past what is yet to come, since the clock was ahead when they ran. */
  let mayBeAhead = true
  const turns = createDueTurns(store.schedules)
  let wakeAt: number | null = null
  let cancelWake: Cancel | null = null
  let lookedAt = runtime.now()

  let stopped = false

  /** Rounds until nothing is due any more. */
  async function tick(): Promise<number> {
    let runs = 0
    for (let found = 1; found > 0 && !stopped; runs += found) {
      noticeLeap()
      const { since } = attendance
      // Until that is known, another node runs them, or none has for some seconds more.
      if (since === null) return runs
      found = await attended(since).finally(() => {
        // However long that took, and whatever came of it, this node was there.
        lookedAt = runtime.now()
      })
    }
    return runs
  }

  async function attended(since: number): Promise<number> {
    if (mayBeAhead) await goBack()
    const { due, isMore } = await round(since, throttle.begin() ? RUNS_AMONG_OTHERS : RUNS)
    if (isMore) await throttle.pause(runtime.now() - Math.max(earliestOf(due), since))
    return due.length
  }

  /** Has schedules come again to due times that are yet to come: those that have been run are not run again. */
  async function goBack(): Promise<void> {
    const now = runtime.now()
    for (let after: string | null = ''; after !== null; ) {
      const page = await store.schedules.ahead({ now, after, limit: PAGE })
      for (const { schedule, revision, nextAt } of page) {
        const first = unreadable(schedule, cronCache) === null ? nextDue(schedule, now, cronCache) : null
        if (first === null || (nextAt !== null && nextAt <= first)) continue
        await store.schedules.rewind({ schedule, expected: { revision, nextAt }, nextAt: first, now })
        dueAt(first)
      }
      after = page.length < PAGE ? null : page.at(-1)!.schedule.id
    }
    mayBeAhead = false
  }

  /** What it found, and whether there was more than it could take. */
  async function round(since: number, runs: number): Promise<{ due: readonly DueSchedule[]; isMore: boolean }> {
    const horizon = runtime.horizon()
    const limit = horizon > runtime.now() ? RUNS_OF_A_JUMP : runs
    const { organizations, nextAt, isMore } = await turns.read({ until: horizon, limit })
    const due = organizations.flatMap((own) => own.due)
    if (due.length === 0) dueAt(nextAt)
    const planned = planInTurns(organizations, { since, limit, maxChars: MAX_CHARS }, cronCache)
    for (const { due: one, unreadable } of planned) if (unreadable !== null) tell(one, unreadable)
    const plans = await Promise.all(planned.map(withoutRepeats))
    const outcomes = await Promise.allSettled([...byQueue(plans)].map(runQueue))
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    return { due, isMore }
  }

  function tell({ schedule: { id, organizationId, queueId, name } }: DueSchedule, reason: string): void {
    const place = { scheduleId: id, name, organizationId, queueId }
    runtime.log.error({ ...place, reason }, 'a schedule cannot be read; it makes no messages until it is changed')
  }

  /** After a clock that was ahead, some of its due times have been run already. */
  async function withoutRepeats(plan: SchedulePlan): Promise<SchedulePlan> {
    const { due, dueAts } = plan
    if (due.passedAt === null || dueAts.length === 0 || due.passedAt < dueAts[0]!) return plan
    const { organizationId, id: scheduleId } = due.schedule
    const ran = new Set(await store.schedules.ranAt({ organizationId, scheduleId, dueAts }))
    return { ...plan, dueAts: dueAts.filter((dueTime) => !ran.has(dueTime)) }
  }

  /** Between two looks it slept for no longer than to the next due time, or until it is time to look again. */
  function noticeLeap(): void {
    const now = runtime.now()
    const expected = Math.min(lookedAt + LOOK_EVERY_MS, wakeAt ?? Number.POSITIVE_INFINITY)
    if (runtime.horizon() === now && now - Math.max(expected, lookedAt) > ASLEEP_MS) attendance.begin()
    if (lookedAt - now > SET_BACK_MS) {
      attendance.wentBack()
      mayBeAhead = true
    }
    lookedAt = now
  }

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
    const steps = [
      ...refused,
      ...plans.filter(({ dueAts }) => dueAts.length === 0).map((plan) => stepOf(plan, [], runtime.now())),
    ]
    const taken = new Set(steps.map(({ scheduleId }) => scheduleId))
    if (steps.length > 0) await skip(steps)
    const most = Math.floor(MAX_DELIVERIES / Math.max(1, route.listeners.length))
    const left = plans.filter(({ due }) => !taken.has(due.schedule.id))
    // One after the other, because a portion begins where the one before it ends.
    for (const portion of inPortions(left, most)) if (!(await make(portion, route))) return
  }

  /** Why none of the runs can make a message, or null where they can. */
  function refusalOf({ due, dueAts, unreadable }: SchedulePlan, { queue, listeners }: QueueRoute): string | null {
    if (unreadable !== null) return unreadable
    if (dueAts.length === 0) return null
    if (due.frozen) return 'the organization is frozen: it takes no writes'
    return errorOf(() => {
      expectFewDeliveries(1, listeners.length)
      deps.schemaChecks.expectFit(queue, due.schedule.data)
    })
  }

  /**
   * All messages of one queue, in the order of their due times, and the steps of their schedules, or nothing. False where
   * the queue or a schedule is not what it was: they are read again with the next round.
   */
  async function make(plans: SchedulePlan[], route: QueueRoute): Promise<boolean> {
    const made = plans.map(messagesOf)
    // Ids begin with the time, so that this is the order of due times; stored in it, they are the least work.
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

  function messagesOf(plan: SchedulePlan): { messages: Omit<Message, 'sequence'>[]; step: ScheduleStep } {
    const { organizationId, queueId, messageName: name, data } = plan.due.schedule
    const messages = plan.dueAts.map((dueTime) => {
      // Within a jump of the clock a message is made for a time that is yet to come; else the time is now.
      const at = Math.max(runtime.now(), dueTime)
      return { id: runtime.newId(at), organizationId, queueId, name, key: null, data, createdAt: at, deliverAt: at }
    })
    const runs = messages.map(({ id, createdAt }, index) => {
      return { dueAt: plan.dueAts[index]!, ranAt: createdAt, messageId: id, error: null, skipped: null }
    })
    return { messages, step: stepOf(plan, runs, runtime.now()) }
  }

  function failed(plan: SchedulePlan, error: string): ScheduleStep {
    const runs = plan.dueAts.map((dueTime) => {
      return { dueAt: dueTime, ranAt: Math.max(runtime.now(), dueTime), messageId: null, error, skipped: null }
    })
    return stepOf(plan, runs, runtime.now())
  }

  async function skip(steps: ScheduleStep[]): Promise<void> {
    await store.schedules.step(steps)
  }

  function dueAt(time: number | null): void {
    if (time === null || (wakeAt !== null && wakeAt <= time && wakeAt > runtime.now())) return
    cancelWake?.()
    wakeAt = time
    cancelWake = runtime.at(time, wake)
  }

  function wake(): void {
    cancelWake?.()
    cancelWake = null
    wakeAt = null
    // Not by the loop, which goes by real time where the clock is moved by hand.
    void loop.tick()
  }

  async function guarded(): Promise<number> {
    try {
      await tick()
    } catch (error) {
      runtime.log.error({ err: error }, 'schedules could not be run; they are tried again')
      dueAt(runtime.now() + RETRY_MS)
    }
    return 0
  }

  const loop = createLoop({ name: 'scheduler', tick: guarded, idleMs: LOOK_EVERY_MS, runtime })
  return {
    ...loop,
    dueAt,
    start() {
      attendance.begin()
      loop.start()
    },
    async stop() {
      stopped = true
      attendance.stop()
      throttle.end()
      cancelWake?.()
      await loop.stop()
    },
  }
}

function stepOf({ due, skipped, nextAt }: SchedulePlan, runs: ScheduleRun[], now: number): ScheduleStep {
  const passedOver = skipped === null ? [] : [skippedRun(skipped, now)]
  const { schedule, revision, nextAt: from } = due
  return { scheduleId: schedule.id, revision, from, nextAt, runs: [...passedOver, ...runs] }
}

function skippedRun({ count, firstAt, lastAt }: Skipped, now: number): ScheduleRun {
  return { dueAt: lastAt, ranAt: now, messageId: null, error: NO_SERVER, skipped: { count, firstAt } }
}

function earliestOf(due: readonly DueSchedule[]): number {
  return due.reduce((earliest, { nextAt }) => Math.min(earliest, nextAt), Number.POSITIVE_INFINITY)
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
