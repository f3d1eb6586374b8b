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
  /** As in libpq. `prefer` encrypts where the server can; only `verify-ca` and `verify-full` know whom they talk to. */
  sslmode: SslMode
  /** PEM files: authorities that are trusted, and our own certificate and key. */
  sslrootcert: string | null
  sslcert: string | null
  sslkey: string | null
  applicationName: string
}

type SslMode = (typeof SSL_MODES)[number]

const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
const DEFAULT_PORT = 5432
const URL_PARTS = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^/?#]*)\/?([^?#]*)(?:\?([^#]*))?$/
const PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'passfile', 'application_name', 'host', 'port']

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
    return 'a URL whose %-escapes are complete'
  }
}

interface Parts {
  login: string
  places: string
  database: string
  query: URLSearchParams
}

function readParts({ login, places, database, query }: Parts): PostgresUrl | string {
  for (const name of query.keys()) {
    // What libpq would be told by it is what this server does anyway.
    if (name === 'target_session_attrs') continue
    if (!PARAMETERS.includes(name)) return `without the parameter ${name}; these are known: ${PARAMETERS.join(', ')}`
  }
  const hosts = hostsOf(query.get('host') ?? places, query.get('port'))
  if (hosts === null) return 'a URL whose hosts look like host:5432, with commas between several'
  const sslmode = query.get('sslmode') ?? (query.has('sslrootcert') ? 'verify-full' : 'prefer')
  if (!isSslMode(sslmode)) return `a URL whose sslmode is one of ${SSL_MODES.join(', ')}`
  const colon = login.indexOf(':')
  const user = decodeURIComponent(colon < 0 ? login : login.slice(0, colon)) || 'postgres'
  const files = { sslrootcert: query.get('sslrootcert'), sslcert: query.get('sslcert'), sslkey: query.get('sslkey') }
  return {
    ...{ hosts, user, sslmode, ...files },
    password: colon < 0 ? null : decodeURIComponent(login.slice(colon + 1)),
    passfile: query.get('passfile'),
    database: database || user,
    applicationName: query.get('application_name') ?? 'discue',
  }
}

function hostsOf(places: string, port: string | null): PostgresUrl['hosts'] | null {
  const fallback = port === null ? DEFAULT_PORT : Number(port)
  const hosts = (places === '' ? 'localhost' : places).split(',').map((place) => hostOf(place, fallback))
  return hosts.every((host) => host !== null) ? hosts : null
}

/** A folder is that of a Unix socket; an IPv6 address has brackets around it. */
function hostOf(place: string, fallback: number): PostgresUrl['hosts'][number] | null {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(place) ?? []
  const host = bracketed ?? (plain === undefined ? undefined : decodeURIComponent(plain))
  const number = port === undefined ? fallback : Number(port)
  return host === undefined || !(number >= 1 && number <= 65_535) ? null : { host, port: number }
}

function isSslMode(text: string): text is SslMode {
  return (SSL_MODES as readonly string[]).includes(text)
}
