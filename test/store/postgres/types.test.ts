import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRuntime } from '../../../src/runtime.ts'
import { connect } from '../../../src/store-postgres/connect/session.ts'
import { targetOf } from '../../../src/store-postgres/connect/target.ts'
import { placeOf, testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'

const database = await testDatabase()

test('every whole number of PostgreSQL comes as a number, and so does a sum of them', async () => {
  const session = await connect(targetOf(placeOf(database.url)), createRuntime(silentLog))
  const largest = Number.MAX_SAFE_INTEGER
  try {
    const sql = `
      select 1::smallint as small, 2::int as int, $1::bigint as big, array[$1::bigint, null] as bigs, '{}'::bigint[] as none,
             sum(n)::bigint as cast, sum(n) as sum, count(*) as count, max(n) as max, 1.5::float8 as real
        from (values ($1::bigint - 1), (1::bigint)) t(n)`
    const [row] = await session.rows(sql, [largest])
    const numbers = { small: 1, int: 2, big: largest, bigs: [largest, null], none: [] }
    assert.deepEqual(
      { ...(row as object) },
      { ...numbers, cast: largest, sum: largest, count: 2, max: largest - 1, real: 1.5 },
    )
  } finally {
    await session.close()
  }
})
