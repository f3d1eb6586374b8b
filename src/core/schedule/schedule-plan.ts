import { Heap } from '../heap.ts'
import { dueAtOf, type PlannedRun, plannedRun } from './jitter.ts'
import { catchUp, type Skipped } from './missed.ts'
import { type CronCache, nextDue, type Schedule, unreadable } from './schedule.ts'

/** A schedule that has come to a due time. */
export interface DueSchedule {
  schedule: Schedule
  /** Grows with every change of the schedule. */
  revision: number
  /** When it runs: the due time that it has come to, or later by its jitter. */
  nextAt: number
  /** The latest due time that it is past; later than that one after a clock that was ahead. */
  passedAt: number | null
  /** Its organization takes no writes. */
  frozen: boolean
}

/** What a schedule has to do: a run for each of its due times, in order, and then to go on. */
export interface SchedulePlan {
  due: DueSchedule
  /** What is passed over before the first of them; null where nothing is. */
  skipped: Skipped | null
  runs: PlannedRun[]
  /** What is passed over after them, because the message before is still pending; null where nothing is. */
  overlapped: Skipped | null
  /** What the message that the schedule made before must be for all this to be done; null: whatever it is. */
  messageBefore: MessageBefore
  /** Why none of it can be made: the schedule cannot be read. */
  unreadable: string | null
  /** When the next due time after those is run; null where there is none. */
  nextAt: number | null
}

/** `pending` as the status of a message is; `done` is anything else, also where there is no such message. */
export type MessageBefore = 'pending' | 'done' | null

export interface PlanRules {
  /** Due times that run up to here have their turn. */
  until: number
  /**
   * Up to when due times of schedules that must not overlap have their turn: `until` unless told. Within a jump of the clock
   * no message of theirs is made ahead, because what has become of the one before is known only then.
   */
  untilOfSkipping?: number
  /** Due times before were missed, because no node was running: `catchUp` says what becomes of them. */
  since: number
  /** How many runs to plan at most, and how many characters of data for all of them; the first fits always. */
  limit: number
  maxChars: number
}

/** A plan that is being made, and the due time that it comes to next. */
interface Draft {
  plan: SchedulePlan
  next: PlannedRun | null
  /** Up to when runs are planned. */
  until: number
}

/** The runs of schedules that are due, planned in the order in which they run, over all of them. */
export function planRuns(all: readonly DueSchedule[], rules: PlanRules, cronCache: CronCache): SchedulePlan[] {
  const drafts = all.map((due) => begun(due, rules, cronCache))
  const waiting = new Heap<Draft>((one, other) => one.next!.runAt < other.next!.runAt)
  const wait = (draft: Draft) => {
    if (draft.next !== null && draft.next.runAt <= draft.until) waiting.push(draft)
  }
  drafts.forEach(wait)
  let [runs, chars] = [0, 0]
  for (;;) {
    const draft = waiting.peek()
    if (draft === undefined || runs >= rules.limit) break
    chars += draft.plan.due.schedule.data.length
    if (runs > 0 && chars > rules.maxChars) break
    runs += 1
    waiting.pop()
    run(draft, cronCache)
    wait(draft)
  }
  return drafts.map(({ plan }) => plan).filter(isAhead)
}

/** Schedules of one organization that are due, and up to when its due times have their turn. */
export interface OrganizationDue {
  due: readonly DueSchedule[]
  until: number
}

/**
 * The runs of several organizations: `limit` and `maxChars` are divided among them, and what one leaves is the
 * others', so that none waits for another's. Each has its own in the order of due times.
 */
export function planInTurns(
  organizations: readonly OrganizationDue[],
  rules: Omit<PlanRules, 'until'>,
  cronCache: CronCache,
): SchedulePlan[] {
  let { limit, maxChars } = rules
  // Those with the fewest come first: what they do not need is divided among those with more.
  const inOrder = [...organizations].sort((one, other) => one.due.length - other.due.length)
  return inOrder.flatMap(({ due, until }, index) => {
    const left = inOrder.length - index
    const own = { ...rules, until, limit: Math.ceil(limit / left), maxChars: maxChars / left }
    const plans = planRuns(due, own, cronCache)
    for (const { due: one, runs } of plans) {
      limit -= runs.length
      maxChars -= runs.length * one.schedule.data.length
    }
    // The first run of each fits always.
    ;[limit, maxChars] = [Math.max(limit, 1), Math.max(maxChars, 0)]
    return plans
  })
}

/**
 * The runs of all plans, in the order in which they run, in portions of at most `most` runs (1 or more). Within a
 * portion a schedule has one plan, which begins where the one of the portion before ends.
 */
export function inPortions(plans: readonly SchedulePlan[], most: number): SchedulePlan[][] {
  if (plans.length === 0) return []
  if (plans.reduce((sum, { runs }) => sum + runs.length, 0) <= most) return [[...plans]]
  const parts = plans.flatMap(separateRuns).sort((one, other) => one.runs[0]!.runAt - other.runs[0]!.runAt)
  const portions: SchedulePlan[][] = []
  for (let at = 0; at < parts.length; at += most) {
    const bySchedule = Map.groupBy(parts.slice(at, at + most), ({ due }) => due.schedule.id)
    portions.push([...bySchedule.values()].map(joined))
  }
  return portions
}

/** A plan in parts of one run each, of which every one begins where the one before it ends. */
export function separateRuns(plan: SchedulePlan): SchedulePlan[] {
  const { due, skipped, runs, nextAt } = plan
  return runs.map((run, index) => ({
    ...plan,
    due: { ...due, nextAt: index === 0 ? due.nextAt : run.runAt },
    skipped: index === 0 ? skipped : null,
    runs: [run],
    nextAt: runs[index + 1]?.runAt ?? nextAt,
  }))
}

function joined(parts: readonly SchedulePlan[]): SchedulePlan {
  return { ...parts[0]!, runs: parts.flatMap(({ runs }) => runs), nextAt: parts.at(-1)!.nextAt }
}

/** Whether the schedule is further than it was, by runs or by passing over what was missed. */
function isAhead({ due, runs, nextAt }: SchedulePlan): boolean {
  return runs.length > 0 || nextAt !== due.nextAt
}

function run(draft: Draft, cronCache: CronCache): void {
  const { plan, next } = draft
  const { schedule } = plan.due
  plan.runs.push(next!)
  draft.next = plannedRun(schedule, nextDue(schedule, next!.dueAt, cronCache), cronCache)
  plan.nextAt = draft.next?.runAt ?? null
}

/** One that cannot be read fails alone, and comes to no other due time until it is changed, or read by another server. */
function begun(due: DueSchedule, { since, until, untilOfSkipping = until }: PlanRules, cronCache: CronCache): Draft {
  const { schedule } = due
  const rest = { due, overlapped: null, messageBefore: null }
  const reason = unreadable(schedule, cronCache)
  if (reason !== null) {
    const failing = { dueAt: due.nextAt, runAt: due.nextAt }
    const plan = { ...rest, skipped: null, runs: [failing], unreadable: reason, nextAt: null }
    return { plan, next: null, until }
  }
  const first = dueAtOf(schedule, due.nextAt, cronCache)
  const { nextAt, skipped } = catchUp(schedule, { nextAt: first, since, cronCache })
  const next = plannedRun(schedule, nextAt, cronCache)
  const plan = { ...rest, skipped, runs: [], unreadable: null, nextAt: next?.runAt ?? null }
  return { plan, next, until: schedule.overlap === 'skip' ? Math.min(until, untilOfSkipping) : until }
}
