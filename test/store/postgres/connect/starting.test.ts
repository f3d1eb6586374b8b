import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRuntime } from '../../../../src/runtime.ts'
import { testDatabase } from '../../../support/postgres/postgres.ts'
import { silentLog } from '../../../support/silent-log.ts'

/** In a third of the rounds a node once saw no schema, where another one had just made it, and ended. */
const ROUNDS = 8

test('nodes that start at once on an empty database make its tables once, and all of them start', async () => {
  const runtime = createRuntime(silentLog)
  for (let round = 0; round < ROUNDS; round++) {
    const database = await testDatabase()
    const stores = await Promise.all([1, 2, 3].map(() => database.open(runtime)))
    for (const store of stores) await store.ping()
    await Promise.all(stores.map((store) => store.close()))
    const numbers = await database.query<{ number: number }>('select number from discue.migrations order by number')
    assert.ok(numbers.length > 0)
    assert.deepEqual(
      numbers.map(({ number }) => number),
      numbers.map((_, index) => index + 1),
    )
  }
})
