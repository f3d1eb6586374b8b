import type { Schedule, ScheduleProgress } from '../core/schedule/schedule.ts'
import type { DueSchedule } from '../core/schedule/schedule-plan.ts'
import type { IdempotencyRecord } from './idempotency-records.ts'
import type { Only, Revised } from './listing/slice.ts'
import type { Refused } from './organizations.ts'

/** A schedule with how far it has come, as its full form shows it. */
export interface ScheduleDetails extends Schedule, ScheduleProgress {}

/** What became of one due time. */
export interface ScheduleRun {
  dueAt: number
  ranAt: number
  /** The message that it made, or null where it failed. */
  messageId: string | null
  /** Why it failed. */
  error: string | null
}

/**
 * A step of a schedule: what becomes of its next due times, and which one comes after them. It is taken only where the
 * schedule's revision is the expected one, and that is what makes each due time count once, whichever node tries it.
 */
export interface ScheduleStep {
  scheduleId: string
  /** The revision that the runs were made by. */
  revision: number
  /** The due time that the schedule comes to next, with which the runs begin. */
  from: number
  nextAt: number | null
  /** In order of due time; none where due times are passed over. */
  runs: ScheduleRun[]
}

/** `passed`: the schedule is gone, was changed, or is past that due time; nothing was written. */
type StepResult = 'stepped' | 'passed'

/** Schedules that are due, and when the first that is left comes to a due time. */
export interface DuePage {
  due: DueSchedule[]
  nextAt: number | null
}

export interface ScheduleStore {
  /** `answer` is stored together with the schedule; `answered`: there is one already, and nothing was stored. */
  create(
    schedule: Schedule,
    nextAt: number | null,
    answer?: IdempotencyRecord,
  ): Promise<'created' | 'name_taken' | 'queue_not_found' | 'answered' | Refused>
  get(ask: { organizationId: string; queueId: string; id: string }): Promise<Revised<ScheduleDetails> | null>
  /** Newest first, those before the id `before` where it is given. */
  list(ask: {
    organizationId: string
    queueId: string
    only: Only
    before: string | null
    offset: number
    limit: number
  }): Promise<ScheduleDetails[]>
  /**
   * Puts this in the place of a schedule, with its next due time. `passed`: it is not at the revision and due time any
   * more by which that was worked out; nothing was written.
   */
  replace(ask: {
    schedule: Schedule
    nextAt: number | null
    expected: { revision: number; nextAt: number | null }
  }): Promise<Revised<ScheduleDetails> | 'not_found' | 'name_taken' | 'passed'>
  /** What it has made stays; the history of its runs goes with it. */
  delete(ask: {
    organizationId: string
    queueId: string
    id: string
    ifMatch?: readonly number[] | null
  }): Promise<'deleted' | 'not_found' | 'changed'>
  /** What became of its due times, the latest first, those before the due time `before` where it is given. */
  runs(ask: {
    organizationId: string
    queueId: string
    id: string
    before: number | null
    offset: number
    limit: number
  }): Promise<ScheduleRun[] | null>
  /** Schedules that come to a due time by `until`, the earliest first, and when the first that is left comes to one. */
  due(ask: { until: number; limit: number }): Promise<DuePage>
  /** Organizations of which a schedule comes to a due time after `after` (null: ever) and by `until`, in no order. */
  dueOrganizations(ask: { after: number | null; until: number }): Promise<string[]>
  /**
   * For each of these organizations up to `each` of its schedules that come to a due time by `until`, the earliest
   * first; `nextAt` is null where none that is due by then is left.
   */
  dueInTurns(ask: { organizationIds: readonly string[]; until: number; each: number }): Promise<DuePage[]>
  /** Takes steps that make no message; those that make some are part of an accept. Each is taken or not by itself. */
  step(steps: readonly ScheduleStep[]): Promise<StepResult[]>
  /**
   * Removes runs of due times before `before`, up to `limit` of them, of schedules after the id `after`; looks at up to
   * `limit` schedules. Answers where to go on; null: at the beginning.
   */
  pruneRuns(ask: { before: number; after: string | null; limit: number }): Promise<PrunedRuns>
}

interface PrunedRuns {
  removed: number
  after: string | null
}
