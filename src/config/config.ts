import type { Network } from '../core/network/address.ts'
import type { Egress, EgressProxy } from '../core/network/egress.ts'
import { type Exposure, exposureOf } from '../core/network/exposure.ts'
import { ANY_TARGET, PUBLIC_TARGETS, type Targets } from '../core/network/target.ts'
import { type TraceSettings, traceSettingsOf } from '../core/telemetry/trace-settings.ts'
import type { DomainVerification } from '../core/tenant/domain.ts'
import { type DatabaseSettings, readConnections, readDatabase, readListenUrl, readSchema } from './database-settings.ts'
import type { PostgresUrl } from './postgres-url.ts'
import { ConfigError, flagOf, fromEnvironment, fromFlags } from './sources.ts'
import {
  type Clock,
  type LogFormat,
  type Reader,
  readClock,
  readDnsServers,
  readDomainVerification,
  readDuration,
  readEgressBypass,
  readEgressProxy,
  readEgressResolve,
  readHost,
  readInsecureTls,
  readLogFormat,
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
  /** The way out through a proxy; null: there is none. */
  egress: Egress | null
  /** Whether listeners may have certificates taken that no authority vouches for. */
  insecureTls: boolean
  domainVerification: DomainVerification
  /** How long messages that are done with, and events, are kept. */
  retention: { messagesMs: number; eventsMs: number }
  /** Paths of PEM files; null: no TLS. */
  tls: { cert: string; key: string } | null
  clock: Clock
  /** Where traces go; null: nothing is traced. */
  tracing: TraceSettings | null
  logLevel: string
  /** Null: pretty where standard error is a terminal, else JSON. */
  logFormat: LogFormat | null
  /** Whether `NO_COLOR` is set (https://no-color.org). */
  noColours: boolean
  /** Where systemd listens for what a service says of itself (`NOTIFY_SOCKET`, sd_notify(3)); null where nothing does. */
  notifySocket: string | null
}

const DEFAULT_SCHEMA = 'discue'
const DEFAULT_CONNECTIONS = 8

const settings = {
  DISCUE_HOST: setting('127.0.0.1', readHost, 'the address to listen on'),
  DISCUE_PORT: setting('3000', readPort, 'the port; 0 takes any free one'),
  DISCUE_PUBLIC_URL: setting(
    '',
    readPublicUrl,
    'where clients reach the server; _links begin with it',
    'from each request',
  ),
  DISCUE_DATABASE_URL: setting(
    'sqlite:./data/discue.db',
    readDatabase,
    'the database: the path of a file, or postgres://… for many nodes',
  ),
  DISCUE_DATABASE_LISTEN_URL: setting(
    '',
    readListenUrl,
    'the same PostgreSQL past its pooler, to hear changes at once',
    'none',
  ),
  DISCUE_DATABASE_SCHEMA: setting('', readSchema, 'the schema of PostgreSQL that holds the tables', DEFAULT_SCHEMA),
  DISCUE_DATABASE_POOL: setting(
    '',
    readConnections,
    'connections of a node to PostgreSQL, 1 to 100',
    String(DEFAULT_CONNECTIONS),
  ),
  DISCUE_ROOT_API_KEY: setting(
    '',
    readRootApiKey,
    'your own root key; setting another one replaces it',
    'made at the first start',
  ),
  DISCUE_SECRET_KEY: setting('', readSecretKeys, 'encrypts the secrets and headers of listeners at rest', 'none'),
  DISCUE_METRICS_PORT: setting('', readMetricsPort, 'a port of its own for GET /metrics, without a key', 'none'),
  DISCUE_RATE_LIMIT: setting('0', readRateLimit, 'requests a minute of an organization that sets none; 0: no limit'),
  DISCUE_TRUSTED_PROXIES: setting('', readTrustedProxies, 'proxies whose X-Forwarded-For is believed', 'none'),
  DISCUE_TARGETS: setting(
    '',
    readTargets,
    'where deliveries may go: public, any, or CIDRs and hosts',
    'any on loopback, else public',
  ),
  DISCUE_DNS_SERVERS: setting('', readDnsServers, 'name servers that know where deliveries go', 'those of the machine'),
  DISCUE_EGRESS_PROXY: setting('', readEgressProxy, 'all that goes out goes through this proxy', 'none'),
  DISCUE_EGRESS_NO_PROXY: setting('', readEgressBypass, 'hosts and CIDRs that are reached without it', 'none'),
  DISCUE_EGRESS_RESOLVE: setting(
    'here',
    readEgressResolve,
    'here or proxy: who finds and judges the addresses of names',
  ),
  DISCUE_INSECURE_TLS: setting(
    '',
    readInsecureTls,
    'allowed: a listener may have any certificate taken, by verify: false',
    'not allowed',
  ),
  DISCUE_DOMAIN_VERIFICATION: setting(
    'off',
    readDomainVerification,
    'off, optional or required: whether listeners must be on verified domains',
  ),
  DISCUE_RETENTION: setting('7d', readDuration, 'how long messages are kept once nothing of them is pending'),
  DISCUE_EVENT_RETENTION: setting('24h', readDuration, 'how long usage events are kept'),
  DISCUE_TLS_CERT: setting('', readPath, 'a certificate in PEM, with its chain: serves HTTPS', 'none'),
  DISCUE_TLS_KEY: setting('', readPath, 'its private key in PEM', 'none'),
  DISCUE_CLOCK: setting('system', readClock, 'manual: time moves only when it is told to'),
  DISCUE_LOG_LEVEL: setting('info', readLogLevel, 'debug, info, warn, error or silent'),
  DISCUE_LOG_FORMAT: setting('', readLogFormat, 'pretty or json, on standard error', 'pretty on a terminal, else json'),
}

/** The name of a setting of the server. */
export type SettingName = keyof typeof settings

const SECRET: ReadonlySet<string> = new Set([
  'DISCUE_DATABASE_URL',
  'DISCUE_DATABASE_LISTEN_URL',
  'DISCUE_ROOT_API_KEY',
  'DISCUE_SECRET_KEY',
  'DISCUE_EGRESS_PROXY',
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
    egress: egressOf({
      proxy: read('DISCUE_EGRESS_PROXY', settings.DISCUE_EGRESS_PROXY),
      bypass: read('DISCUE_EGRESS_NO_PROXY', settings.DISCUE_EGRESS_NO_PROXY),
      resolve: read('DISCUE_EGRESS_RESOLVE', settings.DISCUE_EGRESS_RESOLVE),
    }),
    insecureTls: read('DISCUE_INSECURE_TLS', settings.DISCUE_INSECURE_TLS),
    domainVerification: read('DISCUE_DOMAIN_VERIFICATION', settings.DISCUE_DOMAIN_VERIFICATION),
    retention: {
      messagesMs: read('DISCUE_RETENTION', settings.DISCUE_RETENTION),
      eventsMs: read('DISCUE_EVENT_RETENTION', settings.DISCUE_EVENT_RETENTION),
    },
    tls: pairOf(read('DISCUE_TLS_CERT', settings.DISCUE_TLS_CERT), read('DISCUE_TLS_KEY', settings.DISCUE_TLS_KEY)),
    clock: read('DISCUE_CLOCK', settings.DISCUE_CLOCK),
    tracing: readTracing(env),
    logLevel: read('DISCUE_LOG_LEVEL', settings.DISCUE_LOG_LEVEL),
    logFormat: read('DISCUE_LOG_FORMAT', settings.DISCUE_LOG_FORMAT),
    noColours: Boolean(env.NO_COLOR),
    notifySocket: env.NOTIFY_SOCKET || null,
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
  /** What it is for, in a line for `discue serve --help`. */
  summary: string
  /** What holds where it is not given. */
  unset: string
}

function setting<Value>(fallback: string, reader: Reader<Value>, summary: string, unset = fallback): Setting<Value> {
  return { fallback, reader, summary, unset }
}

/** Every setting of the server: the name of its variable, the flag, what it is for, and what holds where it is not given. */
export function describeSettings(): { name: string; flag: string; summary: string; unset: string }[] {
  return Object.entries(settings).map(([name, { summary, unset }]) => ({ name, flag: flagOf(name), summary, unset }))
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

/** What the settings of the proxy say together. Throws `ConfigError` where there is no proxy that they would be about. */
function egressOf({ proxy, bypass, resolve }: Omit<Egress, 'proxy'> & { proxy: EgressProxy | null }): Egress | null {
  if (proxy !== null) return { proxy, bypass, resolve }
  const isNamed = bypass.all || bypass.hosts.length > 0 || bypass.networks.length > 0
  if (isNamed || resolve !== 'here') {
    const name = isNamed ? 'DISCUE_EGRESS_NO_PROXY' : 'DISCUE_EGRESS_RESOLVE'
    throw new ConfigError(`${name} goes with DISCUE_EGRESS_PROXY, which is missing`)
  }
  return null
}

function pairOf(cert: string | null, key: string | null): Config['tls'] {
  if (cert !== null && key !== null) return { cert, key }
  if (cert === null && key === null) return null
  const missing = cert === null ? 'DISCUE_TLS_CERT' : 'DISCUE_TLS_KEY'
  throw new ConfigError(`DISCUE_TLS_CERT and DISCUE_TLS_KEY go together; ${missing} is missing`)
}
