import assert from 'node:assert/strict'
import { emptyTally, type Tally } from '../../../../src/core/delivery/ledger.ts'
import type { LedgerAsk } from '../../../../src/store/ledger.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  claimedOne,
  commit,
  idsOf,
  MISSED,
  messageOf,
  settled,
  storedFixture,
  storedListener,
  storedOrganization,
  storedQueue,
  withMessage,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

type OrderPosition = { organizationId: string }

function read({ store, now }: Given, { organizationId }: OrderPosition, ask: Partial<LedgerAsk> = {}) {
  return store.ledger.read({ organizationId, only: null, since: null, until: null, now, ...ask })
}

/** The ledger of each listener, by its id. */
async function talliesOf(
  given: Given,
  place: OrderPosition,
  ask: Partial<LedgerAsk> = {},
): Promise<Map<string, Tally>> {
  const ledger = await read(given, place, ask)
  assert.deepEqual(ledger.unaccounted, [])
  const tallies = new Map(ledger.queues.flatMap(({ listeners }) => listeners.map(({ id, tally }) => [id, tally])))
  for (const tally of tallies.values()) assert.equal(balanceOf(tally), 0)
  return tallies
}

function balanceOf({ accepted: all, ...rest }: Tally): number {
  return all - Object.values(rest).reduce((sum, count) => sum + count, 0)
}

function tally(what: Partial<Tally>): Tally {
  return { ...emptyTally(), ...what }
}

const counted: StoreCase[] = [
  {
    name: 'each delivery is counted once, as what it is now',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 1)
      const listenerId = listeners[0]!.id
      const one = async () => (await talliesOf(given, queue)).get(listenerId)
      assert.deepEqual(await one(), tally({}))
      for (const end of [ACKNOWLEDGED, MISSED, { state: 'pending', dueAt: NOW + 1e6 }] as const) {
        await accepted(given, queue)
        await settled(given, await claimedOne(given, { listenerId }), end)
      }
      await accepted(given, queue)
      const leased = await accepted(given, queue, { leased: true })
      const later = await accepted(given, queue, { deliverAt: NOW + 1_000 })
      const all = { accepted: 6, delivered: 1, missed: 1, pending: 3, scheduled: 1 }
      assert.deepEqual(await one(), tally(all))
      const due = (await talliesOf({ ...given, now: NOW + 1_000 }, queue)).get(listenerId)
      assert.deepEqual(due, tally({ ...all, pending: 4, scheduled: 0 }))
      await given.store.messages.delete({ ...idsOf(leased), now: NOW })
      await given.store.messages.delete({ ...idsOf(later), now: NOW })
      assert.deepEqual(await one(), tally({ ...all, pending: 2, scheduled: 0, deleted: 2 }))
    },
  },
  {
    name: 'a redelivery is pending once more, and what was delivered before it counts no more',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 1)
      const listenerId = listeners[0]!.id
      for (const end of [ACKNOWLEDGED, MISSED]) {
        const message = await accepted(given, queue)
        await settled(given, await claimedOne(given, { listenerId }), end)
        await given.store.redeliveries.ofMessage({ ...idsOf(message), listenerIds: null, immediately: false, now: NOW })
        assert.equal((await talliesOf(given, queue)).get(listenerId)?.pending, 1)
        await settled(given, await claimedOne(given, { listenerId }), ACKNOWLEDGED)
      }
      assert.deepEqual((await talliesOf(given, queue)).get(listenerId), tally({ accepted: 2, delivered: 2 }))
    },
  },
  {
    name: 'what waits for its turn is pending, whether behind another or behind one that was missed',
    async run(given) {
      const queue = await storedQueue(given, await storedOrganization(given))
      const { id } = await storedListener(given, queue, { ordering: 'queue', onMissed: 'block' })
      for (let i = 0; i < 3; i++) await accepted(given, queue)
      await accepted(given, queue, { deliverAt: NOW + 1_000 })
      assert.deepEqual((await talliesOf(given, queue)).get(id), tally({ accepted: 4, pending: 3, scheduled: 1 }))
      await settled(given, await claimedOne(given, { listenerId: id }), MISSED)
      assert.deepEqual(
        (await talliesOf(given, queue)).get(id),
        tally({ accepted: 4, missed: 1, pending: 2, scheduled: 1 }),
      )
    },
  },
  {
    name: 'what a deleted listener had not got was discarded with it, also when all of it is swept',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const [gone, stays] = listeners.map(({ id }) => id) as [string, string]
      for (const end of [ACKNOWLEDGED, MISSED]) {
        await accepted(given, queue)
        await settled(given, await claimedOne(given, { listenerId: gone }), end)
      }
      await accepted(given, queue)
      await given.store.listeners.delete({ ...idsOf(listeners[0]!), now: NOW })
      for (let round = 0; round < 2; round++) {
        const tallies = await talliesOf(given, queue)
        assert.deepEqual(tallies.get(gone), tally({ accepted: 3, delivered: 1, listenerDeleted: 2 }))
        assert.deepEqual(tallies.get(stays), tally({ accepted: 3, pending: 3 }))
        while ((await given.store.removals.sweep({ limit: 10 })) > 0);
      }
      const listed = (await read(given, queue)).queues[0]!.listeners.find(({ id }) => id === gone)
      assert.deepEqual([listed?.name, listed?.deletedAt], [listeners[0]!.name, NOW])
    },
  },
  {
    name: 'a message that was deleted stays in the ledger until retention is over, with the listeners that had got it',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const [first, second] = listeners.map(({ id }) => id) as [string, string]
      const message = await accepted(given, queue)
      await settled(given, await claimedOne(given, { listenerId: first }), ACKNOWLEDGED)
      await given.store.messages.delete({ ...idsOf(message), now: NOW })
      const tallies = await talliesOf(given, queue)
      assert.deepEqual(tallies.get(first), tally({ accepted: 1, delivered: 1 }))
      assert.deepEqual(tallies.get(second), tally({ accepted: 1, deleted: 1 }))
      await given.store.removals.expire({ now: NOW + 9, before: NOW, after: 0, limit: 10 })
      assert.equal((await talliesOf(given, queue)).get(second)?.accepted, 1)
      await given.store.removals.expire({ now: NOW + 9, before: NOW + 1, after: 0, limit: 10 })
      assert.equal((await talliesOf(given, queue)).get(second)?.accepted, 0)
    },
  },
  {
    name: 'what was missed and then removed by retention is told of for another retention, what was delivered is not',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 1)
      const listenerId = listeners[0]!.id
      for (const end of [ACKNOWLEDGED, MISSED]) {
        await accepted(given, queue)
        await settled(given, await claimedOne(given, { listenerId }), end)
      }
      await given.store.removals.expire({ now: NOW + 100, before: NOW + 50, after: 0, limit: 10 })
      assert.deepEqual((await talliesOf(given, queue)).get(listenerId), tally({ accepted: 1, retention: 1 }))
      await given.store.removals.expire({ now: NOW + 300, before: NOW + 101, after: 0, limit: 10 })
      assert.deepEqual((await talliesOf(given, queue)).get(listenerId), tally({}))
    },
  },
]

const chosen: StoreCase[] = [
  {
    name: 'only of the time that is asked about: from since, before until',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 1)
      const messages = []
      for (let i = 0; i < 4; i++) messages.push(await accepted(given, queue))
      const at = messages.map(({ createdAt }) => createdAt)
      const count = async (ask: Partial<LedgerAsk>) =>
        (await talliesOf(given, queue, ask)).get(listeners[0]!.id)?.accepted
      assert.equal(await count({ since: at[1]! }), 3)
      assert.equal(await count({ until: at[1]! }), 1)
      assert.equal(await count({ since: at[1]!, until: at[3]! }), 2)
      assert.equal(await count({ since: at[3]! + 1 }), 0)
    },
  },
  {
    name: 'only what the key may see, and never what is of another organization or of a deleted queue',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const other = await storedFixture(given, 1)
      const gone = await storedQueue(given, { ...other.organization, id: queue.organizationId })
      await storedListener(given, gone)
      for (const at of [queue, other.queue, gone]) await accepted(given, at)
      await given.store.queues.delete({ organizationId: gone.organizationId, id: gone.id, now: NOW })
      const shown = async (only: string[] | null) => [...(await talliesOf(given, queue, { only })).keys()]
      const [first, second] = listeners.map(({ id }) => id) as [string, string]
      assert.deepEqual(await shown(null), [first, second])
      assert.deepEqual(await shown([queue.id]), [first, second])
      assert.deepEqual(await shown([second]), [second])
      assert.deepEqual(await shown([other.queue.id, gone.id]), [])
      const ledger = await read(given, queue, { only: [gone.id] })
      assert.deepEqual(ledger.queues, [])
    },
  },
  {
    name: 'thousands of messages are counted right again after any of them has changed',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 1)
      const listenerId = listeners[0]!.id
      const one = await acceptFor(given, queue)
      const accepts = Array.from({ length: 5_000 }, (_, index) =>
        withMessage(one, given.make.message(queue, { deliverAt: NOW + (index < 10 ? 1_000 : 0) })),
      )
      await commit(given, { accepts })
      const all = { accepted: 5_000, pending: 4_990, scheduled: 10 }
      const now = async () => (await talliesOf(given, queue)).get(listenerId)
      for (let times = 0; times < 2; times++) assert.deepEqual(await now(), tally(all))
      await settled(given, (await given.store.deliveries.claimDue(claimOf(given, listenerId))).deliveries[0]!, MISSED)
      assert.deepEqual(await now(), tally({ ...all, pending: 4_989, missed: 1 }))
      await given.store.messages.delete({ ...idsOf(messageOf(accepts[9]!)), now: NOW })
      assert.deepEqual(await now(), tally({ ...all, pending: 4_989, missed: 1, scheduled: 9, deleted: 1 }))
      const moved = { ...idsOf(messageOf(accepts[8]!)), changes: { deliverAt: NOW }, now: NOW }
      await given.store.messages.update(moved)
      assert.deepEqual(await now(), tally({ ...all, pending: 4_990, missed: 1, scheduled: 8, deleted: 1 }))
      const later = await talliesOf({ ...given, now: NOW + 1_000 }, queue)
      assert.deepEqual(later.get(listenerId), tally({ ...all, pending: 4_998, missed: 1, scheduled: 0, deleted: 1 }))
    },
  },
]

function claimOf({ now }: Given, listenerId: string) {
  return { node: 'a', listenerId, limit: 1, maxBytes: 1e6, now }
}

export const ledgerCases = [...counted, ...chosen]
