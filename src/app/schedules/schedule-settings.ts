import type { BodyChange } from '../../core/message/body.ts'
import { headersOf, messageHeaderFaults } from '../../core/message/headers.ts'
import { Problem } from '../../core/problem.ts'
import { jitterFault } from '../../core/schedule/jitter.ts'
import { type Schedule, type Timetable, timetableFault, unreadable } from '../../core/schedule/schedule.ts'
import { zoneNamed } from '../../core/schedule/zone.ts'
import type { AppDeps } from '../deps.ts'

/** What callers choose of a schedule. */
export type ScheduleSettings = Pick<
  Schedule,
  | 'name'
  | 'timing'
  | 'timezone'
  | 'data'
  | 'mediaType'
  | 'messageName'
  | 'key'
  | 'headers'
  | 'expiresInMs'
  | 'startsAt'
  | 'endsAt'
  | 'paused'
  | 'catchUp'
  | 'overlap'
  | 'jitterMs'
>

/** What a change names of them; of a body, which part. */
export type ScheduleChanges = Partial<Omit<ScheduleSettings, 'data' | 'mediaType'>> & { body?: BodyChange }

/** That it is ever due, by times that can be read. Throws `invalid`. */
export function expectRuns(deps: Pick<AppDeps, 'cronCache'>, schedule: Timetable, now: number): void {
  const fault = timetableFault(schedule, now, deps.cronCache)
  if (fault !== null) throw new Problem('invalid', { errors: [fault] })
}

/** That its messages can have these headers. Throws `invalid`. */
export function expectHeaders({ headers }: Pick<Schedule, 'headers'>): void {
  const faults = headers === null ? [] : messageHeaderFaults(headersOf(headers))
  if (faults.length > 0) throw new Problem('invalid', { errors: faults })
}

/** That its jitter is no longer than half of a gap. Throws `invalid`. */
export function expectJitter(deps: Pick<AppDeps, 'cronCache'>, schedule: Schedule, now: number): void {
  const fault = jitterFault(schedule, now, deps.cronCache)
  if (fault !== null) throw new Problem('invalid', { errors: [fault] })
}

/** One that this server cannot read is changed, or stays paused. Throws `invalid`. */
export function expectReadable({ cronCache }: Pick<AppDeps, 'cronCache'>, schedule: Timetable): void {
  const message = unreadable(schedule, cronCache)
  if (message !== null) throw new Problem('invalid', { errors: [{ path: '/cron', message }] })
}

/** The zone's name as it is written everywhere. */
export function withZone(schedule: Schedule): Schedule {
  return { ...schedule, timezone: zoneNamed(schedule.timezone) ?? schedule.timezone }
}

/** Whether both are due at the same times. */
export function sameTimetable(one: Timetable, other: Timetable): boolean {
  const textOf = ({ timing, timezone, startsAt, endsAt }: Timetable) =>
    JSON.stringify([Object.entries(timing), timezone, startsAt, endsAt])
  return textOf(one) === textOf(other)
}
