/** Where a PostgreSQL database is and how to get into it; what the URL leaves out has PostgreSQL's usual value. */
export interface PostgresUrl {
  /** Tried in turn: the first that takes writes is the one. */
  hosts: { host: string; port: number }[]
  user: string
  /** Null: from the password file, where there is one. */
  password: string | null
  /** A file in the format of PostgreSQL's `.pgpass`. */
  passfile: string | null
  database: string
  /**
   * As in libpq. `prefer` and `allow` encrypt where the server can, or wants to; only `verify-ca` and `verify-full` know
   * whom they talk to.
   */
  sslmode: SslMode
  /** PEM files: authorities that are trusted, and our own certificate and key. */
  sslrootcert: string | null
  sslcert: string | null
  sslkey: string | null
  /** Whether the login is tied to the TLS connection that it is made on (SCRAM-SHA-256-PLUS, RFC 5929). */
  channelBinding: ChannelBinding
  /** How long one host has to take a connection; null: the server's own limit. */
  connectTimeoutMs: number | null
  applicationName: string
}

type SslMode = (typeof SSL_MODES)[number]
type ChannelBinding = (typeof CHANNEL_BINDINGS)[number]

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
const CHANNEL_BINDINGS = ['disable', 'prefer', 'require'] as const
/** Those that lead to a server which takes writes, or leave it open; this server looks for one in any case. */
const SESSION_ATTRS = ['read-write', 'primary', 'any']
const DEFAULT_PORT = 5432
const MAX_CONNECT_TIMEOUT_S = 60
const URL_PARTS = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^/?#]*)\/?([^?#]*)(?:\?([^#]*))?$/

const TAKEN = [
  ...['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'ssl', 'channel_binding', 'connect_timeout', 'passfile'],
  ...['application_name', 'host', 'port', 'user', 'password', 'dbname', 'target_session_attrs'],
]
/** What they would ask for is what this server does anyway, with values of its own. */
const DONE_ANYWAY = [
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count', 'tcp_user_timeout'],
  ...['fallback_application_name', 'client_encoding', 'sslsni', 'gssencmode', 'pgbouncer'],
]
const REASONS: Record<string, string> = {
  options: 'the server sets what its sessions need by itself, and DISCUE_DATABASE_SCHEMA names the schema',
  schema: 'DISCUE_DATABASE_SCHEMA names the schema',
  connection_limit: 'DISCUE_DATABASE_POOL says how many connections a node has',
  hostaddr: 'host takes addresses as well',
  service: 'no service file is read: write into the URL what it says',
  sslcrl: 'lists of revoked certificates are not read',
  sslcrldir: 'lists of revoked certificates are not read',
  sslpassword: 'the key must be one without a passphrase',
}

/**
 * Reads `postgres://user:password@host:port,host:port/database?sslmode=…`. A string that is returned instead says what
 * is wrong; it never holds what was given, which may hold a password.
 */
export function readPostgresUrl(text: string): PostgresUrl | string {
  const parts = URL_PARTS.exec(text)
  if (parts === null) return 'postgres://user@host:5432/database'
  try {
    const [, login = '', places = '', database = '', query = ''] = parts
    return readParts({ login, places, database: decodeURIComponent(database), query: new URLSearchParams(query) })
  } catch {
    return 'a URL whose %-escapes are complete; a % that is part of a password is written %25'
  }
}

interface Parts {
  login: string
  places: string
  database: string
  query: URLSearchParams
}

function readParts({ login, places, database, query }: Parts): PostgresUrl | string {
  const refused = refusedParameter(query)
  if (refused !== null) return refused
  const hosts = hostsOf(query.get('host') ?? places, query.get('port'))
  if (hosts === null) {
    return 'a URL whose hosts look like host:5432, with commas between several; in a password @ : / ? # % are written %40 %3A %2F %3F %23 %25'
  }
  const sslmode = sslModeOf(query)
  if (!isOneOf(SSL_MODES, sslmode)) return `a URL whose sslmode is one of ${SSL_MODES.join(', ')}`
  const channelBinding = query.get('channel_binding') ?? 'disable'
  if (!isOneOf(CHANNEL_BINDINGS, channelBinding)) {
    return `a URL whose channel_binding is one of ${CHANNEL_BINDINGS.join(', ')}`
  }
  const connectTimeoutMs = connectTimeoutOf(query.get('connect_timeout'))
  if (Number.isNaN(connectTimeoutMs)) return `a URL whose connect_timeout is 1 to ${MAX_CONNECT_TIMEOUT_S} seconds`
  const { user, password } = loginOf(login, query)
  const files = { sslrootcert: query.get('sslrootcert'), sslcert: query.get('sslcert'), sslkey: query.get('sslkey') }
  return {
    ...{ hosts, user, password, sslmode, ...files, channelBinding, connectTimeoutMs },
    passfile: query.get('passfile'),
    database: database || query.get('dbname') || user,
    applicationName: query.get('application_name') ?? 'discue',
  }
}

function refusedParameter(query: URLSearchParams): string | null {
  for (const name of query.keys()) {
    if (TAKEN.includes(name) || DONE_ANYWAY.includes(name)) continue
    const reason = REASONS[name] ?? `these are known: ${TAKEN.join(', ')}`
    return `without the parameter ${name}; ${reason}`
  }
  const attrs = query.get('target_session_attrs') ?? 'any'
  if (SESSION_ATTRS.includes(attrs)) return null
  return `a URL whose target_session_attrs is one of ${SESSION_ATTRS.join(', ')}; the server writes`
}

/** `ssl=true` is how JDBC and Node.js say what libpq calls `require`. */
function sslModeOf(query: URLSearchParams): string {
  const ssl = query.get('ssl')
  const usual = query.has('sslrootcert') ? 'verify-full' : 'prefer'
  if (query.has('sslmode')) return query.get('sslmode')!
  if (ssl === null) return usual
  if (['true', '1'].includes(ssl)) return query.has('sslrootcert') ? 'verify-full' : 'require'
  return ['false', '0'].includes(ssl) ? 'disable' : ssl
}

/** Milliseconds, null where nothing is said; NaN where it is none that is taken. */
function connectTimeoutOf(text: string | null): number | null {
  if (text === null) return null
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN
  return seconds >= 1 && seconds <= MAX_CONNECT_TIMEOUT_S ? seconds * 1_000 : Number.NaN
}

function loginOf(login: string, query: URLSearchParams): Pick<PostgresUrl, 'user' | 'password'> {
  const colon = login.indexOf(':')
  const user = decodeURIComponent(colon < 0 ? login : login.slice(0, colon)) || query.get('user') || 'postgres'
  return { user, password: colon < 0 ? query.get('password') : decodeURIComponent(login.slice(colon + 1)) }
}

/** Ports stand beside their hosts, or in a list of their own: one for all of the hosts, or one for each. */
function hostsOf(places: string, port: string | null): PostgresUrl['hosts'] | null {
  const names = (places === '' ? 'localhost' : places).split(',')
  const ports =
    port === null ? [DEFAULT_PORT] : port.split(',').map((text) => (text === '' ? DEFAULT_PORT : Number(text)))
  if (ports.length > 1 && ports.length !== names.length) return null
  const hosts = names.map((name, index) => hostOf(name, ports[index] ?? ports[0]!))
  return hosts.every((host) => host !== null) ? hosts : null
}

/** A folder is that of a Unix socket; an IPv6 address has brackets around it. */
function hostOf(place: string, fallback: number): PostgresUrl['hosts'][number] | null {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(place) ?? []
  const host = bracketed ?? (plain === undefined ? undefined : decodeURIComponent(plain))
  const number = port === undefined ? fallback : Number(port)
  return host === undefined || !(number >= 1 && number <= 65_535) ? null : { host, port: number }
}

function isOneOf<Text extends string>(all: readonly Text[], text: string): text is Text {
  return (all as readonly string[]).includes(text)
}
