import type { Acceptor } from '../app/deps.ts'
import { quotaReached } from '../core/organization.ts'
import type { Runtime } from '../runtime.ts'
import type { AcceptResult, MessageAccept, StoredMessage } from '../store/batch.ts'
import type { QueueRoute } from '../store/queues.ts'
import type { Committer } from './committer.ts'
import type { Dispatcher } from './dispatcher.ts'

/**
 * Takes messages in: stored with a delivery for each listener, those that are due and have room in their lane
 * already leased to this node, so that they go straight from memory to the wire.
 */
export function createAcceptor(deps: { committer: Committer; dispatcher: Dispatcher; runtime: Runtime }): Acceptor {
  const { committer, dispatcher, runtime } = deps

  function reserved(message: MessageAccept['message'], { queue, listeners }: QueueRoute): MessageAccept {
    // A paused queue leases nothing: its messages wait in the store until somebody claims them.
    const due = message.deliverAt <= runtime.now() && !queue.paused
    const bytes = message.data.length
    const deliveries = listeners.map((listener) => ({
      listenerId: listener.id,
      leased: due && dispatcher.reserve(listener, bytes),
    }))
    return { message, deliveries }
  }

  function unreserve(messages: readonly MessageAccept[]): void {
    for (const { message, deliveries } of messages) {
      for (const { listenerId, leased } of deliveries) {
        if (leased) dispatcher.unreserve(listenerId, message.data.length)
      }
    }
  }

  function dispatch(
    { message }: MessageAccept,
    { queue, listeners }: QueueRoute,
    { sequence, leases }: StoredMessage,
  ): void {
    // Whoever resumes the queue wakes its lanes; until then each would only ask the store in vain.
    if (queue.paused) return
    const stored = { ...message, sequence }
    const dueAt = message.deliverAt
    for (const [index, listener] of listeners.entries()) {
      const lease = leases[index] ?? null
      if (lease === null) dispatcher.waitUntil(listener, dueAt)
      else {
        const delivery = { listenerId: listener.id, message: stored, dueAt, firstSentAt: null, lease }
        dispatcher.offer({ ...delivery, attempts: 0, attemptsBefore: 0 })
      }
    }
  }

  return {
    async accept(given, route, answer) {
      const messages = given.map((message) => reserved(message, route))
      let result: AcceptResult
      try {
        result = await committer.accept({ queueVersion: route.queue.version, messages, answer: answer ?? null })
      } catch (error) {
        unreserve(messages)
        throw error
      }
      if (result.outcome !== 'accepted') unreserve(messages)
      else for (const [index, stored] of result.messages.entries()) dispatch(messages[index]!, route, stored)
      if (result.outcome === 'quota') throw quotaReached(result)
      return result.outcome
    },
    useKey: committer.useKey,
  }
}
