import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createRuntime } from '../../../src/runtime.ts'
import { createPool } from '../../../src/store-postgres/connect/pool.ts'
import type { Session } from '../../../src/store-postgres/connect/session.ts'
import { createManualRuntime } from '../../support/manual-runtime.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'

const NODE = null

/** A pool of one connection, which the test holds until it lets the next call have it. */
function given() {
  const runtime = createManualRuntime(0)
  let owner: string | null = NODE
  const session = { broken: false, close: async () => undefined } as Session
  const pool = createPool(async () => session, runtime, { ownerOf: () => owner, max: 1 })
  const served: string[] = []
  const held: (() => void)[] = []
  function call(as: string | null, name: string): Promise<void> {
    owner = as
    return pool.use(async () => {
      served.push(name)
      await new Promise<void>((resolve) => held.push(resolve))
    })
  }
  async function release(): Promise<void> {
    held.shift()!()
    await turn()
  }
  return { runtime, pool, served, call, release }
}

describe('the pool', () => {
  test('lets organizations take turns, so that a thousand calls of one delay another by one', async () => {
    const { served, call, release } = given()
    const calls = [call('greedy', 'first')]
    await turn()
    for (let n = 0; n < 900; n++) calls.push(call('greedy', `greedy ${n}`))
    calls.push(call('honest', 'honest'))
    for (let n = 0; n < 2; n++) await release()
    assert.deepEqual(served, ['first', 'greedy 0', 'honest'])
    for (let n = 0; n < 900; n++) await release()
    await Promise.all(calls)
    assert.equal(served.length, 902)
  })

  test('gives every second turn to what the node itself does', async () => {
    const { served, call, release } = given()
    const calls = [call(NODE, 'first')]
    await turn()
    for (const owner of ['a', 'b', 'c', 'd']) calls.push(call(owner, owner))
    for (let n = 0; n < 3; n++) calls.push(call(NODE, `node ${n}`))
    for (let n = 0; n < calls.length; n++) await release()
    await Promise.all(calls)
    assert.deepEqual(served, ['first', 'a', 'node 0', 'b', 'node 1', 'c', 'node 2', 'd'])
  })

  test('refuses an organization that has half of the places, and neither another one nor the node', async () => {
    const { pool, served, call, release } = given()
    const calls = [call(NODE, 'first')]
    await turn()
    for (let n = 0; n < 1_000; n++) calls.push(call('greedy', `greedy ${n}`))
    await assert.rejects(call('greedy', 'too many'), /too many calls wait/)
    calls.push(call('honest', 'honest'), call(NODE, 'node'))
    for (let n = 0; n < 3; n++) await release()
    assert.deepEqual(served.slice(1), ['greedy 0', 'node', 'honest'])
    const ended = Promise.allSettled(calls)
    await pool.close()
    await release()
    await ended
  })

  test('passes over a call that has waited too long, and does not serve it later', async () => {
    const { runtime, served, call, release } = given()
    const first = call('a', 'first')
    await turn()
    const late = assert.rejects(call('a', 'late'), /no connection came free in time/)
    await turn()
    await Promise.all([runtime.advance(5_000), late])
    const next = call('a', 'next')
    await turn()
    await release()
    await release()
    await Promise.all([first, next])
    assert.deepEqual(served, ['first', 'next'])
  })
})

test('the store tells the pool whose call it is', async (t) => {
  const database = await testDatabase()
  // No call gives up, however long the others take.
  const runtime = { ...createRuntime(silentLog), after: () => () => undefined }
  const store = await database.open(runtime)
  t.after(() => store.close())
  const order: string[] = []
  const find = (organizationId: string) =>
    store.queues.get({ organizationId, id: 'none' }).then(() => order.push(organizationId))
  const calls = [...Array.from({ length: 300 }, () => find('greedy')), find('honest')]
  await Promise.all(calls)
  // The first few have connections of their own, which are opened one by one.
  assert.ok(order.indexOf('honest') < 150, `${order.indexOf('honest')} calls of another organization came first`)
})
