import type { Arrival, DiscardRecord, ListenerRecord, StoredMessage } from '../record/record.ts'
import type { Evidence, Violation } from './evidence.ts'

/** How long a request that the server has written may take to its receiver, on a machine that has a lot else to do. */
const ON_THE_WAY_MS = 1_000

/** Whether a client asked to discard what was not delivered of the message, whatever came of that. */
export function mayBeDiscarded(
  { record, asked }: Evidence,
  { token, queue }: StoredMessage,
  listenerId: string,
): boolean {
  const from = asked.get(token)?.from ?? 0
  return record.discards.some((discard) => {
    return discard.verdict !== 'refused' && discard.answeredAt >= from && isFor(discard, { id: listenerId, queue })
  })
}

/** Once a discard of all that was not delivered is done, nothing of what was accepted before it comes, unless redelivered. */
export function judgeDiscarded(evidence: Evidence): Violation[] {
  const done = evidence.record.discards.filter(({ status, doneAt }) => status === null && Number.isFinite(doneAt))
  if (done.length === 0) return []
  return evidence.record.arrivals.filter((arrival) => isTooLate(evidence, arrival, done)).map(tooLate)
}

function isTooLate(evidence: Evidence, { listenerId, messageId, token, at }: Arrival, done: readonly DiscardRecord[]) {
  const listener = evidence.listeners.get(listenerId)
  const acceptedAt = evidence.asked.get(token)?.until ?? Number.POSITIVE_INFINITY
  const isRedelivered = (evidence.redeliveries.get(messageId) ?? []).some(({ verdict }) => verdict !== 'refused')
  if (listener === undefined || isRedelivered) return false
  return done.some((discard) => {
    return acceptedAt < discard.askedAt && at > discard.doneAt + ON_THE_WAY_MS && isFor(discard, listener)
  })
}

function isFor({ queue, listenerId }: DiscardRecord, listener: Pick<ListenerRecord, 'id' | 'queue'>): boolean {
  return queue === listener.queue && (listenerId === null || listenerId === listener.id)
}

function tooLate({ messageId, token, listenerId, at }: Arrival): Violation {
  const text = `${messageId} came at ${Math.round(at)} ms, after it was discarded`
  return { kind: 'came after it was discarded', text, messageId, token, listenerId }
}
