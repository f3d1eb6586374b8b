import { parseArgs } from 'node:util'
import { type Network, parseNetwork } from './core/network/address.ts'
import { parseDnsServers } from './core/network/dns-servers.ts'
import { type Exposure, exposureOf } from './core/network/exposure.ts'
import { ANY_TARGET, PUBLIC_TARGETS, parseTargets, type Targets } from './core/network/target.ts'
import { type TraceSettings, traceSettingsOf } from './core/telemetry/trace-settings.ts'
import { DOMAIN_VERIFICATIONS, type DomainVerification } from './core/tenant/domain.ts'
import { type DatabaseSettings, readConnections, readDatabase, readListenUrl, readSchema } from './database-settings.ts'
import type { PostgresUrl } from './postgres-url.ts'

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
  /** Who moves the clock: the machine, or a client over HTTP. */
  clock: 'system' | 'manual'
  /** Where traces go; null: nothing is traced. */
  tracing: TraceSettings | null
  logLevel: string
}

/** The configuration is wrong; the message is one line for the operator who starts the server. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ConfigError'
  }
}

const PREFIX = 'DISCUE_'
const DEFAULT_SCHEMA = 'discue'
const DEFAULT_CONNECTIONS = 8
const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent']

/** Reads one value; a string that is returned instead says what would be allowed. */
type Reader<Value> = (text: string) => { value: Value } | string

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

const SECRET: ReadonlySet<string> = new Set([
  'DISCUE_DATABASE_URL',
  'DISCUE_DATABASE_LISTEN_URL',
  'DISCUE_ROOT_API_KEY',
  'DISCUE_SECRET_KEY',
])

/** What the command line's other commands read; the server knows these names, so as not to refuse them. */
const CLIENT_SETTINGS: readonly string[] = ['DISCUE_URL', 'DISCUE_API_KEY', 'DISCUE_API_KEY_FILE']

/** Where the commands that speak to a server find it, and their key; null for what the environment does not say. */
export function readClientSettings(env: Record<string, string | undefined> = process.env): {
  url: string | null
  apiKey: string | null
  apiKeyFile: string | null
} {
  const read = (name: string) => env[name] || null
  return { url: read('DISCUE_URL'), apiKey: read('DISCUE_API_KEY'), apiKeyFile: read('DISCUE_API_KEY_FILE') }
}

/**
 * The configuration from the environment and from flags (`--port 8080` is `DISCUE_PORT=8080` and wins over it).
 * Throws `ConfigError` for an unknown name or a value that is not allowed.
 */
export function readConfig(args: readonly string[], env: Record<string, string | undefined> = process.env): Config {
  const given = { ...fromEnvironment(env), ...fromFlags(args) }
  const read = <Value>(name: keyof typeof settings, { fallback, reader }: Setting<Value>): Value => {
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

function fromEnvironment(env: Record<string, string | undefined>): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || value === undefined || CLIENT_SETTINGS.includes(name)) continue
    if (!(name in settings)) throw new ConfigError(unknown(name, Object.keys(settings)))
    if (value !== '') given[name] = value
  }
  return given
}

function fromFlags(args: readonly string[]): Record<string, string> {
  const flagOf = (name: string) => name.slice(PREFIX.length).toLowerCase().replaceAll('_', '-')
  const names = new Map(Object.keys(settings).map((name) => [flagOf(name), name]))
  const options = Object.fromEntries([...names.keys()].map((flag) => [flag, { type: 'string' as const }]))
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const given: Record<string, string> = {}
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw new ConfigError(`"${token.value}" is not a flag; flags look like --port 3000`)
    if (token.kind !== 'option') continue
    const name = names.get(token.name)
    if (name === undefined)
      throw new ConfigError(
        unknown(
          token.rawName,
          [...names.keys()].map((flag) => `--${flag}`),
        ),
      )
    if (token.value === undefined) throw new ConfigError(`${token.rawName} needs a value`)
    given[name] = token.value
  }
  return given
}

function unknown(name: string, known: readonly string[]): string {
  return `${name} is unknown; these are known: ${known.join(', ')}`
}

function readHost(text: string): { value: string } | string {
  return /^[A-Za-z0-9.:_-]+$/.test(text) ? { value: text } : 'a host name or an address'
}

function readPort(text: string): { value: number } | string {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  return port <= 65_535 ? { value: port } : 'a number from 0 to 65535'
}

function readMetricsPort(text: string): { value: number | null } | string {
  return text === '' ? { value: null } : readPort(text)
}

function readPublicUrl(text: string): { value: string | null } | string {
  if (text === '') return { value: null }
  const url = URL.canParse(text) ? new URL(text) : null
  const fine =
    url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === ''
  return fine
    ? { value: url.href.replace(/\/+$/, '') }
    : 'an http or https URL without a query, such as https://queue.example.com'
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

function readRootApiKey(text: string): { value: string | null } | string {
  if (text === '') return { value: null }
  return /^[A-Za-z0-9_-]{32,128}$/.test(text) ? { value: text } : '32 to 128 characters of A-Z a-z 0-9 _ -'
}

function readSecretKeys(text: string): { value: string[] } | string {
  const keys = text === '' ? [] : text.split(',')
  return keys.every((key) => /^[A-Za-z0-9+/=_-]{32,256}$/.test(key))
    ? { value: keys }
    : '32 to 256 characters of A-Z a-z 0-9 + / = _ - (make one with: openssl rand -base64 32), or a new one and the one before it with a comma between them'
}

function readRateLimit(text: string): { value: number } | string {
  return /^\d{1,9}$/.test(text) ? { value: Number(text) } : 'a number of requests a minute, or 0 for no limit'
}

function readTrustedProxies(text: string): { value: Network[] } | string {
  const networks = text === '' ? [] : text.split(',').map((entry) => parseNetwork(entry.trim()))
  const known = networks.filter((network) => network !== null)
  return known.length === networks.length
    ? { value: known }
    : 'addresses and CIDRs with commas between them, such as 10.0.0.0/8,192.168.1.7'
}

function readTargets(text: string): { value: Targets | null } | string {
  if (text === '') return { value: null }
  const value = parseTargets(text)
  return value === null
    ? 'public, any, or CIDRs and host names with commas between them, such as public,10.0.0.0/8,*.example.internal'
    : { value }
}

/**
 * A client that is on the server's machine anyway may have it send anywhere; remote clients must not reach in through
 * it.
 */
function defaultTargets(exposedBy: Exposure): Targets {
  return exposedBy === null ? ANY_TARGET : PUBLIC_TARGETS
}

function readDnsServers(text: string): { value: string[] | null } | string {
  if (text === '') return { value: null }
  const value = parseDnsServers(text)
  return value === null
    ? 'addresses with or without a port, with commas between them, such as 10.0.0.2,10.0.0.3:5353,[2001:db8::1]:53'
    : { value }
}

function readDomainVerification(text: string): { value: DomainVerification } | string {
  const value = DOMAIN_VERIFICATIONS.find((one) => one === text)
  return value === undefined ? `one of ${DOMAIN_VERIFICATIONS.join(', ')}` : { value }
}

const DURATION_UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const MAX_DURATION_DAYS = 3_660

function readDuration(text: string): { value: number } | string {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const value = Number(count) * (DURATION_UNITS[unit] ?? 0)
  return value > 0 && value <= MAX_DURATION_DAYS * DURATION_UNITS.d!
    ? { value }
    : `a duration such as 90m, 24h or 7d (s, m, h or d), up to ${MAX_DURATION_DAYS}d`
}

function readPath(text: string): { value: string | null } {
  return { value: text === '' ? null : text }
}

function pairOf(cert: string | null, key: string | null): Config['tls'] {
  if (cert !== null && key !== null) return { cert, key }
  if (cert === null && key === null) return null
  const missing = cert === null ? 'DISCUE_TLS_CERT' : 'DISCUE_TLS_KEY'
  throw new ConfigError(`DISCUE_TLS_CERT and DISCUE_TLS_KEY go together; ${missing} is missing`)
}

function readClock(text: string): { value: Config['clock'] } | string {
  return text === 'system' || text === 'manual' ? { value: text } : 'system or manual'
}

function readLogLevel(text: string): { value: string } | string {
  return LOG_LEVELS.includes(text) ? { value: text } : `one of ${LOG_LEVELS.join(', ')}`
}
