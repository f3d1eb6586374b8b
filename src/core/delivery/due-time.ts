import type { Fault } from '../problem.ts'

const DAY_MS = 86_400_000
export const MAX_DELAY_DAYS = 366

/** How far ahead a message can be scheduled: any date of the year to come, in a leap year too. */
export const MAX_DELAY_MS = MAX_DELAY_DAYS * DAY_MS

/** Less than this is a time in seconds: as milliseconds it were in 2001 or before, and sent at once instead of later. */
const MILLISECONDS_FROM = 1e12

/** Whether a time that should be in milliseconds since the Unix epoch is surely in seconds. */
export function isInSeconds(time: number): boolean {
  return time < MILLISECONDS_FROM
}

/** When a caller wants a message to be delivered: at a time, or after so many milliseconds; at once where both are absent. */
export interface DueAsk {
  deliverAt?: number | undefined
  delayMs?: number | undefined
}

/** The time that was asked for; one that is over means now. */
export function dueTimeOf({ deliverAt, delayMs = 0 }: DueAsk, now: number): number {
  return Math.max(now, deliverAt ?? now + delayMs)
}

/** What is wrong with what was asked for, or null; `path` leads to the message in the body. */
export function dueTimeFault({ deliverAt, delayMs }: DueAsk, now: number, path = ''): Fault | null {
  if (deliverAt !== undefined && delayMs !== undefined) {
    return { path: `${path}/delay`, message: 'cannot be combined with deliver_at; send one of them' }
  }
  if (deliverAt !== undefined && isInSeconds(deliverAt)) {
    return { path: `${path}/deliver_at`, message: 'must be in milliseconds since the Unix epoch; this is in seconds' }
  }
  if (deliverAt !== undefined && deliverAt > now + MAX_DELAY_MS) {
    return { path: `${path}/deliver_at`, message: `must be at most ${MAX_DELAY_DAYS} days from now` }
  }
  return null
}
