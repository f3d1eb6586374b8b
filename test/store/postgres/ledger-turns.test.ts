import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Problem } from '../../../src/core/problem.ts'
import type { Database } from '../../../src/store-postgres/connect/transaction.ts'
import { createLedgerStore } from '../../../src/store-postgres/ledger/ledger.ts'

/** A ledger over a database that answers when it is told to, and says which organization a statement is for. */
function given() {
  const asked: string[] = []
  const held: (() => void)[] = []
  const db = {
    async rows(_sql: string, [organizationId]: string[]) {
      asked.push(organizationId!)
      await new Promise<void>((resolve) => held.push(resolve))
      return []
    },
  }
  const ledger = createLedgerStore({ db } as unknown as Database)
  const read = (organizationId: string) => ledger.read({ organizationId, only: null, since: null, until: null, now: 0 })
  async function answer(): Promise<void> {
    held.shift()!()
    await turn()
  }
  return { read, asked, answer }
}

test('a node reads one ledger at a time on PostgreSQL, in turns, and refuses an organization that has its share', async () => {
  const { read, asked, answer } = given()
  const readings = Array.from({ length: 16 }, () => read('greedy'))
  await assert.rejects(read('greedy'), (error) => error instanceof Problem && error.code === 'too_many_readings')
  readings.push(read('honest'))
  await turn()
  assert.deepEqual(asked, ['greedy'])
  for (let n = 0; n < 2; n++) await answer()
  assert.deepEqual(asked, ['greedy', 'greedy', 'honest'])
  for (let n = 0; n < 15; n++) await answer()
  await Promise.all(readings)
  assert.equal(asked.length, 17)
})
