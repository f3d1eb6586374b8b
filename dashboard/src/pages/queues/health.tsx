import type { QueueListener } from '../../api/queries.ts'
import { Badge, type Tone } from '../../parts/badge.tsx'
import { type Hindrance, hindranceOf } from '../listeners/hindrance.ts'

/** How the listeners of a queue are, taken together. */
export interface Health {
  listeners: number
  missed: number
  /** How many get nothing, by what keeps messages from them. */
  hindered: Partial<Record<Hindrance['kind'], number>>
}

export const NO_LISTENER: Health = { listeners: 0, missed: 0, hindered: {} }

/** By the id of the queue; a queue without listeners has none. */
export function healthOf(listeners: QueueListener[]): Map<string, Health> {
  const all = new Map<string, Health>()
  for (const listener of listeners) {
    const { missed, hindered, listeners: before } = all.get(listener.queue_id) ?? NO_LISTENER
    const kind = hindranceOf(listener)?.kind
    all.set(listener.queue_id, {
      listeners: before + 1,
      missed: missed + listener.messages.missed_count,
      hindered: kind === undefined ? hindered : { ...hindered, [kind]: (hindered[kind] ?? 0) + 1 },
    })
  }
  return all
}

/** The worst first. */
const WORDS: [Hindrance['kind'], string, Tone][] = [
  ['down', 'down', 'bad'],
  ['blocked', 'may be blocked', 'wait'],
  ['unverified', 'not verified', 'wait'],
  ['disabled', 'disabled', 'wait'],
]

/** The worst that is so of any listener, and of how many; undefined is not known. */
export function HealthBadge({ health }: { health: Health | undefined }) {
  if (health === undefined || health.listeners === 0) return <span className="faint">–</span>
  const worst = WORDS.find(([kind]) => health.hindered[kind] !== undefined)
  if (worst === undefined)
    return health.missed > 0 ? <Badge tone="wait">missed some</Badge> : <Badge tone="good">good</Badge>
  const [kind, word, tone] = worst
  return (
    <Badge tone={tone}>
      {health.listeners === 1 ? word : `${health.hindered[kind]} of ${health.listeners} ${word}`}
    </Badge>
  )
}
