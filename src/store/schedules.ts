import type { Schedule, ScheduleProgress } from '../core/schedule/schedule.ts'
import type { DueSchedule, MessageBefore } from '../core/schedule/schedule-plan.ts'
import type { IdempotencyRecord } from './idempotency-records.ts'
import type { Only, Revised } from './listing/slice.ts'
import type { Refused } from './organizations.ts'

/** A schedule with how far it has come, as its full form shows it. */
export interface ScheduleDetails extends Schedule, ScheduleProgress {}

/** What became of one due time, or of several that were passed over together. */
export interface ScheduleRun {
  /** The last one of several. */
  dueAt: number
  ranAt: number
  /** The message that it made, or null where it made none. */
  messageId: string | null
  /** Why it failed, or was passed over. */
  error: string | null
  /** Those that were passed over, from the first one up to `dueAt`; null where this one was run. */
  skipped: { count: number; firstAt: number } | null
}

/** A node that runs what falls due, and since when it, or one that it took over from, has been there. */
export interface Attendant {
  node: string
  since: number
  /** Until when its leases hold; grows with each sign of life. */
  aliveUntil: number
}

/** A schedule that is past due times which are yet to come, or that comes to none. */
export interface AheadSchedule {
  schedule: Schedule
  revision: number
  nextAt: number | null
}

/**
 * A step of a schedule: what becomes of its next due times, and when the one after them is run. It is taken only where
 * the schedule's revision and next run are the expected ones, and that is what makes each due time count once, whichever
 * node tries it.
 */
export interface ScheduleStep {
  scheduleId: string
  /** The revision that the runs were made by. */
  revision: number
  /** When the schedule runs next, with which the runs begin. */
  from: number
  /**
   * What the message that the schedule made before must be when this is written: `pending` where any of its deliveries is,
   * else `done`. Null: whatever it is.
   */
  messageBefore: MessageBefore
  nextAt: number | null
  /** In order of due time, what is passed over first of all. */
  runs: ScheduleRun[]
}

/**
 * `passed`: the schedule is gone, was changed, or is past that due time, or the message before is not what was expected;
 * nothing was written.
 */
type StepResult = 'stepped' | 'passed'

/** Schedules that are due, and when the first that is left runs. */
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
  /**
   * Newest first, those before the id `before` where it is given; of one queue, or of all of the organization's where
   * `queueId` is null.
   */
  list(ask: {
    organizationId: string
    queueId: string | null
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
  /** Schedules that run by `until`, the earliest first, and when the first that is left runs. */
  due(ask: { until: number; limit: number }): Promise<DuePage>
  /** Organizations of which a schedule runs after `after` (null: ever) and by `until`, in no order. */
  dueOrganizations(ask: { after: number | null; until: number }): Promise<string[]>
  /**
   * For each of these organizations up to `each` of its schedules that run by `until`, the earliest first; `nextAt` is null where none that is due by then is left.
   */
  dueInTurns(ask: { organizationIds: readonly string[]; until: number; each: number }): Promise<DuePage[]>
  /** Of these due times of a schedule, those that have been run, whatever came of it; not what was passed over. */
  ranAt(ask: { organizationId: string; scheduleId: string; dueAts: readonly number[] }): Promise<number[]>
  /** Of these schedules, those of which a delivery of the message that they made last is pending. */
  withPendingMessage(ask: { organizationId: string; scheduleIds: readonly string[] }): Promise<string[]>
  /**
   * Schedules, paused ones left out, that are past a due time later than `now`, because the clock was ahead, or that come
   * to no due time any more: up to `limit` of those after the id `after`, by id.
   */
  ahead(ask: { now: number; after: string | null; limit: number }): Promise<AheadSchedule[]>
  /**
   * Has a schedule come to `nextAt` next, where it is at the expected revision and due time, and forgets what it passed
   * over after `now`; answers with whether it was.
   */
  rewind(ask: {
    schedule: Schedule
    expected: { revision: number; nextAt: number | null }
    nextAt: number
    now: number
  }): Promise<boolean>
  /** Other nodes that live and have said since when they are there; null on a store that has no other nodes. */
  attendants(ask: { node: string; now: number }): Promise<Attendant[] | null>
  /** Says since when this node is there for what falls due. */
  attend(ask: { node: string; since: number }): Promise<void>
  /** Takes steps that make no message; those that make some are part of an accept. Each is taken or not by itself. */
  step(steps: readonly ScheduleStep[]): Promise<StepResult[]>
  /**
   * Of up to `limit` schedules after the id `after`, removes those that are over since before `before`, where the last
   * message that they made is gone; as a deletion does, but for the client. Answers where to go on; null: at the beginning.
   */
  removeEnded(ask: { before: number; after: string | null; limit: number }): Promise<Pruned>
  /**
   * Removes runs of due times before `before`, up to `limit` of them, of schedules after the id `after`; looks at up to
   * `limit` schedules. Answers where to go on; null: at the beginning.
   */
  pruneRuns(ask: { before: number; after: string | null; limit: number }): Promise<Pruned>
}

interface Pruned {
  removed: number
  after: string | null
}
