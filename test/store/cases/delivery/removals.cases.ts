import assert from 'node:assert/strict'
import type { Queue } from '../../../../src/core/delivery/queue.ts'
import {
  ACKNOWLEDGED,
  accepted,
  claim,
  claimedOne,
  idsOf,
  MISSED,
  settled,
  stored,
  storedFixture,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

/** Sweeps until nothing is left; says how often that removed something. */
async function swept({ store }: Given, limit: number): Promise<number> {
  for (let rounds = 0; rounds < 1_000; rounds++) {
    const removed = await store.removals.sweep({ limit })
    assert.ok(removed >= 0 && removed <= limit, `${removed} of ${limit}`)
    if (removed === 0) return rounds
  }
  return assert.fail('sweeping does not end')
}

export const removalCases: StoreCase[] = [
  {
    name: 'there is nothing to sweep where nothing was deleted with a queue or listener',
    async run(given) {
      const { queue } = await storedFixture(given)
      await accepted(given, queue)
      assert.equal(await given.store.removals.sweep({ limit: 10 }), 0)
    },
  },
  {
    name: 'what was deleted with a queue is swept in small steps, and then nothing is left to do',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      for (let i = 0; i < 10; i++) await accepted(given, queue)
      await settled(given, (await claim(given, { listenerId: listeners[0]!.id, limit: 1 })).deliveries[0]!, MISSED)
      await given.store.queues.delete({ organizationId: queue.organizationId, id: queue.id, now: NOW })
      assert.ok((await swept(given, 3)) >= 3)
      assert.equal(await given.store.removals.sweep({ limit: 3 }), 0)
    },
  },
  {
    name: 'a message with more attempts than a round may remove is swept over several rounds',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      await accepted(given, queue)
      for (let attempt = 1; attempt <= 7; attempt++) {
        const delivery = await claimedOne(given, { listenerId: listeners[0]!.id })
        await settled(given, delivery, { state: 'pending', dueAt: given.now })
      }
      await given.store.queues.delete({ organizationId: queue.organizationId, id: queue.id, now: NOW })
      // One delivery, seven attempts, one message, and the two entries that say so: three at a time.
      assert.equal(await swept(given, 3), 6)
    },
  },
  {
    name: 'sweeping leaves everything alone that was not deleted',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 3)
      const other = await storedFixture(given)
      const [acknowledged, missed] = [await accepted(given, queue), await accepted(given, queue)]
      const theirs = await accepted(given, other.queue)
      const { deliveries } = await claim(given, { listenerId: listeners[0]!.id })
      await settled(given, deliveries[0]!, ACKNOWLEDGED)
      await settled(given, deliveries[1]!, MISSED)
      await given.store.listeners.delete({ ...idsOf(listeners[2]!), now: NOW })
      const look = async () => [
        await stored(given, acknowledged),
        await stored(given, missed),
        await stored(given, theirs),
        await given.store.listeners.get(idsOf(listeners[0]!)),
        await given.store.queues.get({ organizationId: queue.organizationId, id: queue.id }),
      ]
      const before = await look()
      await swept(given, 1)
      assert.deepEqual(await look(), before)
      assert.equal((await claim(given, { listenerId: listeners[1]!.id })).deliveries.length, 2)
      await claimedOne(given, { listenerId: other.listeners[0]!.id })
    },
  },
  {
    name: 'organizations take turns with what is to be swept, however much of it one has deleted',
    async run(given) {
      const greedy = [await storedFixture(given, 3), await storedFixture(given, 3)]
      const honest = await storedFixture(given, 2)
      for (const { queue } of greedy) for (let n = 0; n < 20; n++) await accepted(given, queue)
      const remove = ({ organizationId, id }: Queue) => given.store.queues.delete({ organizationId, id, now: NOW })
      const deleting = ({ organizationId, id }: Queue) => given.store.queues.isDeleting({ organizationId, id })
      for (const { queue } of greedy) await remove(queue)
      await remove(honest.queue)
      // Of the honest one there are two listeners and a queue, each of which takes a step, and of three each third is its.
      for (let step = 0; step < 9; step++) await given.store.removals.sweep({ limit: 5 })
      assert.deepEqual(await Promise.all([...greedy, honest].map(({ queue }) => deleting(queue))), [true, true, false])
      await swept(given, 100)
      for (const { queue } of greedy) assert.equal(await deleting(queue), false)
    },
  },
]
