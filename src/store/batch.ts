import type { Attempt } from '../core/attempt.ts'
import type { LeasedDelivery, Next } from '../core/delivery.ts'
import type { Message } from '../core/message.ts'
import type { QuotaReached } from './organizations.ts'

/** A message to store, with one delivery for each listener. */
export interface Accept {
  message: Omit<Message, 'sequence'>
  /** The version of the queue that the listeners were read at. */
  queueVersion: number
  deliveries: { listenerId: string; leased: boolean }[]
}

export type AcceptResult =
  /** `leases` is in the order of the deliveries; null where none was asked for. */
  | { outcome: 'accepted'; sequence: number; leases: (number | null)[] }
  /** The queue has changed or gone since it was read; nothing was stored. */
  | { outcome: 'stale' }
  | QuotaReached

/** What came of a leased delivery. */
export interface Settlement {
  delivery: Pick<LeasedDelivery, 'listenerId' | 'dueAt' | 'lease' | 'firstSentAt'> & { sequence: number }
  attempt: Attempt
  next: Next
}

/** `lost`: the lease is another's by now, or the delivery is gone; nothing was written. */
export type SettleResult = 'settled' | 'lost'

export interface Batch {
  /** Who holds the leases that this batch takes and gives back. */
  node: string
  /** The time at which this is written. */
  now: number
  accepts: Accept[]
  settlements: Settlement[]
  /** The latest use of each API key. */
  keyUses: { apiKeyId: string; at: number }[]
}

export interface BatchResult {
  accepts: AcceptResult[]
  settlements: SettleResult[]
}
