import { type DueAsk, dueTimeOf, isInSeconds, MAX_DELAY_DAYS, MAX_DELAY_MS } from '../delivery/due-time.ts'
import type { Fault } from '../problem.ts'

/**
 * Until when a caller wants a message to be delivered: a time (epoch ms), or so many milliseconds after it is due; without
 * an end where both are absent.
 */
export interface ExpiryAsk {
  expiresAt?: number | undefined
  expiresInMs?: number | undefined
}

/** When the message expires, which is due at `deliverAt`; null: never. */
export function expiryOf({ expiresAt, expiresInMs }: ExpiryAsk, deliverAt: number): number | null {
  return expiresAt ?? (expiresInMs === undefined ? null : deliverAt + expiresInMs)
}

/**
 * What is wrong with what was asked for, or null; `path` leads to the message in the body. A time that is over is refused,
 * and not taken for now as one of `deliver_at` is: a message that expires before it is due reaches no listener.
 */
export function expiryFault(ask: ExpiryAsk & DueAsk, now: number, path = ''): Fault | null {
  const { expiresAt, expiresInMs } = ask
  if (expiresAt === undefined) return null
  if (expiresInMs !== undefined) {
    return { path: `${path}/expires_in`, message: 'cannot be combined with expires_at; send one of them' }
  }
  const fault = (message: string) => ({ path: `${path}/expires_at`, message })
  if (isInSeconds(expiresAt)) return fault('must be in milliseconds since the Unix epoch; this is in seconds')
  if (expiresAt <= now) return fault('must be later than now')
  const deliverAt = dueTimeOf(ask, now)
  if (expiresAt <= deliverAt) return fault('must be later than the time at which the message is due')
  return expiresAt > deliverAt + MAX_DELAY_MS ? fault(`must be at most ${MAX_DELAY_DAYS} days after it is due`) : null
}
