import assert from 'node:assert/strict'
import type { LeasedDelivery } from '../../../../src/core/delivery/delivery.ts'
import type { LeaseReference } from '../../../../src/store/deliveries.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  claim,
  claimedOne,
  commit,
  idsOf,
  messageOf,
  settled,
  stored,
  storedFixture,
} from '../../fixture.ts'
import type { Given, StoreCase } from '../../suite.ts'

const NOTHING_CLAIMED = { deliveries: [], nextDueAt: null }

/** Node `a` lives for another minute, so that whatever it holds is its own. */
async function keepAlive({ store, now }: Given): Promise<void> {
  await store.deliveries.renew({ node: 'a', until: now + 60_000 })
}

/** Node `a` holds the only delivery and falls silent; by `later` its leases have run out. */
async function silentHolder(given: Given) {
  const { queue, listeners } = await storedFixture(given)
  const message = await accepted(given, queue)
  await given.store.deliveries.renew({ node: 'a', until: given.now + 1_000 })
  const listenerId = listeners[0]!.id
  const delivery = await claimedOne(given, { listenerId })
  return { queue, listener: listeners[0]!, listenerId, message, delivery, later: given.now + 1_001 }
}

const held: StoreCase[] = [
  {
    name: 'a lease that was asked for with the message keeps every node from claiming it',
    async run(given) {
      await keepAlive(given)
      const { queue, listeners } = await storedFixture(given)
      const { deliveries } = await accepted(given, queue, { leased: true })
      assert.equal(deliveries.length, 1)
      assert.ok(Number.isSafeInteger(deliveries[0]!.lease))
      for (const node of ['a', 'b']) {
        assert.deepEqual(await claim(given, { node, listenerId: listeners[0]!.id }), NOTHING_CLAIMED)
      }
      assert.equal(await settled(given, deliveries[0]!, ACKNOWLEDGED), 'settled')
    },
  },
  {
    name: 'without a lease a message may be claimed at once, by any node',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const { accepts } = await commit(given, { accepts: [await acceptFor(given, queue)] })
      assert.ok(accepts[0]?.outcome === 'accepted')
      assert.deepEqual(accepts[0].messages[0]!.leases, [null])
      await claimedOne(given, { node: 'b', listenerId: listeners[0]!.id })
    },
  },
  {
    name: 'leases are answered in the order of the deliveries, null where none was asked for',
    async run(given) {
      await keepAlive(given)
      const { queue, listeners } = await storedFixture(given, 3)
      const accept = await acceptFor(given, queue)
      const deliveries = listeners.map(({ id }, i) => ({ listenerId: id, leased: i !== 1 })).reverse()
      const messages = [{ message: messageOf(accept), deliveries }]
      const { accepts } = await commit(given, { accepts: [{ ...accept, messages }] })
      assert.ok(accepts[0]?.outcome === 'accepted')
      assert.deepEqual(
        accepts[0].messages[0]!.leases.map((lease) => typeof lease),
        ['number', 'object', 'number'],
      )
      const free = await Promise.all(listeners.map(({ id }) => claim(given, { node: 'b', listenerId: id })))
      assert.deepEqual(
        free.map((found) => found.deliveries.length),
        [0, 1, 0],
      )
    },
  },
  {
    name: 'what was claimed is not claimed again, neither by its holder nor by another node',
    async run(given) {
      await keepAlive(given)
      const { queue, listeners } = await storedFixture(given)
      await accepted(given, queue)
      await claimedOne(given, { listenerId: listeners[0]!.id })
      for (const node of ['a', 'b']) {
        assert.deepEqual(await claim(given, { node, listenerId: listeners[0]!.id }), NOTHING_CLAIMED)
      }
    },
  },
  {
    name: 'two nodes that claim at the same time never lease the same delivery',
    async run(given) {
      await keepAlive(given)
      await given.store.deliveries.renew({ node: 'b', until: given.now + 60_000 })
      const { queue, listeners } = await storedFixture(given)
      for (let i = 0; i < 20; i++) await accepted(given, queue)
      const nodes = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 'a' : 'b'))
      const asks = nodes.map((node) => claim(given, { node, listenerId: listeners[0]!.id, limit: 3 }))
      const taken = (await Promise.all(asks)).flatMap((found) =>
        found.deliveries.map((delivery) => delivery.message.id),
      )
      assert.equal(taken.length, new Set(taken).size)
      const left = await claim(given, { listenerId: listeners[0]!.id })
      assert.equal(taken.length + left.deliveries.length, 20)
    },
  },
  {
    name: 'a settlement with another lease, or by another node, is lost',
    async run(given) {
      await keepAlive(given)
      const { queue, listeners } = await storedFixture(given)
      await accepted(given, queue)
      const delivery = await claimedOne(given, { listenerId: listeners[0]!.id })
      assert.equal(await settled(given, { ...delivery, lease: delivery.lease + 1 }, ACKNOWLEDGED), 'lost')
      assert.equal(await settled(given, delivery, ACKNOWLEDGED, { node: 'b' }), 'lost')
      assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'settled')
    },
  },
]

const ranOut: StoreCase[] = [
  {
    name: 'the lease of a node that fell silent runs out, and another node claims',
    async run(given) {
      const { listenerId, message, delivery, later } = await silentHolder(given)
      assert.deepEqual(await claim(given, { node: 'b', listenerId, now: later - 2 }), NOTHING_CLAIMED)
      const again = await claimedOne(given, { node: 'b', listenerId, now: later })
      assert.equal(again.message.id, message.id)
      assert.notEqual(again.lease, delivery.lease)
    },
  },
  {
    name: 'a settlement that comes after another node has claimed is lost and writes nothing',
    async run(given) {
      const { listener, listenerId, message, delivery, later } = await silentHolder(given)
      const again = await claimedOne(given, { node: 'b', listenerId, now: later })
      const before = [await stored(given, message), await given.store.listeners.get(idsOf(listener))]
      assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'lost')
      assert.deepEqual([await stored(given, message), await given.store.listeners.get(idsOf(listener))], before)
      assert.deepEqual(await given.store.messages.attempts(idsOf(message)), [])
      assert.equal(await settled(given, again, ACKNOWLEDGED, { node: 'b' }), 'settled')
      assert.equal((await given.store.messages.attempts(idsOf(message)))?.length, 1)
    },
  },
  {
    name: 'of forty nodes each keeps what it holds, and gets what those hold that fell silent',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const listenerId = listeners[0]!.id
      const nodes = Array.from({ length: 40 }, (_, index) => `node-${index}`)
      for (const node of nodes) {
        await given.store.deliveries.renew({ node, until: given.now + 1_000 })
        await accepted(given, queue, { leased: true, node })
      }
      const heir = { node: 'node-7', listenerId }
      assert.deepEqual((await claim(given, heir)).deliveries, [])
      for (const node of nodes.slice(0, 20)) await given.store.deliveries.renew({ node, until: given.now + 9_000 })
      const { deliveries } = await claim(given, { ...heir, now: given.now + 5_000 })
      assert.equal(deliveries.length, 20)
    },
  },
  {
    name: 'the leases of a node do not run out against itself',
    async run(given) {
      const { listenerId, delivery, later } = await silentHolder(given)
      assert.deepEqual(await claim(given, { listenerId, now: later }), NOTHING_CLAIMED)
      assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'settled')
    },
  },
  {
    name: 'a node that says in time that it lives keeps its leases',
    async run(given) {
      const { listenerId, later } = await silentHolder(given)
      await given.store.deliveries.renew({ node: 'a', until: later + 1_000 })
      assert.deepEqual(await claim(given, { node: 'b', listenerId, now: later }), NOTHING_CLAIMED)
      await claimedOne(given, { node: 'b', listenerId, now: later + 1_001 })
    },
  },
  {
    name: 'one node that lives does not keep the leases of another',
    async run(given) {
      const { listenerId, later } = await silentHolder(given)
      await given.store.deliveries.renew({ node: 'b', until: later + 60_000 })
      await claimedOne(given, { node: 'b', listenerId, now: later })
    },
  },
]

const released: StoreCase[] = [
  {
    name: 'what a node gives up can be claimed at once, and its late settlement is lost',
    async run(given) {
      const { listenerId, message, delivery } = await silentHolder(given)
      await given.store.deliveries.release({ node: 'a' })
      const again = await claimedOne(given, { node: 'b', listenerId })
      assert.equal(again.message.id, message.id)
      assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'lost')
    },
  },
  {
    name: 'a node may claim again what it has given up',
    async run(given) {
      const { listenerId, message } = await silentHolder(given)
      await given.store.deliveries.release({ node: 'a' })
      assert.equal((await claimedOne(given, { listenerId })).message.id, message.id)
    },
  },
  {
    name: 'a node gives up its own leases only',
    async run(given) {
      const { listenerId, delivery } = await silentHolder(given)
      await given.store.deliveries.release({ node: 'b' })
      assert.deepEqual(await claim(given, { node: 'b', listenerId }), NOTHING_CLAIMED)
      assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'settled')
    },
  },
]

const handedBack: StoreCase[] = [
  {
    name: 'single leases that are handed back are free at once, and the others are kept',
    async run(given) {
      await keepAlive(given)
      const { queue, listeners } = await storedFixture(given)
      for (let i = 0; i < 3; i++) await accepted(given, queue)
      const listenerId = listeners[0]!.id
      const { deliveries } = await claim(given, { listenerId })
      await given.store.deliveries.handBack({ node: 'a', leases: [referenceTo(deliveries[1]!)] })
      const again = await claimedOne(given, { node: 'b', listenerId })
      assert.equal(again.message.id, deliveries[1]!.message.id)
      assert.deepEqual(await Promise.all(deliveries.map((delivery) => settled(given, delivery, ACKNOWLEDGED))), [
        'settled',
        'lost',
        'settled',
      ])
      assert.equal(await settled(given, again, ACKNOWLEDGED, { node: 'b' }), 'settled')
    },
  },
  {
    name: "a lease that is another's, or another one by now, cannot be handed back",
    async run(given) {
      await keepAlive(given)
      const { queue, listeners } = await storedFixture(given)
      await accepted(given, queue)
      const listenerId = listeners[0]!.id
      const delivery = await claimedOne(given, { listenerId })
      const reference = referenceTo(delivery)
      await given.store.deliveries.handBack({ node: 'b', leases: [reference] })
      await given.store.deliveries.handBack({ node: 'a', leases: [{ ...reference, lease: reference.lease + 1 }] })
      await given.store.deliveries.handBack({ node: 'a', leases: [{ ...reference, sequence: 0 }] })
      assert.deepEqual(await claim(given, { listenerId }), NOTHING_CLAIMED)
      assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'settled')
    },
  },
]

function referenceTo({ listenerId, lease, message }: LeasedDelivery): LeaseReference {
  return { listenerId, lease, sequence: message.sequence }
}

export const leaseCases = [...held, ...ranOut, ...released, ...handedBack]
