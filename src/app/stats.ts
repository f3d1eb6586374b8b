import { addLatencies, type Latencies } from '../core/delivery/latency.ts'
import { isId } from '../core/id.ts'
import {
  addCounts,
  BUCKET_MS,
  bucketStart,
  type EventCounts,
  noCounts,
  WINDOWS,
  type Window,
  windowStarts,
} from '../core/telemetry/stats.ts'
import type { Principal } from '../core/tenant/api-key.ts'
import type { CountedBucket, CountedPart } from '../store/stats.ts'
import type { AppDeps } from './deps.ts'
import { onlyVisible } from './tenant/visibility.ts'

/** What one queue or listener did in the past 24 hours. */
export interface PartStats {
  id: string
  name: string
  queueId: string
  counts: EventCounts
  latencies: Latencies
}

/** Five minutes, with the latencies of what was acknowledged in them. */
interface StatsBucket extends CountedBucket {
  latencies: Latencies
}

export interface Stats {
  windows: Record<Window, EventCounts>
  /** Every five minutes of the past 24 hours, oldest first; only where it was asked for, like what follows. */
  series: StatsBucket[]
  queues: PartStats[]
  listeners: PartStats[]
}

type Deps = Pick<AppDeps, 'store' | 'runtime'>

/** One call to the store is a few milliseconds' work, for which writes wait. */
const PARTS_AT_ONCE = 2_000

/**
 * Counts of the past 24 hours, of what the key may see; with `of`, only those of the queue, listener or API key with
 * this id, which are none where the key may not see it.
 */
export async function readStats(
  deps: Deps,
  ask: { principal: Principal; series: boolean; of: string | null },
): Promise<Stats> {
  const now = deps.runtime.now()
  const starts = windowStarts(now)
  const range = { from: starts.last_24_hours, until: bucketStart(now) }
  const only = onlyVisible(ask.principal, 'stats')
  const { organizationId } = ask.principal
  const whole = only === null && ask.of === null
  const parts = ask.series || !whole ? await readPartsOf(deps, { organizationId, only, ...range }, ask.of) : []
  const buckets = whole ? await deps.store.stats.ofOrganization({ organizationId, ...range }) : parts
  return {
    windows: Object.fromEntries(
      WINDOWS.map((window) => [window, sumSince(buckets, starts[window])]),
    ) as Stats['windows'],
    series: ask.series ? seriesOf(buckets, parts, range) : [],
    ...(ask.series
      ? await partStats(deps, parts, { organizationId, only, of: ask.of })
      : { queues: [], listeners: [] }),
  }
}

interface Range {
  from: number
  until: number
}

async function readPartsOf(
  deps: Deps,
  ask: Range & { organizationId: string; only: readonly string[] | null },
  of: string | null,
): Promise<CountedPart[]> {
  if (of === null) return readParts(deps, ask)
  if (!isId(of)) return []
  const parts = await readParts(deps, ask.only === null ? { ...ask, only: [of] } : ask)
  return parts.filter(({ subjectId, listenerId }) => subjectId === of || listenerId === of)
}

async function readParts(
  { store }: Deps,
  ask: Range & { organizationId: string; only: readonly string[] | null },
): Promise<CountedPart[]> {
  const parts: CountedPart[] = []
  for (let from: number | null = ask.from; from !== null; ) {
    const read = await store.stats.ofParts({ ...ask, from, limit: PARTS_AT_ONCE })
    parts.push(...read.parts)
    from = read.next
  }
  return parts
}

function sumSince(buckets: readonly CountedBucket[], from: number): EventCounts {
  const sum = noCounts()
  for (const { start, counts } of buckets) if (start >= from) addCounts(sum, counts)
  return sum
}

function seriesOf(
  buckets: readonly CountedBucket[],
  parts: readonly CountedPart[],
  { from, until }: Range,
): StatsBucket[] {
  const series: StatsBucket[] = []
  for (let start = from; start <= until; start += BUCKET_MS) series.push({ start, counts: noCounts(), latencies: [] })
  const at = (start: number) => series[(start - from) / BUCKET_MS]!
  for (const { start, counts } of buckets) addCounts(at(start).counts, counts)
  for (const { start, latencies } of parts) addLatencies(at(start).latencies, latencies)
  return series
}

/** The counts of the parts that still exist, by id; a queue's include those of its listeners. */
async function partStats(
  { store }: Deps,
  parts: readonly CountedPart[],
  ask: { organizationId: string; only: readonly string[] | null; of: string | null },
): Promise<Pick<Stats, 'queues' | 'listeners'>> {
  const blank = () => ({ counts: noCounts(), latencies: [] as Latencies })
  const { of, ...rest } = ask
  const asked = { ...rest, slice: null }
  const isAsked = (part: PartStats) => of === null || part.id === of || part.queueId === of
  const queues = (await store.queues.list(asked)).map(({ id, name }) => ({ id, name, queueId: id, ...blank() }))
  const listeners = (await store.listeners.list({ ...asked, queueId: null })).map(({ id, name, queueId }) => ({
    ...{ id, name, queueId },
    ...blank(),
  }))
  const byId = new Map<string, PartStats>([...queues, ...listeners].map((part) => [part.id, part]))
  for (const { subjectId, listenerId, counts, latencies } of parts) {
    for (const id of listenerId === null ? [subjectId] : [subjectId, listenerId]) {
      const part = byId.get(id)
      if (part === undefined) continue
      addCounts(part.counts, counts)
      addLatencies(part.latencies, latencies)
    }
  }
  return { queues: queues.filter(isAsked), listeners: listeners.filter(isAsked) }
}
