import assert from 'node:assert/strict'
import { emptyTally, type Tally } from '../../../../src/core/delivery/ledger.ts'
import { DEFAULT_SETTINGS } from '../../../../src/core/delivery/listener.ts'
import { type Message, statusOf } from '../../../../src/core/delivery/message.ts'
import type { Queue } from '../../../../src/core/delivery/queue.ts'
import { AFTER_EVERY_ID } from '../../../../src/core/id.ts'
import { type Discardable, MAX_DISCARDED_A_STEP } from '../../../../src/core/message/discard.ts'
import { ANY_MESSAGE } from '../../../../src/core/search/message-filter.ts'
import { createDiscarder } from '../../../../src/engine/upkeep/discarder.ts'
import type { HeardChange } from '../../../../src/store/cluster/changes.ts'
import type { Discard } from '../../../../src/store/jobs/discards.ts'
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
  storedListener,
  storedOrganization,
  storedQueue,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

const ALIVE = { node: 'a', until: NOW + 1e9 }

type Which = Partial<Pick<Discard, 'listenerId' | 'since' | 'until' | 'status' | 'contains'>>

async function begun(
  { store, make }: Given,
  { organizationId, id: queueId }: Queue,
  which: Which = {},
): Promise<string> {
  const id = make.id()
  const all = { listenerId: null, since: null, until: null, status: null, contains: null, ...which }
  assert.equal(await store.discards.create({ id, organizationId, queueId, ...all, createdAt: NOW }), 'created')
  return id
}

/** Works off what there is to do at this time. */
async function workedOff({ store }: Given, { now = NOW, node = 'upkeep' } = {}): Promise<void> {
  const tick = createDiscarder({ store, runtime: { now: () => now }, node })
  for (let ticks = 0; (await tick()) > 0; ticks++) assert.ok(ticks < 1_000, 'it is never done')
}

async function discarded(given: Given, queue: Queue, which: Which = {}): Promise<Discard> {
  const id = await begun(given, queue, which)
  await workedOff(given)
  return read(given, queue, id)
}

async function read({ store }: Given, { organizationId, id: queueId }: Queue, id: string): Promise<Discard> {
  const found = await store.discards.get({ organizationId, queueId, id })
  assert.ok(found)
  return found
}

async function statusesOf(given: Given, message: Message) {
  const { deliveries } = await stored(given, message)
  const statuses = deliveries.map(({ status }) => status)
  return [statusOf(message, deliveries, NOW), ...statuses.toSorted()]
}

/** The ledger of the queue's listeners together; all of them must be accounted for. */
async function tallied({ store }: Given, { organizationId }: Queue): Promise<Partial<Tally>> {
  const ledger = await store.ledger.read({ organizationId, only: null, since: null, until: null, now: NOW })
  assert.deepEqual(ledger.unaccounted, [])
  const sum = emptyTally()
  for (const { tally } of ledger.queues.flatMap(({ listeners }) => listeners)) {
    for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += tally[name]
  }
  return Object.fromEntries(Object.entries(sum).filter(([, count]) => count > 0))
}

async function missedCount({ store }: Given, listener: Parameters<typeof idsOf>[0]): Promise<number> {
  const found = await store.listeners.get(idsOf(listener))
  return found!.missedCount
}

const ends: StoreCase[] = [
  {
    name: 'what waits is ended, counted once, never given out, and told from what is delivered',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const half = await accepted(given, queue, { leased: true })
      await settled(given, half.deliveries[0]!, ACKNOWLEDGED)
      await settled(given, half.deliveries[1]!, { state: 'pending', dueAt: NOW + 9_000 })
      const waiting = await accepted(given, queue)
      const found = await discarded(given, queue)
      assert.deepEqual([found.matched, found.done], [3, true])
      assert.deepEqual(await statusesOf(given, half), ['discarded', 'delivered', 'discarded'])
      assert.deepEqual(await statusesOf(given, waiting), ['discarded', 'discarded', 'discarded'])
      const later = await accepted(given, queue)
      for (const { id: listenerId } of listeners) {
        assert.equal((await claimedOne(given, { listenerId, now: NOW + 1e7 })).message.id, later.id)
      }
      assert.equal(await pendingCount(given, queue), 2)
      assert.deepEqual(await tallied(given, queue), { accepted: 6, delivered: 1, pending: 2, deleted: 3 })
    },
  },
  {
    name: 'a status means what stands like this, and each of them alone',
    async run(given) {
      for (const status of ['pending', 'scheduled', 'missed'] as const satisfies Discardable[]) {
        const { queue, listeners } = await storedFixture(given)
        await accepted(given, queue)
        await accepted(given, queue, { deliverAt: NOW + 60_000 })
        const gaveUp = await accepted(given, queue, { leased: true })
        await settled(given, gaveUp.deliveries[0]!, MISSED)
        assert.equal((await discarded(given, queue, { status })).matched, 1)
        const { [status]: left = 0, ...rest } = await tallied(given, queue)
        const others = ['pending', 'scheduled', 'missed'].filter((name) => name !== status).map((name) => [name, 1])
        assert.deepEqual([left, rest], [0, { ...Object.fromEntries(others), accepted: 3, deleted: 1 }])
        assert.equal(await missedCount(given, listeners[0]!), status === 'missed' ? 0 : 1)
      }
    },
  },
  {
    name: 'a listener means its deliveries alone, and times those of messages accepted then',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const messages: Message[] = []
      for (let i = 0; i < 3; i++) messages.push(await accepted(given, queue))
      const [since, until] = messages.slice(1).map(({ createdAt }) => createdAt)
      const which = { listenerId: listeners[0]!.id, since: since!, until: until! }
      const found = await discarded(given, queue, which)
      assert.deepEqual([found.matched, found.listenerId, found.since, found.until], [1, ...Object.values(which)])
      assert.deepEqual(await tallied(given, queue), { accepted: 6, pending: 5, deleted: 1 })
    },
  },
  {
    name: 'text means messages that hold it, and what was accepted after it was asked for is none of it',
    async run(given) {
      const { queue } = await storedFixture(given)
      await accepted(given, queue, { data: '{"customer":"%ü 17"}' })
      await accepted(given, queue, { data: '{"customer":"18"}' })
      const id = await begun(given, queue, { contains: '%ü 17' })
      await accepted(given, queue, { data: '{"customer":"%ü 17"}' })
      await workedOff(given)
      const found = await read(given, queue, id)
      assert.deepEqual([found.matched, found.contains, found.done], [1, '%ü 17', true])
    },
  },
  {
    name: 'a step ends a thousand deliveries at most, of waiting and of missed ones, and the next goes on in a message',
    async run(given) {
      const { queue } = await storedFixture(given, 60)
      const sequences: number[] = []
      for (let i = 0; i < 20; i++) sequences.push((await accepted(given, queue)).sequence)
      const gaveUp = await accepted(given, queue, { leased: true })
      for (const delivery of gaveUp.deliveries) await settled(given, delivery, MISSED)
      sequences.push(gaveUp.sequence)
      const id = await begun(given, queue)
      const step = { id, organizationId: queue.organizationId, node: 'a', now: NOW, next: null }
      const first = await given.store.discards.step({ ...step, before: AFTER_EVERY_ID, sequences })
      assert.equal(first, MAX_DISCARDED_A_STEP)
      assert.equal((await read(given, queue, id)).done, false)
      await workedOff(given)
      const found = await read(given, queue, id)
      assert.deepEqual([found.matched, found.done], [21 * 60, true])
      assert.deepEqual(await tallied(given, queue), { accepted: 21 * 60, deleted: 21 * 60 })
    },
  },
  {
    name: 'organizations take turns, and a step that was made already is not made again',
    async run(given) {
      const [many, few] = [await storedFixture(given), await storedFixture(given)]
      for (const { queue } of [many, few]) await accepted(given, queue)
      const ids = [await begun(given, many.queue), await begun(given, few.queue)]
      const next = async (afterOrganization: string) =>
        (await given.store.discards.next({ now: NOW, afterOrganization, leftovers: 9 }))!.discard
      const first = await next('')
      const second = await next(first.organizationId)
      assert.deepEqual([first.id, second.id].toSorted(), ids.toSorted())
      const step = { ...{ id: first.id, organizationId: first.organizationId, node: 'a', now: NOW }, sequences: [] }
      assert.equal(await given.store.discards.step({ ...step, before: AFTER_EVERY_ID, next: 'm' }), 0)
      assert.equal(await given.store.discards.step({ ...step, before: AFTER_EVERY_ID, next: 'k' }), null)
    },
  },
  {
    name: 'what is discarded can be redelivered, and is one delivery again',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const message = await accepted(given, queue)
      await discarded(given, queue)
      const ask = { ...idsOf(message), listenerIds: null, immediately: false, now: NOW }
      assert.ok('details' in ((await given.store.redeliveries.ofMessage(ask)) as object))
      assert.deepEqual(await tallied(given, queue), { accepted: 1, pending: 1 })
      const again = await claimedOne(given, { listenerId: listeners[0]!.id })
      await settled(given, again, ACKNOWLEDGED)
      assert.deepEqual(await statusesOf(given, message), ['delivered', 'delivered'])
    },
  },
  {
    name: 'a redelivery of what was delivered, or missed, leaves it alone',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      await accepted(given, queue)
      await discarded(given, queue)
      const { organizationId, id: queueId } = queue
      const times = { since: null, until: null, after: '', limit: 10, now: NOW }
      for (const status of ['delivered', 'missed', 'pending'] as const) {
        const which = { organizationId, queueId, listenerId: listeners[0]!.id, status }
        const counted = await given.store.redeliveries.count({ ...which, ...times })
        assert.deepEqual(counted !== 'listener_not_found' && counted.matched, 0, status)
      }
    },
  },
  {
    name: 'the ledger goes on telling of it once retention has removed the message, or its listener is gone',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const message = await accepted(given, queue, { leased: true })
      const [first, second] = message.deliveries
      await settled(given, first!, MISSED)
      await settled(given, second!, { state: 'pending', dueAt: NOW })
      await discarded(given, queue, { listenerId: second!.listenerId })
      await given.store.listeners.delete({ ...idsOf(listeners.find(({ id }) => id === second!.listenerId)!), now: NOW })
      while ((await given.store.removals.sweep({ limit: 10 })) > 0);
      assert.deepEqual(await tallied(given, queue), { accepted: 2, missed: 1, deleted: 1 })
      await given.store.removals.expire({ now: NOW + 9, before: NOW + 8, after: 0, limit: 10 })
      assert.equal(await given.store.messages.get(idsOf(message)), null)
      assert.deepEqual(await tallied(given, queue), { accepted: 2, retention: 1, deleted: 1 })
    },
  },
  {
    name: 'messages of which a delivery was discarded are found by their status',
    async run(given) {
      const { queue } = await storedFixture(given)
      const message = await accepted(given, queue)
      await discarded(given, queue)
      await accepted(given, queue)
      const { entries } = await given.store.messages.search({
        ...{ organizationId: queue.organizationId, queueId: queue.id, only: null, from: '', before: '~' },
        ...{ filter: { ...ANY_MESSAGE, status: 'discarded' }, limit: 10, examine: 10, examineBytes: 1e6, now: NOW },
      })
      assert.deepEqual(
        entries.map((entry) => entry.message.id),
        [message.id],
      )
    },
  },
]

const onTheWay: StoreCase[] = [
  {
    name: 'an attempt that is under way is let finish, and only then it is done: what was acknowledged stays delivered',
    async run(given) {
      const { queue } = await storedFixture(given, 3)
      await given.store.deliveries.renew(ALIVE)
      const message = await accepted(given, queue, { leased: true })
      const heard: HeardChange[] = []
      const stop = given.store.follow((change) => void heard.push(change))
      const id = await begun(given, queue)
      await workedOff(given)
      stop()
      const told = heard.flatMap((change) => (change.kind === 'discard' ? change.listenerIds : []))
      assert.deepEqual(new Set(told), new Set(message.deliveries.map(({ listenerId }) => listenerId)))
      assert.deepEqual([(await read(given, queue, id)).matched, (await read(given, queue, id)).done], [0, false])
      const [first, second, third] = message.deliveries
      assert.equal(await settled(given, first!, ACKNOWLEDGED), 'settled')
      assert.equal(await settled(given, second!, { state: 'pending', dueAt: NOW + 9e6 }), 'settled')
      assert.equal(await settled(given, third!, MISSED), 'settled')
      await workedOff(given, { now: NOW + 10_000 })
      const found = await read(given, queue, id)
      assert.deepEqual([found.matched, found.done], [2, true])
      assert.deepEqual(await statusesOf(given, message), ['discarded', 'delivered', 'discarded', 'discarded'])
    },
  },
  {
    name: 'a node ends what it holds and has not sent, where a discard means it, and gives up the rest',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      await given.store.deliveries.renew(ALIVE)
      const message = await accepted(given, queue, { leased: true })
      const id = await begun(given, queue, { listenerId: listeners[0]!.id })
      await workedOff(given)
      const leases = message.deliveries.map(({ listenerId, lease, message: of }) => {
        return { listenerId, lease, sequence: of.sequence }
      })
      assert.equal(await given.store.discards.endLeased({ node: 'b', now: NOW, leases }), 0)
      assert.equal(await given.store.discards.endLeased({ node: 'a', now: NOW, leases }), 1)
      assert.equal(await given.store.discards.endLeased({ node: 'a', now: NOW, leases }), 0)
      assert.equal((await claimedOne(given, { listenerId: listeners[1]!.id })).message.id, message.id)
      const gone = message.deliveries.find(({ listenerId }) => listenerId === listeners[0]!.id)!
      assert.equal(await settled(given, gone, ACKNOWLEDGED), 'lost')
      await workedOff(given, { now: NOW + 10_000 })
      const found = await read(given, queue, id)
      assert.deepEqual([found.matched, found.done], [1, true])
      assert.deepEqual(await tallied(given, queue), { accepted: 2, pending: 1, deleted: 1 })
    },
  },
  {
    name: 'what a client has pulled stays with it, and is ended when it comes back',
    async run(given) {
      const queue = await storedQueue(given, await storedOrganization(given))
      const urls = { notifyUrl: null, livenessUrl: null }
      const listener = given.make.listener(queue, { ...urls, settings: { ...DEFAULT_SETTINGS } })
      assert.equal(await given.store.listeners.create(listener), 'created')
      await accepted(given, queue)
      const asks = [{ listenerId: listener.id, limit: 1, maxBytes: 1e9, leaseMs: 30_000 }]
      const [got] = await given.store.pulls.pull({ now: NOW, asks })
      assert.ok(got?.outcome === 'pulled' && got.deliveries.length === 1)
      const id = await begun(given, queue)
      await workedOff(given, { now: NOW + 10_000 })
      assert.equal((await read(given, queue, id)).done, false)
      await given.store.pulls.expire({ now: NOW + 30_001, limit: 10 })
      await workedOff(given, { now: NOW + 70_000 })
      const found = await read(given, queue, id)
      assert.deepEqual([found.matched, found.done], [1, true])
    },
  },
]

const orders: StoreCase[] = [
  {
    name: 'in an order the next message has its turn, also behind one that was missed and blocks',
    async run(given) {
      for (const onMissed of ['continue', 'block'] as const) {
        const queue = await storedQueue(given, await storedOrganization(given))
        const listener = await storedListener(given, queue, { ordering: 'queue', onMissed })
        const gaveUp = await accepted(given, queue, { leased: true })
        await settled(given, gaveUp.deliveries[0]!, MISSED)
        await accepted(given, queue)
        const last = await accepted(given, queue)
        await discarded(given, queue, { until: last.createdAt })
        assert.equal((await claimedOne(given, { listenerId: listener.id })).message.id, last.id)
        assert.equal(await missedCount(given, listener), 0)
        assert.deepEqual(await tallied(given, queue), { accepted: 3, pending: 1, deleted: 2 })
      }
    },
  },
]

const jobs: StoreCase[] = [
  {
    name: "it is refused where its queue or listener is not there, and is no other organization's",
    async run(given) {
      const [{ queue, listeners }, other] = [await storedFixture(given), await storedFixture(given)]
      const which = { listenerId: null, since: null, until: null, status: null, contains: null, createdAt: NOW }
      const create = (what: Partial<Discard>) =>
        given.store.discards.create({
          ...{ id: given.make.id(), organizationId: queue.organizationId, queueId: queue.id, ...which },
          ...what,
        })
      assert.equal(await create({ queueId: other.queue.id }), 'queue_not_found')
      assert.equal(await create({ listenerId: other.listeners[0]!.id }), 'listener_not_found')
      assert.equal(await create({ listenerId: listeners[0]!.id }), 'created')
      const id = await begun(given, queue)
      assert.equal(
        await given.store.discards.get({ organizationId: other.queue.organizationId, queueId: queue.id, id }),
        null,
      )
    },
  },
  {
    name: 'it goes with its queue, and is forgotten once it is old',
    async run(given) {
      const [{ queue }, kept] = [await storedFixture(given), await storedFixture(given)]
      await accepted(given, queue)
      await begun(given, queue)
      const { organizationId, id } = queue
      await given.store.queues.delete({ organizationId, id, now: NOW })
      while ((await given.store.removals.sweep({ limit: 10 })) > 0);
      assert.equal(await given.store.discards.next({ now: NOW, afterOrganization: '', leftovers: 9 }), null)
      await discarded(given, kept.queue)
      await begun(given, kept.queue)
      assert.equal(await given.store.discards.prune({ before: NOW, limit: 9 }), 0)
      assert.equal(await given.store.discards.prune({ before: NOW + 1, limit: 9 }), 1)
    },
  },
]

export const discardCases: StoreCase[] = [...ends, ...onTheWay, ...orders, ...jobs]
