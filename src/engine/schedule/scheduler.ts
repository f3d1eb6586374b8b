import { plannedRun } from '../../core/schedule/jitter.ts'
import { type CronCache, nextDue, unreadable } from '../../core/schedule/schedule.ts'
import { type DueSchedule, planInTurns, type SchedulePlan } from '../../core/schedule/schedule-plan.ts'
import type { Cancel } from '../../runtime.ts'
import { createLoop, type Loop } from '../loop.ts'
import { createAttendance } from './attendance.ts'
import { type BackgroundThrottle, NO_THROTTLE } from './background-throttle.ts'
import { createDueTurns } from './due-turns.ts'
import { createScheduleRuns, type ScheduleRunsDeps } from './schedule-runs.ts'

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
export interface SchedulerDeps extends ScheduleRunsDeps {
  cronCache: CronCache
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

interface Round {
  due: readonly DueSchedule[]
  planned: number
  isMore: boolean
}

export function createScheduler(deps: SchedulerDeps): Scheduler {
  const { store, cronCache, runtime, node = '', throttle = NO_THROTTLE } = deps
  const attendance = createAttendance({ store: store.schedules, node, runtime, known: () => loop.wake() })
  /** Schedules may be past what is yet to come, since the clock was ahead when they ran. */
  let mayBeAhead = true
  const turns = createDueTurns(store.schedules)
  const runs = createScheduleRuns(deps)
  let wakeAt: number | null = null
  let cancelWake: Cancel | null = null
  let lookedAt = runtime.now()

  let stopped = false

  /** Rounds until nothing is due any more. */
  async function tick(): Promise<number> {
    let ran = 0
    for (let found = 1; found > 0 && !stopped; ran += found) {
      noticeLeap()
      const { since } = attendance
      // Until that is known, another node runs them, or none has for some seconds more.
      if (since === null) return ran
      found = await attended(since).finally(() => {
        // However long that took, and whatever came of it, this node was there.
        lookedAt = runtime.now()
      })
    }
    return ran
  }

  async function attended(since: number): Promise<number> {
    if (mayBeAhead) await goBack()
    const { due, planned, isMore } = await round(since, throttle.begin() ? RUNS_AMONG_OTHERS : RUNS)
    // Within a jump of the clock: they are to be looked at when it comes there.
    if (planned === 0 && due.length > 0) dueAt(earliestOf(due))
    if (isMore && planned > 0) await throttle.pause(runtime.now() - Math.max(earliestOf(due), since))
    return planned
  }

  /** Has schedules come again to due times that are yet to come: those that have been run are not run again. */
  async function goBack(): Promise<void> {
    const now = runtime.now()
    for (let after: string | null = ''; after !== null; ) {
      const page = await store.schedules.ahead({ now, after, limit: PAGE })
      for (const { schedule, revision, nextAt } of page) {
        const isReadable = unreadable(schedule, cronCache) === null
        const first = isReadable ? plannedRun(schedule, nextDue(schedule, now, cronCache), cronCache) : null
        if (first === null || (nextAt !== null && nextAt <= first.runAt)) continue
        await store.schedules.rewind({ schedule, expected: { revision, nextAt }, nextAt: first.runAt, now })
        dueAt(first.runAt)
      }
      after = page.length < PAGE ? null : page.at(-1)!.schedule.id
    }
    mayBeAhead = false
  }

  /** What it found, of how many it planned something, and whether there was more than it could take. */
  async function round(since: number, most: number): Promise<Round> {
    const horizon = runtime.horizon()
    const limit = horizon > runtime.now() ? RUNS_OF_A_JUMP : most
    const { organizations, nextAt, isMore } = await turns.read({ until: horizon, limit })
    const due = organizations.flatMap((own) => own.due)
    if (due.length === 0) dueAt(nextAt)
    const rules = { since, limit, maxChars: MAX_CHARS, untilOfSkipping: runtime.now() }
    const planned = planInTurns(organizations, rules, cronCache)
    for (const { due: one, unreadable } of planned) if (unreadable !== null) tell(one, unreadable)
    const plans = await Promise.all(planned.map(withoutRepeats))
    await runs.run(plans)
    return { due, planned: planned.length, isMore }
  }

  function tell({ schedule: { id, organizationId, queueId, name } }: DueSchedule, reason: string): void {
    const place = { scheduleId: id, name, organizationId, queueId }
    runtime.log.error({ ...place, reason }, 'a schedule cannot be read; it makes no messages until it is changed')
  }

  /** After a clock that was ahead, some of its due times have been run already. */
  async function withoutRepeats(plan: SchedulePlan): Promise<SchedulePlan> {
    const { due, runs } = plan
    if (due.passedAt === null || runs.length === 0 || due.passedAt < runs[0]!.dueAt) return plan
    const { organizationId, id: scheduleId } = due.schedule
    const dueAts = runs.map((run) => run.dueAt)
    const ran = new Set(await store.schedules.ranAt({ organizationId, scheduleId, dueAts }))
    return { ...plan, runs: runs.filter((run) => !ran.has(run.dueAt)) }
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

function earliestOf(due: readonly DueSchedule[]): number {
  return due.reduce((earliest, { nextAt }) => Math.min(earliest, nextAt), Number.POSITIVE_INFINITY)
}
