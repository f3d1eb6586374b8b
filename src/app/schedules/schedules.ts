import { usedByOptions, usedBySchedule } from '../../core/feature.ts'
import { nameTaken, Problem } from '../../core/problem.ts'
import { plannedRun } from '../../core/schedule/jitter.ts'
import { firstDue, NO_PROGRESS } from '../../core/schedule/schedule.ts'
import { scheduledHeaders } from '../../core/schedule/scheduled-headers.ts'
import type { Principal } from '../../core/tenant/api-key.ts'
import type { ExpectedRevisions } from '../../store/listing/expected-revision.ts'
import type { Revised } from '../../store/listing/slice.ts'
import type { ScheduleDetails, ScheduleRun } from '../../store/schedules.ts'
import { type AcceptedMessage, acceptMessage, loadRoute } from '../accept-message.ts'
import { named } from '../changes.ts'
import type { AppDeps } from '../deps.ts'
import type { AnswerFor } from '../idempotency.ts'
import { expectIds } from '../ids.ts'
import { expectUnderstood } from '../limits/features.ts'
import type { Listing } from '../page.ts'
import { missingForPost, readRoute } from '../queues.ts'
import { refusalOf } from '../tenant/refusal.ts'
import { onlyVisible } from '../tenant/visibility.ts'
import { replace } from './schedule-changes.ts'
import {
  expectHeaders,
  expectJitter,
  expectRuns,
  type ScheduleChanges,
  type ScheduleSettings,
  withZone,
} from './schedule-settings.ts'

export interface ScheduleAddress {
  organizationId: string
  queueId: string
  id: string
}

type Deps = Pick<AppDeps, 'store' | 'runtime' | 'cronCache' | 'directory' | 'schemaChecks'>

/** Runs commit all the time; a schedule that runs between two tries this often is due more often than it can be. */
const MAX_TRIES = 8

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
  deps.schemaChecks.expectFit(queue, settings)
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
  ask: ScheduleAddress & { changes: ScheduleChanges; ifMatch?: ExpectedRevisions },
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
  const { organizationId, queueId, messageName: name, key, expiresInMs, data, mediaType } = schedule
  const headers = scheduledHeaders(schedule, null)
  const stored = { data, storedType: mediaType, writtenHeaders: headers }
  const message = { name, key, ...stored, expiresInMs: expiresInMs ?? undefined }
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
