import type { Listener } from '../delivery/listener.ts'

/** What keeps a node from sending a listener more than it does now; told by the node's own lane. */
export type HoldUp = 'down' | 'proxy' | 'rate_limit' | 'concurrency'

/** What a pending delivery waits for; of several reasons the first of these is told. */
export const WAIT_REASONS = [
  'disabled',
  'domain',
  'paused',
  'order',
  'lease',
  'due',
  'retry',
  'pull',
  'down',
  'proxy',
  'rate_limit',
  'concurrency',
  'sending',
] as const
export type WaitReason = (typeof WAIT_REASONS)[number]

export const WAIT_REASON_RULES = [
  '`disabled`: the listener is; `domain`: its domain is not verified; `paused`: its queue is; `order`: the message before it',
  '(`behind`); `lease`: a client has pulled it; `due`: its time; `retry`: the pause after a failed attempt; `pull`: a client',
  'that pulls it; `down`: the listener is down, or its circuit breaker open; `proxy`: the proxy of the server failed; `rate_limit`: the rate that the listener allows,',
  'or a `Retry-After` of its receiver; `concurrency`: attempts under way; `sending`: nothing.',
].join(' ')

/** What is known of a pending delivery and of its listener. */
export interface WaitFacts {
  delivery: {
    /** Null where it waits for its turn in an order. */
    dueAt: number | null
    /** In all, and those before the present run. */
    attempts: number
    attemptsBefore: number
    /** A client that pulled it holds it. */
    isPulled: boolean
  }
  listener: Pick<Listener, 'notifyUrl' | 'settings'>
  isQueuePaused: boolean
  holdUp: HoldUp | null
  now: number
}

/** What the delivery waits for. A cause that holds all of a listener comes before those of one delivery. */
export function waitReasonOf({ delivery, listener, isQueuePaused, holdUp, now }: WaitFacts): WaitReason {
  if (listener.settings.status === 'disabled') return 'disabled'
  if (listener.settings.awaitsVerification) return 'domain'
  if (isQueuePaused) return 'paused'
  if (delivery.dueAt === null) return 'order'
  if (delivery.isPulled) return 'lease'
  if (delivery.dueAt > now) return delivery.attempts > delivery.attemptsBefore ? 'retry' : 'due'
  if (listener.notifyUrl === null) return 'pull'
  return holdUp ?? 'sending'
}
