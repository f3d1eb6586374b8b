import type { Network } from '../core/network/address.ts'
import { type Exposure, exposureOf } from '../core/network/exposure.ts'
import { ANY_TARGET, PUBLIC_TARGETS, type Targets } from '../core/network/target.ts'
import { type TraceSettings, traceSettingsOf } from '../core/telemetry/trace-settings.ts'
import type { DomainVerification } from '../core/tenant/domain.ts'
import { type DatabaseSettings, readConnections, readDatabase, readListenUrl, readSchema } from './database-settings.ts'
import type { PostgresUrl } from './postgres-url.ts'
import { ConfigError, fromEnvironment, fromFlags } from './sources.ts'
import {
  type Clock,
  type Reader,
  readClock,
  readDnsServers,
  readDomainVerification,
  readDuration,
  readHost,
  readLogLevel,
  readMetricsPort,
  readPath,
  readPort,
  readPublicUrl,
  readRateLimit,
  readRootApiKey,
  readSecretKeys,
  readTargets,
  readTrustedProxies,
} from './values.ts'

/** What the server was told at its start; nothing of it changes while it runs. */
export interface Config {
  host: string
  /** 0 takes any free port. */
  port: number
  /** Where clients reach the server, without a slash at the end; null: taken from each request. */
  publicUrl: string | null
  database: DatabaseSettings
  rootApiKey: string | null
  /**
   * Keys that encrypt listeners' secrets: the first encrypts, the rest only decrypt what is stored. Empty: in clear.
   */
  secretKeys: readonly string[]
  /** The metrics' own port, of the same host; 0 takes any free one; null leaves them on the API's. */
  metricsPort: number | null
  /** Requests a minute of an organization that has no limit of its own; 0: nothing limits it. */
  rateLimit: number
  /** The proxies whose X-Forwarded-For is believed. */
  trustedProxies: readonly Network[]
  /** Which setting says that clients on other machines reach the server; null where none does. */
  exposedBy: Exposure
  /** Where deliveries may go. */
  targets: Targets
  /** Whether `DISCUE_TARGETS` says so; else it follows from `exposedBy`. */
  targetsGiven: boolean
  /** The name servers that know where deliveries go; null: the machine's own. */
  dnsServers: readonly string[] | null
  domainVerification: DomainVerification
  /** How long messages that are done with, and events, are kept. */
  retention: { messagesMs: number; eventsMs: number }
  /** Paths of PEM files; null: no TLS. */
  tls: { cert: string; key: string } | null
  clock: Clock
  /** Where traces go; null: nothing is traced. */
  tracing: TraceSettings | null
  logLevel: string
}

const DEFAULT_SCHEMA = 'discue'
const DEFAULT_CONNECTIONS = 8

const settings = {
  DISCUE_HOST: setting('127.0.0.1', readHost),
  DISCUE_PORT: setting('3000', readPort),
  DISCUE_PUBLIC_URL: setting('', readPublicUrl),
  DISCUE_DATABASE_URL: setting('sqlite:./data/discue.db', readDatabase),
  DISCUE_DATABASE_LISTEN_URL: setting('', readListenUrl),
  DISCUE_DATABASE_SCHEMA: setting('', readSchema),
  DISCUE_DATABASE_POOL: setting('', readConnections),
  DISCUE_ROOT_API_KEY: setting('', readRootApiKey),
  DISCUE_SECRET_KEY: setting('', readSecretKeys),
  DISCUE_METRICS_PORT: setting('', readMetricsPort),
  DISCUE_RATE_LIMIT: setting('0', readRateLimit),
  DISCUE_TRUSTED_PROXIES: setting('', readTrustedProxies),
  DISCUE_TARGETS: setting('', readTargets),
  DISCUE_DNS_SERVERS: setting('', readDnsServers),
  DISCUE_DOMAIN_VERIFICATION: setting('off', readDomainVerification),
  DISCUE_RETENTION: setting('7d', readDuration),
  DISCUE_EVENT_RETENTION: setting('24h', readDuration),
  DISCUE_TLS_CERT: setting('', readPath),
  DISCUE_TLS_KEY: setting('', readPath),
  DISCUE_CLOCK: setting('system', readClock),
  DISCUE_LOG_LEVEL: setting('info', readLogLevel),
}

/** The name of a setting of the server. */
export type SettingName = keyof typeof settings

const SECRET: ReadonlySet<string> = new Set([
  'DISCUE_DATABASE_URL',
  'DISCUE_DATABASE_LISTEN_URL',
  'DISCUE_ROOT_API_KEY',
  'DISCUE_SECRET_KEY',
])

/**
 * The configuration from the environment and from flags (`--port 8080` is `DISCUE_PORT=8080` and wins over it).
 * Throws `ConfigError` for an unknown name or a value that is not allowed.
 */
export function readConfig(args: readonly string[], env: Record<string, string | undefined> = process.env): Config {
  const known = Object.keys(settings)
  const given = { ...fromEnvironment(env, known), ...fromFlags(args, known) }
  const read = <Value>(name: SettingName, { fallback, reader }: Setting<Value>): Value => {
    const text = given[name] ?? fallback
    const result = reader(text)
    if (typeof result !== 'string') return result.value
    // A key or a password must not end up in a terminal's history or a log, not even a wrong one.
    const shown = SECRET.has(name) ? 'what was given' : `"${text}"`
    throw new ConfigError(`${name} must be ${result}, not ${shown}`)
  }
  const reach = {
    host: read('DISCUE_HOST', settings.DISCUE_HOST),
    publicUrl: read('DISCUE_PUBLIC_URL', settings.DISCUE_PUBLIC_URL),
    trustedProxies: read('DISCUE_TRUSTED_PROXIES', settings.DISCUE_TRUSTED_PROXIES),
  }
  const exposedBy = exposureOf(reach)
  const targets = read('DISCUE_TARGETS', settings.DISCUE_TARGETS)
  return Object.freeze({
    ...reach,
    exposedBy,
    port: read('DISCUE_PORT', settings.DISCUE_PORT),
    database: databaseOf(read('DISCUE_DATABASE_URL', settings.DISCUE_DATABASE_URL), {
      listen: read('DISCUE_DATABASE_LISTEN_URL', settings.DISCUE_DATABASE_LISTEN_URL),
      schema: read('DISCUE_DATABASE_SCHEMA', settings.DISCUE_DATABASE_SCHEMA),
      connections: read('DISCUE_DATABASE_POOL', settings.DISCUE_DATABASE_POOL),
      passfile: env.PGPASSFILE || null,
    }),
    rootApiKey: read('DISCUE_ROOT_API_KEY', settings.DISCUE_ROOT_API_KEY),
    secretKeys: read('DISCUE_SECRET_KEY', settings.DISCUE_SECRET_KEY),
    metricsPort: read('DISCUE_METRICS_PORT', settings.DISCUE_METRICS_PORT),
    rateLimit: read('DISCUE_RATE_LIMIT', settings.DISCUE_RATE_LIMIT),
    targets: targets ?? defaultTargets(exposedBy),
    targetsGiven: targets !== null,
    dnsServers: read('DISCUE_DNS_SERVERS', settings.DISCUE_DNS_SERVERS),
    domainVerification: read('DISCUE_DOMAIN_VERIFICATION', settings.DISCUE_DOMAIN_VERIFICATION),
    retention: {
      messagesMs: read('DISCUE_RETENTION', settings.DISCUE_RETENTION),
      eventsMs: read('DISCUE_EVENT_RETENTION', settings.DISCUE_EVENT_RETENTION),
    },
    tls: pairOf(read('DISCUE_TLS_CERT', settings.DISCUE_TLS_CERT), read('DISCUE_TLS_KEY', settings.DISCUE_TLS_KEY)),
    clock: read('DISCUE_CLOCK', settings.DISCUE_CLOCK),
    tracing: readTracing(env),
    logLevel: read('DISCUE_LOG_LEVEL', settings.DISCUE_LOG_LEVEL),
  })
}

function readTracing(env: Record<string, string | undefined>): TraceSettings | null {
  const result = traceSettingsOf(env)
  if (typeof result === 'string') throw new ConfigError(result)
  return result
}

interface Setting<Value> {
  fallback: string
  reader: Reader<Value>
}

function setting<Value>(fallback: string, reader: Reader<Value>): Setting<Value> {
  return { fallback, reader }
}

interface DatabaseParts {
  listen: PostgresUrl | null
  schema: string | null
  connections: number | null
  passfile: string | null
}

/** What the settings of a database say together. Throws `ConfigError` where one is for another kind of database. */
function databaseOf(from: { sqlite: string } | { postgres: PostgresUrl }, parts: DatabaseParts): DatabaseSettings {
  const { listen, schema, connections, passfile } = parts
  if ('sqlite' in from) {
    const given = {
      DISCUE_DATABASE_LISTEN_URL: listen,
      DISCUE_DATABASE_SCHEMA: schema,
      DISCUE_DATABASE_POOL: connections,
    }
    const name = Object.entries(given).find(([, value]) => value !== null)?.[0]
    if (name !== undefined) throw new ConfigError(`${name} is for PostgreSQL, and the database is a file`)
    return { kind: 'sqlite', path: from.sqlite }
  }
  const { postgres } = from
  return {
    ...{ kind: 'postgres', ...postgres },
    // PostgreSQL's own variable for the password file; a parameter of the URL comes first.
    passfile: postgres.passfile ?? passfile,
    listen: listen && { ...listen, passfile: listen.passfile ?? passfile },
    schema: schema ?? DEFAULT_SCHEMA,
    connections: connections ?? DEFAULT_CONNECTIONS,
  }
}

/**
 * A client that is on the server's machine anyway may have it send anywhere; remote clients must not reach in through
 * it.
 */
function defaultTargets(exposedBy: Exposure): Targets {
  return exposedBy === null ? ANY_TARGET : PUBLIC_TARGETS
}

function pairOf(cert: string | null, key: string | null): Config['tls'] {
  if (cert !== null && key !== null) return { cert, key }
  if (cert === null && key === null) return null
  const missing = cert === null ? 'DISCUE_TLS_CERT' : 'DISCUE_TLS_KEY'
  throw new ConfigError(`DISCUE_TLS_CERT and DISCUE_TLS_KEY go together; ${missing} is missing`)
}
