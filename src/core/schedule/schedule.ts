import type { Fault } from '../problem.ts'
import { type CalendarPeriod, PeriodTimes, parsePeriod } from './calendar-period.ts'
import type { CronTimes } from './cron.ts'
import type { Zone } from './zone.ts'

/**
 * When a schedule is due: at the times of a cron expression, every so many milliseconds, at the distance of a calendar
 * period (ISO 8601, see `parsePeriod`), or once.
 */
export type Timing = { cron: string } | { everyMs: number } | { period: string } | { at: number }

/** What becomes of due times at which no node was running: nothing, one run for all of them, or a run for each. */
export type CatchUp = 'none' | 'last' | 'all'
export const CATCH_UPS: readonly CatchUp[] = ['none', 'last', 'all']

/** What becomes of a due time while the message of the one before it is pending: its own message, or none. */
export type Overlap = 'allow' | 'skip'
export const OVERLAPS: readonly Overlap[] = ['allow', 'skip']

/** What says when something is due. */
export interface Timetable {
  timing: Timing
  /** A name of the time zone database; cron expressions and calendar periods go by it. */
  timezone: string
  /** No due time lies before; inclusive. */
  startsAt: number | null
  /** No due time lies behind; inclusive. */
  endsAt: number | null
  createdAt: number
}

/** A message that is made again and again, or once, at due times. */
export interface Schedule extends Timetable {
  id: string
  organizationId: string
  queueId: string
  name: string
  data: string
  /** As in `Message`. */
  mediaType: string | null
  messageName: string | null
  /** The `key` of each message. */
  key: string | null
  /** What is sent with each delivery of each message, as JSON (`core/message/headers.ts`); null: nothing. */
  headers: string | null
  /** How long after it is made each message expires; null: never. */
  expiresInMs: number | null
  paused: boolean
  catchUp: CatchUp
  overlap: Overlap
  /** By how much a due time is run later, at most; how much it is for which one stands in `jitter.ts`. */
  jitterMs: number
  updatedAt: number
}

/** How far a schedule has come. */
export interface ScheduleProgress {
  /** When it runs next: the due time, or later by its jitter; null while it is paused, and at its end. */
  nextAt: number | null
  /** The last due time that it is past, whether that made a message or not. */
  passedAt: number | null
  /** The last due time that made a message. */
  lastRunAt: number | null
  lastMessageId: string | null
  /** Due times that made a message. */
  runCount: number
}

export const NO_PROGRESS: Omit<ScheduleProgress, 'nextAt'> = Object.freeze({
  passedAt: null,
  lastRunAt: null,
  lastMessageId: null,
  runCount: 0,
})

export const MIN_EVERY_MS = 1_000
/** The last second of the year 9999, past which dates are hard to write. */
export const MAX_TIME = 253_402_300_799_000

/** Cron expressions and zones, made ready for use. */
export interface CronCache {
  cron(text: string): CronTimes
  zone(name: string): Zone
}

/** The first due time after `after`, or null where none follows. */
export function nextDue(table: Timetable, after: number, cronCache: CronCache): number | null {
  const from = table.startsAt === null ? after : Math.max(after, table.startsAt - 1)
  const due = dueAfter(table, from, cronCache)
  if (due === null || due > MAX_TIME) return null
  return table.endsAt === null || due <= table.endsAt ? due : null
}

/** The first due time of a new timetable; one that is due once may be due at this very moment. */
export function firstDue(table: Timetable, now: number, cronCache: CronCache): number | null {
  return nextDue(table, 'at' in table.timing ? now - 1 : now, cronCache)
}

/** Why due times cannot be worked out: an expression or a zone that this server cannot read; null where they can. */
export function unreadable({ timing, timezone }: Timetable, cronCache: CronCache): string | null {
  if ('at' in timing || 'everyMs' in timing) return null
  try {
    if ('cron' in timing) cronCache.cron(timing.cron)
    else readPeriod(timing.period)
  } catch (error) {
    const [what, text] = Object.entries(timing)[0]!
    return `${what} ${JSON.stringify(text)} cannot be read: ${(error as Error).message}`
  }
  try {
    cronCache.zone(timezone).localOf(0)
    return null
  } catch {
    return `timezone ${JSON.stringify(timezone)} is not in the time zone data of this server`
  }
}

/** Up to `limit` due times, beginning with one that is known. */
export function dueTimesFrom(table: Timetable, first: number | null, limit: number, cronCache: CronCache): number[] {
  const times: number[] = []
  for (let due = first; due !== null && times.length < limit; due = nextDue(table, due, cronCache)) times.push(due)
  return times
}

/** The last due time before `before`, no earlier than `first`, which is one. */
export function lastDueBefore(table: Timetable, before: number, first: number, cronCache: CronCache): number {
  const { timing, timezone, startsAt, createdAt, endsAt } = table
  const end = endsAt === null ? before : Math.min(before, endsAt + 1)
  if ('at' in timing) return first
  if ('everyMs' in timing) return Math.max(first, everyBefore(timing.everyMs, startsAt ?? createdAt, end))
  if ('period' in timing) return Math.max(first, periodTimes(table, timing.period, cronCache).previous(end))
  return Math.max(first, cronBefore(cronCache.cron(timing.cron), cronCache.zone(timezone), end) ?? first)
}

function dueAfter(table: Timetable, after: number, cronCache: CronCache): number | null {
  const { timing, timezone, startsAt, createdAt } = table
  if ('at' in timing) return timing.at > after ? timing.at : null
  if ('everyMs' in timing) {
    const next = everyAfter(timing.everyMs, startsAt ?? createdAt, after)
    return startsAt === null ? next : Math.max(next, startsAt + timing.everyMs)
  }
  if ('period' in timing) return periodTimes(table, timing.period, cronCache).next(after)
  return cronAfter(cronCache.cron(timing.cron), cronCache.zone(timezone), after)
}

function periodTimes({ timezone, startsAt, createdAt }: Timetable, period: string, { zone }: CronCache): PeriodTimes {
  return new PeriodTimes(readPeriod(period), startsAt ?? createdAt, zone(timezone))
}

/** Throws where the text is no period: what was stored by a server that could read it. */
function readPeriod(text: string): CalendarPeriod {
  const read = parsePeriod(text)
  if ('fault' in read) throw new Error(read.fault)
  return read
}

/** At even distances from the anchor, in both directions: the clock may have been set back since the schedule was made. */
function everyAfter(everyMs: number, anchor: number, after: number): number {
  return anchor + (Math.floor((after - anchor) / everyMs) + 1) * everyMs
}

function everyBefore(everyMs: number, anchor: number, before: number): number {
  return anchor + (Math.ceil((before - anchor) / everyMs) - 1) * everyMs
}

/**
 * Due times are what clocks on the wall show. A time that they leap over is due right after the leap, where all such
 * times are one; a time that they show twice is due when they show it first.
 */
function cronAfter(times: CronTimes, zone: Zone, after: number): number | null {
  const repeatedUntil = zone.repeatedUntil(after)
  let local = repeatedUntil === null ? zone.localOf(after) : repeatedUntil - 1
  for (;;) {
    const next = times.next(local)
    if (next === null) return null
    const instant = zone.instantOf(next)
    if (instant > after) return instant
    local = next
  }
}

/** The other way round. The instants of local times never run backwards, so that the last local time is the last of them. */
function cronBefore(times: CronTimes, zone: Zone, before: number): number | null {
  const repeatedUntil = zone.repeatedUntil(before - 1)
  let local = repeatedUntil ?? zone.localOf(before - 1) + 1
  for (;;) {
    const previous = times.previous(local)
    if (previous === null) return null
    const instant = zone.instantOf(previous)
    if (instant < before) return instant
    local = previous
  }
}

/** How many due times there are from one to another; both are some, and count. */
export function countDue(table: Timetable, first: number, last: number, cronCache: CronCache): number {
  const { timing, timezone } = table
  if ('at' in timing) return 1
  if ('everyMs' in timing) return Math.floor((last - first) / timing.everyMs) + 1
  if ('period' in timing) return periodTimes(table, timing.period, cronCache).count(first, last)
  const [times, zone] = [cronCache.cron(timing.cron), cronCache.zone(timezone)]
  let count = 1
  for (let at = first; ; ) {
    const until = Math.min(last, zone.changesAfter(at) - 1)
    count += times.countBetween(zone.localOf(at), zone.localOf(until))
    // Around a change of the clocks one by one: what they leap over is one, and what they show twice counts once.
    const next = until < last ? cronAfter(times, zone, until) : null
    if (next === null || next > last) return count
    count += 1
    at = next
  }
}

/** What is wrong with a timetable that is fine in its parts, or null. */
export function timetableFault(table: Timetable, now: number, cronCache: CronCache): Fault | null {
  const { timing, startsAt, endsAt } = table
  const reason = unreadable(table, cronCache)
  if (reason !== null) return { path: 'cron' in timing ? '/cron' : '/timezone', message: reason }
  if (startsAt !== null && endsAt !== null && endsAt < startsAt) {
    return { path: '/ends_at', message: 'must not be before starts_at' }
  }
  if (firstDue(table, now, cronCache) !== null) return null
  if ('at' in timing && timing.at < now)
    return { path: '/at', message: 'is over, so that the schedule would never run' }
  const path = 'cron' in timing ? '/cron' : 'at' in timing ? '/at' : '/every'
  return { path, message: 'has no due time from now on between starts_at and ends_at: the schedule would never run' }
}
