import { createHash } from 'node:crypto'
import type { Fault } from '../problem.ts'
import { type CronCache, dueTimesFrom, firstDue, lastDueBefore, nextDue, type Schedule } from './schedule.ts'

/** What says when the due times of a schedule are run. */
type Jittered = Pick<Schedule, 'id' | 'timing' | 'timezone' | 'startsAt' | 'endsAt' | 'createdAt' | 'jitterMs'>

/** A due time, and when it is run: later by its jitter. */
export interface PlannedRun {
  dueAt: number
  runAt: number
}

/** Gaps between due times that are looked at before a jitter is taken. */
const GAPS = 100
/** Where there is no gap, because only one due time is to come. */
const MOST_OF_ONE_MS = 86_400_000

/**
 * When a due time is run. It follows from the schedule's id, the due time and the jitter alone, so that it is the same on
 * every node and after every restart. Never before the due time; and where the gap to the next one is shorter than those
 * that were looked at, within the first half of it, so that no due time overtakes another.
 */
export function runAtOf(schedule: Jittered, dueAt: number, cronCache: CronCache): number {
  if (schedule.jitterMs === 0) return dueAt
  const next = nextDue({ ...schedule, endsAt: null }, dueAt, cronCache)
  const mostMs = next === null ? schedule.jitterMs : Math.min(schedule.jitterMs, halfOf(next - dueAt))
  return dueAt + Math.floor(shareOf(schedule.id, dueAt) * (mostMs + 1))
}

/**
 * The due time that is run then: the last one that is not later. Where other time zone data than it was planned by knows
 * none, it is run all the same. The schedule must be one that can be read.
 */
export function dueAtOf(schedule: Jittered, runAt: number, cronCache: CronCache): number {
  const { timing, jitterMs } = schedule
  if (jitterMs === 0) return runAt
  if ('at' in timing) return timing.at
  return lastDueBefore(schedule, runAt + 1, runAt - jitterMs, cronCache)
}

/** A due time with when it is run. */
export function plannedRun(schedule: Jittered, dueAt: number | null, cronCache: CronCache): PlannedRun | null {
  return dueAt === null ? null : { dueAt, runAt: runAtOf(schedule, dueAt, cronCache) }
}

/** What is wrong with the jitter of a schedule that comes to a due time, or null. */
export function jitterFault(schedule: Jittered, now: number, cronCache: CronCache): Fault | null {
  if (schedule.jitterMs === 0) return null
  const mostMs = mostJitterMs(schedule, now, cronCache)
  if (schedule.jitterMs <= mostMs) return null
  const reason = 'half of the shortest time between two of its next due times'
  return { path: '/jitter', message: `must be at most ${mostMs}, ${reason}` }
}

function mostJitterMs(schedule: Jittered, now: number, cronCache: CronCache): number {
  const dueAts = dueTimesFrom(schedule, firstDue(schedule, now, cronCache), GAPS + 1, cronCache)
  const shortest = dueAts.reduce((least, dueAt, at) => Math.min(least, dueAt - (dueAts[at - 1] ?? -Infinity)), Infinity)
  return shortest === Infinity ? MOST_OF_ONE_MS : halfOf(shortest)
}

function halfOf(gapMs: number): number {
  return Math.floor(gapMs / 2)
}

/** Uniform in [0, 1) over schedules and due times, with 48 bits. */
function shareOf(id: string, dueAt: number): number {
  return createHash('sha256').update(`${id} ${dueAt}`).digest().readUIntBE(0, 6) / 2 ** 48
}
