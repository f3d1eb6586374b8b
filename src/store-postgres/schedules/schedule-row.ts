import type { Schedule, ScheduleProgress, Timing } from '../../core/schedule/schedule.ts'
import { restored } from '../connect/text.ts'

/** A row of `schedules` as PostgreSQL hands it over. */
export type ScheduleRow = Omit<Schedule, 'timing'> & {
  cron: string | null
  everyMs: number | null
  period: string | null
  at: number | null
}

/** A row of `schedules` and `schedule_progress` together. */
export type ScheduleDetailsRow = ScheduleRow & ScheduleProgress & { revision: number }

export const SCHEDULE_COLUMNS = `
  s.id, s.organization_id as "organizationId", s.queue_id as "queueId", s.name, s.cron, s.every_ms as "everyMs", s.period, s.at,
  s.timezone, s.message_name as "messageName", s.starts_at as "startsAt", s.ends_at as "endsAt", s.paused,
  s.catch_up as "catchUp", s.key, s.headers, s.expires_in_ms as "expiresInMs", s.overlap, s.jitter_ms as "jitterMs", s.created_at as "createdAt", s.updated_at as "updatedAt", s.data, s.media_type as "mediaType"`

export const PROGRESS_COLUMNS = `
  p.revision, p.next_at as "nextAt", p.passed_at as "passedAt", p.last_run_at as "lastRunAt",
  p.last_message_id as "lastMessageId", p.run_count as "runCount"`

/** Both tables, a schedule's row beside its progress. */
export const SCHEDULE_TABLES = `
  from discue.schedules s join discue.schedule_progress p on p.organization_id = s.organization_id and p.schedule_id = s.id`

export function scheduleOf(row: ScheduleRow): Schedule {
  const { id, organizationId, queueId, name, timezone, messageName, startsAt, endsAt, createdAt, updatedAt } = row
  const place = { id, organizationId, queueId, name, timezone, messageName, startsAt, endsAt, createdAt, updatedAt }
  const { paused, catchUp, headers, expiresInMs, overlap, jitterMs } = row
  const key = row.key === null ? null : restored(row.key)
  return {
    ...place,
    paused,
    catchUp,
    key,
    headers,
    expiresInMs,
    overlap,
    jitterMs,
    data: restored(row.data),
    mediaType: row.mediaType,
    timing: timingOf(row),
  }
}

export function progressOf({ nextAt, passedAt, lastRunAt, lastMessageId, runCount }: ScheduleProgress) {
  return { nextAt, passedAt, lastRunAt, lastMessageId, runCount }
}

/** What the columns from `cron` to `at` hold of a timing, with `period` after `every_ms`, which is 0 beside a period. */
export function timingColumnsOf(
  timing: Timing,
): [cron: string | null, everyMs: number | null, period: string | null, at: number | null] {
  if ('cron' in timing) return [timing.cron, null, null, null]
  if ('period' in timing) return [null, 0, timing.period, null]
  return 'everyMs' in timing ? [null, timing.everyMs, null, null] : [null, null, null, timing.at]
}

function timingOf({ cron, everyMs, period, at }: Pick<ScheduleRow, 'cron' | 'everyMs' | 'period' | 'at'>): Timing {
  if (cron !== null) return { cron }
  if (period !== null) return { period }
  // The table sees to it that one of them is there.
  return everyMs !== null ? { everyMs } : { at: at! }
}
