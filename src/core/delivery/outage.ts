import { longestBackoffMs, type RetryPolicy } from './retry-policy.ts'

/** A delivery that waits for another attempt, and when the last one failed. */
export interface Retried {
  dueAt: number
  /** In all, and those of earlier runs. */
  attempts: number
  attemptsBefore: number
  failedAt: number
}

/**
 * Whether a delivery waits because of an outage that is over now: its last attempt failed after `since`, when the
 * listener was last known to be well, and it waits for no longer than its retry policy makes it. What waits for longer
 * was put off by the receiver's own `Retry-After`, and keeps its time.
 */
export function isOfOutage(delivery: Retried, { since, retry }: { since: number; retry: RetryPolicy }): boolean {
  const { dueAt, attempts, attemptsBefore, failedAt } = delivery
  return failedAt > since && dueAt <= failedAt + longestBackoffMs(retry, attempts - attemptsBefore)
}
