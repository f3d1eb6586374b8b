import type { LivenessState, MessageStatus } from '../api/types.ts'

export type Tone = 'good' | 'wait' | 'bad' | 'plan' | 'none'

/** A word with a colour that means something; the word alone says it too. */
export function Badge({ tone = 'none', children }: { tone?: Tone; children: string }) {
  return (
    <span className="badge" data-tone={tone}>
      {children}
    </span>
  )
}

const MESSAGE_TONES: Record<MessageStatus, Tone> = {
  scheduled: 'plan',
  pending: 'wait',
  delivered: 'good',
  missed: 'bad',
  expired: 'none',
  discarded: 'none',
  unrouted: 'bad',
}

export const LIVENESS_TONES: Record<LivenessState, Tone> = {
  stable: 'good',
  unstable: 'wait',
  down: 'bad',
  unknown: 'none',
}

export function MessageBadge({ status }: { status: MessageStatus }) {
  return <Badge tone={MESSAGE_TONES[status]}>{status}</Badge>
}

export function LivenessBadge({ state }: { state: LivenessState }) {
  return <Badge tone={LIVENESS_TONES[state]}>{state}</Badge>
}
