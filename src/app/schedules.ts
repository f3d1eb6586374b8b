import { usedByOptions, usedBySchedule } from '../core/feature.ts'
import { headersOf, messageHeaderFaults } from '../core/message/headers.ts'
import { nameTaken, Problem } from '../core/problem.ts'
import { dueAtOf, jitterFault, plannedRun } from '../core/schedule/jitter.ts'
import {
  dueTimesFrom,
  firstDue,
  NO_PROGRESS,
  nextDue,
  type Schedule,
  type Timetable,
  timetableFault,
  unreadable,
} from '../core/schedule/schedule.ts'
import { scheduleWords } from '../core/schedule/schedule-words.ts'
import { scheduledHeaders } from '../core/schedule/scheduled-headers.ts'
import { zoneNamed } from '../core/schedule/zone.ts'
import type { Principal } from '../core/tenant/api-key.ts'
import type { ExpectedRevisions } from '../store/listing/expected-revision.ts'
import type { Revised } from '../store/listing/slice.ts'
import type { ScheduleDetails, ScheduleRun } from '../store/schedules.ts'
import { type AcceptedMessage, acceptMessage, loadRoute } from './accept-message.ts'
import { named } from './changes.ts'
import type { AppDeps } from './deps.ts'
import type { AnswerFor } from './idempotency.ts'
import { expectIds } from './ids.ts'
import { expectUnderstood } from './limits/features.ts'
import type { Listing } from './page.ts'
import { missingForPost, readRoute } from './queues.ts'
import { refusalOf } from './tenant/refusal.ts'
import { onlyVisible } from './tenant/visibility.ts'

export interface ScheduleAddress {
  organizationId: string
  queueId: string
  id: string
}

/** What callers choose of a schedule. */
export type ScheduleSettings = Pick<
  Schedule,
  | 'name'
  | 'timing'
  | 'timezone'
  | 'data'
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

type Deps = Pick<AppDeps, 'store' | 'runtime' | 'cronCache' | 'directory' | 'schemaChecks'>

/** Runs commit all the time; a schedule that runs between two tries this often is due more often than it can be. */
const MAX_TRIES = 8
/** Due times that a schedule shows. */
const SHOWN_RUNS = 5
/** Due times that a preview shows. */
const PREVIEWED_RUNS = 10
/** Due times of which is looked up whether they have been run, after a clock that was ahead. */
const LOOKED_AT = 100

/**
 * Throws `queue_not_found`, `queue_deleting`, `name_taken`, `quota_reached` and `key_running`, and `invalid` for a
 * schedule that can never run, for more jitter than there is time between due times, and for data that does not fit the queue's schema.
 */
export async function createSchedule(
  deps: Deps,
  ask: { organizationId: string; queueId: string; settings: ScheduleSettings },
  answerFor?: AnswerFor<Revised<ScheduleDetails>>,
): Promise<Revised<ScheduleDetails>> {
  const { organizationId, queueId, settings } = ask
  const now = deps.runtime.now()
  const { queue } = await loadRoute(deps, ask)
  deps.schemaChecks.expectFit(queue, settings.data)
  expectHeaders(settings)
  const times = { createdAt: now, updatedAt: now }
  const schedule = withZone({ id: deps.runtime.newId(), organizationId, queueId, ...settings, ...times })
  expectRuns(deps, schedule, now)
  expectJitter(deps, schedule, now)
  expectUnderstood(deps, [...usedBySchedule(schedule), ...usedByOptions(schedule, null)])
  const first = schedule.paused ? null : firstDue(schedule, now, deps.cronCache)
  const nextAt = plannedRun(schedule, first, deps.cronCache)?.runAt ?? null
  const details = { ...schedule, ...NO_PROGRESS, nextAt, revision: 1 }
  const outcome = await deps.store.schedules.create(schedule, nextAt, answerFor?.(details))
  if (outcome === 'queue_not_found') throw await missingForPost(deps, { organizationId, id: queueId })
  if (outcome === 'name_taken') throw nameTaken('schedule of this queue')
  if (outcome !== 'created') throw refusalOf(outcome)
  return details
}

/** Throws `schedule_not_found`. */
export async function readSchedule(
  deps: Pick<AppDeps, 'store'>,
  ask: ScheduleAddress,
): Promise<Revised<ScheduleDetails>> {
  expectIds([ask.queueId, ask.id], 'schedule_not_found')
  const { organizationId, queueId, id } = ask
  const found = await deps.store.schedules.get({ organizationId, queueId, id })
  if (found === null) throw new Problem('schedule_not_found')
  return found
}

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

interface ListAsk {
  before: string | null
  offset: number
  limit: number
}

/** Newest first, of one queue or of all (`null`), and of those that the key may see. Throws `queue_not_found`. */
export async function listSchedules(
  deps: Pick<AppDeps, 'store'>,
  ask: ListAsk & { principal: Principal; queueId: string | null },
): Promise<Listing<ScheduleDetails>> {
  const { principal, ...rest } = ask
  const { organizationId } = principal
  if (ask.queueId !== null) await readRoute(deps, { organizationId, id: ask.queueId })
  const only = onlyVisible(principal, 'schedules')
  const found = await deps.store.schedules.list({ ...rest, organizationId, only, limit: ask.limit + 1 })
  return { entries: found.slice(0, ask.limit), more: found.length > ask.limit }
}

/** What became of its due times, the latest first. Throws `schedule_not_found`. */
export async function listRuns(
  deps: Pick<AppDeps, 'store'>,
  ask: ScheduleAddress & { before: number | null; offset: number; limit: number },
): Promise<Listing<ScheduleRun>> {
  expectIds([ask.queueId, ask.id], 'schedule_not_found')
  const found = await deps.store.schedules.runs({ ...ask, limit: ask.limit + 1 })
  if (found === null) throw new Problem('schedule_not_found')
  return { entries: found.slice(0, ask.limit), more: found.length > ask.limit }
}

/**
 * What is left out stays as it is. Due times that are over do not come back, whatever is changed. Throws
 * `schedule_not_found`, `name_taken` and `changed`, and `invalid` as when it was created.
 */
export async function updateSchedule(
  deps: Deps,
  ask: ScheduleAddress & { changes: Partial<ScheduleSettings>; ifMatch?: ExpectedRevisions },
): Promise<Revised<ScheduleDetails>> {
  const { ifMatch = null, ...address } = ask
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const current = await readSchedule(deps, address)
    if (ifMatch !== null && !ifMatch.includes(current.revision)) throw new Problem('changed')
    const replaced = await replace(deps, current, named(ask.changes))
    if (replaced === 'not_found') throw new Problem('schedule_not_found')
    if (replaced === 'name_taken') throw nameTaken('schedule of this queue')
    if (replaced !== 'passed') return replaced
  }
  throw new Problem('overloaded')
}

async function replace(deps: Deps, current: Revised<ScheduleDetails>, changes: Partial<ScheduleSettings>) {
  const now = deps.runtime.now()
  const { nextAt, passedAt, lastRunAt: _l, lastMessageId: _m, runCount: _c, revision, ...before } = current
  const schedule: Schedule = withZone({ ...before, ...changes, updatedAt: now })
  if (schedule.data !== before.data) deps.schemaChecks.expectFit((await loadRoute(deps, before)).queue, schedule.data)
  expectUnderstood(deps, usedByOptions(schedule, before))
  if (schedule.headers !== before.headers) expectHeaders(schedule)
  const retimed = !sameTimetable(schedule, before)
  if (retimed) {
    expectRuns(deps, schedule, now)
    expectUnderstood(deps, usedBySchedule(schedule))
  }
  const rejittered = schedule.jitterMs !== before.jitterMs
  if (retimed || rejittered) expectJitter(deps, schedule, now)
  const replanned = retimed || rejittered || schedule.paused !== before.paused
  if (replanned && !schedule.paused) expectReadable(deps, schedule)
  const pendingDue = nextAt === null ? null : pendingDueOf(deps, before, schedule, { nextAt, now })
  const planned = schedule.paused || !replanned ? null : await plan(deps, schedule, { now, passedAt, pendingDue })
  const expected = { revision, nextAt }
  return deps.store.schedules.replace({ schedule, nextAt: replanned ? planned : nextAt, expected })
}

/** A due time that is over but has not run yet because of its jitter, where it is one by the changed timetable too. */
function pendingDueOf(
  { cronCache }: Deps,
  before: Schedule,
  schedule: Schedule,
  { nextAt, now }: { nextAt: number; now: number },
): number | null {
  if (before.jitterMs === 0 || unreadable(before, cronCache) !== null || unreadable(schedule, cronCache) !== null) {
    return null
  }
  const dueAt = dueAtOf(before, nextAt, cronCache)
  const isOver = dueAt <= now
  // What should have run by now has been, or is about to be, unless nothing but the jitter changes.
  if (!isOver || (nextAt <= now && !sameTimetable(before, schedule))) return null
  return nextDue(schedule, dueAt - 1, cronCache) === dueAt ? dueAt : null
}

/**
 * When it runs next. From now on, also where it was past that before the clock was set back: then what has been run is
 * left out, as far as a look at the next due times shows; the scheduler leaves out the rest.
 */
async function plan(
  deps: Deps,
  schedule: Schedule,
  { now, passedAt, pendingDue }: { now: number; passedAt: number | null; pendingDue: number | null },
): Promise<number | null> {
  const { cronCache } = deps
  const first = pendingDue ?? firstDue(schedule, now, cronCache)
  const due = first === null || passedAt === null || first > passedAt ? first : await firstNotRun(deps, schedule, first)
  return plannedRun(schedule, due, cronCache)?.runAt ?? null
}

async function firstNotRun({ store, cronCache }: Deps, schedule: Schedule, first: number): Promise<number | null> {
  const dueAts = dueTimesFrom(schedule, first, LOOKED_AT, cronCache)
  const ran = await store.schedules.ranAt({ organizationId: schedule.organizationId, scheduleId: schedule.id, dueAts })
  return dueAts.find((dueAt) => !ran.includes(dueAt)) ?? nextDue(schedule, dueAts.at(-1)!, cronCache)
}

/**
 * Deletes it with the history of its runs; the messages that it made stay. Throws `schedule_not_found` and `changed`.
 */
export async function deleteSchedule(
  deps: Pick<AppDeps, 'store'>,
  ask: ScheduleAddress & { ifMatch?: ExpectedRevisions },
): Promise<void> {
  expectIds([ask.queueId, ask.id], 'schedule_not_found')
  const outcome = await deps.store.schedules.delete(ask)
  if (outcome === 'not_found') throw new Problem('schedule_not_found')
  if (outcome === 'changed') throw new Problem('changed')
}

/**
 * Makes its message now, paused or not, which counts as no run. Throws `schedule_not_found`, and what accepting a
 * message throws.
 */
export async function runSchedule(
  deps: Pick<AppDeps, 'store' | 'acceptor' | 'directory' | 'runtime' | 'schemaChecks'>,
  ask: ScheduleAddress,
  answerFor?: AnswerFor<AcceptedMessage>,
): Promise<AcceptedMessage> {
  const schedule = await readSchedule(deps, ask)
  const { organizationId, queueId, messageName: name, key, expiresInMs, data } = schedule
  const headers = scheduledHeaders(schedule, null)
  const message = { name, key, data, expiresInMs: expiresInMs ?? undefined, writtenHeaders: headers }
  return acceptMessage(deps, { organizationId, queueId, ...message }, answerFor)
}

/** For a `POST` below the schedule. Throws `queue_not_found`, `queue_deleting` and `schedule_not_found`. */
export async function expectScheduleForPost(
  deps: Pick<AppDeps, 'directory' | 'store'>,
  ask: ScheduleAddress,
): Promise<void> {
  await loadRoute(deps, ask)
  await readSchedule(deps, ask)
}

function expectRuns(deps: Pick<AppDeps, 'cronCache'>, schedule: Timetable, now: number): void {
  const fault = timetableFault(schedule, now, deps.cronCache)
  if (fault !== null) throw new Problem('invalid', { errors: [fault] })
}

function expectHeaders({ headers }: Pick<Schedule, 'headers'>): void {
  const faults = headers === null ? [] : messageHeaderFaults(headersOf(headers))
  if (faults.length > 0) throw new Problem('invalid', { errors: faults })
}

function expectJitter(deps: Pick<AppDeps, 'cronCache'>, schedule: Schedule, now: number): void {
  const fault = jitterFault(schedule, now, deps.cronCache)
  if (fault !== null) throw new Problem('invalid', { errors: [fault] })
}

/** One that this server cannot read is changed, or stays paused. */
function expectReadable({ cronCache }: Pick<AppDeps, 'cronCache'>, schedule: Timetable): void {
  const message = unreadable(schedule, cronCache)
  if (message !== null) throw new Problem('invalid', { errors: [{ path: '/cron', message }] })
}

/** The zone's name as it is written everywhere. */
function withZone(schedule: Schedule): Schedule {
  return { ...schedule, timezone: zoneNamed(schedule.timezone) ?? schedule.timezone }
}

function sameTimetable(one: Timetable, other: Timetable): boolean {
  const textOf = ({ timing, timezone, startsAt, endsAt }: Timetable) =>
    JSON.stringify([Object.entries(timing), timezone, startsAt, endsAt])
  return textOf(one) === textOf(other)
}
