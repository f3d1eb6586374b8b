import type { Acceptor } from '../../app/deps.ts'
import type { Listener } from '../../core/delivery/listener.ts'
import { type LeftOut, withoutLeftOut } from '../../core/listener-filter/left-out.ts'
import { quotaReached } from '../../core/tenant/organization.ts'
import type { Runtime } from '../../runtime.ts'
import type { AcceptResult, MessageAccept, NewDelivery, StoredMessage } from '../../store/commit/batch.ts'
import type { QueueRoute } from '../../store/queues.ts'
import { type Moments, NO_MOMENTS } from '../notify/moments.ts'
import type { PullService } from '../pull/pull-service.ts'
import type { Dispatcher } from '../push/dispatcher.ts'
import type { Committer } from './committer.ts'

/**
 * Takes messages in: stored with a delivery for each listener that they fit, those that are due and have room in their lane
 * already leased to this node, so that they go straight from memory to the wire.
 */
export function createAcceptor(deps: {
  committer: Committer
  dispatcher: Pick<Dispatcher, 'reserve' | 'unreserve' | 'offer' | 'waitUntil'>
  pulls: Pick<PullService, 'due'>
  runtime: Runtime
  /** Told of limits that are reached. */
  moments?: Pick<Moments, 'quotaReached'>
}): Acceptor {
  const { committer, dispatcher, pulls, runtime, moments = NO_MOMENTS } = deps

  function reserved(
    message: MessageAccept['message'],
    { queue, listeners: all }: QueueRoute,
    leftOut: LeftOut | null,
  ): MessageAccept {
    const listeners = withoutLeftOut(all, leftOut)
    // A paused queue leases nothing: its messages wait in the store until a node claims them.
    const due = message.deliverAt <= runtime.now() && !queue.paused
    const bytes = message.data.length
    const deliveries = listeners.map((listener): NewDelivery => {
      const { ordering } = listener.settings
      const leased = due && dispatcher.reserve(listener, bytes)
      return ordering === 'none' ? { listenerId: listener.id, leased } : { listenerId: listener.id, leased, ordering }
    })
    return leftOut === null ? { message, deliveries } : { message, deliveries, leftOut }
  }

  function unreserve(messages: readonly MessageAccept[]): void {
    for (const { message, deliveries } of messages) {
      for (const { listenerId, leased } of deliveries) {
        if (leased) dispatcher.unreserve(listenerId, message.data.length)
      }
    }
  }

  function dispatch(
    { message, deliveries, leftOut }: MessageAccept,
    { queue, listeners: all }: QueueRoute,
    { sequence, leases, places }: StoredMessage,
  ): void {
    // Resuming the queue wakes its lanes; until then each would only ask the store in vain.
    if (queue.paused) return
    const stored = { ...message, sequence }
    const dueAt = message.deliverAt
    const listeners: readonly Listener[] = withoutLeftOut(all, leftOut ?? null)
    for (let index = 0; index < listeners.length; index++) {
      const listener = listeners[index]!
      const lease = leases[index] ?? null
      const place = places?.[index] ?? null
      if (lease !== null) {
        dispatcher.offer({
          listenerId: listener.id,
          message: stored,
          dueAt,
          attempts: 0,
          attemptsBefore: 0,
          firstSentAt: null,
          orderNumber: place?.number ?? null,
          lease,
        })
        continue
      }
      if (deliveries[index]!.leased) dispatcher.unreserve(listener.id, message.data.length)
      // What waits for its turn becomes due with the end of what comes before it.
      if (place?.held === true) continue
      if (listener.notifyUrl === null) pulls.due(listener.id, dueAt)
      else dispatcher.waitUntil(listener, dueAt)
    }
  }

  /** What is on disk goes to its lanes; of anything else the places are given back. */
  function accepted(messages: readonly MessageAccept[], route: QueueRoute, result: AcceptResult): void {
    if (result.outcome !== 'accepted') unreserve(messages)
    else {
      for (let index = 0; index < messages.length; index++) {
        dispatch(messages[index]!, route, result.messages[index]!)
      }
    }
  }

  return {
    accept(given, route, answer, steps, leftOut) {
      // The caller judges by filters; without its judgement the message would go to all listeners.
      if (leftOut === undefined && (route.filters ?? null) !== null) throw new Error('the filters were not asked')
      const messages = given.map((message, index) => reserved(message, route, leftOut?.[index] ?? null))
      const what = { queueVersion: route.queue.version, messages, answer: answer ?? null, steps }
      return new Promise((resolve, reject) => {
        committer.accept(
          what,
          (result) => {
            accepted(messages, route, result)
            if (result.outcome !== 'quota') return resolve(result.outcome)
            moments.quotaReached(route.queue.organizationId, result)
            reject(quotaReached(result))
          },
          (error) => {
            unreserve(messages)
            reject(error)
          },
        )
      })
    },
    useKey: committer.useKey,
  }
}
