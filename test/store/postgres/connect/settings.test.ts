import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRuntime } from '../../../../src/runtime.ts'
import { openPostgresStore } from '../../../../src/store-postgres/database.ts'
import { createLoggedLines } from '../../../support/manual-runtime.ts'
import { placeOf, testDatabase } from '../../../support/postgres/postgres.ts'
import { silentLog } from '../../../support/silent-log.ts'
import { waitFor } from '../../../support/wait-for.ts'
import { acceptFor, commit, storedFixture } from '../../fixture.ts'
import { withStore } from '../../suite.ts'

const database = await testDatabase()
const runtime = createRuntime(silentLog)
const name = placeOf(database.url).database

/** What a role or a database may have set for itself, and where it would be seen. */
const SETTINGS = [
  'default_transaction_isolation = serializable',
  'default_transaction_deferrable = on',
  'array_nulls = off',
  'transform_null_equals = on',
  'statement_timeout = 1',
  'lock_timeout = 1',
  'idle_session_timeout = 50',
  'idle_in_transaction_session_timeout = 1',
  'search_path = nowhere',
  `datestyle = 'German, DMY'`,
  `intervalstyle = iso_8601`,
  `timezone = 'Asia/Kathmandu'`,
  'standard_conforming_strings = off',
  'extra_float_digits = -15',
  'enable_indexscan = off',
  'plan_cache_mode = force_custom_plan',
  'client_min_messages = debug1',
  'synchronous_commit = off',
  'bytea_output = escape',
  'row_security = off',
]

/** A message's life: accepted, claimed, settled, with names and texts that settings change the meaning of. */
async function work(): Promise<void> {
  await withStore(
    () => database.openEmpty(runtime, { clock: 'caller' }),
    async (given) => {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given)
      const accepts = [
        await acceptFor(given, queue, { data: `\\'"{}NULL`, name: 'NULL' }),
        await acceptFor(given, queue, { data: 'a', name: null }),
      ]
      const { accepts: results } = await commit(given, { accepts })
      assert.deepEqual(new Set(results.map(({ outcome }) => outcome)), new Set(['accepted']))
      const claim = { node: 'a', listenerId: listeners[0]!.id, limit: 10, maxBytes: 1e6, now }
      const { deliveries } = await store.deliveries.claimDue(claim)
      assert.deepEqual(
        deliveries.map(({ message }) => [message.data, message.name]),
        [
          [`\\'"{}NULL`, 'NULL'],
          ['a', null],
        ],
      )
      const settlements = deliveries.map((delivery) => ({
        delivery: { ...delivery, sequence: delivery.message.sequence },
        attempt: { number: 1, startedAt: now, durationMs: 1, status: 200, error: null, response: '' },
        next: { state: 'acknowledged' as const },
      }))
      assert.deepEqual((await commit(given, { settlements })).settlements, ['settled', 'settled'])
      const bucket = { key: 'k', perTokenMs: 1_000 / 3, size: 10, want: 7 }
      assert.ok((await store.rates!.takeOfBucket(bucket)).granted > 0)
    },
  )
}

for (const setting of SETTINGS) {
  test(`a database with ${setting} is worked on like any other`, async () => {
    await database.query(`alter database ${name} set ${setting}`)
    try {
      await work()
    } finally {
      await database.query(`alter database ${name} reset all`)
    }
  })
}

test('a database that takes no writes is waited for, and the log says so once', async () => {
  await (await database.open(runtime)).close()
  await database.query(`alter database ${name} set default_transaction_read_only = on`)
  const { log, lines } = createLoggedLines()
  const opening = openPostgresStore(placeOf(database.url), createRuntime(log))
  try {
    await waitFor('the line', () => lines.length)
  } finally {
    await database.query(`alter database ${name} reset all`)
  }
  const store = await opening
  await store.ping()
  await store.close()
  const said = lines.filter(({ level }) => level === 'warn')
  assert.equal(said.length, 1)
  assert.match(said[0]!.message, /waiting until a host takes writes.*takes no writes/)
})

test('a start that waits for a database that takes no writes ends when it is told to stop', async () => {
  await (await database.open(runtime)).close()
  await database.query(`alter database ${name} set default_transaction_read_only = on`)
  try {
    const stop = new AbortController()
    const opening = openPostgresStore(placeOf(database.url), runtime, { clock: 'database', stop: stop.signal })
    stop.abort('SIGTERM')
    await assert.rejects(opening, (reason) => reason === 'SIGTERM')
  } finally {
    await database.query(`alter database ${name} reset all`)
  }
})
