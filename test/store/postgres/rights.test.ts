import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createRuntime } from '../../../src/runtime.ts'
import { openPostgresStore } from '../../../src/store-postgres/database.ts'
import { DatabaseRefused } from '../../../src/store-postgres/errors.ts'
import { migratePostgres } from '../../../src/store-postgres/migrate.ts'
import { placeOf, testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'
import { acceptFor, commit, storedFixture } from '../fixture.ts'
import { withStore } from '../suite.ts'

const role = `server_${process.pid}_${Math.floor(Math.random() * 1e9)}`
// Before the one that closes the database, which is told later.
after(async () => {
  await database.query(`drop owned by ${role} cascade`)
  await database.query(`drop role ${role}`)
})
const database = await testDatabase()
const runtime = createRuntime(silentLog)
const { database: name } = placeOf(database.url)
await database.query(`create role ${role} login`)
const place = { ...placeOf(database.url), user: role }

async function nothingThere(): Promise<void> {
  await database.query('drop schema if exists discue cascade')
}

async function worksAs(it: typeof place): Promise<void> {
  await withStore(
    () => openPostgresStore(it, runtime, { clock: 'caller' }),
    async (given) => {
      const { queue } = await storedFixture(given)
      const result = await commit(given, { accepts: [await acceptFor(given, queue)] })
      assert.equal(result.accepts[0]!.outcome, 'accepted')
      // What notifies the other nodes, counts and adds up, and what locks a table for a moment.
      const limits = { storedMessages: 5 }
      await given.store.organizations.update({ id: queue.organizationId, changes: { limits }, now: given.now })
      await given.store.queues.delete({ organizationId: queue.organizationId, id: queue.id, now: given.now })
      await given.store.removals.sweep({ limit: 100 })
    },
  )
}

test('a role that owns the schema needs no right to make one in the database', async () => {
  await nothingThere()
  await database.query(`create schema discue authorization ${role}`)
  await worksAs(place)
})

test('a role that may do nothing is refused with what to run, and then works, and cannot change the schema', async () => {
  await nothingThere()
  const refused = (error: unknown) =>
    error instanceof DatabaseRefused && /discue migrate --grant-to/.test(error.message)
  await assert.rejects(openPostgresStore(place, runtime), refused)
  // Made by another role, and not granted: what is there is not to be used either.
  await migratePostgres(placeOf(database.url), runtime, null)
  await assert.rejects(openPostgresStore(place, runtime), refused)
  await migratePostgres(placeOf(database.url), runtime, role)
  await worksAs(place)
  const [rights] = await database.query<Record<string, boolean>>(
    `select has_schema_privilege($1, 'discue', 'create') as "makeTables", has_database_privilege($1, $2, 'create') as "makeSchemas",
            has_table_privilege($1, 'discue.messages', 'truncate') as empty`,
    [role, name],
  )
  assert.deepEqual(rights, { makeTables: false, makeSchemas: false, empty: false })
})

test('a schema that was migrated twice is as it was', async () => {
  const count = `select count(*)::int as migrations, max(number) as last from discue.migrations`
  const before = await database.query(count)
  await migratePostgres(placeOf(database.url), runtime, role)
  assert.deepEqual(await database.query(count), before)
})
