import type { EngineCounters, EngineGauges } from '../../core/telemetry/counters.ts'
import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'
import { createBacklogFamilies } from './backlog.ts'
import { engineFamilies } from './engine.ts'
import { expose } from './exposition.ts'
import { createProcessFamilies } from './process.ts'
import { createRequestCounts, type RequestCounts } from './request-counts.ts'

/** Everything that is measured. It tells of queues by their ids alone, and of nothing that tenants have named or sent. */
export interface Metrics {
  /** Where the API counts what it answers. */
  requests: RequestCounts
  /** All of it, in the text format of Prometheus. */
  text(): Promise<string>
}

export function createMetrics(deps: {
  counters: EngineCounters
  gauges: () => EngineGauges
  store: { deliveries: Pick<Store['deliveries'], 'backlog'> }
  runtime: Pick<Runtime, 'now' | 'elapsedMs'>
  version: string
}): Metrics {
  const requests = createRequestCounts()
  const [backlogFamilies, processFamilies] = [createBacklogFamilies(deps), createProcessFamilies()]
  return {
    requests,
    async text() {
      return expose([
        {
          name: 'discue_build_info',
          help: 'Always 1; the label tells the version.',
          type: 'gauge',
          samples: [{ labels: { version: deps.version }, value: 1 }],
        },
        {
          name: 'discue_http_requests_total',
          help: 'Requests that were answered, by route and class of status.',
          type: 'counter',
          samples: requests.samples(),
        },
        ...engineFamilies(deps.counters, deps.gauges()),
        ...(await backlogFamilies()),
        ...processFamilies(),
      ])
    },
  }
}
