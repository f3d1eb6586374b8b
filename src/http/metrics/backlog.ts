import type { Runtime } from '../../runtime.ts'
import type { Backlog } from '../../store/deliveries.ts'
import { type Store, StoreUnavailable } from '../../store/store.ts'
import type { Family } from './exposition.ts'

/** Queues that have labels of their own; labels without an end would cost the Prometheus server more than they tell. */
const MAX_QUEUES = 50
/** The label of all other queues together. No id is as short. */
const OTHERS = 'other'
/** Any client may scrape; the store is asked no oftener than this. */
const KEEP_MS = 5_000

type Reading = Awaited<ReturnType<Store['deliveries']['backlog']>>

/** What waits in the store, by queue. Nothing is told of it while the store cannot be read. */
export function createBacklogFamilies({
  store,
  runtime,
}: {
  store: { deliveries: Pick<Store['deliveries'], 'backlog'> }
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
    return reading === null ? [] : familiesOf(reading, runtime.now())
  }
}

async function readStore(store: { deliveries: Pick<Store['deliveries'], 'backlog'> }): Promise<Reading | null> {
  try {
    return await store.deliveries.backlog({ limit: MAX_QUEUES })
  } catch (error) {
    if (error instanceof StoreUnavailable) return null
    throw error
  }
}

function familiesOf({ queues, others }: Reading, now: number): Family[] {
  const rows = [
    ...queues.map(({ queueId, ...backlog }) => ({ queue: queueId, ...backlog })),
    { queue: OTHERS, ...others },
  ]
  const samples = (counter: (backlog: Backlog) => number) =>
    rows.map(({ queue, ...backlog }) => ({ labels: { queue }, value: counter(backlog) }))
  return [
    {
      name: 'discue_queue_waiting_deliveries',
      help: `Deliveries that are neither acknowledged nor missed, of the ${MAX_QUEUES} queues with the most.`,
      type: 'gauge',
      samples: samples(({ waiting }) => waiting),
    },
    {
      name: 'discue_queue_oldest_waiting_seconds',
      help: 'For how long the oldest of them has been due.',
      type: 'gauge',
      samples: samples(({ oldestDueAt }) => (oldestDueAt === null ? 0 : Math.max(0, now - oldestDueAt) / 1000)),
    },
  ]
}
