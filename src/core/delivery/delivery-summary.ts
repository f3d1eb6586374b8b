export type DeliveryStatus = 'pending' | 'delivered' | 'missed' | 'expired' | 'discarded'

/** How one listener stands with one message, derived from what is stored. */
export interface DeliverySummary {
  listenerId: string
  status: DeliveryStatus
  attempts: number
  lastAttemptAt: number | null
  nextAttemptAt: number | null
}

/** What a store holds of one message and one listener that it was accepted for. */
export interface DeliveryFacts {
  listenerId: string
  listenerExists: boolean
  /** The due time of the message, in epoch ms. */
  deliverAt: number
  /** The row of what is pending; both are null where it waits for its turn in an order. */
  waiting: { dueAt: number | null; attempts: number | null } | undefined
  isMissed: boolean
  /** It was discarded when its message's time was over. */
  isExpired: boolean
  /** A client had it discarded. */
  isDiscarded: boolean
  lastAttempt: { number: number; startedAt: number } | undefined
  /** Whether the last attempt acknowledges. */
  isAcknowledged: boolean
}

/**
 * How the listener stands with the message. What a client had discarded is, and so is what it had not got when it was deleted,
 * whatever rows are left; what a listener is still owed is pending, with a row or without one.
 */
export function summaryOf(facts: DeliveryFacts): DeliverySummary {
  const { listenerId, waiting, lastAttempt } = facts
  const status = deliveryStatusOf(facts)
  const attempts = lastAttempt?.number ?? 0
  const rest = { listenerId, status, lastAttemptAt: lastAttempt?.startedAt ?? null }
  if (status !== 'pending') return { ...rest, attempts, nextAttemptAt: null }
  if (waiting === undefined) return { ...rest, attempts, nextAttemptAt: facts.deliverAt }
  return { ...rest, attempts: waiting.attempts ?? attempts, nextAttemptAt: waiting.dueAt }
}

function deliveryStatusOf(facts: DeliveryFacts): DeliveryStatus {
  const { listenerExists, waiting, isMissed, isExpired, isDiscarded, isAcknowledged } = facts
  if (isExpired) return 'expired'
  if (isDiscarded) return 'discarded'
  if (!listenerExists) return isAcknowledged ? 'delivered' : 'discarded'
  if (waiting !== undefined) return 'pending'
  if (isMissed) return 'missed'
  return isAcknowledged ? 'delivered' : 'pending'
}
