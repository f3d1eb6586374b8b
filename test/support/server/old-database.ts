import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type TestDatabase, testDatabase } from '../postgres/postgres.ts'

/**
 * Rows as a server of an older version wrote them, which was asked for: a key without a name and one with; a queue
 * `lonely` with a message and no listener; a queue `orders` with the listeners `shop` and `gone`, which pull. Both took
 * `both`; `shop` alone took `half`; another message and `later`, which is scheduled, wait. Then `gone` was deleted.
 */
const ROWS = {
  sqlite: { file: 'sqlite-0019.sql', migrations: 19 },
  postgres: { file: 'postgres-0005.sql', migrations: 5 },
}
/** After everything that the rows tell of, but for what is scheduled. */
const ASKED_AT = 1_796_053_570_000

type Kind = keyof typeof ROWS

export interface OldDatabase {
  /** How many migrations it has had; those that the rows were written after where it is left out. */
  migrations?: number
  /** Statements that it is given then, in the tables of that version. */
  rows?: string
}

export function makeOldSqlite(
  path: string,
  { migrations = ROWS.sqlite.migrations, rows = '' }: OldDatabase = {},
): string {
  const db = new DatabaseSync(path)
  db.exec('pragma journal_mode = wal; pragma synchronous = off')
  const all = migrationsOf('sqlite').slice(0, migrations)
  for (const { sql } of all.slice(0, ROWS.sqlite.migrations)) db.exec(sql)
  db.exec(rowsOf('sqlite'))
  for (const { sql } of all.slice(ROWS.sqlite.migrations)) db.exec(sql)
  db.exec(`pragma application_id = ${0x64736375}; pragma user_version = ${all.length}`)
  db.exec(rows)
  db.close()
  return `sqlite:${path}`
}

export async function makeOldPostgres({
  migrations = ROWS.postgres.migrations,
  rows = '',
}: OldDatabase = {}): Promise<TestDatabase> {
  const database = await testDatabase()
  await database.query(`
    create schema discue;
    create table discue.migrations (number integer primary key, name text not null, applied_at timestamptz default now())`)
  for (const [index, { name, sql }] of migrationsOf('postgres').slice(0, migrations).entries()) {
    if (index === ROWS.postgres.migrations) await database.query(rowsOf('postgres'))
    await database.query(sql)
    await database.query('insert into discue.migrations (number, name) values ($1, $2)', [index + 1, name])
  }
  if (migrations === ROWS.postgres.migrations) await database.query(rowsOf('postgres'))
  await database.query(rows)
  return database
}

/** The rows with their times as if that had been a minute ago. */
function rowsOf(kind: Kind): string {
  const text = readFileSync(new URL(`../../e2e/old-database/${ROWS[kind].file}`, import.meta.url), 'utf8')
  const shift = Date.now() - 60_000 - ASKED_AT
  return text.replace(/\b1796\d{9}\b/g, (time) => String(Number(time) + shift))
}

export function migrationsOf(kind: Kind): { name: string; sql: string }[] {
  const folder = new URL(`../../../src/store-${kind}/migrations/`, import.meta.url)
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, sql: readFileSync(new URL(name, folder), 'utf8') }))
}
