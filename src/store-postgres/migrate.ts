import { readdirSync, readFileSync } from 'node:fs'
import type { Session } from './connect/session.ts'
import { DatabaseRefused } from './errors.ts'
import type { Routines } from './routines.ts'

const FOLDER = new URL('./migrations/', import.meta.url)

/** Any number will do, so long as no other application uses it in this database: "dscu", and what it locks. */
const LOCK = `select pg_advisory_xact_lock(1685283701, 0)`

/** In a schema of its own, whatever else the database holds. */
const PREPARE = `
  create schema if not exists discue;
  create table if not exists migrations (number integer primary key, name text not null, applied_at timestamptz not null default now())`

const DONE = `select coalesce(max(number), 0) as done from migrations`

/**
 * Brings the database up to date, all in one transaction: of nodes that start at once, one does it while the rest wait.
 * A node that is older than the database is refused.
 */
export async function migrate(session: Session, { definitions }: Routines): Promise<void> {
  const migrations = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  await session.script('begin; set local lock_timeout = 0; set local statement_timeout = 0')
  try {
    await session.script(`${LOCK}; ${PREPARE}`)
    const [{ done } = { done: 0 }] = await session.rows<{ done: number }>(DONE)
    if (done > migrations.length) throw new DatabaseRefused('the database was made by a newer version of discue')
    for (const [index, name] of migrations.entries()) {
      if (index < done) continue
      await session.script(readFileSync(new URL(name, FOLDER), 'utf8'))
      await session.script(`insert into migrations (number, name) values (${index + 1}, '${name}')`)
    }
    for (const text of definitions) await session.script(text)
    await session.script('commit')
  } catch (error) {
    if (!session.broken) await session.script('rollback')
    throw error
  }
}
