import type { QueueListener } from '../../api/queries.ts'
import type { PartStats, Queue } from '../../api/types.ts'
import { plural } from '../../words/format.ts'
import { type Hindrance, hindranceOf } from '../listeners/hindrance.ts'

/** What one press mends. */
export type Remedy =
  | { kind: 'enable' | 'redeliver' | 'check'; listener: QueueListener }
  | { kind: 'resume'; queue: Queue }

/** Something that an operator is needed for, with where to look and what to do. */
export interface Concern {
  id: string
  tone: 'bad' | 'wait'
  what: string
  why: string
  /** The moment by which it can be told how long this has been so, and what happened then. */
  since: { word: string; at: number } | null
  to: string
  remedy: Remedy | null
}

/** So many waiting that it is worth a look, unless the queue is paused on purpose. */
const LARGE_BACKLOG = 1_000

type Found = Pick<Concern, 'tone' | 'why' | 'since' | 'remedy'>

/** The worst first. */
export function concernsOf(listeners: QueueListener[], queues: Queue[], stats: PartStats[]): Concern[] {
  const names = new Map(queues.map(({ id, name }) => [id, name]))
  const byQueue = new Map(stats.map((one) => [one.id, one]))
  const ofListeners = listeners.flatMap((listener) => {
    const found = listenerConcern(listener)
    if (found === null) return []
    const what = `${names.get(listener.queue_id) ?? 'a queue'} → ${listener.name}`
    return [{ id: listener.id, what, to: `/queues/${listener.queue_id}/listeners/${listener.id}`, ...found }]
  })
  const ofQueues = queues.flatMap((queue) => {
    const found = queueConcern(queue, byQueue.get(queue.id))
    return found === null ? [] : [{ id: queue.id, what: queue.name, to: `/queues/${queue.id}`, ...found }]
  })
  return [...ofListeners, ...ofQueues].sort((a, b) => (a.tone === b.tone ? 0 : a.tone === 'bad' ? -1 : 1))
}

function listenerConcern(listener: QueueListener): Found | null {
  const { liveness, messages } = listener
  const missed =
    messages.missed_count > 0 ? plural(messages.missed_count, 'missed delivery', 'missed deliveries') : null
  const hindrance = hindranceOf(listener)
  if (hindrance !== null) return hinderedConcern(listener, hindrance, missed)
  if (missed !== null) {
    return { tone: 'bad', why: missed, since: failureOf(listener), remedy: { kind: 'redeliver', listener } }
  }
  if (liveness.state !== 'unstable') return null
  const why = `failed its latest check${liveness.last_failure_msg === null ? '' : `: ${liveness.last_failure_msg}`}`
  return { tone: 'wait', why, since: failureOf(listener), remedy: checkOf(listener) }
}

function hinderedConcern(listener: QueueListener, hindrance: Hindrance, missed: string | null): Found {
  const waiting = plural(listener.messages.pending_count, 'delivery waits', 'deliveries wait')
  const also = missed === null ? '' : `, ${missed}`
  if (hindrance.kind === 'disabled') {
    const { why, at } = hindrance
    const since = at === null ? null : { word: 'since', at }
    const text = `is disabled${why === null ? '' : `: ${why}`}; ${waiting}${also}`
    return { tone: why === null ? 'wait' : 'bad', why: text, since, remedy: { kind: 'enable', listener } }
  }
  if (hindrance.kind === 'unverified') {
    return { tone: 'wait', why: `waits for its domain to be verified; ${waiting}`, since: null, remedy: null }
  }
  if (hindrance.kind === 'blocked') {
    const why = `may be blocked by a missed message; ${waiting}${also}`
    return { tone: 'bad', why, since: failureOf(listener), remedy: { kind: 'redeliver', listener } }
  }
  const { why, lastSuccessAt } = hindrance
  const since = lastSuccessAt === null ? failureOf(listener) : { word: 'last success', at: lastSuccessAt }
  return {
    tone: 'bad',
    why: `is down${why === null ? '' : `: ${why}`}; ${waiting}${also}`,
    since,
    remedy: missed === null ? checkOf(listener) : { kind: 'redeliver', listener },
  }
}

function checkOf(listener: QueueListener): Remedy | null {
  return listener.notify_url ? { kind: 'check', listener } : null
}

function failureOf({ messages, liveness }: QueueListener): Concern['since'] {
  const at = messages.last_failure_at ?? liveness.last_failure_at
  return at === null ? null : { word: 'last failure', at }
}

function queueConcern(queue: Queue, stats: PartStats | undefined): Found | null {
  const waiting = plural(queue.pending_count, 'delivery', 'deliveries')
  if (queue.paused && queue.pending_count > 0) {
    return { tone: 'wait', why: `is paused with ${waiting} waiting`, since: null, remedy: { kind: 'resume', queue } }
  }
  if (queue.pending_count < LARGE_BACKLOG) return null
  const settled = stats?.counts.message_published_ok ?? 0
  const why = settled === 0 ? `${waiting} waiting, none delivered today` : `${waiting} waiting`
  return { tone: 'wait', why, since: null, remedy: null }
}
