import type { QueueListener } from '../../api/queries.ts'
import type { PartStats, Queue } from '../../api/types.ts'
import { plural } from '../../words/format.ts'

/** Something that the operator should look at, with where to look. */
export interface Concern {
  id: string
  tone: 'bad' | 'wait'
  what: string
  why: string
  to: string
}

/** So many waiting that it is worth a look, unless the queue is paused on purpose. */
const LARGE_BACKLOG = 1_000

/** The worst first. */
export function concernsOf(listeners: QueueListener[], queues: Queue[], stats: PartStats[]): Concern[] {
  const names = new Map(queues.map(({ id, name }) => [id, name]))
  const ofListeners = listeners.flatMap((listener) => {
    const concern = listenerConcern(listener)
    if (concern === null) return []
    const what = `${names.get(listener.queue_id) ?? 'a queue'} → ${listener.name}`
    return [{ id: listener.id, what, to: `/queues/${listener.queue_id}/listeners/${listener.id}`, ...concern }]
  })
  const ofQueues = queues.flatMap((queue) => {
    const concern = queueConcern(
      queue,
      stats.find(({ id }) => id === queue.id),
    )
    return concern === null ? [] : [{ id: queue.id, what: queue.name, to: `/queues/${queue.id}`, ...concern }]
  })
  return [...ofListeners, ...ofQueues].sort((a, b) => (a.tone === b.tone ? 0 : a.tone === 'bad' ? -1 : 1))
}

function listenerConcern({ liveness, messages, status }: QueueListener): Pick<Concern, 'tone' | 'why'> | null {
  const missed =
    messages.missed_count > 0 ? plural(messages.missed_count, 'missed delivery', 'missed deliveries') : null
  if (liveness.state === 'down') return { tone: 'bad', why: ['is down', missed].filter(Boolean).join(', ') }
  if (missed !== null) return { tone: 'bad', why: missed }
  if (status === 'disabled') return { tone: 'wait', why: 'is disabled: its messages wait' }
  if (liveness.state === 'unstable') return { tone: 'wait', why: 'failed its latest check' }
  return null
}

function queueConcern(queue: Queue, stats: PartStats | undefined): Pick<Concern, 'tone' | 'why'> | null {
  if (queue.paused && queue.pending_count > 0) {
    return { tone: 'wait', why: `is paused with ${plural(queue.pending_count, 'delivery', 'deliveries')} waiting` }
  }
  if (queue.pending_count < LARGE_BACKLOG) return null
  const settled = stats?.counts.message_published_ok ?? 0
  const why = `${plural(queue.pending_count, 'delivery', 'deliveries')} waiting`
  return { tone: 'wait', why: settled === 0 ? `${why}, none delivered today` : why }
}
