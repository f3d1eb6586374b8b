import type { ListenerRecord, StoredMessage } from '../record/record.ts'
import { mayBeDiscarded } from './discarded.ts'
import type { Evidence, Violation } from './evidence.ts'

/** Each listener that existed when a message was accepted, and is for such, got it, and none that did not, or is not. */
export function judgeArrived(evidence: Evidence): Violation[] {
  const byQueue = Map.groupBy(evidence.record.listeners, ({ queue }) => queue)
  return [...evidence.stored.values()].flatMap((message) => [
    ...(byQueue.get(message.queue) ?? []).flatMap((listener) => judgeRecipient(evidence, message, listener)),
    ...message.deliveries.flatMap(({ listenerId, status }) => judgeDelivery(evidence, message, listenerId, status)),
  ])
}

/** When the message was accepted, as far as that is known: of those of schedules nothing but that they were. */
function acceptedBetween({ asked }: Evidence, { token }: StoredMessage): { from: number; until: number } {
  const { from, until } = asked.get(token) ?? { from: 0, until: Number.POSITIVE_INFINITY }
  return { from, until }
}

function judgeRecipient(evidence: Evidence, message: StoredMessage, listener: ListenerRecord): Violation[] {
  const { from, until } = acceptedBetween(evidence, message)
  const is = message.deliveries.some(({ listenerId }) => listenerId === listener.id)
  const about = { messageId: message.id, token: message.token, listenerId: listener.id }
  const existed = listener.created.answeredAt < from && listener.deleted === null
  const fits = listener.color === null || evidence.asked.get(message.token)?.color === listener.color
  if (existed && fits && !is) {
    const text = `${message.id} has no delivery to ${listener.name}, which existed when it was accepted`
    return [{ kind: 'left out', text, ...about }]
  }
  if (is && !fits) {
    const text = `${message.id} goes to ${listener.name}, whose filter it does not fit`
    return [{ kind: 'not for this listener', text, ...about }]
  }
  if (is && listener.created.askedAt > until) {
    const text = `${message.id} goes to ${listener.name}, which was made after it`
    return [{ kind: 'not for this listener', text, ...about }]
  }
  return []
}

function judgeDelivery(evidence: Evidence, message: StoredMessage, listenerId: string, status: string): Violation[] {
  const listener = evidence.listeners.get(listenerId)
  // One that was deleted gets nothing more, and what waited for it was discarded; of one whose creation was never answered
  // nothing is known.
  if (listener === undefined || listener.deleted !== null) return []
  const about = { messageId: message.id, token: message.token, listenerId }
  const arrivals = (evidence.arrivals.get(message.id) ?? []).filter((one) => one.listenerId === listenerId)
  if (status === 'delivered') {
    // A pull's acknowledgement may have been taken while its answer was lost.
    if (arrivals.some(({ outcome }) => outcome !== 'failed')) return []
    const text = `${message.id} is shown as delivered to ${listener.name}, which never acknowledged it`
    return [{ kind: 'never arrived', text, ...about }]
  }
  if (status === 'expired') {
    if (typeof evidence.asked.get(message.token)?.post.expiresInMs === 'number') return []
    const text = `${message.id} is shown as expired for ${listener.name}, and was never to expire`
    return [{ kind: 'expired without a reason', text, ...about }]
  }
  if (status === 'discarded') {
    if (mayBeDiscarded(evidence, message, listenerId)) return []
    const text = `${message.id} is shown as discarded for ${listener.name}, and no client asked for that`
    return [{ kind: 'discarded without a reason', text, ...about }]
  }
  if (status === 'missed') {
    if (listener.mayMiss && arrivals.some(({ outcome }) => outcome === 'failed')) return []
    const text = `${message.id} is shown as missed by ${listener.name} after ${arrivals.length} attempts that it saw`
    return [{ kind: 'missed too early', text, ...about }]
  }
  const text = `${message.id} is shown as ${status} for ${listener.name} after everything had come to rest`
  return [{ kind: 'still waiting', text, ...about }]
}
