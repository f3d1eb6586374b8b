import type { DeliverySignals } from '../../app/deps.ts'
import type { Listener } from '../../core/delivery/listener.ts'
import type { PullService } from '../pull/pull-service.ts'
import type { Delivering } from './delivering.ts'
import type { Dispatcher } from './dispatcher.ts'

/** Both ways to a listener: what is to be sent, and what waits to be fetched. */
export interface EngineSignals
  extends Omit<DeliverySignals, 'redeliveryWaits' | 'livenessUncertain'>,
    Pick<Dispatcher, 'reserve' | 'unreserve' | 'offer' | 'waitUntil'> {
  /** Something of this listener is due at this time, however it gets its messages. */
  due(listenerId: string, dueAt: number): void
}

/** Signals that reach both the lanes that push and the pulls that wait. */
export function createDeliverySignals(
  { dispatcher, signals: sending }: Pick<Delivering, 'dispatcher' | 'signals'>,
  pullService: PullService,
): EngineSignals {
  const now = Number.NEGATIVE_INFINITY
  const dueNow = (listenerIds: readonly string[]) => {
    for (const listenerId of listenerIds) pullService.due(listenerId, now)
  }
  return {
    ...sending,
    reserve: dispatcher.reserve,
    unreserve: dispatcher.unreserve,
    offer: dispatcher.offer,
    due(listenerId, dueAt) {
      pullService.due(listenerId, dueAt)
      sending.messageMoved([listenerId], dueAt)
    },
    waitUntil(listener: Listener, dueAt: number) {
      if (listener.notifyUrl === null) pullService.due(listener.id, dueAt)
      else dispatcher.waitUntil(listener, dueAt)
    },
    listenerChanged(listener) {
      sending.listenerChanged(listener)
      pullService.changed(listener.id)
    },
    listenerGone(listenerId) {
      sending.listenerGone(listenerId)
      pullService.changed(listenerId)
    },
    queueResumed(listenerIds) {
      sending.queueResumed(listenerIds)
      dueNow(listenerIds)
    },
    queueGone(listenerIds) {
      sending.queueGone(listenerIds)
      for (const listenerId of listenerIds) pullService.changed(listenerId)
    },
    messageGone(messageId, listenerIds) {
      sending.messageGone(messageId, listenerIds)
      // In an order the next one's turn may have come.
      dueNow(listenerIds)
    },
    messageMoved(listenerIds, dueAt) {
      sending.messageMoved(listenerIds, dueAt)
      for (const listenerId of listenerIds) pullService.due(listenerId, dueAt)
    },
  }
}
