import assert from 'node:assert/strict'
import { statSync, truncateSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Next } from '../../../src/core/delivery/delivery.ts'
import type { Accept } from '../../../src/store/commit/batch.ts'
import { type Store, StoreUnavailable } from '../../../src/store/store.ts'
import { openSqliteStore } from '../../../src/store-sqlite/database.ts'
import { verifyDatabase } from '../../../src/store-sqlite/file/verify.ts'
import { rounds } from '../../support/thorough.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  claim,
  claimedOne,
  commit,
  idsOf,
  MISSED,
  settled,
  stored,
  storedFixture,
  storedMessage,
} from '../fixture.ts'
import { step } from '../property/model-steps.ts'
import { Walk } from '../property/model-walk.ts'
import { withStore } from '../suite.ts'
import { copied, freshPath, isNoted, pendingOf, rowsIn, withFile, withFullDisk } from './rowless-fixture.ts'

test('what is leased with its acceptance has no row, and is free for the next process', () =>
  withFile(async (given, { path, afterCrash }) => {
    const { queue, listeners } = await storedFixture(given, 2)
    const message = await accepted(given, queue, { leased: true })
    assert.equal(message.deliveries.length, 2)
    assert.equal(rowsIn(path), 0)
    await afterCrash(async (next) => {
      for (const { id } of listeners) {
        const delivery = await claimedOne(next, { node: 'b', listenerId: id })
        assert.deepEqual([delivery.message.id, delivery.attempts], [message.id, 0])
        assert.equal(await settled(next, delivery, ACKNOWLEDGED, { node: 'b' }), 'settled')
      }
    })
  }))

const ends: [what: string, next: Next, pending: boolean, attempts: number][] = [
  ['acknowledged', ACKNOWLEDGED, false, 1],
  ['missed', MISSED, false, 1],
  ['to be tried again', { state: 'pending', dueAt: 5 }, true, 1],
  ['to be tried again without counting', { state: 'pending', dueAt: 5, anew: true }, true, 1],
]
for (const [what, next, pending, attempts] of ends) {
  test(`what was ${what} is so for the next process`, () =>
    withFile(async (given, { path, afterCrash }) => {
      const { queue, listeners } = await storedFixture(given)
      const message = await accepted(given, queue, { leased: true })
      assert.equal(await settled(given, message.deliveries[0]!, next), 'settled')
      assert.equal(rowsIn(path), pending ? 1 : 0)
      await afterCrash(async (later) => {
        const { deliveries } = await claim(later, { node: 'b', listenerId: listeners[0]!.id })
        assert.deepEqual(
          deliveries.map((it) => [it.message.id, it.attempts, it.dueAt, it.firstSentAt]),
          pending ? [[message.id, attempts, 5, given.now]] : [],
        )
        const { deliveries: seen } = await stored(later, message)
        assert.equal(seen[0]!.attempts, attempts)
      })
    }))
}

test('a second settlement of it in the same commit, or a later one, has lost', () =>
  withFile(async (given) => {
    const { queue } = await storedFixture(given)
    const [delivery] = (await accepted(given, queue, { leased: true })).deliveries
    assert.equal(await settled(given, delivery!, { state: 'pending', dueAt: given.now }), 'settled')
    assert.equal(await settled(given, delivery!, ACKNOWLEDGED), 'lost')
  }))

test('whoever looks at it finds it, whoever changes something gives it a row, and it is settled all the same', () =>
  withFile(async (given, { path }) => {
    const { queue, listeners } = await storedFixture(given)
    const message = await accepted(given, queue, { leased: true })
    assert.deepEqual(
      (await stored(given, message)).deliveries.map(({ listenerId, status }) => [listenerId, status]),
      [[listeners[0]!.id, 'pending']],
    )
    assert.equal(rowsIn(path), 0)
    const changed = await given.store.messages.update({ ...idsOf(message), changes: { name: 'n' }, now: given.now })
    assert.equal(typeof changed, 'object')
    assert.equal(rowsIn(path), 1)
    assert.deepEqual(
      (await stored(given, message)).deliveries.map(({ listenerId, status }) => [listenerId, status]),
      [[listeners[0]!.id, 'pending']],
    )
    assert.equal(await settled(given, message.deliveries[0]!, ACKNOWLEDGED), 'settled')
    assert.equal(rowsIn(path), 0)
  }))

test('a listing over all queues finds what was accepted while it read', () =>
  withFile(async (given) => {
    const { organization, queue } = await storedFixture(given)
    await accepted(given, queue, { leased: true })
    const ask = { organizationId: organization.id, queueId: null, only: null, before: null, offset: 0, limit: 10 }
    const listing = given.store.messages.list({ ...ask, full: true })
    await accepted(given, queue, { leased: true })
    for (const { deliveries } of await listing) assert.equal(deliveries[0]?.status, 'pending')
  }))

test('a power cut that takes rows which were not synced takes no delivery', () =>
  withFile(async (given, { path }) => {
    const { queue, listeners } = await storedFixture(given)
    const message = await accepted(given, queue, { leased: true })
    const synced = statSync(`${path}-wal`).size
    await given.store.messages.search(pendingOf(queue))
    assert.equal(rowsIn(path), 1)
    const cut = copied(path)
    assert.ok(statSync(`${cut}-wal`).size > synced)
    truncateSync(`${cut}-wal`, synced)
    await withStore(
      () => openSqliteStore(cut),
      async (later) => {
        assert.equal((await claimedOne(later, { listenerId: listeners[0]!.id })).message.id, message.id)
      },
    )
  }))

test('what was deleted, or whose listener was, does not come back', () =>
  withFile(async (given, { afterCrash }) => {
    const { queue, listeners } = await storedFixture(given, 2)
    const [deleted, kept] = [
      await accepted(given, queue, { leased: true }),
      await accepted(given, queue, { leased: true }),
    ]
    await given.store.messages.delete({ ...idsOf(deleted), now: given.now })
    await given.store.listeners.delete({ ...idsOf(listeners[0]!), now: given.now })
    await afterCrash(async (later) => {
      assert.deepEqual((await claim(later, { listenerId: listeners[0]!.id })).deliveries, [])
      const { message } = await claimedOne(later, { listenerId: listeners[1]!.id })
      assert.equal(message.id, kept.id)
    })
  }))

test('a commit that fails leaves nothing implied, and the next one does', () =>
  withFile(async (given, { afterCrash }) => {
    const { queue, listeners } = await storedFixture(given)
    const good = await acceptFor(given, queue, { leased: true })
    const bad = await acceptFor(given, queue, { leased: true, data: Symbol('unstorable') as never })
    await assert.rejects(commit(given, { accepts: [good, bad] }))
    await afterCrash(async (later) => {
      assert.deepEqual((await claim(later, { listenerId: listeners[0]!.id })).deliveries, [])
    })
    const message = await accepted(given, queue, { leased: true })
    await afterCrash(async (later) => {
      assert.equal((await claimedOne(later, { listenerId: listeners[0]!.id })).message.id, message.id)
    })
  }))

test('of very many messages, those that are on their way for long are found by the next process', () =>
  withFile(async (given, { path, afterCrash }) => {
    const { queue, listeners } = await storedFixture(given)
    const many = async () => {
      const accepts: Accept[] = []
      for (let i = 0; i < 1_000; i++) accepts.push(await acceptFor(given, queue, { leased: true }))
      const { accepts: results } = await commit(given, { accepts })
      const deliveries = results.map((result, index) => {
        assert.ok(result.outcome === 'accepted')
        const { sequence, leases } = result.messages[0]!
        const { message } = accepts[index]!.messages[0]!
        const lease: number = leases[0]!
        const about = { listenerId: listeners[0]!.id, dueAt: message.deliverAt, firstSentAt: null, attemptsBefore: 0 }
        return { ...about, sequence, lease, id: message.id }
      })
      const attempt = { number: 1, startedAt: given.now, durationMs: 0, status: 200, error: null, response: '' }
      // Every hundredth stays on its way.
      const ended = deliveries.filter((_, index) => index % 100 > 0)
      const settlements = ended.map((delivery) => ({ delivery, attempt, next: ACKNOWLEDGED }))
      await commit(given, { settlements })
      return deliveries.filter((_, index) => index % 100 === 0).map(({ id }) => id)
    }
    const onTheirWay: string[] = []
    for (let round = 0; round < 20; round++) onTheirWay.push(...(await many()))
    const rows = rowsIn(path)
    assert.ok(rows >= 100 && rows < 200, `${rows} rows`)
    await afterCrash(async (later) => {
      const { deliveries } = await claim(later, { listenerId: listeners[0]!.id, limit: 100_000 })
      assert.deepEqual(deliveries.map(({ message }) => message.id).sort(), onTheirWay.sort())
    })
  }))

test('where rows cannot be written, whoever only looks or stops is answered all the same', () =>
  withFullDisk((disk) =>
    withFile(async (given, { path }) => {
      const { queue, listeners } = await storedFixture(given)
      const message = await accepted(given, queue, { leased: true })
      disk.full = true
      await given.store.messages.search(pendingOf(queue))
      await given.store.deliveries.backlog({ limit: 1 })
      await given.store.deliveries.release({ node: 'a' })
      assert.deepEqual((await claim(given, { node: 'b', listenerId: listeners[0]!.id })).deliveries, [])
      const change = { ...idsOf(message), changes: { name: 'n' }, now: given.now }
      await assert.rejects(given.store.messages.update(change), StoreUnavailable)
      assert.equal(rowsIn(path), 0)
      disk.full = false
      const { message: found } = await claimedOne(given, { node: 'b', listenerId: listeners[0]!.id })
      assert.equal(found.id, message.id)
    }),
  ))

test('a start where rows cannot be written succeeds, and what was on its way is found once they can', () =>
  withFullDisk((disk) =>
    withFile(async (given, { afterCrash }) => {
      const { queue, listeners } = await storedFixture(given)
      const listenerId = listeners[0]!.id
      const message = await accepted(given, queue, { leased: true })
      disk.full = true
      await afterCrash(async (later) => {
        const ask = { node: 'b', after: null, limit: 10, now: later.now }
        assert.deepEqual(await later.store.deliveries.waiting(ask), [])
        const fresh = await accepted(later, queue, { leased: true, node: 'b' })
        await later.store.deliveries.renew({ node: 'b', until: later.now + 60_000 })
        // What has no row is not done with: an expiry that knew only rows would remove it.
        const expiry = { now: later.now, before: later.now + 1e9, after: 0, limit: 10 }
        await assert.rejects(later.store.removals.expire(expiry), StoreUnavailable)
        disk.full = false
        const { deliveries } = await claim(later, { node: 'b', listenerId, now: later.now + 1_000 })
        assert.deepEqual(
          deliveries.map((it) => it.message.id),
          [message.id],
        )
        for (const delivery of [...deliveries, ...fresh.deliveries]) {
          assert.equal(await settled(later, delivery, ACKNOWLEDGED, { node: 'b' }), 'settled')
        }
      })
    }),
  ))

test('what a node held that says nothing any more is pulled, once its listener pulls', () =>
  withFile(async (given) => {
    const { queue, listeners } = await storedFixture(given)
    const [listener] = listeners
    await given.store.deliveries.renew({ node: 'a', until: given.now + 15_000 })
    const message = await accepted(given, queue, { leased: true })
    const changes = { notifyUrl: null, livenessUrl: null }
    await given.store.listeners.update({ ...idsOf(listener!), changes, now: given.now })
    const ask = { listenerId: listener!.id, limit: 10, maxBytes: 1e9, leaseMs: 1_000 }
    const pull = async (now: number) => {
      const [pulled] = await given.store.pulls.pull({ now, asks: [ask] })
      assert.ok(pulled?.outcome === 'pulled')
      return pulled.deliveries.map((it) => it.message.id)
    }
    assert.deepEqual(await pull(given.now), [])
    assert.deepEqual(await pull(given.now + 20_000), [message.id])
  }))

test('a sweep writes no rows, and an expiry knows what is on its way', () =>
  withFile(async (given, { path }) => {
    const { queue } = await storedFixture(given)
    const message = await accepted(given, queue, { leased: true })
    await given.store.removals.sweep({ limit: 10 })
    const far = given.now + 1e9
    await given.store.removals.expire({ now: far, before: far, after: 0, limit: 10 })
    assert.equal(rowsIn(path), 0)
    assert.equal(await settled(given, message.deliveries[0]!, ACKNOWLEDGED), 'settled')
  }))

test('after a clean stop with nothing on its way, a start has nothing to look through', async () => {
  const path = freshPath()
  await withStore(
    () => openSqliteStore(path),
    async (given) => {
      const { queue } = await storedFixture(given)
      const { deliveries } = await accepted(given, queue, { leased: true })
      assert.equal(isNoted(path), true)
      await settled(given, deliveries[0]!, ACKNOWLEDGED)
    },
  )
  assert.equal(isNoted(path), false)
})

test('the ledger is right while deliveries have no row, by the server and by `discue verify`', () =>
  withFile(async (given, { path }) => {
    const { organization, queue, listeners } = await storedFixture(given, 2)
    const accepts = await Promise.all([1, 2, 3].map(() => acceptFor(given, queue, { leased: true })))
    const results = (await commit(given, { accepts })).accepts
    for (const [index, end] of [ACKNOWLEDGED, MISSED].entries()) {
      await settled(given, storedMessage(accepts[index]!, results[index]).deliveries[0]!, end)
    }
    assert.equal(rowsIn(path), 0)
    const { ledger, faults } = await verifyDatabase(copied(path), given.now)
    assert.deepEqual(faults, [])
    const ask = { organizationId: organization.id, only: null, since: null, until: null, now: given.now }
    assert.deepEqual(await given.store.ledger.read(ask), ledger)
    const tallies = ledger.queues[0]!.listeners.map(({ id, tally: { delivered, missed, pending } }) => {
      return [id, { delivered, missed, pending }]
    })
    assert.deepEqual(Object.fromEntries(tallies), {
      [listeners[0]!.id]: { delivered: 1, missed: 1, pending: 1 },
      [listeners[1]!.id]: { delivered: 0, missed: 0, pending: 3 },
    })
  }))

test('an attempt that has vanished is found out, also where deliveries may have no row', () =>
  withFile(async (given, { path }) => {
    const { queue } = await storedFixture(given)
    const before = await accepted(given, queue)
    await accepted(given, queue, { leased: true })
    const file = copied(path)
    const db = new DatabaseSync(file)
    db.exec(`delete from deliveries where sequence = ${before.sequence}`)
    db.close()
    const { faults } = await verifyDatabase(file, given.now)
    assert.equal(faults.length, 1)
    assert.ok(faults[0]!.includes(before.id))
  }))

test('commits are synced after rows were written without a sync', async () => {
  const synced: unknown[] = []
  const { exec } = DatabaseSync.prototype
  DatabaseSync.prototype.exec = function (sql) {
    if (/pragma synchronous = \w+/.test(sql)) synced.push(/synchronous = (\w+)/.exec(sql)![1])
    return exec.call(this, sql)
  }
  try {
    await withFile(async (given) => {
      const { queue } = await storedFixture(given)
      await accepted(given, queue, { leased: true })
      await given.store.messages.search(pendingOf(queue))
    })
  } finally {
    DatabaseSync.prototype.exec = exec
  }
  assert.deepEqual(synced, ['full', 'normal', 'full'])
})

test('whatever happens, and whenever the process dies, each pair is exactly one of pending, delivered, missed or deleted', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof({ weight: 12, arbitrary: step }, { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) }),
        {
          minLength: 20,
          maxLength: 60,
          size: 'max',
        },
      ),
      async (steps) => {
        let path = freshPath()
        let store: Store | null = null
        await withStore(
          () => openSqliteStore(path),
          async (given) => {
            const walk = await Walk.begin(given, async () => {
              path = copied(path)
              await store?.close()
              store = await openSqliteStore(path)
              return store
            })
            for (const it of steps) await walk.takeUnseen(it)
            await walk.take({ do: 'crash' })
            await walk.drain()
          },
        )
        await (store as Store | null)?.close()
      },
    ),
    { seed: 48, numRuns: rounds({ quick: 15, long: 60 }) },
  ))
