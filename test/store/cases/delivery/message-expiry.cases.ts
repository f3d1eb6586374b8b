import assert from 'node:assert/strict'
import { emptyTally, type Tally } from '../../../../src/core/delivery/ledger.ts'
import { DEFAULT_SETTINGS, type DeliverySettings } from '../../../../src/core/delivery/listener.ts'
import { type Message, statusOf } from '../../../../src/core/delivery/message.ts'
import type { Queue } from '../../../../src/core/delivery/queue.ts'
import { MAX_EXPIRED_A_STEP } from '../../../../src/core/message/expiry.ts'
import { ANY_MESSAGE } from '../../../../src/core/search/message-filter.ts'
import type { HeardChange } from '../../../../src/store/cluster/changes.ts'
import {
  ACKNOWLEDGED,
  accepted,
  claim,
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

const MEDIA_TYPE = 'image/png;base64'
const HEADERS = '{"x-order":"1"}'
const LIFE_MS = 60_000
/** A message for now that expires in a minute. */
const SHORT = { createdAt: NOW, deliverAt: NOW, expiresAt: NOW + LIFE_MS }
/** A moment at which it is over. */
const OVER = NOW + LIFE_MS
const ALIVE = { node: 'a', until: NOW + 1e9 }

/** Steps until nothing is over; answers with how many deliveries were discarded. */
async function expire({ store }: Given, { now = OVER, limit = 2, node = 'upkeep' } = {}): Promise<number> {
  let discarded = 0
  let afterOrganization: string | null = null
  for (let steps = 0; steps < 1_000; steps++) {
    const step = await store.expiries.step({ node, now, limit, afterOrganization })
    if (step.looked === 0) return discarded
    assert.ok(step.looked <= limit)
    discarded += step.discarded
    afterOrganization = step.organizationId
  }
  return assert.fail('it is never done')
}

async function statusesOf(given: Given, message: Message, now = OVER) {
  const { deliveries } = await stored(given, message)
  return { message: statusOf(message, deliveries, now), deliveries: deliveries.map(({ status }) => status) }
}

/** The ledger of the queue's listeners together; all of them must be accounted for. */
async function tallied({ store }: Given, { organizationId }: Queue): Promise<Tally> {
  const ledger = await store.ledger.read({ organizationId, only: null, since: null, until: null, now: OVER })
  assert.deepEqual(ledger.unaccounted, [])
  const sum = emptyTally()
  for (const { tally } of ledger.queues.flatMap(({ listeners }) => listeners)) {
    for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += tally[name]
  }
  return sum
}

async function ordered(given: Given, settings: Partial<DeliverySettings>) {
  const queue = await storedQueue(given, await storedOrganization(given))
  return { queue, listener: await storedListener(given, queue, { ordering: 'queue', ...settings }) }
}

async function puller(given: Given, settings: Partial<DeliverySettings> = {}) {
  const queue = await storedQueue(given, await storedOrganization(given))
  const urls = { notifyUrl: null, livenessUrl: null }
  const listener = given.make.listener(queue, { ...urls, settings: { ...DEFAULT_SETTINGS, ...settings } })
  assert.equal(await given.store.listeners.create(listener), 'created')
  return { queue, listener }
}

async function pulled({ store }: Given, listenerId: string, now: number, limit = 10) {
  const [result] = await store.pulls.pull({ now, asks: [{ listenerId, limit, maxBytes: 1e9, leaseMs: 30_000 }] })
  assert.ok(result?.outcome === 'pulled')
  return result
}

const swept: StoreCase[] = [
  {
    name: 'a message keeps when it expires, what is sent with it and its type, and comes with all of them wherever it is read',
    async run(given) {
      const { queue } = await storedFixture(given)
      const { deliveries: _, ...message } = await accepted(given, queue, {
        ...SHORT,
        headers: HEADERS,
        mediaType: MEDIA_TYPE,
      })
      await accepted(given, queue, { mediaType: MEDIA_TYPE, deliverAt: NOW + 1 })
      await accepted(given, queue, { expiresAt: null, headers: HEADERS, deliverAt: NOW + 1 })
      await accepted(given, queue, { expiresAt: OVER, headers: null, mediaType: null, deliverAt: NOW + 1 })
      const read = await given.store.messages.get(idsOf(message))
      assert.deepEqual(read?.message, message)
      assert.deepEqual((await claimedOne(given, { listenerId: read.deliveries[0]!.listenerId })).message, message)
    },
  },
  {
    name: 'what waits when the time of its message is over is discarded, counted once, and never given out',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const message = await accepted(given, queue, SHORT)
      const other = await accepted(given, queue)
      assert.equal(await expire(given, { now: OVER - 1 }), 0)
      assert.equal(await expire(given), 2)
      assert.equal(await expire(given), 0)
      assert.deepEqual(await statusesOf(given, message), { message: 'expired', deliveries: ['expired', 'expired'] })
      for (const { id: listenerId } of listeners) {
        assert.equal((await claimedOne(given, { listenerId, now: OVER })).message.id, other.id)
      }
      assert.equal(await pendingCount(given, queue), 2)
      assert.deepEqual(await tallied(given, queue), { ...emptyTally(), accepted: 4, pending: 2, expired: 2 })
    },
  },
  {
    name: 'it holds where nothing could ever send it: the queue is paused, the listener disabled, the message for later',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const { id } = queue
      await given.store.queues.update({ organizationId: queue.organizationId, id, changes: { paused: true }, now: NOW })
      const settings = { status: 'disabled' } as const
      await given.store.listeners.update({ ...idsOf(listeners[0]!), changes: { settings }, now: NOW })
      const message = await accepted(given, queue, { ...SHORT, deliverAt: OVER - 1 })
      assert.equal(await expire(given), 1)
      assert.deepEqual(await statusesOf(given, message), { message: 'expired', deliveries: ['expired'] })
    },
  },
  {
    name: 'what was delivered stays delivered, what was missed stays missed, and the message is what contracts say',
    async run(given) {
      const { queue } = await storedFixture(given, 3)
      const message = await accepted(given, queue, { ...SHORT, leased: true })
      const [first, second, third] = message.deliveries
      await settled(given, first!, ACKNOWLEDGED)
      await settled(given, second!, MISSED)
      await settled(given, third!, { state: 'pending', dueAt: OVER + 1 })
      assert.equal((await statusesOf(given, message)).message, 'pending')
      assert.equal(await expire(given), 1)
      const { deliveries } = await stored(given, message)
      const statusFor = (listenerId: string) => deliveries.find((it) => it.listenerId === listenerId)!.status
      const statuses = [first!, second!, third!].map(({ listenerId }) => statusFor(listenerId))
      assert.deepEqual(statuses, ['delivered', 'missed', 'expired'])
      assert.equal((await statusesOf(given, message)).message, 'missed')
      assert.deepEqual(await tallied(given, queue), {
        ...emptyTally(),
        accepted: 3,
        delivered: 1,
        missed: 1,
        expired: 1,
      })
    },
  },
  {
    name: 'an attempt that is under way is let finish, and what it leaves waiting is discarded soon after',
    async run(given) {
      const { queue } = await storedFixture(given, 2)
      await given.store.deliveries.renew(ALIVE)
      const message = await accepted(given, queue, { ...SHORT, leased: true })
      assert.equal(await expire(given), 0)
      assert.deepEqual((await statusesOf(given, message)).deliveries, ['pending', 'pending'])
      const [first, second] = message.deliveries
      assert.equal(await settled(given, first!, ACKNOWLEDGED, { startedAt: OVER - 1, durationMs: 2 }), 'settled')
      assert.equal(await settled(given, second!, { state: 'pending', dueAt: OVER + 9e6 }), 'settled')
      assert.equal(await expire(given, { now: OVER + 10_000 }), 1)
      const { deliveries, message: status } = await statusesOf(given, message)
      assert.deepEqual([deliveries.toSorted(), status], [['delivered', 'expired'], 'expired'])
    },
  },
  {
    name: 'what a dead node holds is discarded, and what it says of it afterwards is lost',
    async run(given) {
      const { queue } = await storedFixture(given)
      const message = await accepted(given, queue, { ...SHORT, leased: true, node: 'dead' })
      assert.equal(await expire(given), 1)
      assert.equal(await settled(given, message.deliveries[0]!, ACKNOWLEDGED, { node: 'dead' }), 'lost')
      assert.deepEqual((await statusesOf(given, message)).deliveries, ['expired'])
    },
  },
  {
    name: 'a node discards nothing that it holds itself, also where it was asleep for longer than its leases last',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      await given.store.deliveries.renew({ ...ALIVE, until: NOW + 1 })
      const message = await accepted(given, queue, { ...SHORT, leased: true })
      await accepted(given, queue, SHORT)
      const claimedBy = { listenerId: listeners[0]!.id, limit: 9 }
      assert.equal((await claim(given, claimedBy)).deliveries.length, 1)
      assert.equal(await expire(given, { node: 'a' }), 1)
      assert.deepEqual((await statusesOf(given, message)).deliveries, ['pending', 'pending'])
      assert.equal(await settled(given, message.deliveries[0]!, ACKNOWLEDGED), 'settled')
      assert.equal(await expire(given, { node: 'b', now: OVER + 10_000 }), 2)
      const { deliveries } = await statusesOf(given, message)
      assert.deepEqual(deliveries.toSorted(), ['delivered', 'expired'])
    },
  },
  {
    name: 'a step discards a thousand deliveries at most, and the next one goes on in the middle of a message',
    async run(given) {
      const { queue } = await storedFixture(given, 60)
      const messages: Message[] = []
      for (let i = 0; i < 20; i++) messages.push(await accepted(given, queue, SHORT))
      const discarded: number[] = []
      for (let looked = 1; looked > 0; ) {
        const step = await given.store.expiries.step({ node: 'a', now: OVER, limit: 100, afterOrganization: null })
        discarded.push(step.discarded)
        looked = step.looked
      }
      assert.deepEqual(discarded, [MAX_EXPIRED_A_STEP, 200, 0])
      assert.deepEqual(await tallied(given, queue), { ...emptyTally(), accepted: 1_200, expired: 1_200 })
    },
  },
  {
    name: 'organizations take turns, however much of one is over',
    async run(given) {
      const [many, few] = [await storedFixture(given), await storedFixture(given)]
      for (let i = 0; i < 9; i++) await accepted(given, many.queue, SHORT)
      const { deliveries: _, ...late } = await accepted(given, few.queue, { ...SHORT, expiresAt: OVER + 1 })
      let afterOrganization: string | null = null
      for (let steps = 0; steps < 2; steps++) {
        const step = await given.store.expiries.step({ node: 'upkeep', now: OVER + 1, limit: 2, afterOrganization })
        afterOrganization = step.organizationId
      }
      assert.deepEqual((await statusesOf(given, late)).deliveries, ['expired'])
      assert.equal(await pendingCount(given, many.queue), 7)
    },
  },
  {
    name: 'a message that was deleted before its time was over leaves nothing to look at',
    async run(given) {
      const { queue } = await storedFixture(given)
      const message = await accepted(given, queue, SHORT)
      await given.store.messages.delete({ ...idsOf(message), now: NOW })
      const step = await given.store.expiries.step({ node: 'upkeep', now: OVER, limit: 9, afterOrganization: null })
      assert.deepEqual(step, { looked: 0, discarded: 0, organizationId: null })
    },
  },
  {
    name: 'the ledger goes on telling what expired once retention has removed the message, or its listener is gone',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const message = await accepted(given, queue, { ...SHORT, leased: true })
      await settled(given, message.deliveries[0]!, MISSED)
      await settled(given, message.deliveries[1]!, { state: 'pending', dueAt: OVER })
      assert.equal(await expire(given), 1)
      const [expired] = listeners.filter(({ id }) => id === message.deliveries[1]!.listenerId)
      await given.store.listeners.delete({ ...idsOf(expired!), now: OVER })
      while ((await given.store.removals.sweep({ limit: 10 })) > 0);
      const before = { ...emptyTally(), accepted: 2, missed: 1, expired: 1 }
      assert.deepEqual(await tallied(given, queue), before)
      await given.store.removals.expire({ now: OVER, before: OVER + 1, after: 0, limit: 10 })
      assert.equal(await given.store.messages.get(idsOf(message)), null)
      assert.deepEqual(await tallied(given, queue), { ...emptyTally(), accepted: 2, retention: 1, expired: 1 })
    },
  },
  {
    name: 'messages that have expired are found by their status',
    async run(given) {
      const { queue } = await storedFixture(given)
      const message = await accepted(given, queue, SHORT)
      await accepted(given, queue)
      await expire(given)
      const { entries } = await given.store.messages.search({
        ...{ organizationId: queue.organizationId, queueId: queue.id, only: null, from: '', before: '~' },
        ...{ filter: { ...ANY_MESSAGE, status: 'expired' }, limit: 10, examine: 10, examineBytes: 1e6, now: OVER },
      })
      assert.deepEqual(
        entries.map((entry) => entry.message.id),
        [message.id],
      )
    },
  },
]

const held: StoreCase[] = [
  {
    name: 'a node ends what it holds and cannot send in time; what it no longer holds, or is in time, stays',
    async run(given) {
      const { queue } = await storedFixture(given, 2)
      await given.store.deliveries.renew(ALIVE)
      const message = await accepted(given, queue, { ...SHORT, leased: true })
      const inTime = await accepted(given, queue, { ...SHORT, expiresAt: OVER + 1, leased: true })
      const leases = [...message.deliveries, ...inTime.deliveries].map(({ listenerId, lease, message: of }) => {
        return { listenerId, lease, sequence: of.sequence }
      })
      const wrong = { ...leases[0]!, lease: leases[0]!.lease + 1_000 }
      const end = (of: typeof leases) => given.store.expiries.endLeased({ node: 'a', now: OVER, leases: of })
      assert.equal(await end([wrong]), 0)
      assert.equal(await given.store.expiries.endLeased({ node: 'b', now: OVER, leases }), 0)
      assert.equal(await end(leases), 2)
      assert.equal(await end(leases), 0)
      assert.deepEqual((await statusesOf(given, message)).deliveries, ['expired', 'expired'])
      assert.deepEqual((await statusesOf(given, inTime)).deliveries, ['pending', 'pending'])
      assert.equal(await settled(given, message.deliveries[0]!, ACKNOWLEDGED), 'lost')
      const listenerId = inTime.deliveries[0]!.listenerId
      assert.equal((await claimedOne(given, { listenerId, now: OVER })).message.id, inTime.id)
      assert.deepEqual(await tallied(given, queue), { ...emptyTally(), accepted: 4, pending: 2, expired: 2 })
    },
  },
]

const orders: StoreCase[] = [
  {
    name: 'in an order the next message has its turn at once, also where the listener blocks, and its node is told',
    async run(given) {
      for (const onMissed of ['continue', 'block'] as const) {
        const { queue, listener } = await ordered(given, { onMissed })
        await accepted(given, queue, SHORT)
        await accepted(given, queue, SHORT)
        const third = await accepted(given, queue)
        const heard: HeardChange[] = []
        const stop = given.store.follow((change) => void heard.push(change))
        assert.equal(await expire(given), 2)
        stop()
        assert.ok(heard.some((it) => it.kind === 'deliveries_due' && it.listenerIds.includes(listener.id)))
        const next = await claimedOne(given, { listenerId: listener.id, now: OVER })
        assert.equal(next.message.id, third.id)
        assert.deepEqual(await tallied(given, queue), { ...emptyTally(), accepted: 3, pending: 1, expired: 2 })
      }
    },
  },
  {
    name: 'what waits for its turn behind a message that is in time is discarded all the same',
    async run(given) {
      const { queue, listener } = await ordered(given, {})
      const first = await accepted(given, queue)
      const second = await accepted(given, queue, SHORT)
      const third = await accepted(given, queue)
      assert.equal(await expire(given), 1)
      assert.deepEqual((await statusesOf(given, second)).deliveries, ['expired'])
      const head = await claimedOne(given, { listenerId: listener.id })
      assert.equal(head.message.id, first.id)
      await settled(given, head, ACKNOWLEDGED)
      assert.equal((await claimedOne(given, { listenerId: listener.id })).message.id, third.id)
    },
  },
  {
    name: 'a missed message that blocks lets the others go on once its time is over, for it cannot be redelivered',
    async run(given) {
      const { queue, listener } = await ordered(given, { onMissed: 'block' })
      const first = await accepted(given, queue, SHORT)
      const second = await accepted(given, queue)
      await settled(given, await claimedOne(given, { listenerId: listener.id }), MISSED)
      assert.deepEqual((await claim(given, { listenerId: listener.id, now: OVER })).deliveries, [])
      assert.equal(await expire(given), 0)
      assert.deepEqual((await statusesOf(given, first)).deliveries, ['missed'])
      assert.equal((await claimedOne(given, { listenerId: listener.id, now: OVER })).message.id, second.id)
    },
  },
]

const pulls: StoreCase[] = [
  {
    name: 'a pull hands out nothing that has expired, and ends it where it comes across it',
    async run(given) {
      const { queue, listener } = await puller(given)
      const over = await accepted(given, queue, SHORT)
      const inTime = await accepted(given, queue)
      const { deliveries } = await pulled(given, listener.id, OVER)
      assert.deepEqual(
        deliveries.map(({ message }) => message.id),
        [inTime.id],
      )
      assert.deepEqual((await statusesOf(given, over)).deliveries, ['expired'])
      assert.equal(await expire(given), 0)
      assert.deepEqual(await tallied(given, queue), { ...emptyTally(), accepted: 2, pending: 1, expired: 1 })
    },
  },
  {
    name: 'one pull goes past a bounded number of messages that have expired, and says that more is due',
    async run(given) {
      const { queue, listener } = await puller(given)
      for (let i = 0; i < 201; i++) await accepted(given, queue, SHORT)
      const last = await accepted(given, queue, { deliverAt: NOW + 1 })
      const first = await pulled(given, listener.id, OVER, 300)
      assert.deepEqual([first.deliveries, first.nextDueAt], [[], OVER])
      const second = await pulled(given, listener.id, OVER, 300)
      assert.deepEqual(
        second.deliveries.map(({ message }) => message.id),
        [last.id],
      )
      assert.equal(await pendingCount(given, queue), 1)
    },
  },
  {
    name: 'a pull lease is kept and may be acknowledged; one that runs out ends in what has expired',
    async run(given) {
      const { queue, listener } = await puller(given)
      const [first, second] = [await accepted(given, queue, SHORT), await accepted(given, queue, SHORT)]
      const { deliveries } = await pulled(given, listener.id, OVER - 1)
      assert.equal(await expire(given), 0)
      assert.equal(deliveries.length, 2)
      const { message, leaseUntil, attempt } = deliveries[0]!
      const receipt = { messageId: message.id, leaseUntil, attempt }
      const settlement = { listenerId: listener.id, queueId: queue.id, receipt, end: { how: 'acknowledged' } as const }
      const batch = { node: 'a', now: OVER + 1, accepts: [], settlements: [], keyUses: [] }
      const result = await given.store.commit({ ...batch, leaseSettlements: [{ ...settlement, random: 0 }] })
      assert.deepEqual(result.leaseSettlements, ['settled'])
      const late = OVER + 120_000
      assert.deepEqual((await pulled(given, listener.id, late)).deliveries, [])
      await expire(given, { now: late })
      assert.deepEqual((await statusesOf(given, first)).deliveries, ['delivered'])
      assert.deepEqual((await statusesOf(given, second)).deliveries, ['expired'])
      assert.deepEqual(await tallied(given, queue), { ...emptyTally(), accepted: 2, delivered: 1, expired: 1 })
    },
  },
]

const redeliveries: StoreCase[] = [
  {
    name: 'what has expired is not redelivered, by itself or among many, whatever became of it',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const message = await accepted(given, queue, { ...SHORT, leased: true })
      await settled(given, message.deliveries[0]!, MISSED)
      const ask = { ...idsOf(message), listenerIds: null, immediately: true }
      assert.equal(await given.store.redeliveries.ofMessage({ ...ask, now: OVER }), 'expired')
      assert.deepEqual((await statusesOf(given, message)).deliveries, ['missed'])
      const place = { organizationId: queue.organizationId, queueId: queue.id, listenerId: listeners[0]!.id }
      for (const status of ['missed', null] as const) {
        const all = { ...place, since: null, until: null, status, after: '', limit: 9 }
        const counts = await Promise.all([NOW, OVER].map((now) => given.store.redeliveries.count({ ...all, now })))
        assert.deepEqual(
          counts.map((count) => count !== 'listener_not_found' && count.matched),
          [1, 0],
        )
      }
    },
  },
  {
    name: 'what expired by a clock that went back since can be redelivered, and expires when its time is really over',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const message = await accepted(given, queue, SHORT)
      assert.equal(await expire(given), 1)
      const ask = { ...idsOf(message), listenerIds: null, immediately: true, now: NOW }
      const outcome = await given.store.redeliveries.ofMessage(ask)
      assert.ok(typeof outcome === 'object' && 'details' in outcome)
      assert.deepEqual(await tallied(given, queue), { ...emptyTally(), accepted: 1, pending: 1 })
      assert.equal((await claim(given, { listenerId: listeners[0]!.id, node: 'dead' })).deliveries.length, 1)
      assert.equal(await expire(given), 1)
      assert.deepEqual(await tallied(given, queue), { ...emptyTally(), accepted: 1, expired: 1 })
    },
  },
  {
    name: 'a redelivery of what was delivered that expires before it is sent leaves it delivered',
    async run(given) {
      const { queue } = await storedFixture(given)
      const message = await accepted(given, queue, { ...SHORT, leased: true })
      await settled(given, message.deliveries[0]!, ACKNOWLEDGED)
      const ask = { ...idsOf(message), listenerIds: null, immediately: true, now: NOW }
      await given.store.redeliveries.ofMessage(ask)
      assert.equal(await pendingCount(given, queue), 1)
      await expire(given)
      assert.equal(await pendingCount(given, queue), 0)
      assert.deepEqual((await statusesOf(given, message)).deliveries, ['delivered'])
    },
  },
]

export const messageExpiryCases: StoreCase[] = [...swept, ...held, ...orders, ...pulls, ...redeliveries]
