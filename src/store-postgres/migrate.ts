import { readdirSync, readFileSync } from 'node:fs'
import type { Runtime } from '../runtime.ts'
import { StoreUnavailable } from '../store/store.ts'
import { forSchema } from './connect/schema.ts'
import { connect, type Session } from './connect/session.ts'
import { type PostgresAddress, targetOf } from './connect/target.ts'
import { DatabaseRefused, isWorthAnotherTry } from './errors.ts'
import { type Routines, readRoutines } from './routines.ts'

/** A migration may go through a table, and a node that starts waits for the one that does it. */
const MIGRATION_MS = 3_600_000

/** What was ended by a deadlock is rolled back as a whole, and begun anew so many times. */
const MAX_TRIES = 10

/** The SQLSTATE of a role without a right that a statement needs. */
const INSUFFICIENT_PRIVILEGE = 'PostgreSQL 42501:'

const FOLDER = new URL('./migrations/', import.meta.url)

/** Any number will do, so long as no other application uses it in this database: "dscu", and what it locks. */
const LOCK = `select pg_advisory_xact_lock(1685283701, 0)`

/**
 * Asked first, because `if not exists` wants the right to create what is there already. Of the tables themselves: a function
 * such as `to_regnamespace` goes on saying no, in a transaction that waited for the lock while another node made them.
 */
const STANDS = `
  select count(*) > 0 as "hasSchema", count(c.oid) > 0 as "hasTable"
    from pg_namespace n left join pg_class c on c.relnamespace = n.oid and c.relname = 'migrations'
   where n.nspname = $1`
const MAKE_TABLE = `
  create table discue.migrations (number integer primary key, name text not null, applied_at timestamptz not null default now())`
const REMEMBER = `insert into discue.migrations (number, name) values ($1, $2)`
const DONE = `select coalesce(max(number), 0) as done from discue.migrations`
const HAS_ROUTINES = `
  select count(distinct p.proname)::int as found from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where n.nspname = $1 and p.proname = any($2)`

/**
 * Brings the database up to date, all in one transaction: of nodes that start at once, one does it while the rest wait.
 * Where nothing is missing it only reads, so that a role without rights to change the schema can start a node. A node
 * that is older than the database is refused.
 */
export async function migrate(session: Session, routines: Routines, schema: string): Promise<void> {
  try {
    await bringUpToDate(session, routines, schema)
  } catch (error) {
    if (!lacksRight(error)) throw error
    throw new DatabaseRefused(
      `the role may not bring the schema ${schema} up to date, or not use it: run "discue migrate --grant-to ROLE" as one that may (${error.message})`,
    )
  }
}

function lacksRight(error: unknown): error is Error {
  return error instanceof StoreUnavailable && error.message.includes(INSUFFICIENT_PRIVILEGE)
}

/** Of two that lock the same tables in another order PostgreSQL ends one: nodes of the version before go on meanwhile. */
async function bringUpToDate(session: Session, routines: Routines, schema: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await tryToBringUpToDate(session, routines, schema)
    } catch (error) {
      if (!isWorthAnotherTry(error) || tries === MAX_TRIES) throw error
    }
  }
}

async function tryToBringUpToDate(session: Session, routines: Routines, schema: string): Promise<void> {
  const inSchema = forSchema(schema)
  const names = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  if ((await migrationsDone(session, names, schema)) === names.length && (await hasRoutines(session, routines, schema)))
    return
  try {
    await session.begin('write')
    await session.script('set local lock_timeout = 0; set local statement_timeout = 0')
    await session.script(LOCK, MIGRATION_MS)
    await makeTables(session, names, schema)
    if (!(await hasRoutines(session, routines, schema))) {
      for (const text of routines.definitions) await session.script(inSchema(text))
    }
    await session.end('commit')
  } catch (error) {
    if (!session.broken) await session.end('rollback')
    throw error
  }
}

/** The first migrations name their tables without a schema, and are never changed: they find them by the path. */
async function makeTables(session: Session, names: readonly string[], schema: string): Promise<void> {
  const inSchema = forSchema(schema)
  const done = await migrationsDone(session, names, schema)
  if (done < 0) await session.script(`create schema "${schema}"`)
  if (done <= 0) await session.script(inSchema(MAKE_TABLE))
  await session.script(`set local search_path = "${schema}"`)
  for (const [index, name] of names.entries()) {
    if (index < done) continue
    await session.script(inSchema(readFileSync(new URL(name, FOLDER), 'utf8')), MIGRATION_MS)
    await session.run(REMEMBER, [index + 1, name])
  }
  await session.script('set local search_path = pg_catalog')
}

/** How many migrations the database has had; 0 where there is no table, -1 where there is no schema. */
async function migrationsDone(session: Session, names: readonly string[], schema: string): Promise<number> {
  const [stands] = await session.rows<{ hasSchema: boolean; hasTable: boolean }>(STANDS, [schema])
  if (!stands!.hasSchema) return -1
  if (!stands!.hasTable) return 0
  const [{ done } = { done: 0 }] = await session.rows<{ done: number }>(DONE)
  if (done > names.length) throw new DatabaseRefused('the database was made by a newer version of discue')
  return done
}

async function hasRoutines(session: Session, { names }: Routines, schema: string): Promise<boolean> {
  const [row] = await session.rows<{ found: number }>(HAS_ROUTINES, [schema, `{${names.join(',')}}`])
  return row!.found === names.length
}

/** What a role needs to run a node, beside the schema itself: to use it, and neither to change nor to empty it. */
const GRANTS = (schema: string, role: string) => `
  grant usage on schema "${schema}" to "${role}";
  grant select, insert, update, delete on all tables in schema "${schema}" to "${role}";
  grant usage, select, update on all sequences in schema "${schema}" to "${role}";
  grant execute on all functions in schema "${schema}" to "${role}"`

/**
 * Brings the database at `place` up to date without a server, and lets `grantTo` run nodes on it; null: no other role.
 * Throws `StoreUnavailable` or `DatabaseRefused`.
 */
export async function migratePostgres(
  place: PostgresAddress,
  runtime: Runtime,
  grantTo: string | null,
): Promise<{ schema: string }> {
  const target = targetOf(place)
  const session = await connect(target, runtime)
  try {
    await migrate(session, readRoutines(), target.schema)
    if (grantTo !== null) await session.script(GRANTS(target.schema, grantTo.replaceAll('"', '""')))
    return { schema: target.schema }
  } finally {
    await session.close()
  }
}
