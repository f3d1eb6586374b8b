/** How a delivery stands that a discard may end; what is delivered, or has ended otherwise, it leaves alone. */
export const DISCARDABLE = ['pending', 'scheduled', 'missed'] as const
export type Discardable = (typeof DISCARDABLE)[number]

/** A delivery that waits. */
interface WaitingDelivery {
  /** When its message is due, in epoch ms. */
  deliverAt: number
  /** Attempts so far; null where it waits for its turn in an order. */
  attempts: number | null
}

/** How a delivery that waits stands: scheduled until its message is due, unless it was tried already. */
export function standingOfWaiting({ deliverAt, attempts }: WaitingDelivery, now: number): 'pending' | 'scheduled' {
  return deliverAt > now && (attempts ?? 0) === 0 ? 'scheduled' : 'pending'
}

/** Whether a discard means deliveries that stand like this; null means all that it may end. */
export function discards(status: Discardable | null, standing: Discardable): boolean {
  return status === null || status === standing
}

/** Discards that an organization may have under way: each is looked at again and again until it is done. */
export const MAX_DISCARDS = 100

/** What one step of a discard ends at most, however many listeners a message is for: writes wait while it does. */
export const MAX_DISCARDED_A_STEP = 1_000
