import { Problem } from '../problem.ts'
import { type Attempt, acknowledges, type Outcome } from './attempt.ts'
import type { Message } from './message.ts'
import { backoffMs, policyMs, type RetryPolicy } from './retry-policy.ts'

/** A message on its way to one listener, held by this node for as long as its lease is. */
export interface LeasedDelivery {
  listenerId: string
  message: Message
  dueAt: number
  /** Attempts that were made so far. */
  attempts: number
  /** The attempts that belong to earlier runs: a redelivery starts the retry policy anew, and goes on counting. */
  attemptsBefore: number
  firstSentAt: number | null
  /** The message's number among those of a listener that wants an order, the same on every attempt; else null. */
  orderNumber: number | null
  /** Proves to the store that this holder is still the one that may settle it. */
  lease: number
}

/** What one request, or one run of schedules, makes at most: each message to every listener that it fits, in one transaction. */
export const MAX_DELIVERIES = 10_000

/**
 * Throws `too_many_deliveries`, with how many they would be, where so many messages for so many listeners are too much;
 * `deliveries` where not each message is for all of them.
 */
export function expectFewDeliveries(messages: number, listeners: number, deliveries = messages * listeners): void {
  if (deliveries <= MAX_DELIVERIES) return
  const times = `${messages} ${messages === 1 ? 'message' : 'messages'} to ${listeners} listeners`
  throw new Problem('too_many_deliveries', {
    detail: `${times} would make ${deliveries} deliveries, and at most ${MAX_DELIVERIES} are made at once; nothing was stored`,
  })
}

/** What becomes of a delivery after an attempt. `anew`: the attempts so far count for nothing any more. */
export type Next =
  | { state: 'acknowledged' }
  | { state: 'pending'; dueAt: number; anew?: true }
  | { state: 'missed'; reason: string }

/** The receiver is there no more, and says so: its listener is disabled. */
const GONE = 410
/** With a `Retry-After` these are about the receiver, and not about the one message. */
const TOO_MANY_REQUESTS = 429
const UNAVAILABLE = 503

/**
 * Judges an attempt by the retry policy, which counts those of this run, and by what the receiver asks for; `now` is
 * when the outcome came. What waits for a listener that answered 410 starts over once a client enables it again.
 */
export function afterAttempt(
  delivery: { attempts: number; attemptsBefore: number },
  outcome: Outcome,
  by: { retry: RetryPolicy; now: number; random: () => number },
): Next {
  if (acknowledges(outcome)) return { state: 'acknowledged' }
  const attempts = delivery.attempts - delivery.attemptsBefore + 1
  if (outcome.directive?.noRetry) return { state: 'missed', reason: 'refused' }
  if (saysGone(outcome)) return { state: 'pending', dueAt: by.now, anew: true }
  if (attempts >= by.retry.maxAttempts) return { state: 'missed', reason: 'retries_used_up' }
  const pauseMs = Math.max(backoffMs(by.retry, attempts, by.random), outcome.directive?.retryAfterMs ?? 0)
  return { state: 'pending', dueAt: by.now + pauseMs }
}

/** While its listener is away, a delivery waits at least so long before it is missed. */
const PATIENCE_MS = 24 * 3_600_000

/**
 * Judges a probe: an attempt at a listener whose circuit breaker is open. It counts as an attempt, but it is the outage
 * that fails it: so it is missed once it has waited for as long as its policy would have taken, and a day at least. While
 * other deliveries are due as well (`crowded`) it stays the oldest, and is the next probe too, so that theirs stay whole.
 */
export function afterProbe(
  delivery: { attempts: number; attemptsBefore: number; dueAt: number; message: Pick<Message, 'deliverAt'> },
  outcome: Outcome,
  by: { retry: RetryPolicy; now: number; random: () => number; crowded: boolean },
): Next {
  const next = afterAttempt(delivery, outcome, { ...by, retry: { ...by.retry, maxAttempts: Number.POSITIVE_INFINITY } })
  if (next.state !== 'pending' || next.anew) return next
  const { attempts, attemptsBefore, dueAt, message } = delivery
  const waitedMs = by.now - (attemptsBefore > 0 ? dueAt : Math.min(dueAt, message.deliverAt))
  const isUsedUp = !by.crowded && attempts - attemptsBefore + 1 >= by.retry.maxAttempts
  if (waitedMs >= PATIENCE_MS && (isUsedUp || waitedMs >= policyMs(by.retry)))
    return { state: 'missed', reason: 'retries_used_up' }
  return by.crowded && !outcome.directive?.retryAfterMs ? { state: 'pending', dueAt } : next
}

/** Whether the receiver wants nothing any more. */
export function saysGone({ status }: Outcome): boolean {
  return status === GONE
}

/** For how many ms the receiver wants no delivery at all, or null where it does not say so. */
export function holdMs({ status, directive }: Outcome): number | null {
  if (directive === null) return null
  return status === TOO_MANY_REQUESTS || status === UNAVAILABLE ? directive.retryAfterMs : null
}

/**
 * What four bytes hold, and with them a store: some 25 days, which no attempt takes unless the clock is moved by hand.
 */
const MAX_DURATION_MS = 2 ** 31 - 1

/**
 * The record of an attempt, numbered after those before it. One during which the machine slept for a month, or its clock
 * was put right by years, has taken as long as can be stored.
 */
export function attemptOf(delivery: { attempts: number }, outcome: Outcome): Attempt {
  const { startedAt, status, error, response } = outcome
  const durationMs = Math.min(outcome.durationMs, MAX_DURATION_MS)
  return { number: delivery.attempts + 1, startedAt, durationMs, status, error, response }
}
