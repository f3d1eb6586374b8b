import type { Arrival, FaultRecord } from '../record/record.ts'
import { type Asked, type Evidence, type Violation, wasClockSet } from './evidence.ts'

/**
 * How long a request may be on its way that was begun before its message expired: a machine that has a lot else to do is
 * late to send it, and late to read it.
 */
const ON_THE_WAY_MS = 5_000

/** Nothing is sent, or pulled, once it has expired. */
export function judgeExpiry(evidence: Evidence): Violation[] {
  if (wasClockSet(evidence.record)) return []
  return evidence.record.arrivals.flatMap((arrival) => {
    const expiredAt = expiryOf(evidence.asked.get(arrival.token))
    if (arrival.at <= expiredAt + ON_THE_WAY_MS || stoodStill(evidence.record.faults, expiredAt, arrival)) return []
    const late = Math.round(arrival.at - expiredAt)
    const text = `${arrival.messageId} came ${late} ms after it had expired`
    const { messageId, token, listenerId } = arrival
    return [{ kind: 'came after it had expired', text, messageId, token, listenerId }]
  })
}

/** When it had expired at the latest; infinity where that is not known, or it never does. */
function expiryOf(asked: Asked | undefined): number {
  const expiresInMs = asked?.post.expiresInMs ?? null
  return asked === undefined || expiresInMs === null ? Number.POSITIVE_INFINITY : asked.until + expiresInMs
}

/** Whether a node stood still meanwhile, with a request that it had begun. */
function stoodStill(faults: readonly FaultRecord[], expiredAt: number, { at }: Arrival): boolean {
  return faults.some(({ kind, from, until }) => kind.startsWith('stop') && from <= at && until >= expiredAt)
}
