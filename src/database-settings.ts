import { type PostgresUrl, readPostgresUrl } from './postgres-url.ts'

/** Where the server keeps everything. */
export type DatabaseSettings = { kind: 'sqlite'; path: string } | ({ kind: 'postgres' } & PostgresSettings)

interface PostgresSettings extends PostgresUrl {
  /** The schema that holds the tables. */
  schema: string
}

/** What PostgreSQL calls itself or its own: a schema cannot be named so. */
const RESERVED = /^(pg_|information_schema$)/

/** Reads DISCUE_DATABASE_URL. A string that is returned instead says what would be allowed. */
export function readDatabase(text: string): { value: { sqlite: string } | { postgres: PostgresUrl } } | string {
  const path = /^sqlite:(.+)$/.exec(text)?.[1]
  if (path !== undefined) return { value: { sqlite: path } }
  const postgres = readPostgresUrl(text)
  if (typeof postgres !== 'string') return { value: { postgres } }
  return /^postgres/.test(text)
    ? postgres
    : 'sqlite: and the path of a file, such as sqlite:./data/discue.db, or postgres://user@host:5432/database'
}

/** Reads DISCUE_DATABASE_SCHEMA. A string that is returned instead says what would be allowed. */
export function readSchema(text: string): { value: string | null } | string {
  if (text === '') return { value: null }
  return /^[a-z_][a-z0-9_]{0,62}$/.test(text) && !RESERVED.test(text)
    ? { value: text }
    : 'up to 63 characters of a-z 0-9 _ that begin with no digit and not with pg_'
}
