import type { FaultKind } from '../plan/plan.ts'
import type { Arrival, FaultRecord, MessageCall } from '../record/record.ts'
import { type Evidence, type Violation, wasDeleted } from './evidence.ts'

/** Why a message may come again to a receiver that had acknowledged it. */
export type Cause =
  | 'redelivery'
  | 'timeout'
  | 'lost answer'
  | 'killed node'
  | 'stopped node'
  | 'disk'
  | 'database'
  | 'network'

/** An orderly stop (`terminate`) is no cause: it settles what is on the wire. Neither is a clock that was set. */
const CAUSE_OF: Partial<Record<FaultKind, Cause>> = {
  kill: 'killed node',
  'kill in start': 'killed node',
  'power cut': 'killed node',
  stop: 'stopped node',
  'stop beyond leases': 'stopped node',
  'full disk': 'disk',
  'failing disk': 'disk',
  stall: 'network',
  reset: 'network',
  'half-open': 'network',
  'kill backends': 'database',
  'restart the database': 'database',
  'crash the database': 'database',
  promote: 'database',
}

/** What it held comes again, and is then held by a node that lives. A disk or a database may fail again and again. */
const ONCE: ReadonlySet<Cause> = new Set(['killed node', 'stopped node'])

/** How long before a fault an acknowledgement may have come that was not written down when the fault came. */
const UNSETTLED_MS = 1_500
/** A node that goes on after it stood still gives up what has taken too long meanwhile, however quick its answer is then. */
const LINGERS_MS = 1_000
/** How much of a listener's timeout may pass before its receiver sees the request. */
const ON_THE_WAY_MS = 150

export interface Duplicates {
  violations: Violation[]
  /** How many came again, by cause. */
  counts: Partial<Record<Cause, number>>
}

/** Nothing comes again to a listener that acknowledged it, but for a cause that the record names. */
export function judgeDuplicates(evidence: Evidence): Duplicates {
  const counts: Duplicates['counts'] = {}
  const violations: Violation[] = []
  const faults = evidence.record.faults.flatMap(strikesOf)
  for (const [messageId, all] of evidence.arrivals) {
    const redeliveries = evidence.redeliveries.get(messageId) ?? []
    for (const [listenerId, arrivals] of Map.groupBy(all, (one) => one.listenerId)) {
      for (const { again, before, cause } of repetitions(evidence, arrivals, { faults, redeliveries })) {
        if (cause !== null) counts[cause] = (counts[cause] ?? 0) + 1
        else violations.push(unexplained({ messageId, listenerId, token: again.token }, before, again))
      }
    }
  }
  return { violations, counts }
}

/** One that kills a node again while it starts may find it further than that, with something on the wire: it is two. */
function strikesOf(fault: FaultRecord): FaultRecord[] {
  if (CAUSE_OF[fault.kind] === undefined) return []
  return fault.kind === 'kill in start' ? [fault, fault] : [fault]
}

interface Repetition {
  before: Arrival
  again: Arrival
  cause: Cause | null
}

/** What came again after an acknowledgement. After a failure it comes again by the retry policy, which needs no cause. */
function repetitions(
  evidence: Evidence,
  arrivals: readonly Arrival[],
  given: { faults: readonly FaultRecord[]; redeliveries: readonly MessageCall[] },
): Repetition[] {
  const found: Repetition[] = []
  // Each redelivery makes it come again once, and so does each fault of a node.
  const redeliveries = [...given.redeliveries]
  // What a pull acknowledged was written down before it was answered: no fault undoes that.
  const faults = evidence.listeners.get(arrivals[0]!.listenerId)?.pull ? [] : [...given.faults]
  for (const [index, again] of arrivals.entries()) {
    const before = arrivals[index - 1]
    if (before === undefined || before.outcome === 'failed') continue
    const own = ownCause(evidence, before, again)
    found.push({ before, again, cause: own ?? redelivery(redeliveries, again) ?? faultCause(faults, before, again) })
  }
  return found
}

function ownCause({ listeners, record, deletions }: Evidence, before: Arrival, again: Arrival): Cause | null {
  if (before.outcome === 'unknown') return 'lost answer'
  if (again.attempt === before.attempt) return null
  const timeoutMs = (listeners.get(before.listenerId)?.timeoutMs ?? Number.POSITIVE_INFINITY) - ON_THE_WAY_MS
  if (again.attempt > before.attempt && again.at - before.at >= timeoutMs) return 'timeout'
  // What the servers say of the attempts of a message went with it.
  if (wasDeleted({ deletions }, before.messageId)) return 'timeout'
  // A receiver that has no time to read sees a request late: when most of its time is over, or even after the next attempt.
  const late = Math.min(before.attempt, again.attempt)
  const attempts = record.end?.attempts[before.messageId] ?? []
  const own = attempts.find(({ listenerId, number }) => listenerId === before.listenerId && number === late)
  return own?.error === 'timeout' && own.durationMs >= timeoutMs ? 'timeout' : null
}

function redelivery(redeliveries: MessageCall[], again: Arrival): Cause | null {
  const at = redeliveries.findIndex(({ askedAt, verdict }) => verdict !== 'refused' && askedAt <= again.at)
  if (at === -1) return null
  redeliveries.splice(at, 1)
  return 'redelivery'
}

/** A fault that came after the acknowledgement, or just then, and before the message came again. */
function faultCause(faults: FaultRecord[], before: Arrival, again: Arrival): Cause | null {
  const at = faults.findIndex(
    ({ from, until }) => from <= again.at && until + LINGERS_MS >= before.at && from <= before.endedAt + UNSETTLED_MS,
  )
  if (at === -1) return null
  const cause = CAUSE_OF[faults[at]!.kind]!
  if (ONCE.has(cause)) faults.splice(at, 1)
  return cause
}

function unexplained(
  about: { messageId: string; listenerId: string; token: string },
  before: Arrival,
  again: Arrival,
): Violation {
  const ended = Math.round(before.endedAt)
  const text = `${about.messageId} was acknowledged at ${ended} ms and came again at ${Math.round(again.at)} ms`
  return { kind: 'came again without a cause', text, ...about }
}
