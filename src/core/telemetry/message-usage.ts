import type { Limits } from '../tenant/organization.ts'

export type MessageQuota = 'storedMessages' | 'messagesPerDay'
export type MessageLimits = Pick<Limits, MessageQuota>

/** How many messages of an organization are stored, and how many were accepted on one day, deleted ones included. */
export interface MessageUsage {
  stored: number
  /** Counted from the epoch, in UTC. */
  day: number
  accepted: number
}

const DAY_MS = 86_400_000

/** Days since the epoch, in UTC. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS)
}

/** When a day begins, in milliseconds since the epoch. */
export function startOf(day: number): number {
  return day * DAY_MS
}

/** Whether any of these limits needs messages to be counted. */
export function limitsMessages({ storedMessages, messagesPerDay }: MessageLimits): boolean {
  return storedMessages !== null || messagesPerDay !== null
}

/** Counts messages that are accepted together; or names the limit that leaves no room for all, and counts nothing. */
export function countAccepted(
  usage: MessageUsage,
  limits: MessageLimits,
  { at, messages }: { at: number; messages: number },
): MessageQuota | null {
  turnDay(usage, dayOf(at))
  if (limits.storedMessages !== null && usage.stored + messages > limits.storedMessages) return 'storedMessages'
  if (limits.messagesPerDay !== null && usage.accepted + messages > limits.messagesPerDay) return 'messagesPerDay'
  usage.stored += messages
  usage.accepted += messages
  return null
}

/**
 * A message of the day before may come after the first one of today: it counts as one of today, or each of them would
 * begin the count anew. Further back, the clock was put right, and clients should not wait for a day that was a
 * mistake.
 */
function turnDay(usage: MessageUsage, day: number): void {
  if (day === usage.day || day === usage.day - 1) return
  usage.day = day
  usage.accepted = 0
}
