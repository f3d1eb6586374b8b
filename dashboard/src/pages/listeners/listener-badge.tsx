import type { Listener } from '../../api/types.ts'
import { Badge, LivenessBadge, type Tone } from '../../parts/badge.tsx'
import { type Hindrance, hindranceOf } from './hindrance.ts'

const WORDS: Record<Exclude<Hindrance['kind'], 'down'>, [string, Tone]> = {
  disabled: ['disabled', 'wait'],
  unverified: ['domain not verified', 'wait'],
  blocked: ['may be blocked', 'wait'],
}

/** How a listener stands, in a word: what keeps messages from it, or else its liveness. */
export function ListenerBadge({ listener }: { listener: Listener }) {
  const hindrance = hindranceOf(listener)
  if (hindrance === null || hindrance.kind === 'down') return <LivenessBadge state={listener.liveness.state} />
  const [word, tone] = WORDS[hindrance.kind]
  return <Badge tone={tone}>{word}</Badge>
}
