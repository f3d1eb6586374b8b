import assert from 'node:assert/strict'
import { DEFAULT_SETTINGS } from '../../../../src/core/delivery/listener.ts'
import { UNKNOWN_LIVENESS } from '../../../../src/core/delivery/liveness.ts'
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
      const place = { queueId: queue.id, queueName: queue.name }
      const read = async () => (await given.store.deliveries.backlog({ limit: 3 })).queues
      assert.deepEqual(await read(), [{ ...place, waiting: 6, oldestDueAt: given.now - 70 }])
      for (const { id } of listeners)
        await settled(given, await claimedOne(given, { listenerId: id, limit: 1 }), ACKNOWLEDGED)
      assert.deepEqual(await read(), [{ ...place, waiting: 4, oldestDueAt: given.now - 20 }])
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
        { queueId: queues[1]!.id, queueName: queues[1]!.name, waiting: 4, oldestDueAt: given.now - 43 },
        { queueId: queues[3]!.id, queueName: queues[3]!.name, waiting: 3, oldestDueAt: given.now - 32 },
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
  {
    name: 'what a pause or a disabled listener keeps back waits, and is not the oldest that is due',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given, 2)
      const { organizationId, id } = queue
      await accepted(given, queue, { deliverAt: now - 70 })
      const oldest = async () => {
        const { queues } = await store.deliveries.backlog({ limit: 3 })
        const { listeners: worst } = await store.deliveries.worstListeners({ limit: 3 })
        return [queues[0]!.waiting, queues[0]!.oldestDueAt, worst.map((it) => it.oldestDueAt)]
      }
      assert.deepEqual(await oldest(), [2, now - 70, [now - 70, now - 70]])
      const changes = { settings: { ...DEFAULT_SETTINGS, status: 'disabled' as const } }
      await store.listeners.update({ ...listeners[0]!, changes, now })
      assert.deepEqual(await oldest(), [2, now - 70, [null, now - 70]])
      await store.queues.update({ organizationId, id, changes: { paused: true }, now })
      assert.deepEqual(await oldest(), [2, null, [null, null]])
    },
  },
  {
    name: 'the listeners that are worst off are told one by one, those that are down first, and the others summed up',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given, 3)
      const idle = await storedFixture(given)
      await accepted(given, queue, { deliverAt: now })
      const down = idle.listeners[0]!
      const news = { ...UNKNOWN_LIVENESS, state: 'down' as const, stateAt: now }
      await store.liveness.note([{ listenerId: down.id, news }])
      const { listeners: worst, others } = await store.deliveries.worstListeners({ limit: 2 })
      const place = (listener: { id: string; name: string }, of: { id: string; name: string }) => {
        return { listenerId: listener.id, listenerName: listener.name, queueId: of.id, queueName: of.name }
      }
      assert.deepEqual(worst, [
        { ...place(down, idle.queue), state: 'down', waiting: 0, missed: 0, oldestDueAt: null },
        { ...place(listeners[0]!, queue), state: 'unknown', waiting: 1, missed: 0, oldestDueAt: now },
      ])
      assert.deepEqual(others, { down: 0, waiting: 2, missed: 0 })
      assert.deepEqual((await store.deliveries.worstListeners({ limit: 9 })).others, { down: 0, waiting: 0, missed: 0 })
    },
  },
]
