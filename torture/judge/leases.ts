import type { Arrival } from '../record/record.ts'
import { type Evidence, type Violation, wasClockSet } from './evidence.ts'

/** What a client has pulled comes to no other while its lease, with what it was extended by, lasts; a lease outlives nodes. */
export function judgeLeases(evidence: Evidence): Violation[] {
  if (wasClockSet(evidence.record)) return []
  return evidence.record.listeners
    .filter(({ pull }) => pull)
    .flatMap(({ id }) => [...evidence.arrivals].flatMap(([, all]) => judgeMessage(evidence, of(all, id))))
}

const of = (arrivals: readonly Arrival[], listenerId: string) =>
  arrivals.filter((arrival) => arrival.listenerId === listenerId)

function judgeMessage({ redeliveries }: Evidence, arrivals: readonly Arrival[]): Violation[] {
  return arrivals.flatMap((again, index) => {
    const before = arrivals[index - 1]
    if (before === undefined || again.at >= before.leasedUntil) return []
    const { messageId, token, listenerId } = again
    // A redelivery takes it from whoever has it.
    const asked = redeliveries.get(messageId) ?? []
    if (asked.some(({ askedAt, verdict }) => verdict !== 'refused' && askedAt <= again.at)) return []
    const text = `${messageId} came at ${Math.round(again.at)} ms, and was leased until ${Math.round(before.leasedUntil)} ms`
    return [{ kind: 'came within a lease', text, messageId, token, listenerId }]
  })
}
