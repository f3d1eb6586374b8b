import { decodeNumber, encodeNumber, ID_LENGTH, TIME_CHARS } from '../id.ts'
import type { Attempt, AttemptError, Outcome } from './attempt.ts'
import { afterAttempt, attemptOf, type Next } from './delivery.ts'
import type { RetryPolicy } from './retry-policy.ts'

export const MAX_PULLED = 100
export const MAX_WAIT_MS = 30_000
export const MIN_LEASE_MS = 1_000
export const MAX_LEASE_MS = 12 * 3_600_000
export const DEFAULT_LEASE_MS = 30_000
/** Receipts of one call; more than one pull hands out, for who collects them. */
export const MAX_RECEIPTS = 1_000

/** One lease of one delivery: it is worth something until the lease has ended, or has been given to another. */
export interface Receipt {
  messageId: string
  /** When the lease runs out unless it is extended, and then where the delivery lies in the store. */
  leaseUntil: number
  /** Which attempt the lease is. */
  attempt: number
}

const ATTEMPT_CHARS = 3
export const RECEIPT_LENGTH = ID_LENGTH + TIME_CHARS + ATTEMPT_CHARS
export const RECEIPT_PATTERN = `^[0-9A-Za-z]{${RECEIPT_LENGTH}}$`
const RECEIPT = new RegExp(RECEIPT_PATTERN)

/** A receipt as an opaque text for the client that pulled. */
export function encodeReceipt({ messageId, leaseUntil, attempt }: Receipt): string {
  return messageId + encodeNumber(leaseUntil, TIME_CHARS) + encodeNumber(attempt, ATTEMPT_CHARS)
}

/** Of a text that is a receipt by its form; what it names may be over, or may never have been. */
export function decodeReceipt(text: string): Receipt {
  const timeEnd = ID_LENGTH + TIME_CHARS
  return {
    messageId: text.slice(0, ID_LENGTH),
    // Letters can say more than a time can be; no lease ends then.
    leaseUntil: Math.min(decodeNumber(text.slice(ID_LENGTH, timeEnd)), Number.MAX_SAFE_INTEGER),
    attempt: decodeNumber(text.slice(timeEnd)),
  }
}

/** Why a text cannot be a receipt, or null where it can. */
export function receiptFault(text: string): string | null {
  return RECEIPT.test(text) ? null : 'must be a receipt, as pull hands them out'
}

/** How a lease ended. `unseen`: the client was gone before it got the delivery, so that it counts for nothing. */
export type LeaseEnd =
  | { how: 'acknowledged' }
  /** Null: after the delay of the retry policy. */
  | { how: 'returned'; delayMs: number | null }
  | { how: 'lease_expired' }

/**
 * What an extension makes of a lease: it begins anew at `now`, whatever was left of it, and may so become shorter, too. Its
 * receipt stays good: the store keeps the end that the receipt names beside the end that the lease has now (epoch ms).
 */
export function extendedLease(receipt: Receipt, { leaseMs, now }: { leaseMs: number; now: number }) {
  return { dueAt: now + leaseMs, receiptUntil: receipt.leaseUntil }
}

/** An acknowledgement is what a 200 is for those who are sent things. */
const ACKNOWLEDGED_STATUS = 200
const ERRORS = { acknowledged: null, returned: 'returned', lease_expired: 'lease_expired' } as const satisfies Record<
  LeaseEnd['how'],
  AttemptError | null
>

/** A lease as an attempt. `endedAt` may lie before its start, after the clock was put back. */
export function leaseOutcome({ how }: LeaseEnd, { pulledAt, endedAt }: { pulledAt: number; endedAt: number }): Outcome {
  return {
    startedAt: pulledAt,
    durationMs: Math.max(0, endedAt - pulledAt),
    status: how === 'acknowledged' ? ACKNOWLEDGED_STATUS : null,
    error: ERRORS[how],
    response: '',
    directive: null,
  }
}

/**
 * What becomes of a delivery after a lease: the same as after any attempt, but that one whose lease ran out is to be had
 * at once, and one that was returned when its holder says.
 */
export function afterLease(
  delivery: { attempts: number; attemptsBefore: number; dueAt: number },
  end: LeaseEnd,
  by: { outcome: Outcome; retry: RetryPolicy; now: number; random: () => number },
): Next {
  const next = afterAttempt(delivery, by.outcome, by)
  if (next.state !== 'pending') return next
  if (end.how === 'lease_expired') return { ...next, dueAt: delivery.dueAt }
  return end.how === 'returned' && end.delayMs !== null ? { ...next, dueAt: by.now + end.delayMs } : next
}

/** A pending delivery of a listener that pulls, as the store has it. */
export interface PulledLease {
  /** When the lease ends. */
  dueAt: number
  attempts: number
  attemptsBefore: number
  /** Null where no client has pulled it. */
  pulledAt: number | null
}

/** What a lease that has ended says of its delivery: the attempt that it was, and what becomes of it. */
export function judgeLease(
  lease: PulledLease,
  end: LeaseEnd,
  by: { retry: RetryPolicy; now: number; random: () => number },
): { attempt: Attempt; next: Next } {
  const endedAt = end.how === 'lease_expired' ? lease.dueAt : by.now
  const outcome = leaseOutcome(end, { pulledAt: lease.pulledAt ?? endedAt, endedAt })
  return { attempt: attemptOf(lease, outcome), next: afterLease(lease, end, { outcome, ...by }) }
}

/** What one pull still has room for, while it goes through what is due, oldest first. */
export class PullRoom {
  #deliveries: number
  #bytes: number
  #isEmpty = true

  constructor({ limit, maxBytes }: { limit: number; maxBytes: number }) {
    this.#deliveries = limit
    this.#bytes = maxBytes
  }

  /** Whether it takes no more, whatever comes: what is due stays as it is. */
  get isFull(): boolean {
    return this.#deliveries <= 0
  }

  /** Takes a delivery with so many bytes of data, a first one whatever its size; false: the pull ends before it. */
  take(bytes: number): boolean {
    this.#bytes -= bytes
    if (this.#bytes < 0 && !this.#isEmpty) return false
    this.#isEmpty = false
    this.#deliveries -= 1
    return true
  }
}
