import assert from 'node:assert/strict'
import { ACKNOWLEDGED, accepted, claim, claimedOne, idsOf, settled, stored, storedFixture } from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { StoreCase } from '../../suite.ts'

const claims: StoreCase[] = [
  {
    name: 'a due delivery is claimed with its message in full',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const { deliveries: _, ...message } = await accepted(given, queue, { name: 'order' })
      const { lease, ...delivery } = await claimedOne(given, { listenerId: listeners[0]!.id })
      const untouched = {
        dueAt: message.deliverAt,
        attempts: 0,
        attemptsBefore: 0,
        firstSentAt: null,
        orderNumber: null,
      }
      assert.deepEqual(delivery, { listenerId: listeners[0]!.id, message, ...untouched })
      assert.ok(Number.isSafeInteger(lease))
    },
  },
  {
    name: 'each listener has its own delivery of a message, and claims no other',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 3)
      const message = await accepted(given, queue)
      for (const { id } of listeners) {
        const delivery = await claimedOne(given, { listenerId: id })
        assert.deepEqual([delivery.listenerId, delivery.message.id], [id, message.id])
      }
      const unknown = await claim(given, { listenerId: given.make.id() })
      assert.deepEqual(unknown, { deliveries: [], nextDueAt: null })
    },
  },
  {
    name: 'the oldest due time is claimed first, whatever the order of acceptance',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      for (const ago of [10, 40, 20, 30]) await accepted(given, queue, { deliverAt: given.now - ago })
      const { deliveries } = await claim(given, { listenerId: listeners[0]!.id })
      assert.deepEqual(
        deliveries.map((delivery) => given.now - delivery.dueAt),
        [40, 30, 20, 10],
      )
    },
  },
  {
    name: 'a claim takes no more than its limit and leaves the rest to the next',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const ids: string[] = []
      for (let i = 0; i < 5; i++) ids.push((await accepted(given, queue)).id)
      const taken: string[][] = []
      for (let i = 0; i < 4; i++) {
        const { deliveries } = await claim(given, { listenerId: listeners[0]!.id, limit: 2 })
        taken.push(deliveries.map((delivery) => delivery.message.id))
      }
      assert.deepEqual(taken, [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4), []])
    },
  },
  {
    name: 'a claim takes no more bytes than it may, counted as UTF-8',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      // 100 bytes each: 100 letters of one byte, and 25 of four.
      for (const data of ['x'.repeat(100), '🙂'.repeat(25), '🙂'.repeat(25), '🙂'.repeat(25)]) {
        await accepted(given, queue, { data })
      }
      const first = await claim(given, { listenerId: listeners[0]!.id, maxBytes: 299 })
      assert.equal(first.deliveries.length, 2)
      const second = await claim(given, { listenerId: listeners[0]!.id, maxBytes: 200 })
      assert.equal(second.deliveries.length, 2)
    },
  },
  {
    name: 'a message that is larger than all the bytes of a claim is claimed alone',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const [large, small] = [await accepted(given, queue, { data: 'x'.repeat(1_000) }), await accepted(given, queue)]
      const first = await claim(given, { listenerId: listeners[0]!.id, maxBytes: 10 })
      assert.deepEqual(
        first.deliveries.map((delivery) => delivery.message.id),
        [large.id],
      )
      assert.equal(first.nextDueAt, small.deliverAt)
    },
  },
]

const times: StoreCase[] = [
  {
    name: 'a scheduled message is stored at once, and claimed not before it is due',
    async run(given) {
      const { now } = given
      const { queue, listeners } = await storedFixture(given)
      const listenerId = listeners[0]!.id
      const message = await accepted(given, queue, { deliverAt: now + 5_000 })
      assert.equal((await stored(given, message)).message.deliverAt, now + 5_000)
      assert.deepEqual(await claim(given, { listenerId }), { deliveries: [], nextDueAt: now + 5_000 })
      const almost = await claim(given, { listenerId, now: now + 4_999 })
      assert.deepEqual(almost, { deliveries: [], nextDueAt: now + 5_000 })
      const delivery = await claimedOne(given, { listenerId, now: now + 5_000 })
      assert.equal(delivery.dueAt, now + 5_000)
    },
  },
  {
    name: 'a claim says when the first one that it left is due, in the past or in the future',
    async run(given) {
      const { now } = given
      const { queue, listeners } = await storedFixture(given)
      const listenerId = listeners[0]!.id
      for (const dueAt of [now + 700, now - 200, now - 100, now + 900])
        await accepted(given, queue, { deliverAt: dueAt })
      assert.equal((await claim(given, { listenerId, limit: 1 })).nextDueAt, now - 100)
      assert.equal((await claim(given, { listenerId, limit: 1 })).nextDueAt, now + 700)
      assert.equal((await claim(given, { listenerId, limit: 9, now: now + 700 })).nextDueAt, now + 900)
      assert.equal((await claim(given, { listenerId, limit: 9, now: now + 900 })).nextDueAt, null)
      assert.deepEqual(await claim(given, { listenerId, now: now + 900 }), { deliveries: [], nextDueAt: null })
    },
  },
]

const waiting: StoreCase[] = [
  {
    name: 'every listener with something waiting is listed once, with its first due time, and no other',
    async run(given) {
      const { store, now } = given
      const idle = await storedFixture(given)
      const busy = await storedFixture(given, 2)
      const later = await storedFixture(given)
      const done = await storedFixture(given)
      await accepted(given, busy.queue, { deliverAt: now - 5 })
      await accepted(given, busy.queue, { deliverAt: now - 9 })
      await accepted(given, later.queue, { deliverAt: now + 60_000 })
      await accepted(given, done.queue)
      await settled(given, await claimedOne(given, { listenerId: done.listeners[0]!.id }), ACKNOWLEDGED)
      const found = await store.deliveries.waiting({ node: 'a', after: null, limit: 10, now })
      assert.deepEqual(found, [
        { listenerId: busy.listeners[0]!.id, nextDueAt: now - 9 },
        { listenerId: busy.listeners[1]!.id, nextDueAt: now - 9 },
        { listenerId: later.listeners[0]!.id, nextDueAt: now + 60_000 },
      ])
      assert.equal(idle.listeners.length, 1)
    },
  },
  {
    name: 'what waits is listed in pages by listener id, listeners with nothing in between or not',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given, 7)
      await accepted(given, queue)
      for (const i of [0, 2, 3])
        await settled(given, await claimedOne(given, { listenerId: listeners[i]!.id }), ACKNOWLEDGED)
      const pages: string[][] = []
      let after: string | null = null
      for (let i = 0; i < 3; i++) {
        const page = await store.deliveries.waiting({ node: 'a', after, limit: 2, now })
        pages.push(page.map((entry) => entry.listenerId))
        after = page.at(-1)?.listenerId ?? after
      }
      const ids = [1, 4, 5, 6].map((i) => listeners[i]!.id)
      assert.deepEqual(pages, [ids.slice(0, 2), ids.slice(2), []])
    },
  },
  {
    name: 'what a living node holds is not waiting, and is again once the node is silent',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given)
      await accepted(given, queue)
      await store.deliveries.renew({ node: 'a', until: now + 1_000 })
      await claimedOne(given, { listenerId: listeners[0]!.id })
      const ask = { after: null, limit: 10 }
      for (const node of ['a', 'b']) assert.deepEqual(await store.deliveries.waiting({ node, ...ask, now }), [])
      const later = await store.deliveries.waiting({ node: 'b', ...ask, now: now + 1_001 })
      assert.deepEqual(
        later.map((entry) => entry.listenerId),
        [listeners[0]!.id],
      )
    },
  },
  {
    name: 'a deleted listener has nothing waiting, swept or not',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given)
      await accepted(given, queue)
      await store.listeners.delete({ ...idsOf(listeners[0]!), now: NOW })
      const ask = { listenerId: listeners[0]!.id }
      assert.deepEqual(await store.deliveries.waiting({ node: 'a', after: null, limit: 10, now }), [])
      assert.deepEqual(await claim(given, ask), { deliveries: [], nextDueAt: null })
      while ((await store.removals.sweep({ limit: 10 })) > 0);
      assert.deepEqual(await claim(given, ask), { deliveries: [], nextDueAt: null })
    },
  },
]

export const deliveryCases = [...claims, ...times, ...waiting]
