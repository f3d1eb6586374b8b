/** What became of deliveries, each counted once. */
export interface Tally {
  accepted: number
  delivered: number
  /** Due, tried, or waiting for its turn. */
  pending: number
  /** Not due yet, and never tried. */
  scheduled: number
  missed: number
  /** The message was deleted before it was delivered, or a client had the delivery discarded. */
  deleted: number
  /** The listener was deleted before it was delivered. */
  listenerDeleted: number
  /** Missed, until retention removed the message. */
  retention: number
  /** The message's own time was over before it was delivered. */
  expired: number
  /** Neither an end nor a next step, or two at once: must be 0. */
  unaccounted: number
}

export function emptyTally(): Tally {
  return {
    ...{ accepted: 0, delivered: 0, pending: 0, scheduled: 0, missed: 0 },
    ...{ deleted: 0, listenerDeleted: 0, retention: 0, expired: 0, unaccounted: 0 },
  }
}

export function addTally(sum: Tally, tally: Tally): void {
  for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += tally[name]
}

/** How a delivery stands by its rows alone: `nothing` where none tells of it, `twice` where two tell what cannot both be. */
export const STANDINGS = [
  'delivered',
  'pending',
  'scheduled',
  'missed',
  'deleted',
  'retention',
  'expired',
  'nothing',
  'twice',
] as const
export type Standing = (typeof STANDINGS)[number]

/** How many deliveries of a listener stand in each way, and how many they are. */
export type StandingCounts = Record<Standing | 'accepted', number>

/** Which rows tell of a delivery whose message is there. */
export interface DeliveryRows {
  /** How many say that it waits. */
  pending: number
  isMissed: boolean
  /** It was discarded when its message's time was over. */
  isExpired: boolean
  /** A client had it discarded. */
  isDiscarded: boolean
  /** The last attempt was acknowledged. */
  isDelivered: boolean
  /** It was never tried, and its time is to come. */
  isScheduled: boolean
}

/** How a delivery stands whose message is there. */
export function standingOf(rows: DeliveryRows): Standing {
  const { pending, isMissed, isExpired, isDiscarded, isDelivered, isScheduled } = rows
  const ends = (isMissed ? 1 : 0) + (isExpired ? 1 : 0) + (isDiscarded ? 1 : 0)
  if (pending + ends > 1 || (ends > 0 && isDelivered)) return 'twice'
  if (pending === 1) return isScheduled ? 'scheduled' : 'pending'
  if (isMissed) return 'missed'
  if (isExpired) return 'expired'
  if (isDiscarded) return 'deleted'
  return isDelivered ? 'delivered' : 'nothing'
}

/** What became of a listener's deliveries. What had no end when the listener was deleted has one by that. */
export function tallyOf(counts: StandingCounts, isListenerGone: boolean): Tally {
  const { accepted, delivered, pending, scheduled, missed, deleted, retention, expired, nothing, twice } = counts
  const ended = { accepted, delivered, deleted, retention, expired }
  if (!isListenerGone) {
    return { ...ended, pending, scheduled, missed, listenerDeleted: 0, unaccounted: twice + nothing }
  }
  const listenerDeleted = pending + scheduled + missed + nothing
  return { ...ended, pending: 0, scheduled: 0, missed: 0, listenerDeleted, unaccounted: twice }
}

/** A delivery of which no row tells what became. */
export interface UnaccountedPair {
  queueId: string
  messageId: string
  listenerId: string
}

/** As many pairs as a ledger lists. */
export const MAX_PAIRS = 100
