import assert from 'node:assert/strict'
import type { Listener } from '../../../../src/core/delivery/listener.ts'
import {
  type LivenessChange,
  type LivenessNews,
  UNKNOWN_LIVENESS,
  withNews,
} from '../../../../src/core/delivery/liveness.ts'
import { CHANGES_KEPT } from '../../../../src/store/liveness.ts'
import { idsOf, storedFixture, storedListener, storedOrganization, storedQueue } from '../../fixture.ts'
import type { Given, StoreCase } from '../../suite.ts'

const NOTHING: LivenessNews = { ...UNKNOWN_LIVENESS, state: null, stateAt: null }

const NEWS: LivenessNews[] = [
  { ...NOTHING, state: 'stable', stateAt: 900, successCount: 3, lastSuccessAt: 1_000 },
  { ...NOTHING, successCount: 2, lastSuccessAt: 2_000 },
  {
    ...NOTHING,
    state: 'unstable',
    stateAt: 3_000,
    failureCount: 1,
    lastFailureAt: 3_000,
    lastFailureStatus: 503,
    lastFailureMsg: 'answered 503',
  },
  { ...NOTHING, state: 'down', stateAt: 4_000, failureCount: 2, lastFailureAt: 4_000, lastFailureMsg: 'timeout' },
  { ...NOTHING, state: 'unknown', stateAt: 5_000 },
  NOTHING,
]

export const livenessCases: StoreCase[] = [
  {
    name: 'what is noted of a listener adds up, and shows in it',
    async run(given) {
      const { store } = given
      const { listeners } = await storedFixture(given, 2)
      const [listener, other] = [listeners[0]!, listeners[1]!]
      let expected = UNKNOWN_LIVENESS
      for (const news of NEWS) {
        await store.liveness.note([{ listenerId: listener.id, news }])
        expected = withNews(expected, news)
        assert.deepEqual((await store.listeners.get(idsOf(listener)))?.liveness, expected)
      }
      assert.deepEqual((await store.listeners.get(idsOf(other)))?.liveness, UNKNOWN_LIVENESS)
      const ask = { organizationId: listener.organizationId, queueId: listener.queueId, only: null, slice: null }
      const listed = await store.listeners.list(ask)
      assert.deepEqual(
        listed.map(({ liveness }) => liveness),
        [expected, UNKNOWN_LIVENESS],
      )
    },
  },
  {
    name: 'each new state is remembered with what it came from, the latest first, and the same one again is none',
    async run(given) {
      const { store, make } = given
      const { listeners } = await storedFixture(given, 2)
      const [listener, other] = [listeners[0]!, listeners[1]!]
      for (const news of NEWS) await store.liveness.note([{ listenerId: listener.id, news }])
      await store.liveness.note([{ listenerId: listener.id, news: { ...NOTHING, state: 'unknown', stateAt: 6_000 } }])
      const expected: LivenessChange[] = [
        { at: 5_000, from: 'down', state: 'unknown', message: null },
        { at: 4_000, from: 'unstable', state: 'down', message: 'timeout' },
        { at: 3_000, from: 'stable', state: 'unstable', message: 'answered 503' },
        { at: 900, from: 'unknown', state: 'stable', message: null },
      ]
      const ask = { ...idsOf(listener), before: null, offset: 0, limit: 10 }
      assert.deepEqual(await store.liveness.changes(ask), expected)
      assert.deepEqual(await store.liveness.changes({ ...ask, before: 4_000, limit: 1 }), [expected[2]])
      assert.deepEqual(await store.liveness.changes({ ...ask, offset: 3 }), [expected[3]])
      assert.deepEqual(await store.liveness.changes({ ...ask, ...idsOf(other) }), [])
      for (const wrong of [{ organizationId: make.id() }, { queueId: make.id() }, { id: make.id() }]) {
        assert.equal(await store.liveness.changes({ ...ask, ...wrong }), null)
      }
    },
  },
  {
    name: 'changes are kept up to a thousand a listener, forgotten by age, and go with the listener',
    async run(given) {
      const { store, now } = given
      const { listeners } = await storedFixture(given, 2)
      const [listener, other] = [listeners[0]!, listeners[1]!]
      const flap = (at: number) => ({
        ...NOTHING,
        state: at % 2 === 0 ? ('stable' as const) : ('down' as const),
        stateAt: at,
      })
      await store.liveness.note([{ listenerId: other.id, news: flap(1) }])
      for (let at = 1; at <= CHANGES_KEPT + 3; at++) {
        await store.liveness.note([{ listenerId: listener.id, news: flap(at) }])
      }
      const timesOf = async (one: Listener) => {
        const ask = { ...idsOf(one), before: null, offset: 0, limit: 2 * CHANGES_KEPT }
        return (await store.liveness.changes(ask))!.map(({ at }) => at)
      }
      const kept = await timesOf(listener)
      assert.deepEqual([kept.length, kept[0], kept.at(-1)], [CHANGES_KEPT, CHANGES_KEPT + 3, 4])
      assert.deepEqual(await timesOf(other), [1])
      assert.equal(await store.liveness.prune({ before: 10, limit: 4 }), 4)
      assert.equal(await store.liveness.prune({ before: 10, limit: 4 }), 3)
      assert.equal(await store.liveness.prune({ before: 10, limit: 4 }), 0)
      assert.deepEqual(await timesOf(other), [])
      await store.listeners.delete({ ...idsOf(listener), now })
      while ((await store.removals.sweep({ limit: 100 })) > 0);
      assert.equal(await store.liveness.prune({ before: 10_000, limit: 1 }), 0)
    },
  },
  {
    name: 'several listeners are noted at once, and one that is deleted is passed over',
    async run(given) {
      const { store, make, now } = given
      const { listeners } = await storedFixture(given, 3)
      const [gone, ...kept] = listeners
      assert.equal(await store.listeners.delete({ ...idsOf(gone!), now }), 'deleted')
      const ids = [gone!.id, make.id(), ...kept.map(({ id }) => id)]
      await store.liveness.note(ids.map((listenerId) => ({ listenerId, news: NEWS[0]! })))
      for (const listener of kept) {
        assert.equal((await store.listeners.get(idsOf(listener)))?.liveness.successCount, 3)
      }
      await store.liveness.note([])
    },
  },
  {
    name: 'those to check are the enabled ones with a liveness_url, with their state, a page at a time',
    async run(given) {
      const { store, now } = given
      const { queue, organization } = await storedFixture(given, 0)
      const checked = [await storedListener(given, queue), await storedListener(given, queue)]
      const other = await storedListener(given, await storedQueue(given, await storedOrganization(given)))
      const change = async (changes: Parameters<typeof store.listeners.update>[0]['changes']) => {
        const listener = await storedListener(given, queue)
        assert.ok(typeof (await store.listeners.update({ ...idsOf(listener), changes, now })) === 'object')
      }
      await change({ livenessUrl: null })
      await change({ notifyUrl: null, livenessUrl: null })
      await change({ settings: { status: 'disabled' } })
      await store.liveness.note([{ listenerId: checked[1]!.id, news: { ...NOTHING, state: 'down', stateAt: 1 } }])
      const expected = [
        [checked[0]!.id, 'unknown'],
        [checked[1]!.id, 'down'],
        [other.id, 'unknown'],
      ]
      assert.deepEqual(await pages(given, 1), expected)
      assert.deepEqual(await pages(given, 10), expected)
      assert.deepEqual((await store.liveness.checked({ after: null, limit: 1 }))[0]?.listener, checked[0])
      await store.queues.delete({ organizationId: organization.id, id: queue.id, now })
      assert.deepEqual(await pages(given, 10), [expected[2]])
    },
  },
  {
    name: 'those nodes share the checks that live; a store of one process has nobody to share them with',
    async run({ store, now }) {
      if (!store.shared) return assert.equal(await store.liveness.nodes({ now }), null)
      await store.deliveries.renew({ node: 'a', until: now + 1_000 })
      await store.deliveries.renew({ node: 'b', until: now + 5_000 })
      const living = async (at: number) => (await store.liveness.nodes({ now: at }))?.sort()
      assert.deepEqual(await living(now + 500), ['a', 'b'])
      assert.deepEqual(await living(now + 2_000), ['b'])
      await store.deliveries.release({ node: 'b' })
      assert.deepEqual(await living(now + 2_000), [])
    },
  },
]

async function pages({ store }: Pick<Given, 'store'>, limit: number): Promise<[string, string][]> {
  const found: { listener: Listener; state: string }[] = []
  for (let after: string | null = null; ; after = found.at(-1)!.listener.id) {
    const page = await store.liveness.checked({ after, limit })
    found.push(...page)
    if (page.length < limit) return found.map(({ listener, state }) => [listener.id, state])
  }
}
