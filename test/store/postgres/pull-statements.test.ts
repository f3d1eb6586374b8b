// How many statements a pull and what is said of it take: hundreds cost a handful of round trips, whatever else is slow.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { createCommitter } from '../../../src/engine/commit/committer.ts'
import { createPullCollector } from '../../../src/engine/pull/pull-collector.ts'
import { createRuntime } from '../../../src/runtime.ts'
import type { SettleResult } from '../../../src/store/commit/batch.ts'
import type { LeaseSettlement, Pulled, PulledDelivery } from '../../../src/store/pulls.ts'
import type { Store } from '../../../src/store/store.ts'
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
const ACKNOWLEDGED = { how: 'acknowledged' } as const

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
        const ask = { listenerId, limit: 1, leaseMs: LEASE_MS }
        const { organizationId } = queue
        return [listenerId, await collector.pull({ organizationId, ask, room: null })]
      }),
    )
    return pulled.map(([listenerId, it]) => {
      assert.ok(it.outcome === 'pulled' && it.deliveries.length === 1)
      return { listenerId, delivery: it.deliveries[0]! }
    })
  }
  const settleAll = (all: readonly PulledBy[], end: LeaseSettlement['end']) =>
    Promise.all(
      all.map(({ listenerId, delivery: { message, leaseUntil, attempt } }) => {
        const receipt = { messageId: message.id, leaseUntil, attempt }
        const settlement = { listenerId, queueId: queue.id, receipt, end, random: 0 }
        const { organizationId } = queue
        return new Promise<SettleResult>((resolve, reject) =>
          committer.settleLease(organizationId, settlement, resolve, reject),
        )
      }),
    )
  const settle = async (by: Store, { listenerId, delivery }: PulledBy, end: LeaseSettlement['end']) => {
    const { message, leaseUntil, attempt } = delivery
    const receipt = { messageId: message.id, leaseUntil, attempt }
    const settlement = { listenerId, queueId: queue.id, receipt, end, random: 0 }
    return (await commit({ ...given, store: by }, { leaseSettlements: [settlement] })).leaseSettlements[0]
  }
  return { given, store, queue, pullAll, settleAll, settle }
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
  assert.deepEqual(new Set(await settleAll(pulled, ACKNOWLEDGED)), new Set(['settled']))
  t.diagnostic(`statements for ${CLIENTS} acknowledgements: ${statements.count}`)
  assert.ok(statements.count > 0 && statements.count <= MOST_STATEMENTS, `${statements.count} for acknowledgements`)
  assert.deepEqual(new Set(await settleAll(pulled, ACKNOWLEDGED)), new Set(['lost']))
  assert.equal((await given.store.ledger.read(ledgerOf(pulled, given))).unaccounted.length, 0)
})

test('500 leases are extended in twenty statements at most, for the first time and again, and end in as many', async (t) => {
  const { pullAll, settleAll, store } = await fixture(t)
  const pulled = await pullAll()
  const statements = countStatements(t)
  for (const time of ['first', 'second']) {
    statements.count = 0
    const results = await settleAll(pulled, { how: 'extended', leaseMs: 2 * LEASE_MS })
    assert.deepEqual(results, Array(CLIENTS).fill({ nextDueAt: NOW + 2 * LEASE_MS }))
    t.diagnostic(`statements for ${CLIENTS} extensions, the ${time} time: ${statements.count}`)
    assert.ok(statements.count > 0 && statements.count <= MOST_STATEMENTS, `${statements.count} to extend`)
  }
  assert.deepEqual(await store.pulls.expire({ now: NOW + LEASE_MS, limit: CLIENTS }), {
    freed: [],
    nextAt: NOW + 2 * LEASE_MS,
  })
  statements.count = 0
  assert.deepEqual(new Set(await settleAll(pulled, ACKNOWLEDGED)), new Set(['settled']))
  assert.ok(statements.count > 0 && statements.count <= MOST_STATEMENTS, `${statements.count} for acknowledgements`)
})

test('an acknowledgement meets the lease wherever another node has moved it meanwhile, and an extension, too', async (t) => {
  const { pullAll, settle, store } = await fixture(t)
  const other = await database.open({ ...createRuntime(silentLog), now: () => NOW }, { clock: 'caller' })
  t.after(() => other.close())
  const [first, second, third] = await pullAll()
  const race = raceBefore(t, /commit_batch/)
  race.next = async () => {
    assert.deepEqual(await settle(other, first!, { how: 'extended', leaseMs: 5_000 }), { nextDueAt: NOW + 5_000 })
  }
  assert.equal(await settle(store, first!, ACKNOWLEDGED), 'settled')
  assert.equal(await settle(store, first!, ACKNOWLEDGED), 'lost')
  race.before = /set due_at = e\.due_at/
  race.next = async () => {
    assert.deepEqual(await settle(other, second!, { how: 'extended', leaseMs: 5_000 }), { nextDueAt: NOW + 5_000 })
  }
  assert.deepEqual(await settle(store, second!, { how: 'extended', leaseMs: 7_000 }), { nextDueAt: NOW + 7_000 })
  race.next = async () => {
    assert.equal(await settle(other, third!, ACKNOWLEDGED), 'settled')
  }
  assert.equal(await settle(store, third!, { how: 'extended', leaseMs: 7_000 }), 'lost')
  assert.equal(race.ran, 3)
})

/** Runs `next` once, before the next statement that matches is sent. */
function raceBefore(t: TestContext, before: RegExp) {
  const { query } = pg.Client.prototype
  const race = { before, next: null as (() => Promise<void>) | null, ran: 0 }
  t.mock.method(pg.Client.prototype, 'query', async function (this: pg.Client, ...asks: Parameters<typeof query>) {
    const { next } = race
    if (next !== null && race.before.test(JSON.stringify(asks))) {
      race.next = null
      race.ran += 1
      await next()
    }
    return query.apply(this, asks)
  })
  return race
}

test('500 leases that run out take twenty statements at most, and so do 500 that are handed back', async (t) => {
  const { pullAll, settleAll, store } = await fixture(t)
  const pulled = await pullAll()
  const statements = countStatements(t)
  assert.equal((await settleAll(pulled, { how: 'unseen' })).length, CLIENTS)
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
