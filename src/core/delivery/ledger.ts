/** What became of deliveries, each counted once. */
export interface Tally {
  accepted: number
  delivered: number
  /** Due, tried, or waiting for its turn. */
  pending: number
  /** Not due yet, and never tried. */
  scheduled: number
  missed: number
  /** The message was deleted before it was delivered. */
  deleted: number
  /** The listener was deleted before it was delivered. */
  listenerDeleted: number
  /** Missed, until retention removed the message. */
  expired: number
  /** Neither an end nor a next step, or two at once: must be 0. */
  unaccounted: number
}

export function emptyTally(): Tally {
  return {
    ...{ accepted: 0, delivered: 0, pending: 0, scheduled: 0, missed: 0 },
    ...{ deleted: 0, listenerDeleted: 0, expired: 0, unaccounted: 0 },
  }
}

export function addTally(sum: Tally, tally: Tally): void {
  for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += tally[name]
}

/** A delivery of which no row tells what became. */
export interface UnaccountedPair {
  queueId: string
  messageId: string
  listenerId: string
}

/** As many pairs as a ledger lists. */
export const MAX_PAIRS = 100
