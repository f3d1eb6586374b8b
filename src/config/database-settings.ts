import { type PostgresUrl, readPostgresUrl } from './postgres-url.ts'

/** Where the server keeps everything. */
export type DatabaseSettings = { kind: 'sqlite'; path: string } | ({ kind: 'postgres' } & PostgresSettings)

interface PostgresSettings extends PostgresUrl {
  /** The schema that holds the tables. */
  schema: string
  /** Where notifications come, past a pooler; null: where the statements go. */
  listen: PostgresUrl | null
  /** How many connections a node has, beside the one for notifications. */
  connections: number
}

/** What PostgreSQL calls itself or its own: a schema cannot be named so. */
const RESERVED = /^(pg_|information_schema$)/

/** Reads DISCUE_DATABASE_URL. A string that is returned instead says what would be allowed. */
export function readDatabase(text: string): { value: { sqlite: string } | { postgres: PostgresUrl } } | string {
  const path = /^sqlite:(.+)$/.exec(text)?.[1]
  if (path !== undefined) return faultOfPath(path) ?? { value: { sqlite: path } }
  const postgres = readPostgresUrl(text)
  if (typeof postgres !== 'string') return { value: { postgres } }
  return /^postgres/.test(text)
    ? postgres
    : 'sqlite: and the path of a file, such as sqlite:./data/discue.db, or postgres://user@host:5432/database'
}

/** What other programs take for something else than a path, and would be a file of that name here. */
function faultOfPath(path: string): string | null {
  if (path.startsWith('~'))
    return 'sqlite: and a path that begins with / or ./; nothing replaces ~ by a home folder here, write it out'
  if (path.startsWith('file:')) return 'sqlite: and the path of a file, such as sqlite:./data/discue.db, without file:'
  if (path.startsWith(':memory:'))
    return 'sqlite: and the path of a file: what is only in memory would be lost with every stop; for tests, a file in a temporary folder does'
  if (path.endsWith('/'))
    return 'sqlite: and the path of a file, such as sqlite:./data/discue.db; that of a folder ends with /'
  return null
}

/** Reads DISCUE_DATABASE_LISTEN_URL. A string that is returned instead says what would be allowed. */
export function readListenUrl(text: string): { value: PostgresUrl | null } | string {
  if (text === '') return { value: null }
  const value = readPostgresUrl(text)
  return typeof value === 'string' ? value : { value }
}

/** Reads DISCUE_DATABASE_SCHEMA. A string that is returned instead says what would be allowed. */
export function readSchema(text: string): { value: string | null } | string {
  if (text === '') return { value: null }
  return /^[a-z_][a-z0-9_]{0,62}$/.test(text) && !RESERVED.test(text)
    ? { value: text }
    : 'up to 63 characters of a-z 0-9 _ that begin with no digit and not with pg_'
}

/** A transaction on one connection never waits for another one, so that one is enough. */
const MAX_CONNECTIONS = 100

/** Reads DISCUE_DATABASE_POOL. A string that is returned instead says what would be allowed. */
export function readConnections(text: string): { value: number | null } | string {
  if (text === '') return { value: null }
  const value = /^\d{1,3}$/.test(text) ? Number(text) : 0
  return value >= 1 && value <= MAX_CONNECTIONS ? { value } : `a number of connections from 1 to ${MAX_CONNECTIONS}`
}
