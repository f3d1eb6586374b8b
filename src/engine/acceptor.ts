import type { Acceptor } from '../app/deps.ts'
import { quotaReached } from '../core/organization.ts'
import type { Runtime } from '../runtime.ts'
import type { AcceptResult } from '../store/batch.ts'
import type { QueueRoute } from '../store/queues.ts'
import type { Committer } from './committer.ts'
import type { Dispatcher } from './dispatcher.ts'

/**
 * Takes a message in: stored with a delivery for each listener, those that are due and have room in their lane
 * already leased to this node, so that they go straight from memory to the wire.
 */
export function createAcceptor(deps: { committer: Committer; dispatcher: Dispatcher; runtime: Runtime }): Acceptor {
  const { committer, dispatcher, runtime } = deps

  function unreserve(deliveries: { listenerId: string; leased: boolean }[], bytes: number): void {
    for (const { listenerId, leased } of deliveries) if (leased) dispatcher.unreserve(listenerId, bytes)
  }

  return {
    async accept(message, route) {
      const bytes = message.data.length
      // A paused queue leases nothing: its messages wait in the store until somebody claims them.
      const due = message.deliverAt <= runtime.now() && !route.queue.paused
      const deliveries = route.listeners.map((listener) => ({
        listenerId: listener.id,
        leased: due && dispatcher.reserve(listener, bytes),
      }))
      let result: AcceptResult
      try {
        result = await committer.accept({ message, queueVersion: route.queue.version, deliveries })
      } catch (error) {
        unreserve(deliveries, bytes)
        throw error
      }
      if (result.outcome === 'accepted') dispatch(message, route, result)
      else unreserve(deliveries, bytes)
      if (result.outcome === 'quota') throw quotaReached(result)
      return result.outcome
    },
    useKey: committer.useKey,
  }

  function dispatch(
    message: Parameters<Acceptor['accept']>[0],
    { queue, listeners }: QueueRoute,
    { sequence, leases }: Extract<AcceptResult, { outcome: 'accepted' }>,
  ): void {
    // Whoever resumes the queue wakes its lanes; until then each would only ask the store in vain.
    if (queue.paused) return
    const stored = { ...message, sequence }
    for (const [index, listener] of listeners.entries()) {
      const lease = leases[index] ?? null
      if (lease === null) dispatcher.waitUntil(listener, message.deliverAt)
      else {
        const { id: listenerId } = listener
        const dueAt = message.deliverAt
        dispatcher.offer({ listenerId, message: stored, dueAt, attempts: 0, firstSentAt: null, lease })
      }
    }
  }
}
