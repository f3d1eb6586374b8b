import assert from 'node:assert/strict'
import { ANY_MESSAGE } from '../../../../src/core/search/message-filter.ts'
import { ACKNOWLEDGED, accepted, claim, claimedOne, idsOf, settled, storedFixture } from '../../fixture.ts'
import type { Given, StoreCase } from '../../suite.ts'

const HOUR = 3_600_000

/** The clock is set back to `behind` after what was accepted at `now`. */
const behindOf = ({ now }: Given) => ({ now: now - HOUR, until: now, limit: 100 })

async function statusOf({ store }: Given, filter: object, message: { organizationId: string; queueId: string }) {
  const ask = { organizationId: message.organizationId, queueId: message.queueId, only: null, from: '', before: '~' }
  const all = { ...ANY_MESSAGE, ...filter }
  return (await store.messages.search({ ...ask, filter: all, limit: 10, examine: 100, examineBytes: 1e6, now: 0 }))
    .entries.length
}

/** What was accepted for now by a clock that went back since. */
export const behindClockCases: StoreCase[] = [
  {
    name: 'what was due when it was accepted is due again by a clock that went back, and what is for later is not',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given)
      const listenerId = listeners[0]!.id
      const message = await accepted(given, queue, { createdAt: now, deliverAt: now })
      await accepted(given, queue, { createdAt: now - 2 * HOUR, deliverAt: now - 1_000 })
      const behind = behindOf(given)
      assert.deepEqual((await claim(given, { listenerId, now: behind.now })).deliveries, [])
      assert.deepEqual(await store.deliveries.bringForward(behind), [listenerId])
      assert.deepEqual(await store.deliveries.bringForward(behind), [])
      const delivery = await claimedOne(given, { listenerId, now: behind.now })
      assert.deepEqual([delivery.message.id, delivery.dueAt, delivery.attempts], [message.id, behind.now, 0])
      assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'settled')
      const found = await store.messages.get(idsOf(message))
      assert.deepEqual(
        found!.deliveries.map(({ status }) => status),
        ['delivered'],
      )
    },
  },
  {
    name: 'a message for now is pending and never scheduled, whatever the clock says, in searches and in the ledger',
    async run(given) {
      const { store, now } = given
      const { queue } = await storedFixture(given)
      const message = await accepted(given, queue, { createdAt: now, deliverAt: now })
      assert.equal(await statusOf(given, { status: 'pending' }, message), 1)
      assert.equal(await statusOf(given, { status: 'scheduled' }, message), 0)
      const ask = { organizationId: queue.organizationId, only: null, since: null, until: null, now: now - HOUR }
      const ledger = await store.ledger.read(ask)
      const { pending, scheduled, unaccounted } = ledger.queues[0]!.listeners[0]!.tally
      assert.deepEqual([pending, scheduled, unaccounted], [1, 0, 0])
    },
  },
  {
    name: 'what a living node holds, and what was tried, stays as it is',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given)
      const listenerId = listeners[0]!.id
      await store.deliveries.renew({ node: 'a', until: now + HOUR })
      const { deliveries } = await accepted(given, queue, { createdAt: now, deliverAt: now, leased: true })
      assert.deepEqual(await store.deliveries.bringForward(behindOf(given)), [])
      assert.equal(await settled(given, deliveries[0]!, { state: 'pending', dueAt: now + 5 }), 'settled')
      assert.deepEqual(await store.deliveries.bringForward({ ...behindOf(given), until: now + HOUR }), [])
      assert.equal((await claim(given, { listenerId, now: now - HOUR })).nextDueAt, now + 5)
    },
  },
  {
    name: 'it is done in steps, and the next of an order follows',
    async run(given) {
      const { store, now } = given
      const { queue, listeners } = await storedFixture(given)
      const listenerId = listeners[0]!.id
      const messages = []
      for (let count = 0; count < 5; count++) {
        messages.push(await accepted(given, queue, { createdAt: now, deliverAt: now }))
      }
      const behind = behindOf(given)
      for (const count of [2, 2, 1, 0]) {
        assert.equal((await store.deliveries.bringForward({ ...behind, limit: 2 })).length, count)
      }
      const { deliveries } = await claim(given, { listenerId, now: behind.now })
      assert.deepEqual(new Set(deliveries.map(({ message }) => message.id)), new Set(messages.map(({ id }) => id)))
    },
  },
]
