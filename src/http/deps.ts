import type { AppDeps } from '../app/deps.ts'
import type { LockOut } from '../app/limits/lock-out.ts'
import type { Tracer } from '../app/tracer.ts'
import type { Network } from '../core/network/address.ts'
import type { Health } from './health.ts'
import type { Metrics } from './metrics/metrics.ts'

/**
 * Where the metrics are on the API's port: `open` to every client, for those with a `key` of the root organization that
 * may read its statistics, or `elsewhere`, on a port of their own.
 */
export type MetricsAccess = 'open' | 'key' | 'elsewhere'

/** What the HTTP side is made of. */
export interface ApiDeps extends AppDeps {
  /** Where callers reach this server, without the version; null takes it from each request. */
  publicUrl: string | null
  /** Requests a minute of an organization that has no limit of its own; 0 means that nothing limits it. */
  rateLimit: number
  /** The proxies whose X-Forwarded-For is believed. */
  trustedProxies: readonly Network[]
  /** With them the server speaks TLS only: HTTP/2, and HTTP/1.1 to clients that ask for that; both are texts in PEM. */
  tls?: { cert: string; key: string } | null
  /** Left out: one of this process's own. */
  lockOut?: LockOut
  health: Health
  /** Where answers are counted. */
  metrics: Metrics
  /** Records requests that bring messages; null or left out: nothing is traced. */
  tracer?: Tracer | null
  /** Who may read `/metrics` here. */
  metricsAccess: MetricsAccess
  /** Where the dashboard is built; without it, or while nothing is there, `/` says how to build it. */
  dashboardFolder?: string
}
