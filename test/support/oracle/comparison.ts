import assert from 'node:assert/strict'
import { cronFault } from '../../../src/core/schedule/cron.ts'
import { lastDueBefore, nextDue } from '../../../src/core/schedule/schedule.ts'
import { cronCache, timetable } from '../cron-cache.ts'
import { type CronMeaning, cronMeaning } from './cron-meaning.ts'
import { searchNext, searchPrevious } from './minute-search.ts'
import { type WallMinute, wallMinutes } from './wall-minutes.ts'

/** Minutes of a zone that are searched, and how far they reach: from `from` up to `until`, in epoch ms. */
export interface Stretch {
  zone: string
  from: number
  until: number
  minutes: WallMinute[]
}

/** All minutes from so many days before a second of the epoch to so many after it. */
export function stretchAround(zone: string, second: number, days: number): Stretch {
  const [from, until] = [second - days * 86_400, second + days * 86_400]
  return { zone, from: from * 1000, until: until * 1000, minutes: wallMinutes(zone, from, until) }
}

/** A moment of a stretch, in epoch ms, for any whole number: of three numbers one is a whole minute, and one a whole second. */
export function momentIn({ from, until }: Stretch, number: number): number {
  const unit = [60_000, 1000, 1][number % 3]!
  return from + Math.floor((number % (until - from)) / unit) * unit
}

/** A refusal is right only where the day never comes, which the search has to say as well. */
export function isTaken(cron: string): boolean {
  const fault = cronFault(cron)
  assert.ok(fault === null || /^never occurs/.test(fault), `${cron} is refused: ${fault}`)
  return fault === null
}

/**
 * Throws unless the next and the previous due time, seen from a moment of the stretch, are what its minutes say; and those
 * seen from the next due time itself.
 */
export function expectAsSearched(cron: string, stretch: Stretch, moment: number): void {
  const meaning = cronMeaning(cron)
  const next = expectAt(cron, meaning, stretch, moment)
  if (next !== null) expectAt(cron, meaning, stretch, next)
}

function expectAt(cron: string, meaning: CronMeaning, { zone, from, until, minutes }: Stretch, moment: number) {
  const [next, previous] = [searchNext(meaning, minutes, moment), searchPrevious(meaning, minutes, moment)]
  const told = (time: number | null) => (time === null ? 'none' : new Date(time).toISOString())
  const where = `${cron} in ${zone} at ${told(moment)}`
  if (!isTaken(cron)) {
    assert.deepEqual([next, previous], [null, null], where)
    return null
  }
  const table = timetable(cron, zone)
  // Beyond the stretch nothing was searched.
  const due = nextDue(table, moment, cronCache)
  assert.equal(told(due === null || due >= until ? null : due), told(next), `after ${where}`)
  const last = lastDueBefore(table, moment, from - 1, cronCache)
  assert.equal(told(last < from ? null : last), told(previous), `before ${where}`)
  return next
}
