// How many statements a pull and what is said of it take: hundreds cost a handful of round trips, whatever else is slow.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { createCommitter } from '../../../src/engine/commit/committer.ts'
import { createPullCollector } from '../../../src/engine/pull/pull-collector.ts'
import { createRuntime } from '../../../src/runtime.ts'
import type { SettleResult } from '../../../src/store/commit/batch.ts'
import type { Pulled, PulledDelivery } from '../../../src/store/pulls.ts'
import { testDatabase } from '../../support/postgres/postgres.ts'
import { silentLog } from '../../support/silent-log.ts'
import { acceptFor, commit, storedOrganization, storedQueue } from '../fixture.ts'
import { createMake, NOW } from '../make.ts'
import type { Given } from '../suite.ts'

const database = await testDatabase()
const CLIENTS = 500
const LISTENERS = 50
const MOST_STATEMENTS = 20
const LEASE_MS = 30_000

/** The statements that the store sends from now on. */
function countStatements(t: TestContext): { count: number } {
  const { query } = pg.Client.prototype
  const seen = { count: 0 }
  t.mock.method(pg.Client.prototype, 'query', function (this: pg.Client, ...asks: Parameters<typeof query>) {
    seen.count += 1
    return query.apply(this, asks)
  })
  return seen
}

/** Fifty listeners that pull, each with ten messages; nothing runs but what the test asks for. */
async function fixture(t: TestContext) {
  const runtime = { ...createRuntime(silentLog), now: () => NOW, after: () => () => undefined }
  const store = await database.openEmpty(runtime, { clock: 'caller' })
  t.after(() => store.close())
  const given: Given = { store, make: createMake(), now: NOW }
  const queue = await storedQueue(given, await storedOrganization(given))
  const listeners = Array.from({ length: LISTENERS }, () =>
    given.make.listener(queue, { notifyUrl: null, livenessUrl: null }),
  )
  for (const listener of listeners) assert.equal(await store.listeners.create(listener), 'created')
  const accept = await acceptFor(given, queue)
  const one = accept.messages[0]!
  const messages = Array.from({ length: CLIENTS / LISTENERS }, () => ({ ...one, message: given.make.message(queue) }))
  assert.equal((await commit(given, { accepts: [{ ...accept, messages }] })).accepts[0]?.outcome, 'accepted')
  const committer = createCommitter({ store, node: 'a', runtime })
  const collector = createPullCollector({ store, runtime })
  /** Each of 500 clients pulls one message. */
  const pullAll = async (): Promise<PulledBy[]> => {
    const pulled = await Promise.all(
      Array.from({ length: CLIENTS }, async (_, index): Promise<[string, Pulled]> => {
        const listenerId = listeners[index % LISTENERS]!.id
        const ask = { listenerId, limit: 1, maxBytes: 1e6, leaseMs: LEASE_MS }
        return [listenerId, await collector.pull(queue.organizationId, ask)]
      }),
    )
    return pulled.map(([listenerId, it]) => {
      assert.ok(it.outcome === 'pulled' && it.deliveries.length === 1)
      return { listenerId, delivery: it.deliveries[0]! }
    })
  }
  const settleAll = (all: readonly PulledBy[], how: 'acknowledged' | 'unseen') =>
    Promise.all(
      all.map(({ listenerId, delivery: { message, leaseUntil, attempt } }) => {
        const receipt = { messageId: message.id, leaseUntil, attempt }
        const settlement = { listenerId, queueId: queue.id, receipt, end: { how }, random: 0 }
        const { organizationId } = queue
        return new Promise<SettleResult>((resolve, reject) =>
          committer.settleLease(organizationId, settlement, resolve, reject),
        )
      }),
    )
  return { given, store, queue, pullAll, settleAll }
}

interface PulledBy {
  listenerId: string
  delivery: PulledDelivery
}

test('500 clients that pull and acknowledge one message each take twenty statements at most for each of both', async (t) => {
  const { pullAll, settleAll, given } = await fixture(t)
  const statements = countStatements(t)
  const pulled = await pullAll()
  t.diagnostic(`statements for ${CLIENTS} pulls: ${statements.count}`)
  assert.ok(statements.count <= MOST_STATEMENTS, `${statements.count} statements for ${CLIENTS} pulls`)
  assert.equal(new Set(pulled.map(({ listenerId, delivery }) => listenerId + delivery.message.id)).size, CLIENTS)
  statements.count = 0
  assert.deepEqual(new Set(await settleAll(pulled, 'acknowledged')), new Set(['settled']))
  t.diagnostic(`statements for ${CLIENTS} acknowledgements: ${statements.count}`)
  assert.ok(statements.count > 0 && statements.count <= MOST_STATEMENTS, `${statements.count} for acknowledgements`)
  assert.deepEqual(new Set(await settleAll(pulled, 'acknowledged')), new Set(['lost']))
  assert.equal((await given.store.ledger.read(ledgerOf(pulled, given))).unaccounted.length, 0)
})

test('500 leases that run out take twenty statements at most, and so do 500 that are handed back', async (t) => {
  const { pullAll, settleAll, store } = await fixture(t)
  const pulled = await pullAll()
  const statements = countStatements(t)
  assert.equal((await settleAll(pulled, 'unseen')).length, CLIENTS)
  assert.ok(statements.count > 0 && statements.count <= MOST_STATEMENTS, `${statements.count} to hand back`)
  await pullAll()
  statements.count = 0
  const { freed } = await store.pulls.expire({ now: NOW + LEASE_MS, limit: CLIENTS })
  assert.equal(freed.length, CLIENTS)
  t.diagnostic(`statements for ${CLIENTS} leases that ran out: ${statements.count}`)
  assert.ok(statements.count > 0 && statements.count <= MOST_STATEMENTS, `${statements.count} to expire`)
})

function ledgerOf(pulled: readonly PulledBy[], { now }: Given) {
  const { organizationId } = pulled[0]!.delivery.message
  return { organizationId, only: null, since: null, until: null, now }
}
