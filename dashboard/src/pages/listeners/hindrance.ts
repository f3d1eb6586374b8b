import type { Listener } from '../../api/types.ts'

/** What keeps messages from a listener. */
export type Hindrance =
  | { kind: 'disabled'; why: string | null; at: number | null }
  | { kind: 'unverified' }
  | { kind: 'down'; why: string | null; lastSuccessAt: number | null }
  | { kind: 'blocked'; messageId: string }

/** The answer for which the server disables a listener: nothing is sent after it, so that it stays the last failure. */
const GONE = 410

/** The first that has to be mended before messages get there; null where nothing stands in the way. */
export function hindranceOf(listener: Listener): Hindrance | null {
  const { liveness, messages } = listener
  const { last_failure_msg: failure, last_failure_at: failedAt } = liveness
  if (listener.status === 'disabled') {
    const isGone = liveness.last_failure_status === GONE
    return { kind: 'disabled', why: isGone ? 'it answered 410 Gone' : null, at: isGone ? failedAt : null }
  }
  if (listener.awaits_verification) return { kind: 'unverified' }
  if (liveness.state === 'down') {
    const why = failure ?? (liveness.last_failure_status === null ? null : `answered ${liveness.last_failure_status}`)
    return { kind: 'down', why, lastSuccessAt: messages.last_success_at }
  }
  const blocker = blockerOf(listener)
  return blocker === null ? null : { kind: 'blocked', messageId: blocker }
}

/**
 * The missed message behind which others may wait: an order that blocks goes no further, so that it is the newest. What was
 * missed before the listener was told to block holds nothing, which only its deliveries tell.
 */
function blockerOf({ ordering, on_missed, messages }: Listener): string | null {
  if (ordering === 'none' || on_missed !== 'block' || messages.pending_count === 0) return null
  return messages.missed[0] ?? null
}
