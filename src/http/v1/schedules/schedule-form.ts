import type { Static } from 'typebox'
import type { Outlook } from '../../../app/schedules/schedule-outlook.ts'
import type { ScheduleChanges, ScheduleSettings } from '../../../app/schedules/schedule-settings.ts'
import { type BodyAsk, type BodyChange, bodyFaults, bodyOf } from '../../../core/message/body.ts'
import { headersOf, writtenHeaders } from '../../../core/message/headers.ts'
import { type Fault, Problem } from '../../../core/problem.ts'
import { splitZone } from '../../../core/schedule/cron-dialects.ts'
import type { Timetable, Timing } from '../../../core/schedule/schedule.ts'
import { zoneNamed } from '../../../core/schedule/zone.ts'
import type { ScheduleDetails, ScheduleRun } from '../../../store/schedules.ts'
import { encodeCursor } from '../../present/cursor.ts'
import { paths } from '../../present/links.ts'
import { presentBody } from '../messages/message-form.ts'
import type { NewSchedule, Run, Schedule, ScheduleChange, When } from './schedule-schemas.ts'

/** When the body says that a schedule is due. Throws `invalid` unless it says so in one way. */
export function timetableOf(body: Static<typeof When>): Omit<Timetable, 'createdAt'> {
  const timing = timingOf(body)
  if (timing === undefined) throw whenFault('is required, or every, or at: a schedule says in one way when it runs')
  const [startsAt, endsAt] = [body.starts_at ?? null, body.ends_at ?? null]
  return { timing, timezone: zoneOf(body) ?? 'UTC', startsAt, endsAt }
}

/** The body in the words of the use cases. Throws `invalid` unless it says in one way when to run, and what is sent. */
export function createdOf(body: Static<typeof NewSchedule>): ScheduleSettings {
  return {
    ...timetableOf(body),
    name: body.name,
    ...bodyOf(givenBody(body)),
    messageName: body.message_name ?? null,
    key: body.key ?? null,
    headers: writtenHeaders(body.headers ?? undefined),
    expiresInMs: body.expires_in ?? null,
    paused: body.paused ?? false,
    catchUp: body.catch_up ?? 'none',
    overlap: body.overlap ?? 'allow',
    jitterMs: body.jitter ?? 0,
  }
}

/** The settings that a change names; what the body leaves out stays out. */
export function changeOf(body: Static<typeof ScheduleChange>): ScheduleChanges {
  return {
    name: body.name,
    body: changedBodyOf(body),
    timing: timingOf(body),
    timezone: zoneOf(body),
    messageName: body.message_name,
    key: body.key,
    headers: body.headers === undefined ? undefined : writtenHeaders(body.headers ?? undefined),
    expiresInMs: body.expires_in,
    startsAt: body.starts_at,
    endsAt: body.ends_at,
    paused: body.paused,
    catchUp: body.catch_up,
    overlap: body.overlap,
    jitterMs: body.jitter,
  }
}

function givenBody(body: Static<typeof NewSchedule>): BodyAsk {
  const ask = { data: body.data, dataBase64: body.data_base64, contentType: body.content_type ?? undefined }
  expectFaultless(bodyFaults(ask))
  return ask
}

function changedBodyOf(body: Static<typeof ScheduleChange>): BodyChange | undefined {
  const change = { data: body.data, dataBase64: body.data_base64, contentType: body.content_type }
  if (Object.values(change).every((value) => value === undefined)) return undefined
  const { data, dataBase64 } = change
  if (data !== undefined && dataBase64 !== undefined) expectFaultless(bodyFaults({ data, dataBase64 }))
  return change
}

function expectFaultless(errors: Fault[]): void {
  if (errors.length > 0) throw new Problem('invalid', { errors })
}

type Ways = Pick<Static<typeof NewSchedule>, 'cron' | 'every' | 'at'>

function timingOf({ cron, every, at }: Ways): Timing | undefined {
  const given: Timing[] = []
  if (typeof cron === 'string') given.push({ cron: splitZone(cron).text })
  if (typeof every === 'number') given.push({ everyMs: every })
  if (typeof every === 'string') given.push({ period: every })
  if (typeof at === 'number') given.push({ at })
  if (given.length > 1) throw whenFault('cannot be combined: send one of cron, every and at')
  return given[0]
}

/** A zone that stands before the cron expression must be the one that is given beside it, where one is. */
function zoneOf({ cron, timezone }: Pick<Static<typeof NewSchedule>, 'cron' | 'timezone'>): string | undefined {
  const zone = typeof cron === 'string' ? splitZone(cron).zone : null
  if (zone === null || timezone === undefined || zoneNamed(timezone) === zoneNamed(zone)) return zone ?? timezone
  const message = `must be ${zone}, as cron says, or left out`
  throw new Problem('invalid', { errors: [{ path: '/timezone', message }] })
}

function whenFault(message: string): Problem {
  return new Problem('invalid', { errors: [{ path: '/cron', message }] })
}

export function fullSchedule(schedule: ScheduleDetails, { nextRuns, error }: Outlook): Static<typeof Schedule> {
  const { timing } = schedule
  return {
    id: schedule.id,
    name: schedule.name,
    queue_id: schedule.queueId,
    ...whenOf(timing),
    timezone: schedule.timezone,
    ...presentBody(schedule),
    message_name: schedule.messageName,
    key: schedule.key,
    headers: schedule.headers === null ? null : headersOf(schedule.headers),
    expires_in: schedule.expiresInMs,
    starts_at: schedule.startsAt,
    ends_at: schedule.endsAt,
    paused: schedule.paused,
    catch_up: schedule.catchUp,
    overlap: schedule.overlap,
    jitter: schedule.jitterMs,
    created_at: schedule.createdAt,
    updated_at: schedule.updatedAt,
    next_runs: nextRuns,
    last_run_at: schedule.lastRunAt,
    last_message_id: schedule.lastMessageId,
    run_count: schedule.runCount,
    ...(error !== null && { error }),
  }
}

function whenOf(timing: Timing): Pick<Static<typeof Schedule>, 'cron' | 'every' | 'at'> {
  if ('everyMs' in timing) return { every: timing.everyMs }
  return 'period' in timing ? { every: timing.period } : timing
}

export function fullRun({ dueAt, ranAt, messageId, error, skipped }: ScheduleRun): Static<typeof Run> {
  const run = { due_at: dueAt, ran_at: ranAt, message_id: messageId }
  if (skipped === null) return { ...run, ...(error !== null && { error }) }
  return { ...run, skipped: { count: skipped.count, first: skipped.firstAt, last: dueAt, reason: error ?? '' } }
}

/** How listings of schedules show them. */
export function listedAt(path: string, outlookOf: (schedule: ScheduleDetails) => Outlook) {
  return {
    collection: 'schedules',
    path,
    entry: ({ id, name, queueId }: ScheduleDetails) => ({ id, name, path: paths.schedule(queueId, id) }),
    full: (schedule: ScheduleDetails) => fullSchedule(schedule, outlookOf(schedule)),
    cursorOf: ({ id }: ScheduleDetails) => encodeCursor(id),
  }
}
