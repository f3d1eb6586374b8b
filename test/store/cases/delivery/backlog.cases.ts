import assert from 'node:assert/strict'
import {
  ACKNOWLEDGED,
  accepted,
  claimedOne,
  settled,
  storedFixture,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { StoreCase } from '../../suite.ts'

export const backlogCases: StoreCase[] = [
  {
    name: 'a store in which nothing waits has no backlog',
    async run(given) {
      await storedFixture(given)
      const others = { waiting: 0, oldestDueAt: null }
      assert.deepEqual(await given.store.deliveries.backlog({ limit: 3 }), { queues: [], others })
    },
  },
  {
    name: 'a backlog counts the deliveries of all listeners of a queue, due or not, until they are settled',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      await accepted(given, queue, { deliverAt: given.now + 5_000 })
      await accepted(given, queue, { deliverAt: given.now - 70 })
      await accepted(given, queue, { deliverAt: given.now - 20 })
      const read = async () => (await given.store.deliveries.backlog({ limit: 3 })).queues
      assert.deepEqual(await read(), [{ queueId: queue.id, waiting: 6, oldestDueAt: given.now - 70 }])
      for (const { id } of listeners)
        await settled(given, await claimedOne(given, { listenerId: id, limit: 1 }), ACKNOWLEDGED)
      assert.deepEqual(await read(), [{ queueId: queue.id, waiting: 4, oldestDueAt: given.now - 20 }])
    },
  },
  {
    name: 'the queues with the most are told one by one, over all organizations, and the others together',
    async run(given) {
      const queues = []
      for (const count of [1, 4, 2, 3]) {
        const queue = await storedQueue(given, await storedOrganization(given))
        await storedListener(given, queue)
        for (let n = 0; n < count; n++) await accepted(given, queue, { deliverAt: given.now - count * 10 - n })
        queues.push(queue)
      }
      const { queues: most, others } = await given.store.deliveries.backlog({ limit: 2 })
      assert.deepEqual(most, [
        { queueId: queues[1]!.id, waiting: 4, oldestDueAt: given.now - 43 },
        { queueId: queues[3]!.id, waiting: 3, oldestDueAt: given.now - 32 },
      ])
      assert.deepEqual(others, { waiting: 3, oldestDueAt: given.now - 21 })
    },
  },
  {
    name: 'what a deleted queue or listener had waiting is in no backlog',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      await accepted(given, queue)
      const { organizationId, id } = queue
      await given.store.listeners.delete({ organizationId, queueId: id, id: listeners[0]!.id, now: NOW })
      const read = async () => (await given.store.deliveries.backlog({ limit: 3 })).queues
      assert.deepEqual(
        (await read()).map(({ waiting }) => waiting),
        [1],
      )
      await given.store.queues.delete({ organizationId, id, now: NOW })
      assert.deepEqual(await read(), [])
    },
  },
]
