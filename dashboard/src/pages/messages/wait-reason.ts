import type { Delivery, Listener, Message } from '../../api/types.ts'
import { distance, timeOfDay } from '../../words/format.ts'

export interface WaitReason {
  title: string
  why: string | null
}

/** Why nothing happens right now with a delivery that is pending. */
export function waitingWords(at: {
  delivery: Delivery
  listener: Listener | undefined
  paused: boolean
  message: Message
  now: number
}): WaitReason {
  const { delivery, listener, paused, message, now } = at
  const next = delivery.next_attempt_at
  if (message.status === 'scheduled' && next !== null) {
    return { title: `Waits for its time, ${distance(next, now)}`, why: null }
  }
  if (paused) return { title: 'Waits: the queue is paused', why: 'Resume the queue, and it goes on.' }
  if (listener !== undefined) {
    const held = heldBy(listener)
    if (held !== null) return held
  }
  if (next === null) return inOrder(listener)
  if (listener && !listener.notify_url) return { title: 'Waits to be pulled', why: null }
  if (next > now)
    return { title: `Next attempt ${distance(next, now)}`, why: `At ${timeOfDay(next)}, with some jitter.` }
  return { title: 'Being delivered, or next in line', why: null }
}

/** What keeps a listener from getting anything; null where nothing does. */
function heldBy({ status, awaits_verification, liveness, liveness_url }: Listener): WaitReason | null {
  if (status === 'disabled') return { title: 'Waits: the listener is disabled', why: 'Enable it, and it goes on.' }
  if (awaits_verification)
    return { title: 'Waits: the domain of the listener is not verified', why: 'Verify it, and it goes on.' }
  if (liveness.state !== 'down') return null
  return { title: 'Waits: the listener is down', why: downWords(liveness_url !== null) }
}

/**
 * What happens to deliveries while their listener is down. Checks of a URL cost no attempts; without one the circuit
 * breaker tries the oldest delivery now and then, which does.
 */
export function downWords(hasLivenessUrl: boolean): string {
  return hasLivenessUrl
    ? 'Nothing is sent while its URL for liveness fails, and no attempt is used up; it goes on by itself once that succeeds.'
    : 'The circuit breaker tries only the oldest delivery now and then, which counts as an attempt of that one; the others ' +
        'go on by themselves once it succeeds. What has waited for as long as its retries take, and at least 24 h, is missed.'
}

function inOrder(listener: Listener | undefined): WaitReason {
  const { ordering, on_missed, messages } = listener ?? {}
  if (ordering !== undefined && ordering !== 'none' && on_missed === 'block' && (messages?.missed_count ?? 0) > 0) {
    return {
      title: 'Waits behind a missed message',
      why: 'The listener blocks: redeliver or delete what was missed before it, and it goes on.',
    }
  }
  return { title: 'Waits for its turn', why: 'Those before it in the order come first.' }
}
