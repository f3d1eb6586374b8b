import { type Static, type TSchema, Type } from 'typebox'
import type { AppDeps } from '../../../app/deps.ts'
import { type PartStats, readStats } from '../../../app/stats.ts'
import { type Latencies, latencyCount, percentile } from '../../../core/delivery/latency.ts'
import { EVENT_TYPES, type EventType } from '../../../core/telemetry/event.ts'
import { type EventCounts, WINDOWS } from '../../../core/telemetry/stats.ts'
import { type Api, requires } from '../../contract.ts'
import { paths, selfLink } from '../../present/links.ts'
import { answers, Id, NullableInteger, Query, SelfLink, Time } from '../../present/schemas.ts'

const LISTENER_TYPES = EVENT_TYPES.filter(
  (type) => type.startsWith('listener_') || type.startsWith('message_published_'),
)
const QUEUE_TYPES = EVENT_TYPES.filter((type) => !type.startsWith('api_key_'))

const all = <Key extends string, Rule extends TSchema>(keys: readonly Key[], rule: Rule, title?: string) =>
  Type.Object(Object.fromEntries(keys.map((key) => [key, rule])) as Record<Key, Rule>, title ? { title } : {})

const Counts = all(EVENT_TYPES, Type.Integer(), 'UsageCounts')
const DeliveryLatency = Type.Object(
  { count: Type.Integer(), p50: NullableInteger, p95: NullableInteger, p99: NullableInteger },
  {
    title: 'DeliveryLatency',
    description: 'milliseconds from when a message was due to its acknowledgement, at most 10 % off',
  },
)
const Part = { id: Id, name: Type.String(), delivery_latency: DeliveryLatency }

const Stats = Type.Object(
  {
    aggregated_api_usage_events: all(WINDOWS, Counts, 'MessageStatsWindows'),
    series: Type.Optional(
      Type.Array(
        Type.Object(
          { start: Time, counts: Counts, delivery_latency: DeliveryLatency },
          { title: 'MessageStatsPeriod' },
        ),
      ),
    ),
    queues: Type.Optional(Type.Array(Type.Object({ ...Part, counts: all(QUEUE_TYPES, Type.Integer()) }))),
    listeners: Type.Optional(
      Type.Array(Type.Object({ ...Part, queue_id: Id, counts: all(LISTENER_TYPES, Type.Integer()) })),
    ),
    _links: SelfLink,
  },
  { title: 'MessageStats' },
)

const schema = {
  operationId: 'getMessageStats',
  summary: 'Get how much happened in the past 24 hours',
  querystring: Type.Object({
    ...Query.properties,
    series: Type.Optional(
      Type.Boolean({ description: 'add counts per five minutes, and counts and latencies per queue and listener' }),
    ),
    of: Type.Optional(
      Type.String({ description: 'the id of one queue, listener or API key; all counts are then its own' }),
    ),
  }),
  response: answers(Stats),
}

export function statsRoutes(api: Api, deps: AppDeps): void {
  api.get('/stats/messages', { schema, config: requires('stats', 'read') }, async (request) => {
    const series = request.query.series === true
    const stats = await readStats(deps, { principal: request.principal, series, of: request.query.of ?? null })
    return {
      aggregated_api_usage_events: stats.windows,
      ...(series && {
        series: stats.series.map(({ start, counts, latencies }) => ({
          start,
          counts,
          delivery_latency: latencyOf(latencies),
        })),
        queues: stats.queues.map((queue) => fullPart(queue, QUEUE_TYPES)),
        listeners: stats.listeners.map((listener) => ({
          ...fullPart(listener, LISTENER_TYPES),
          queue_id: listener.queueId,
        })),
      }),
      _links: selfLink(request, paths.messageStats),
    } as Static<typeof Stats>
  })
}

function fullPart({ id, name, counts, latencies }: PartStats, types: readonly EventType[]) {
  return { id, name, counts: only(counts, types), delivery_latency: latencyOf(latencies) }
}

function latencyOf(latencies: Latencies) {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(latencies, share))
  return { count: latencyCount(latencies), p50, p95, p99 }
}

function only(counts: EventCounts, types: readonly EventType[]): Partial<EventCounts> {
  return Object.fromEntries(types.map((type) => [type, counts[type]]))
}
