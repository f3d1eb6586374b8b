import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, test } from 'node:test'
import { createRuntime } from '../../../../src/runtime.ts'
import { testDatabase } from '../../../support/postgres/postgres.ts'
import { fetchNewest } from '../../../support/postgres/postgres-binaries.ts'
import { startPostgres } from '../../../support/postgres/postgres-server.ts'
import { makeFolder } from '../../../support/server/server-process.ts'
import { silentLog } from '../../../support/silent-log.ts'
import { runStoreCases } from '../../suite.ts'

const folder = makeFolder()
// PostgreSQL does not run as root, and another user has to reach its programs.
chmodSync(folder.path, 0o755)

/** Where the newest PostgreSQL has its programs, or why it cannot be had. */
function newest(): { binaries: string } | { missing: string } {
  try {
    return { binaries: fetchNewest(folder.path) }
  } catch (error) {
    return { missing: `the newest PostgreSQL cannot be fetched: ${String((error as Error).message).split('\n')[0]}` }
  }
}

const found = newest()
if ('missing' in found) {
  after(() => folder[Symbol.dispose]())
  test('the newest PostgreSQL', (t) => t.skip(found.missing))
} else {
  const server = await startPostgres({ binaries: found.binaries })
  process.env.DISCUE_TEST_POSTGRES_URL = server.urlOf('postgres')
  const database = await testDatabase()
  // After the database is gone, which the line before sees to.
  after(async () => {
    await server.remove()
    folder[Symbol.dispose]()
  })
  const runtime = createRuntime(silentLog)
  test('the newest PostgreSQL is newer than the one that the other tests need', async (t) => {
    const [row] = await database.query<{ version: number }>(
      `select current_setting('server_version_num')::int as version`,
    )
    t.diagnostic(`PostgreSQL ${row!.version}`)
    assert.ok(row!.version >= 180_000, String(row!.version))
  })
  runStoreCases('the newest postgres', () => database.openEmpty(runtime, { clock: 'caller' }))
}
