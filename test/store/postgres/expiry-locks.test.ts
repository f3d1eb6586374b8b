// What another transaction has in hand is passed over by the step that ends what has expired, and looked at again.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { createRuntime } from '../../../src/runtime.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'
import { accepted, idsOf, storedFixture } from '../fixture.ts'
import { createMake, NOW } from '../make.ts'
import type { Given } from '../suite.ts'

const database = await testDatabase()
const OVER = NOW + 60_000
const EXPIRES = { createdAt: NOW, deliverAt: NOW, expiresAt: OVER }

async function fixture(t: TestContext) {
  const runtime = { ...createRuntime(silentLog), now: () => NOW, after: () => () => undefined }
  const store = await database.openEmpty(runtime, { clock: 'caller' })
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  t.after(async () => {
    await other.end()
    await store.close()
  })
  const given: Given = { store, make: createMake(), now: NOW }
  const { queue } = await storedFixture(given)
  const message = await accepted(given, queue, EXPIRES)
  const step = (now: number) => store.expiries.step({ node: 'upkeep', now, limit: 10, afterOrganization: null })
  const statuses = async () => {
    const found = await store.messages.get(idsOf(message))
    return found!.deliveries.map(({ status }) => status)
  }
  return { other, step, statuses }
}

const LOCKS = {
  'a message that a redelivery keeps as it is': 'select 1 from discue.messages for share',
  'a delivery that a pull is taking': 'select 1 from discue.deliveries for update',
}

for (const [what, lock] of Object.entries(LOCKS)) {
  test(`${what} is passed over without waiting, and discarded once it is let go`, async (t) => {
    const { other, step, statuses } = await fixture(t)
    await other.query('begin')
    assert.equal((await other.query(lock)).rowCount, 1)
    const { looked, discarded } = await step(OVER)
    assert.deepEqual({ looked, discarded }, { looked: 1, discarded: 0 })
    assert.deepEqual(await statuses(), ['pending'])
    await other.query('rollback')
    assert.equal((await step(OVER + 600_000)).discarded, 1)
    assert.deepEqual(await statuses(), ['expired'])
  })
}

test('a message that is being removed is passed over, and leaves nothing to look at', async (t) => {
  const { other, step } = await fixture(t)
  await other.query('begin')
  await other.query('select 1 from discue.messages for update')
  assert.equal((await step(OVER)).discarded, 0)
  await other.query('delete from discue.messages')
  await other.query('commit')
  assert.deepEqual(await step(OVER), { looked: 0, discarded: 0, organizationId: null })
})
