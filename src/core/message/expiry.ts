import { type DueAsk, dueTimeOf, isInSeconds, MAX_DELAY_DAYS, MAX_DELAY_MS } from '../delivery/due-time.ts'
import type { Message } from '../delivery/message.ts'
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

/** What is wrong with moving a message to this time, or null: it would expire before it is due. */
export function moveFault({ expiresAt }: Pick<Message, 'expiresAt'>, deliverAt: number): Fault | null {
  if (expiresAt === null || deliverAt < expiresAt) return null
  return { path: '/deliver_at', message: `must be earlier than expires_at, which is ${expiresAt}` }
}

/** Whether the message's time is over: what of it is not delivered, or on its way, is discarded and never sent. */
export function isExpired({ expiresAt }: Pick<Message, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt <= now
}

/** Why a delivery ends that waits: its message's time is over, or a client has it discarded. */
export type DiscardedAs = 'expired' | 'discarded'

/** How a delivery that waits ends then: what its listener has got already stays delivered. */
export function endOf(reason: DiscardedAs, { isAcknowledged }: { isAcknowledged: boolean }): 'delivered' | DiscardedAs {
  return isAcknowledged ? 'delivered' : reason
}

/** How soon to look again at what was sent when its message's time was over, and how soon at what was pulled. */
const SENT_AGAIN_MS = 2_000
const PULLED_AGAIN_MS = 60_000

/**
 * When to look again at a message whose time is over while deliveries of it are on their way: an attempt that is under way
 * is let finish (`isSent`), and a pull lease is kept until `pulledUntil`; null: none of them is pulled.
 */
export function nextLookAt(
  { isSent, pulledUntil }: { isSent: boolean; pulledUntil: number | null },
  now: number,
): number {
  if (isSent || pulledUntil === null) return now + SENT_AGAIN_MS
  return Math.max(now + SENT_AGAIN_MS, Math.min(pulledUntil, now + PULLED_AGAIN_MS))
}

/** What one step discards at most, however many listeners a message is for: writes wait while it does. */
export const MAX_EXPIRED_A_STEP = 1_000

/** What the pulls of one transaction discard at most of what they come across: the next one goes on. */
export const MAX_EXPIRED_A_PULL = 200
