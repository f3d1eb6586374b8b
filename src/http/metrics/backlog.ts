import type { Runtime } from '../../runtime.ts'
import type { ListenerBacklog, OtherListeners } from '../../store/deliveries.ts'
import { type Store, StoreUnavailable } from '../../store/store.ts'
import type { Family, Sample } from './exposition.ts'

/** Queues and listeners that have labels of their own; labels without an end would cost the Prometheus server more than they tell. */
const MAX_QUEUES = 50
const MAX_LISTENERS = 50
/** The label of all others together. No id is as short. */
const OTHERS = 'other'
/** Any client may scrape; the store is asked no oftener than this. */
const KEEP_MS = 5_000

type Deliveries = Pick<Store['deliveries'], 'backlog' | 'worstListeners'>
type Queues = Awaited<ReturnType<Deliveries['backlog']>>
type Listeners = Awaited<ReturnType<Deliveries['worstListeners']>>
interface Reading {
  queues: Queues
  listeners: Listeners
}

/** What waits in the store, by queue and by listener. Nothing is told of it while the store cannot be read. */
export function createBacklogFamilies({
  store,
  runtime,
}: {
  store: { deliveries: Deliveries }
  runtime: Pick<Runtime, 'now' | 'elapsedMs'>
}): () => Promise<Family[]> {
  let last: { at: number; reading: Promise<Reading | null> } | null = null

  function read(): Promise<Reading | null> {
    const at = runtime.elapsedMs()
    if (last === null || at - last.at >= KEEP_MS) last = { at, reading: readStore(store) }
    return last.reading
  }

  return async () => {
    const reading = await read()
    if (reading === null) return []
    const now = runtime.now()
    return [...queueFamilies(reading.queues, now), ...listenerFamilies(reading.listeners, now)]
  }
}

async function readStore({ deliveries }: { deliveries: Deliveries }): Promise<Reading | null> {
  try {
    const queues = await deliveries.backlog({ limit: MAX_QUEUES })
    return { queues, listeners: await deliveries.worstListeners({ limit: MAX_LISTENERS }) }
  } catch (error) {
    if (error instanceof StoreUnavailable) return null
    throw error
  }
}

function queueFamilies({ queues, others }: Queues, now: number): Family[] {
  const rows = [...queues, { queueId: OTHERS, queueName: OTHERS, ...others }]
  const samples = (measure: (row: (typeof rows)[number]) => number) =>
    rows.map((row): Sample => ({ labels: { queue: row.queueId, queue_name: row.queueName }, value: measure(row) }))
  return [
    gauge(
      'discue_queue_waiting_deliveries',
      `Deliveries that are neither acknowledged nor missed, of the ${MAX_QUEUES} queues with the most.`,
      samples(({ waiting }) => waiting),
    ),
    gauge(
      'discue_queue_oldest_waiting_seconds',
      'For how long the oldest of them has been due that neither a pause nor a disabled listener keeps back.',
      samples(({ oldestDueAt }) => secondsSince(oldestDueAt, now)),
    ),
  ]
}

/** Of the other listeners there is no oldest: each of their queues tells of it. */
function listenerFamilies({ listeners, others }: Listeners, now: number): Family[] {
  const labelsOf = ({ queueId, queueName, listenerId, listenerName }: ListenerBacklog) => {
    return { queue: queueId, queue_name: queueName, listener: listenerId, listener_name: listenerName }
  }
  const other = { queue: OTHERS, queue_name: OTHERS, listener: OTHERS, listener_name: OTHERS }
  const own = (measure: (row: ListenerBacklog) => number) =>
    listeners.map((row): Sample => ({ labels: labelsOf(row), value: measure(row) }))
  const all = (measure: (row: ListenerBacklog) => number, sum: keyof OtherListeners) => [
    ...own(measure),
    { labels: other, value: others[sum] },
  ]
  const which = `of the ${MAX_LISTENERS} listeners that are worst off`
  return [
    gauge(
      'discue_listener_down',
      `1 where it is down, ${which}; of the others how many are.`,
      all(({ state }) => (state === 'down' ? 1 : 0), 'down'),
    ),
    gauge(
      'discue_listener_waiting_deliveries',
      `Deliveries that are neither acknowledged nor missed, ${which}.`,
      all(({ waiting }) => waiting, 'waiting'),
    ),
    gauge(
      'discue_listener_missed_deliveries',
      `Deliveries that are missed now, ${which}.`,
      all(({ missed }) => missed, 'missed'),
    ),
    gauge(
      'discue_listener_oldest_waiting_seconds',
      'For how long the oldest of them has been due that nothing keeps back on purpose.',
      own(({ oldestDueAt }) => secondsSince(oldestDueAt, now)),
    ),
  ]
}

function secondsSince(dueAt: number | null, now: number): number {
  return dueAt === null ? 0 : Math.max(0, now - dueAt) / 1000
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples }
}
