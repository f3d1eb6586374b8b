import { type Attempt, acknowledges, type Outcome } from './attempt.ts'
import type { Message } from './message.ts'
import { backoffMs, type RetryPolicy } from './retry-policy.ts'

/** A message on its way to one listener, held by this node for as long as its lease is. */
export interface LeasedDelivery {
  listenerId: string
  message: Message
  dueAt: number
  /** Attempts that were made so far. */
  attempts: number
  /** Those of them that belong to earlier runs: a redelivery starts the retry policy anew, and goes on counting. */
  attemptsBefore: number
  firstSentAt: number | null
  /** Proves to the store that this holder is still the one that may settle it. */
  lease: number
}

/** What becomes of a delivery after an attempt. */
export type Next = { state: 'acknowledged' } | { state: 'pending'; dueAt: number } | { state: 'missed'; reason: string }

/** Judges an attempt by the retry policy, which counts those of this run; `now` is when the outcome came. */
export function afterAttempt(
  delivery: { attempts: number; attemptsBefore: number },
  outcome: Outcome,
  by: { retry: RetryPolicy; now: number; random: () => number },
): Next {
  if (acknowledges(outcome)) return { state: 'acknowledged' }
  const attempts = delivery.attempts - delivery.attemptsBefore + 1
  if (attempts >= by.retry.maxAttempts) return { state: 'missed', reason: 'retries_used_up' }
  return { state: 'pending', dueAt: by.now + backoffMs(by.retry, attempts, by.random) }
}

/** The record of an attempt, numbered after those before it. */
export function attemptOf(delivery: { attempts: number }, outcome: Outcome): Attempt {
  return { number: delivery.attempts + 1, ...outcome }
}
