import type { Runtime } from '../runtime.ts'
import { connect } from './connect/session.ts'
import { type PostgresAddress, targetOf } from './connect/target.ts'
import { migrate } from './migrate.ts'
import { readRoutines } from './routines.ts'

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
