import type { Arrival, ListenerRecord } from '../record/record.ts'
import { type Asked, type Evidence, type Violation, wasClockSet, wasDeleted } from './evidence.ts'

/** A message in the order of a listener. */
interface Placed {
  messageId: string
  token: string
  sequence: number
  firstAt: number
  /** When the receiver first acknowledged it, or it had expired; infinity where neither came. */
  acknowledgedAt: number
  asked: Asked | undefined
}

/** An ordered listener gets each message after it acknowledged the one before, in the order of their acceptance. */
export function judgeOrder(evidence: Evidence): Violation[] {
  const ordered = evidence.record.listeners.filter(({ ordering }) => ordering !== 'none')
  return ordered.flatMap((listener) => judgeListener(evidence, listener))
}

function judgeListener(evidence: Evidence, listener: ListenerRecord): Violation[] {
  const own = [...evidence.arrivals.values()]
    .map((arrivals) => arrivals.filter(({ listenerId }) => listenerId === listener.id))
    .filter((arrivals) => arrivals.length > 0)
  const placed = own
    .map((arrivals) => placedOf(evidence, listener, arrivals))
    .sort((one, other) => one.sequence - other.sequence)
  const report = (one: Placed, text: string): Violation => {
    const { messageId, token } = one
    return { kind: 'out of order', text: `${listener.name}: ${text}`, messageId, token, listenerId: listener.id }
  }
  const lines = listener.ordering === 'queue' ? [placed] : [...Map.groupBy(placed, ({ asked }) => asked?.key).values()]
  return [
    ...own.flatMap((arrivals) => judgeNumber(arrivals, report, placedOf(evidence, listener, arrivals))),
    ...lines.flatMap((line) => [...judgeTurns(evidence, line, report), ...judgeAcceptance(line, report)]),
  ]
}

type Report = (one: Placed, text: string) => Violation

function placedOf(evidence: Evidence, { id }: ListenerRecord, arrivals: readonly Arrival[]): Placed {
  const { asked } = evidence
  const [{ messageId, token, sequence, at }] = arrivals as [Arrival]
  const acknowledged = arrivals.filter(({ outcome }) => outcome === 'acknowledged').map(({ endedAt }) => endedAt)
  const acknowledgedAt = Math.min(...acknowledged, expiredAt(evidence, id, messageId, asked.get(token)))
  return { messageId, token, sequence: sequence ?? -1, firstAt: at, acknowledgedAt, asked: asked.get(token) }
}

/** When it expired for the listener, at the soonest; infinity where it did not. */
function expiredAt({ stored, record }: Evidence, listenerId: string, messageId: string, asked: Asked | undefined) {
  const own = stored.get(messageId)?.deliveries.find((delivery) => delivery.listenerId === listenerId)
  if (own?.status !== 'expired' || asked === undefined) return Number.POSITIVE_INFINITY
  const isClockSet = wasClockSet(record)
  return isClockSet ? Number.NEGATIVE_INFINITY : asked.from + (asked.post.expiresInMs ?? Number.POSITIVE_INFINITY)
}

/** Each attempt says the same number. */
function judgeNumber(arrivals: readonly Arrival[], report: Report, placed: Placed): Violation[] {
  const numbers = [...new Set(arrivals.map(({ sequence }) => sequence))]
  if (numbers.length === 1 && numbers[0] !== null) return []
  return [report(placed, `${placed.messageId} came with the numbers ${numbers.join(', ')}`)]
}

/** Nothing comes before what has a smaller number was acknowledged, unless that was deleted. */
function judgeTurns(evidence: Evidence, line: readonly Placed[], report: Report): Violation[] {
  const found: Violation[] = []
  let latest: Placed | null = null
  for (const one of line) {
    if (latest !== null && latest.sequence === one.sequence) {
      found.push(report(one, `${latest.messageId} and ${one.messageId} have the same number ${one.sequence}`))
    }
    if (latest !== null && one.firstAt < latest.acknowledgedAt) {
      const after = `was not acknowledged before ${Math.round(latest.acknowledgedAt)} ms`
      const text = `${one.messageId} (${one.sequence}) came at ${Math.round(one.firstAt)} ms, and ${latest.messageId} (${latest.sequence}) ${after}`
      found.push(report(one, text))
    }
    if (wasDeleted(evidence, one.messageId)) continue
    if (latest === null || one.acknowledgedAt > latest.acknowledgedAt) latest = one
  }
  return found
}

/** What was accepted before another was asked for has the smaller number; so has what stands first in a batch. */
function judgeAcceptance(line: readonly Placed[], report: Report): Violation[] {
  const found: Violation[] = []
  let earliest: Placed | null = null
  for (const one of line.toReversed()) {
    const { asked } = one
    if (asked === undefined) continue
    const later = earliest?.asked
    if (later !== undefined && later.until < asked.from) {
      found.push(report(one, `${one.messageId} was asked for after ${earliest!.messageId}, and comes before it`))
    }
    if (later === undefined || asked.until < later.until) earliest = one
  }
  return [...found, ...judgeWithinBatches(line, report)]
}

function judgeWithinBatches(line: readonly Placed[], report: Report): Violation[] {
  const known = line.filter(({ asked }) => asked !== undefined && asked.post.tokens.length > 1)
  return [...Map.groupBy(known, ({ asked }) => asked!.post).values()].flatMap((batch) =>
    batch
      .filter((one, at) => at > 0 && one.asked!.index < batch[at - 1]!.asked!.index)
      .map((one) => report(one, `${one.messageId} comes after one that stands behind it in its batch`)),
  )
}
