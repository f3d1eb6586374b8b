import type { EngineCounters, EngineGauges } from '../../core/telemetry/counters.ts'
import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'
import { createBacklogFamilies } from './backlog.ts'
import { diskFamilies } from './disk.ts'
import { engineFamilies } from './engine.ts'
import { expose } from './exposition.ts'
import { createProcessFamilies } from './process.ts'
import { createRequestCounts, type RequestCounts } from './request-counts.ts'

/** Everything that is measured. It names queues and listeners, and tells nothing that tenants have sent. */
export interface Metrics {
  /** Where the API counts what it answers. */
  requests: RequestCounts
  /** All of it, in the text format of Prometheus. */
  text(): Promise<string>
}

export function createMetrics(deps: {
  counters: EngineCounters
  gauges: () => EngineGauges
  store: { deliveries: Pick<Store['deliveries'], 'backlog' | 'worstListeners'> }
  runtime: Pick<Runtime, 'now' | 'elapsedMs'>
  version: string
  /** The path of the database, where it is a file; else its sizes are PostgreSQL's to tell. */
  databasePath?: string | null
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
        ...(await diskFamilies(deps.databasePath ?? null)),
        ...processFamilies(),
      ])
    },
  }
}
