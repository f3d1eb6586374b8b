import assert from 'node:assert/strict'
import { type Latencies, latencyBucket } from '../../../../src/core/delivery/latency.ts'
import { BUCKET_MS, bucketStart, type EventCounts } from '../../../../src/core/telemetry/stats.ts'
import type { CountedPart, StatsStore } from '../../../../src/store/stats.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  claimedOne,
  commit,
  idsOf,
  MISSED,
  settled,
  storedFixture,
} from '../../fixture.ts'
import { NOW } from '../../make.ts'
import type { Given, StoreCase } from '../../suite.ts'

const HOUR_MS = 3_600_000
/** What is made came to be in the hour before NOW. */
const EVER = { from: bucketStart(NOW - HOUR_MS), until: NOW + HOUR_MS }

/** Only the types that happened. */
function shown(counts: EventCounts): Partial<EventCounts> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
}

export async function partsCounted(
  { store }: Given,
  ask: Partial<Parameters<StatsStore['ofParts']>[0]> & { organizationId: string },
): Promise<CountedPart[]> {
  const parts: CountedPart[] = []
  for (let from: number | null = ask.from ?? EVER.from; from !== null; ) {
    const read = await store.stats.ofParts({ only: null, until: EVER.until, limit: 1_000, ...ask, from })
    parts.push(...read.parts)
    from = read.next
  }
  return parts
}

export const statsCases: StoreCase[] = [
  {
    name: 'what happens is counted for the organization, in the five minutes in which it was stored',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      given.now = bucketStart(NOW) + BUCKET_MS - 1
      await accepted(given, queue)
      given.now += 1
      const { deliveries } = await accepted(given, queue, { leased: true })
      await settled(given, deliveries[0]!, ACKNOWLEDGED)
      const ask = { organizationId: organization.id, from: bucketStart(NOW), until: given.now }
      const buckets = await given.store.stats.ofOrganization(ask)
      assert.deepEqual(
        buckets.map(({ start, counts }) => [start, shown(counts)]),
        [
          [bucketStart(NOW), { message_added: 1 }],
          [bucketStart(NOW) + BUCKET_MS, { message_added: 1, message_published_ok: 1 }],
        ],
      )
      assert.deepEqual(await given.store.stats.ofOrganization({ ...ask, until: bucketStart(NOW) }), buckets.slice(0, 1))
    },
  },
  {
    name: 'each queue, key and listener has counts of its own, those of a listener apart from its queue',
    async run(given) {
      const { organization, queue, listeners } = await storedFixture(given)
      const key = given.make.apiKey(organization)
      await given.store.apiKeys.create(key)
      const { deliveries } = await accepted(given, queue, { leased: true })
      await settled(given, deliveries[0]!, MISSED)
      const parts = await partsCounted(given, { organizationId: organization.id })
      const sums = new Map<string, Partial<EventCounts>>()
      for (const { subjectId, listenerId, counts } of parts) {
        const id = listenerId === null ? subjectId : `${subjectId} ${listenerId}`
        sums.set(id, { ...sums.get(id), ...shown(counts) })
      }
      assert.deepEqual(Object.fromEntries(sums), {
        [key.id]: { api_key_added: 1 },
        [queue.id]: { queue_added: 1, message_added: 1 },
        [`${queue.id} ${listeners[0]!.id}`]: { listener_added: 1, message_published_not_ok: 1 },
      })
    },
  },
  {
    name: 'a latency runs from when a message was due to the end of the attempt that was acknowledged',
    async run(given) {
      const { organization, queue, listeners } = await storedFixture(given)
      await accepted(given, queue, { createdAt: NOW - 50_000, deliverAt: NOW - 900 })
      const listenerId = listeners[0]!.id
      const first = await claimedOne(given, { listenerId })
      await settled(given, first, { state: 'pending', dueAt: NOW })
      await settled(given, await claimedOne(given, { listenerId }), ACKNOWLEDGED, { durationMs: 100 })
      const parts = await partsCounted(given, { organizationId: organization.id, from: bucketStart(NOW) })
      const expected: Latencies = [...new Array(latencyBucket(1_000)).fill(0), 1]
      assert.deepEqual(parts.find((part) => part.listenerId === listenerId)?.latencies, expected)
    },
  },
  {
    name: 'a listing of parts that is restricted holds those parts, with a queue its listeners, and nothing twice',
    async run(given) {
      const { organization, queue, listeners } = await storedFixture(given, 2)
      const organizationId = organization.id
      await storedFixture(given)
      const [first, second] = listeners.map((listener) => listener.id)
      const ids = async (...only: string[]) =>
        (await partsCounted(given, { organizationId, only })).map((part) => part.listenerId ?? part.subjectId).sort()
      assert.deepEqual(await ids(queue.id), [queue.id, first!, second!].sort())
      assert.deepEqual(await ids(second!), [second])
      assert.deepEqual(await ids(second!, queue.id), [queue.id, first!, second!].sort())
      assert.deepEqual(await ids(), [])
      assert.deepEqual(await ids(''), [])
    },
  },
  {
    name: "another organization's counts are never read",
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      const other = await storedFixture(given)
      const accepts = [
        await acceptFor(given, queue),
        await acceptFor(given, other.queue),
        await acceptFor(given, queue),
      ]
      await commit(given, { accepts })
      const sum = async (organizationId: string) => {
        const buckets = await given.store.stats.ofOrganization({ organizationId, ...EVER })
        return buckets.reduce((total, { counts }) => total + counts.message_added, 0)
      }
      assert.deepEqual([await sum(organization.id), await sum(other.organization.id)], [2, 1])
      const only = [other.queue.id, other.listeners[0]!.id]
      assert.deepEqual(await partsCounted(given, { organizationId: organization.id, only }), [])
    },
  },
  {
    name: 'counts of many commits add up, however they are read in between',
    async run(given) {
      const { organization, queue, listeners } = await storedFixture(given)
      for (let i = 0; i < 40; i++) {
        given.now += 90
        const { deliveries } = await accepted(given, queue, { leased: true, deliverAt: given.now })
        await settled(given, deliveries[0]!, i % 2 === 0 ? ACKNOWLEDGED : MISSED, { durationMs: 5 })
        if (i % 7 === 0) await partsCounted(given, { organizationId: organization.id })
      }
      const parts = await partsCounted(given, { organizationId: organization.id, from: bucketStart(NOW) })
      const [own] = parts.filter((part) => part.subjectId === queue.id && part.listenerId === null)
      const [listener] = parts.filter((part) => part.listenerId === listeners[0]!.id)
      assert.deepEqual(shown(own!.counts), { message_added: 40 })
      assert.deepEqual(shown(listener!.counts), { message_published_ok: 20, message_published_not_ok: 20 })
      assert.equal(listener!.latencies[latencyBucket(5)], 20)
    },
  },
  {
    name: 'callers that read at the same time all find every count of what was committed before',
    async run(given) {
      const { organization, queue } = await storedFixture(given)
      for (let i = 1; i <= 10; i++) {
        await accepted(given, queue)
        const reads = await Promise.all(
          Array.from({ length: 8 }, () => partsCounted(given, { organizationId: organization.id })),
        )
        const added = reads.map((parts) => {
          const own = parts.filter((part) => part.subjectId === queue.id && part.listenerId === null)
          return own.reduce((sum, { counts }) => sum + counts.message_added, 0)
        })
        assert.deepEqual(added, Array(8).fill(i))
      }
    },
  },
  {
    name: 'pruning removes the counts of older five minutes in small steps',
    async run(given) {
      const { organization, queue, listeners } = await storedFixture(given)
      for (let i = 0; i < 4; i++) {
        await accepted(given, queue)
        given.now += BUCKET_MS
      }
      await given.store.listeners.delete({ ...idsOf(listeners[0]!), now: given.now })
      const before = bucketStart(NOW) + 3 * BUCKET_MS
      await partsCounted(given, { organizationId: organization.id })
      let removed = 0
      for (let step = -1; step !== 0; removed += step) {
        step = await given.store.stats.prune({ before, limit: 3 })
        assert.ok(step <= 3)
      }
      assert.ok(removed > 3)
      const left = await given.store.stats.ofOrganization({
        organizationId: organization.id,
        from: bucketStart(NOW),
        until: given.now,
      })
      assert.deepEqual(
        left.map(({ start, counts }) => [start, shown(counts)]),
        [
          [before, { message_added: 1 }],
          [before + BUCKET_MS, { listener_deleted: 1 }],
        ],
      )
    },
  },
]
