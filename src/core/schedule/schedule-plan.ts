import { Heap } from '../heap.ts'
import { catchUp, type Skipped } from './missed.ts'
import { type CronCache, nextDue, type Schedule, unreadable } from './schedule.ts'

/** A schedule that has come to a due time. */
export interface DueSchedule {
  schedule: Schedule
  /** Grows with every change of the schedule. */
  revision: number
  nextAt: number
  /** The latest due time that it is past; later than `nextAt` after a clock that was ahead. */
  passedAt: number | null
  /** Its organization takes no writes. */
  frozen: boolean
}

/** What a schedule has to do: a run for each of its due times, in order, and then to go on. */
export interface SchedulePlan {
  due: DueSchedule
  /** What is passed over before the first of them; null where nothing is. */
  skipped: Skipped | null
  dueAts: number[]
  /** Why none of it can be made: the schedule cannot be read. */
  unreadable: string | null
  /** The next due time after those; null where there is none. */
  nextAt: number | null
}

export interface PlanRules {
  /** Due times up to here have their turn. */
  until: number
  /** Due times before were missed, because no node was running: `catchUp` says what becomes of them. */
  since: number
  /** How many runs to plan at most, and how many characters of data for all of them; the first fits always. */
  limit: number
  maxChars: number
}

/** The runs of schedules that are due, planned in the order of due times over all of them. */
export function planRuns(all: readonly DueSchedule[], rules: PlanRules, cronCache: CronCache): SchedulePlan[] {
  const plans = all.map((due) => begun(due, rules.since, cronCache))
  const waiting = new Heap<SchedulePlan>((one, other) => one.nextAt! < other.nextAt!)
  for (const plan of plans) if (plan.nextAt !== null) waiting.push(plan)
  let [runs, chars] = [0, 0]
  for (;;) {
    const plan = waiting.peek()
    if (plan === undefined || plan.nextAt! > rules.until || runs >= rules.limit) return plans.filter(isAhead)
    chars += plan.due.schedule.data.length
    if (runs > 0 && chars > rules.maxChars) return plans.filter(isAhead)
    runs += 1
    waiting.pop()
    run(plan, cronCache)
    if (plan.nextAt !== null) waiting.push(plan)
  }
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
    const own = { since: rules.since, until, limit: Math.ceil(limit / left), maxChars: maxChars / left }
    const plans = planRuns(due, own, cronCache)
    for (const { due: one, dueAts } of plans) {
      limit -= dueAts.length
      maxChars -= dueAts.length * one.schedule.data.length
    }
    // The first run of each fits always.
    ;[limit, maxChars] = [Math.max(limit, 1), Math.max(maxChars, 0)]
    return plans
  })
}

/**
 * The runs of all plans, in the order of their due times, in portions of at most `most` runs (1 or more). Within a
 * portion a schedule has one plan, which begins where the one of the portion before ends.
 */
export function inPortions(plans: readonly SchedulePlan[], most: number): SchedulePlan[][] {
  if (plans.length === 0) return []
  if (plans.reduce((sum, { dueAts }) => sum + dueAts.length, 0) <= most) return [[...plans]]
  const runs = plans.flatMap(separateRuns).sort((one, other) => one.dueAts[0]! - other.dueAts[0]!)
  const portions: SchedulePlan[][] = []
  for (let at = 0; at < runs.length; at += most) {
    const bySchedule = Map.groupBy(runs.slice(at, at + most), ({ due }) => due.schedule.id)
    portions.push([...bySchedule.values()].map(joined))
  }
  return portions
}

/** A plan in parts of one run each, of which every one begins where the one before it ends. */
export function separateRuns({ due, skipped, dueAts, unreadable, nextAt }: SchedulePlan): SchedulePlan[] {
  return dueAts.map((dueAt, index) => ({
    due: { ...due, nextAt: index === 0 ? due.nextAt : dueAt },
    skipped: index === 0 ? skipped : null,
    dueAts: [dueAt],
    unreadable,
    nextAt: dueAts[index + 1] ?? nextAt,
  }))
}

function joined(parts: readonly SchedulePlan[]): SchedulePlan {
  return { ...parts[0]!, dueAts: parts.flatMap(({ dueAts }) => dueAts), nextAt: parts.at(-1)!.nextAt }
}

/** Whether the schedule is further than it was, by runs or by passing over what was missed. */
function isAhead({ due, dueAts, nextAt }: SchedulePlan): boolean {
  return dueAts.length > 0 || nextAt !== due.nextAt
}

function run(plan: SchedulePlan, cronCache: CronCache): void {
  const dueAt = plan.nextAt!
  plan.dueAts.push(dueAt)
  plan.nextAt = nextDue(plan.due.schedule, dueAt, cronCache)
}

/** One that cannot be read fails alone, and comes to no other due time until it is changed, or read by another server. */
function begun(due: DueSchedule, since: number, cronCache: CronCache): SchedulePlan {
  const reason = unreadable(due.schedule, cronCache)
  if (reason !== null) return { due, skipped: null, dueAts: [due.nextAt], unreadable: reason, nextAt: null }
  const { nextAt, skipped } = catchUp(due.schedule, { nextAt: due.nextAt, since, cronCache })
  return { due, skipped, dueAts: [], unreadable: null, nextAt }
}
