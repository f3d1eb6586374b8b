import assert from 'node:assert/strict'
import type { Message } from '../../../../src/core/delivery/message.ts'
import {
  ACKNOWLEDGED,
  accepted,
  claimedOne,
  idsOf,
  MISSED,
  pendingCount,
  settled,
  stored,
  storedFixture,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

const HOUR_MS = 3_600_000
/** Older than everything that the cases call old. */
const BEFORE = NOW - HOUR_MS
const OLD = { createdAt: BEFORE - 1, deliverAt: BEFORE - 1 }
const LONG_AGO = { startedAt: BEFORE - 1 }

/** Expires until it is done; says how many messages went. */
async function expired({ store }: Given, before = BEFORE, limit = 2): Promise<number> {
  let removed = 0
  let after = 0
  for (let steps = 0; steps < 1_000; steps++) {
    const step = await store.removals.expire({ now: NOW, before, after, limit })
    assert.ok(step.removed <= limit)
    assert.ok(step.done || step.after > after, 'it does not move on')
    removed += step.removed
    after = step.after
    if (step.done) return removed
  }
  return assert.fail('it is never done')
}

async function exists({ store }: Given, message: Message): Promise<boolean> {
  return (await store.messages.get(idsOf(message))) !== null
}

export const expiryCases: StoreCase[] = [
  {
    name: 'a message whose deliveries are all settled goes once it is old, with its attempts',
    async run(given) {
      const { queue } = await storedFixture(given)
      const old = await accepted(given, queue, { ...OLD, leased: true })
      const young = await accepted(given, queue, { createdAt: BEFORE, deliverAt: BEFORE, leased: true })
      for (const { deliveries } of [old, young]) await settled(given, deliveries[0]!, ACKNOWLEDGED, LONG_AGO)
      assert.equal(await expired(given), 1)
      assert.deepEqual([await exists(given, old), await exists(given, young)], [false, true])
      assert.equal(await given.store.messages.attempts(idsOf(old)), null)
    },
  },
  {
    name: 'a message that nobody listened to goes once it is old',
    async run(given) {
      const { queue } = await storedFixture(given, 0)
      for (let i = 0; i < 7; i++) await accepted(given, queue, OLD)
      assert.equal(await expired(given), 7)
      assert.equal(await expired(given), 0)
    },
  },
  {
    name: 'a message that is pending for anybody stays, however old it is',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 3)
      const leased = await accepted(given, queue, { ...OLD, leased: true })
      const [first, second, third] = leased.deliveries
      await settled(given, first!, ACKNOWLEDGED, LONG_AGO)
      assert.equal(await expired(given), 0)
      await settled(given, second!, { state: 'pending', dueAt: BEFORE - 1 }, LONG_AGO)
      await settled(given, third!, MISSED, LONG_AGO)
      assert.equal(await expired(given), 0)
      const again = await claimedOne(given, { listenerId: listeners[1]!.id })
      assert.equal(await expired(given), 0)
      await settled(given, again, ACKNOWLEDGED, LONG_AGO)
      assert.equal(await expired(given), 1)
      assert.equal(await pendingCount(given, queue), 0)
    },
  },
  {
    name: 'a message that was scheduled or tried later is kept as long after that',
    async run(given) {
      const { queue } = await storedFixture(given)
      const scheduled = await accepted(given, queue, { ...OLD, deliverAt: BEFORE, leased: true })
      const retried = await accepted(given, queue, { ...OLD, leased: true })
      await settled(given, scheduled.deliveries[0]!, ACKNOWLEDGED, LONG_AGO)
      await settled(given, retried.deliveries[0]!, ACKNOWLEDGED, { startedAt: BEFORE })
      assert.equal(await expired(given), 0)
      assert.equal(await expired(given, BEFORE + 1), 2)
    },
  },
  {
    name: 'what a listener has missed is counted without the messages that are gone',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const old = await accepted(given, queue, { ...OLD, leased: true })
      const young = await accepted(given, queue, { leased: true })
      for (const { deliveries } of [old, young]) await settled(given, deliveries[0]!, MISSED, LONG_AGO)
      assert.equal(await expired(given), 1)
      const details = await given.store.listeners.get(idsOf(listeners[0]!))
      assert.deepEqual([details!.missedCount, details!.missedMessageIds], [1, [young.id]])
      assert.equal((await stored(given, young)).deliveries[0]!.status, 'missed')
    },
  },
  {
    name: 'a pending message in front keeps nobody behind it',
    async run(given) {
      const { queue } = await storedFixture(given)
      const waiting = await accepted(given, queue, OLD)
      for (let i = 0; i < 5; i++) {
        const { deliveries } = await accepted(given, queue, { ...OLD, leased: true })
        await settled(given, deliveries[0]!, ACKNOWLEDGED, LONG_AGO)
      }
      assert.equal(await expired(given), 5)
      assert.ok(await exists(given, waiting))
    },
  },
  {
    name: 'what was too young is the first to be looked at next time',
    async run(given) {
      const { queue } = await storedFixture(given, 0)
      for (let i = 0; i < 10; i++) await accepted(given, queue, { createdAt: BEFORE + i, deliverAt: BEFORE + i })
      let after = 0
      for (let i = 1; i <= 10; i++) {
        const step = await given.store.removals.expire({ now: NOW, before: BEFORE + i, after, limit: 4 })
        assert.deepEqual([step.removed, step.done], [1, true])
        after = step.after
      }
    },
  },
  {
    name: 'a message of a queue or for a listener that is deleted goes as well',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      await accepted(given, queue, OLD)
      const other = await storedFixture(given)
      await accepted(given, other.queue, OLD)
      await given.store.listeners.delete({ ...idsOf(listeners[0]!), now: NOW })
      await given.store.queues.delete({ ...other.queue, now: NOW })
      assert.equal(await expired(given), 2)
      for (let swept = 1; swept > 0; ) swept = await given.store.removals.sweep({ limit: 10 })
    },
  },
]
