import { usedBySchedule } from '../../core/feature.ts'
import { dueAtOf } from '../../core/schedule/jitter.ts'
import { dueTimesFrom, firstDue, type Timetable, unreadable } from '../../core/schedule/schedule.ts'
import { scheduleWords } from '../../core/schedule/schedule-words.ts'
import { zoneNamed } from '../../core/schedule/zone.ts'
import type { ScheduleDetails } from '../../store/schedules.ts'
import type { AppDeps } from '../deps.ts'
import { expectUnderstood } from '../limits/features.ts'
import { expectRuns } from './schedule-settings.ts'

/** Due times that a schedule shows. */
const SHOWN_RUNS = 5
/** Due times that a preview shows. */
const PREVIEWED_RUNS = 10

/** What is to come of a schedule. */
export interface Outlook {
  /** The next due times, as many as a schedule shows. */
  nextRuns: number[]
  /** Why there can be none: this server cannot read the schedule. */
  error: string | null
}

export function outlook({ cronCache }: Pick<AppDeps, 'cronCache'>, schedule: ScheduleDetails): Outlook {
  const error = unreadable(schedule, cronCache)
  if (error !== null || schedule.nextAt === null) return { nextRuns: [], error }
  const first = dueAtOf(schedule, schedule.nextAt, cronCache)
  return { nextRuns: dueTimesFrom(schedule, first, SHOWN_RUNS, cronCache), error }
}

/** What a schedule would do. */
export interface SchedulePreview {
  /** When it would be due, in English. */
  words: string
  /** The next due times (epoch ms), ten, or fewer where it ends. */
  nextRuns: number[]
}

/** What a schedule would do that is made now; stores nothing. Throws `invalid` as making it would. */
export function previewSchedule(
  deps: Pick<AppDeps, 'cronCache' | 'runtime' | 'store'>,
  asked: Omit<Timetable, 'createdAt'>,
): SchedulePreview {
  const { cronCache, runtime } = deps
  const now = runtime.now()
  const table = { ...asked, timezone: zoneNamed(asked.timezone) ?? asked.timezone, createdAt: now }
  expectRuns(deps, table, now)
  expectUnderstood(deps, usedBySchedule(table))
  const nextRuns = dueTimesFrom(table, firstDue(table, now, cronCache), PREVIEWED_RUNS, cronCache)
  return { words: scheduleWords(table, cronCache), nextRuns }
}
