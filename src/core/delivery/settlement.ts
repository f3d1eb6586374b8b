import { type Attempt, acknowledges } from './attempt.ts'
import type { Next } from './delivery.ts'

/** What was judged of a delivery that was leased. */
export interface JudgedAttempt {
  attempt: Attempt
  next: Next
}

/** What a settlement does to the row of a pending delivery, which must still be leased to its settler. */
export interface RowChange {
  /** The run that the row must be of, told by its attempts of earlier runs; null: of any. */
  ofRun: number | null
  /** Where the delivery lies from now on; null: it has come to its end, and has no row any more. */
  row: { dueAt: number; attempts: number; attemptsBefore: number } | null
}

/**
 * What is written as it was judged. The run that an attempt was judged by must still be the one that runs: of a new one, its
 * retries are not used up by an old attempt. An acknowledgement ends either; and where the attempts are not to count, they do
 * not in either.
 */
export function judgedChange(attemptsBefore: number, { attempt, next }: JudgedAttempt): RowChange {
  if (next.state === 'acknowledged') return { ofRun: null, row: null }
  if (next.state === 'missed') return { ofRun: attemptsBefore, row: null }
  const attempts = attempt.number
  if (next.anew) return { ofRun: null, row: { dueAt: next.dueAt, attempts, attemptsBefore: attempts } }
  return { ofRun: attemptsBefore, row: { dueAt: next.dueAt, attempts, attemptsBefore } }
}

/** What is written instead where a redelivery began another run meanwhile: that run goes on, at once. */
export function restartedChange({ attempt }: Pick<JudgedAttempt, 'attempt'>, now: number): RowChange {
  return { ofRun: null, row: { dueAt: now, attempts: attempt.number, attemptsBefore: attempt.number } }
}

/** When the attempt ended, in epoch ms. */
export function endOf({ startedAt, durationMs }: Attempt): number {
  return startedAt + durationMs
}

/** How many ms after the message was due the attempt was acknowledged; null where it was not. */
export function latencyOf(attempt: Attempt, deliverAt: number): number | null {
  return acknowledges(attempt) ? endOf(attempt) - deliverAt : null
}

/** What one transaction changes of a listener's counters. */
export interface CounterChange {
  pending: number
  acknowledged: number
  missed: number
  /** Of the latest attempt that ended so, whenever it is settled; null where none did. */
  lastSuccessAt: number | null
  lastFailureAt: number | null
}

export function emptyCounterChange(): CounterChange {
  return { pending: 0, acknowledged: 0, missed: 0, lastSuccessAt: null, lastFailureAt: null }
}

/** Adds a settlement; `restarted`: another run goes on, and the delivery is pending whatever was judged. */
export function countSettlement(change: CounterChange, { attempt, next }: JudgedAttempt, restarted: boolean): void {
  const endedAt = endOf(attempt)
  if (acknowledges(attempt)) change.lastSuccessAt = laterOf(change.lastSuccessAt, endedAt)
  else change.lastFailureAt = laterOf(change.lastFailureAt, endedAt)
  if (restarted || next.state === 'pending') return
  change.pending -= 1
  change[next.state] += 1
}

function laterOf(known: number | null, at: number): number {
  return known === null ? at : Math.max(known, at)
}
