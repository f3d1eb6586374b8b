import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRuntime } from '../../../src/runtime.ts'
import { batchParameters, callOf } from '../../../src/store-postgres/commit/batch-parameters.ts'
import { readRoutines } from '../../../src/store-postgres/routines.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'

/** What PostgreSQL takes the routine's parameters for, in their order. */
const PARAMETERS = `
  select u.name, format_type(u.type, null) as type
    from pg_proc p
   cross join lateral unnest(p.proargnames, p.proallargtypes, p.proargmodes) with ordinality u(name, type, mode, place)
   where p.oid = $1::regproc and u.mode = 'i' order by u.place`

/** As PostgreSQL calls the types that the list has by their short names. */
const LONG = { int: 'integer', 'int[]': 'integer[]' } as Record<string, string>

test('the parameters of commit_batch are those of the list, by name, type and order', async () => {
  const database = await testDatabase()
  await (await database.open(createRuntime(silentLog))).close()
  const routines = readRoutines()
  const declared = await database.query<{ name: string; type: string }>(PARAMETERS, [routines.name('commit_batch')])
  const listed = batchParameters().map(({ name, type }) => ({ name, type: LONG[type] ?? type }))
  assert.deepEqual(
    declared.map((row) => ({ ...row })),
    listed,
  )
  for (const { name } of listed) assert.ok(callOf(routines).includes(`${name} => $`), name)
})
