import type { Carrier } from '../app/deps.ts'
import type { Listener } from '../core/listener.ts'
import type { Delivering } from './delivering.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { PullDesk } from './pull-desk.ts'

/** Both ways to a listener: what is to be sent, and what waits to be fetched. */
export interface BothWays
  extends Omit<Carrier, 'redeliveryWaits' | 'livenessDoubted'>,
    Pick<Dispatcher, 'reserve' | 'unreserve' | 'offer' | 'waitUntil'> {
  /** Something of this listener is due at this time, however it gets its messages. */
  due(listenerId: string, dueAt: number): void
}

/** Tells of everything that happens both those who send and those who wait at the desk. */
export function createCarrier(
  { dispatcher, carrier: sending }: Pick<Delivering, 'dispatcher' | 'carrier'>,
  desk: PullDesk,
): BothWays {
  const now = Number.NEGATIVE_INFINITY
  const dueNow = (listenerIds: readonly string[]) => {
    for (const listenerId of listenerIds) desk.due(listenerId, now)
  }
  return {
    ...sending,
    reserve: dispatcher.reserve,
    unreserve: dispatcher.unreserve,
    offer: dispatcher.offer,
    due(listenerId, dueAt) {
      desk.due(listenerId, dueAt)
      sending.messageMoved([listenerId], dueAt)
    },
    waitUntil(listener: Listener, dueAt: number) {
      if (listener.notifyUrl === null) desk.due(listener.id, dueAt)
      else dispatcher.waitUntil(listener, dueAt)
    },
    listenerChanged(listener) {
      sending.listenerChanged(listener)
      desk.changed(listener.id)
    },
    listenerGone(listenerId) {
      sending.listenerGone(listenerId)
      desk.changed(listenerId)
    },
    queueResumed(listenerIds) {
      sending.queueResumed(listenerIds)
      dueNow(listenerIds)
    },
    queueGone(listenerIds) {
      sending.queueGone(listenerIds)
      for (const listenerId of listenerIds) desk.changed(listenerId)
    },
    messageGone(messageId, listenerIds) {
      sending.messageGone(messageId, listenerIds)
      // In an order the next one's turn may have come.
      dueNow(listenerIds)
    },
    messageMoved(listenerIds, dueAt) {
      sending.messageMoved(listenerIds, dueAt)
      for (const listenerId of listenerIds) desk.due(listenerId, dueAt)
    },
  }
}
