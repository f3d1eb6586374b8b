import assert from 'node:assert/strict'
import type { DeliveryStatus } from '../../../../src/core/delivery/delivery-summary.ts'
import type { DeliverySettings } from '../../../../src/core/delivery/listener.ts'
import type { Message } from '../../../../src/core/delivery/message.ts'
import type { Redelivery } from '../../../../src/store/jobs/redeliveries.ts'
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

const LEASE_MS = 15_000

interface Asked {
  listenerIds?: string[] | null
  immediately?: boolean
}

function redelivered({ store, now }: Given, message: Message, asked: Asked = {}) {
  return store.redeliveries.ofMessage({ ...idsOf(message), listenerIds: null, immediately: false, ...asked, now })
}

async function fixture(given: Given, settings: Partial<DeliverySettings> = {}) {
  const queue = await storedQueue(given, await storedOrganization(given))
  const listener = await storedListener(given, queue, settings)
  return { queue, listener, listenerId: listener.id }
}

/** A message whose only delivery has come to this end. */
async function ended(given: Given, at: Awaited<ReturnType<typeof fixture>>, next: typeof MISSED | typeof ACKNOWLEDGED) {
  const message = await accepted(given, at.queue)
  assert.notEqual(await settled(given, await claimedOne(given, { listenerId: at.listenerId }), next), 'lost')
  return message
}

async function countersOf({ store }: Given, listener: Parameters<typeof idsOf>[0]) {
  const found = await store.listeners.get(idsOf(listener))
  assert.ok(found)
  return { acknowledged: found.acknowledgedCount, missed: found.missedCount, missedIds: found.missedMessageIds }
}

const one: StoreCase[] = [
  {
    name: 'what was missed is pending again and due now, with its history, and counts as missed no more',
    async run(given) {
      const at = await fixture(given)
      const message = await ended(given, at, MISSED)
      const outcome = await redelivered({ ...given, now: NOW + 1_000 }, message)
      assert.ok(typeof outcome === 'object' && 'details' in outcome)
      assert.deepEqual(outcome.listenerIds, [at.listenerId])
      const { listenerId } = at
      const waits = { listenerId, status: 'pending', attempts: 1, lastAttemptAt: NOW, nextAttemptAt: NOW + 1_000 }
      assert.deepEqual(outcome.details.deliveries, [waits])
      assert.deepEqual((await stored(given, message)).deliveries, [waits])
      assert.deepEqual(await countersOf(given, at.listener), { acknowledged: 0, missed: 0, missedIds: [] })
      assert.equal(await pendingCount(given, at.queue), 1)
      const delivery = await claimedOne(given, { listenerId, now: NOW + 1_000 })
      const { attempts, attemptsBefore, firstSentAt } = delivery
      assert.deepEqual({ attempts, attemptsBefore, firstSentAt }, { attempts: 1, attemptsBefore: 1, firstSentAt: NOW })
      assert.equal(await settled(given, delivery, ACKNOWLEDGED), 'settled')
      const attempted = await given.store.messages.attempts(idsOf(message))
      assert.deepEqual(
        attempted!.map(({ attempt }) => attempt.number),
        [2, 1],
      )
    },
  },
  {
    name: 'what was delivered is delivered once more, and both count',
    async run(given) {
      const at = await fixture(given)
      const message = await ended(given, at, ACKNOWLEDGED)
      for (let times = 0; times < 3; times++) await redelivered(given, message)
      await settled(given, await claimedOne(given, { listenerId: at.listenerId }), ACKNOWLEDGED)
      assert.deepEqual(await claim(given, { listenerId: at.listenerId }), { deliveries: [], nextDueAt: null })
      assert.equal((await countersOf(given, at.listener)).acknowledged, 2)
      assert.equal((await stored(given, message)).deliveries[0]!.status, 'delivered')
    },
  },
  {
    name: 'what waits for its next attempt keeps its time unless told, and its policy starts anew either way',
    async run(given) {
      for (const immediately of [false, true]) {
        const at = await fixture(given)
        const message = await accepted(given, at.queue)
        const { listenerId } = at
        await settled(given, await claimedOne(given, { listenerId }), { state: 'pending', dueAt: NOW + 99_000 })
        await redelivered(given, message, { immediately })
        const now = immediately ? NOW : NOW + 99_000
        assert.deepEqual((await claim(given, { listenerId, now: now - 1 })).deliveries, [])
        const delivery = await claimedOne(given, { listenerId, now })
        assert.deepEqual([delivery.dueAt, delivery.attempts, delivery.attemptsBefore], [now, 1, 1])
        assert.equal(await pendingCount(given, at.queue), 1)
      }
    },
  },
  {
    name: 'a scheduled message that is redelivered keeps its time unless told, and one that is late is due now',
    async run(given) {
      for (const immediately of [false, true]) {
        const at = await fixture(given)
        const { listenerId } = at
        const message = await accepted(given, at.queue, { deliverAt: NOW + 99_000 })
        await redelivered(given, message, { immediately })
        const now = immediately ? NOW : NOW + 99_000
        assert.deepEqual((await claim(given, { listenerId, now: now - 1 })).deliveries, [])
        assert.equal((await claimedOne(given, { listenerId, now })).message.id, message.id)
        const late = await accepted(given, at.queue)
        await redelivered({ ...given, now: NOW + 5 }, late, { immediately })
        assert.equal((await stored(given, late)).deliveries[0]!.nextAttemptAt, NOW + 5)
      }
    },
  },
  {
    name: 'what is on the wire stays with its holder: an acknowledgement counts, a failure begins anew at once',
    async run(given) {
      const at = await fixture(given)
      const { listenerId } = at
      await given.store.deliveries.renew({ node: 'a', until: NOW + LEASE_MS })
      for (const end of [ACKNOWLEDGED, MISSED, { state: 'pending', dueAt: NOW + 99_000 }] as const) {
        const message = await accepted(given, at.queue)
        await settled(given, await claimedOne(given, { listenerId }), { state: 'pending', dueAt: NOW })
        const delivery = await claimedOne(given, { listenerId })
        await redelivered(given, message)
        assert.deepEqual(await claim(given, { listenerId }), { deliveries: [], nextDueAt: null })
        if (end.state === 'acknowledged') {
          assert.equal(await settled(given, delivery, end), 'settled')
          assert.equal((await stored(given, message)).deliveries[0]!.status, 'delivered')
          continue
        }
        assert.deepEqual(await settled(given, delivery, end), { nextDueAt: NOW })
        const again = await claimedOne(given, { listenerId })
        assert.deepEqual([again.dueAt, again.attempts, again.attemptsBefore], [NOW, 2, 2])
        assert.equal(await settled(given, again, ACKNOWLEDGED), 'settled')
      }
      assert.deepEqual((await countersOf(given, at.listener)).missed, 0)
    },
  },
  {
    name: 'only listeners that are named get it again, and none that is unknown or was made after the message',
    async run(given) {
      const { queue, listeners } = await storedFixture(given, 2)
      const other = await storedFixture(given)
      const message = await accepted(given, queue)
      for (const { id } of listeners) await settled(given, await claimedOne(given, { listenerId: id }), ACKNOWLEDGED)
      const later = await storedListener(given, queue)
      const [first, second] = listeners.map(({ id }) => id) as [string, string]
      assert.deepEqual(await redelivered(given, message, { listenerIds: [first, later.id] }), {
        refused: 'made_later',
        listenerId: later.id,
      })
      const foreign = other.listeners[0]!.id
      assert.deepEqual(await redelivered(given, message, { listenerIds: [foreign] }), {
        refused: 'unknown',
        listenerId: foreign,
      })
      assert.equal(await pendingCount(given, queue), 0)
      await redelivered(given, message, { listenerIds: [second, second] })
      assert.equal(await pendingCount(given, queue), 1)
      await claimedOne(given, { listenerId: second })
      await redelivered(given, message)
      assert.equal(await pendingCount(given, queue), 2)
      await given.store.listeners.delete({ ...idsOf(listeners[0]!), now: NOW })
      const outcome = await redelivered(given, message)
      assert.ok(typeof outcome === 'object' && 'details' in outcome)
      assert.deepEqual(outcome.listenerIds, [second])
    },
  },
  {
    name: "another organization's message is not found, nor one of a deleted queue",
    async run(given) {
      const { queue } = await storedFixture(given)
      const other = await storedOrganization(given)
      const message = await accepted(given, queue)
      const ask = { ...idsOf(message), organizationId: other.id, listenerIds: null, immediately: false, now: NOW }
      assert.equal(await given.store.redeliveries.ofMessage(ask), 'not_found')
      await given.store.queues.delete({ organizationId: queue.organizationId, id: queue.id, now: NOW })
      assert.equal(await redelivered(given, message), 'not_found')
    },
  },
]

const inOrder: StoreCase[] = [
  {
    name: 'a missed message that blocks its order is sent again, and then the others',
    async run(given) {
      const at = await fixture(given, { ordering: 'queue', onMissed: 'block' })
      const { listenerId } = at
      const first = await ended(given, at, MISSED)
      const second = await accepted(given, at.queue)
      assert.deepEqual(await claim(given, { listenerId }), { deliveries: [], nextDueAt: null })
      await redelivered(given, first)
      const again = await claimedOne(given, { listenerId })
      assert.deepEqual([again.message.id, again.orderNumber], [first.id, 1])
      assert.deepEqual(await settled(given, again, ACKNOWLEDGED), { nextDueAt: second.deliverAt })
      assert.equal((await claimedOne(given, { listenerId })).message.id, second.id)
    },
  },
  {
    name: 'what was done with takes its turn again: after the one whose turn it is, before all the others',
    async run(given) {
      const at = await fixture(given, { ordering: 'queue' })
      const { listenerId } = at
      const first = await ended(given, at, ACKNOWLEDGED)
      const second = await accepted(given, at.queue)
      const third = await accepted(given, at.queue)
      const turn = await claimedOne(given, { listenerId })
      for (let times = 0; times < 2; times++) await redelivered(given, first)
      for (let times = 0; times < 2; times++) await redelivered(given, third)
      assert.equal(await pendingCount(given, at.queue), 3)
      const sent = [turn]
      while (sent.length < 3) {
        await settled(given, sent.at(-1)!, ACKNOWLEDGED)
        sent.push(await claimedOne(given, { listenerId }))
      }
      assert.deepEqual(
        sent.map(({ message, orderNumber, attempts }) => [message.id, orderNumber, attempts]),
        [
          [second.id, 2, 0],
          [first.id, 1, 1],
          [third.id, 3, 0],
        ],
      )
      assert.equal(await settled(given, sent.at(-1)!, ACKNOWLEDGED), 'settled')
    },
  },
]

async function begun(given: Given, at: Awaited<ReturnType<typeof fixture>>, what: Partial<Redelivery> = {}) {
  const { organizationId, id: queueId } = at.queue
  const redelivery = {
    ...{ id: given.make.id(), organizationId, queueId, listenerId: at.listenerId, createdAt: given.now },
    ...{ since: null, until: null, status: null, immediately: false },
    ...what,
  }
  assert.equal(await given.store.redeliveries.create(redelivery), 'created')
  return redelivery
}

/** Steps until nothing is left; answers with the listeners that were woken. */
async function steps({ store, now }: Given, limit: number): Promise<string[]> {
  const woken: string[] = []
  for (;;) {
    const { looked, listenerIds } = await store.redeliveries.step({ limit, now })
    if (looked === 0) return woken
    assert.ok(looked <= limit + 1)
    woken.push(...listenerIds)
  }
}

/** How many it would be, counted in steps of `limit`. */
async function counted(
  { store }: Given,
  { queue, listenerId }: Awaited<ReturnType<typeof fixture>>,
  which: Pick<Redelivery, 'since' | 'until' | 'status'>,
  limit: number,
): Promise<number> {
  const ask = { ...which, organizationId: queue.organizationId, queueId: queue.id, listenerId, limit }
  let sum = 0
  for (let after: string | null = ''; after !== null; ) {
    const step = await store.redeliveries.count({ ...ask, after, now: NOW })
    assert.ok(step !== 'listener_not_found' && step.looked <= limit)
    sum += step.matched
    after = step.after
  }
  return sum
}

const many: StoreCase[] = [
  {
    name: 'organizations take turns, and the redeliveries of each go on in their order',
    async run(given) {
      const places = [await fixture(given), await fixture(given)]
      for (const at of places) for (let i = 0; i < 3; i++) await ended(given, at, MISSED)
      const [greedy, honest] = places.toSorted((a, b) => (a.queue.organizationId < b.queue.organizationId ? -1 : 1))
      const redeliveries = [await begun(given, greedy!), await begun(given, greedy!), await begun(given, honest!)]
      const took: (string | null)[] = []
      let afterOrganization = ''
      for (let step = 0; step < 4; step++) {
        const { organizationId } = await given.store.redeliveries.step({ limit: 1, now: given.now, afterOrganization })
        took.push(organizationId)
        afterOrganization = organizationId ?? ''
      }
      const [one, other] = [greedy!.queue.organizationId, honest!.queue.organizationId]
      assert.deepEqual(took, [one, other, one, other])
      const matched = redeliveries.map(async (it) => (await given.store.redeliveries.get(it))?.matched)
      assert.deepEqual(await Promise.all(matched), [2, 0, 2])
    },
  },
  {
    name: 'many are redelivered a few at a time, each once, and the progress can be read',
    async run(given) {
      const at = await fixture(given)
      for (let i = 0; i < 7; i++) await ended(given, at, i % 2 === 0 ? MISSED : ACKNOWLEDGED)
      const redelivery = await begun(given, at, { status: 'missed' })
      assert.deepEqual(await given.store.redeliveries.get(redelivery), { ...redelivery, matched: 0, done: false })
      await given.store.redeliveries.step({ limit: 2, now: given.now })
      assert.deepEqual(await given.store.redeliveries.get(redelivery), { ...redelivery, matched: 2, done: false })
      assert.deepEqual(await steps(given, 2), [at.listenerId])
      assert.deepEqual(await given.store.redeliveries.get(redelivery), { ...redelivery, matched: 4, done: true })
      assert.equal(await pendingCount(given, at.queue), 4)
      assert.equal((await countersOf(given, at.listener)).missed, 0)
    },
  },
  {
    name: 'what is pending for later is made due where it was asked for, and keeps its time else',
    async run(given) {
      for (const immediately of [false, true]) {
        const at = await fixture(given)
        const { listenerId } = at
        await accepted(given, at.queue, { deliverAt: NOW + 99_000 })
        await ended(given, at, MISSED)
        const redelivery = await begun(given, at, { immediately })
        await steps(given, 10)
        assert.deepEqual(await given.store.redeliveries.get(redelivery), { ...redelivery, matched: 2, done: true })
        assert.equal((await claim(given, { listenerId })).deliveries.length, immediately ? 2 : 1)
      }
    },
  },
  {
    name: 'by time and status; what was accepted after it was asked for is not meant',
    async run(given) {
      const table: [{ since?: number; until?: number; status?: DeliveryStatus }, number[]][] = [
        [{}, [0, 1, 2, 3]],
        [{ status: 'delivered' }, [0, 2]],
        [{ status: 'missed' }, [1]],
        [{ status: 'pending' }, [3]],
        [{ since: 1 }, [1, 2, 3]],
        [{ until: 2, status: 'delivered' }, [0]],
        [{ since: 1, until: 2, status: 'missed' }, [1]],
        [{ since: 2, status: 'missed' }, []],
      ]
      for (const [{ since, until, status = null }, expected] of table) {
        const at = await fixture(given)
        const messages: Message[] = []
        for (const end of [ACKNOWLEDGED, MISSED, ACKNOWLEDGED]) messages.push(await ended(given, at, end))
        const waiting = await accepted(given, at.queue)
        messages.push(waiting)
        const { listenerId } = at
        await settled(given, await claimedOne(given, { listenerId }), { state: 'pending', dueAt: NOW + 99_000 })
        const time = (index: number | undefined) => (index === undefined ? null : messages[index]!.createdAt)
        const which = { since: time(since), until: time(until), status }
        const counts = await Promise.all([1, 2, 100].map((limit) => counted(given, at, which, limit)))
        assert.deepEqual(counts, [expected.length, expected.length, expected.length])
        await begun(given, at, { ...which, immediately: true })
        const later = await ended(given, at, MISSED)
        await steps(given, 3)
        const { deliveries } = await claim(given, { listenerId })
        const ids = deliveries.map(({ message }) => message.id)
        assert.deepEqual(ids.sort(), expected.map((index) => messages[index]!.id).sort())
        assert.ok(!ids.includes(later.id))
      }
    },
  },
  {
    name: 'messages from before the listener are left out, and one that is deleted meanwhile ends it',
    async run(given) {
      const { queue } = await storedFixture(given)
      await accepted(given, queue)
      const listener = await storedListener(given, queue)
      await accepted(given, queue)
      const at = { queue, listener, listenerId: listener.id }
      const all = { since: null, until: null, status: null }
      assert.equal(await counted(given, at, all, 1), 1)
      const redelivery = await begun(given, at)
      await steps(given, 10)
      assert.equal((await given.store.redeliveries.get(redelivery))?.matched, 1)
      const second = await begun(given, at)
      const ask = { ...all, organizationId: listener.organizationId, queueId: queue.id, listenerId: listener.id }
      const foreign = { ...ask, organizationId: given.make.id(), after: '', limit: 9, now: NOW }
      assert.equal(await given.store.redeliveries.count(foreign), 'listener_not_found')
      await given.store.listeners.delete({ ...idsOf(listener), now: NOW })
      assert.equal(
        await given.store.redeliveries.count({ ...ask, after: '', limit: 9, now: NOW }),
        'listener_not_found',
      )
      await steps(given, 10)
      assert.equal((await given.store.redeliveries.get(second))?.matched, 0)
      while ((await given.store.removals.sweep({ limit: 10 })) > 0);
      assert.equal(await given.store.redeliveries.get(second), null)
    },
  },
  {
    name: 'a finished one is forgotten after a while, and nobody else sees it',
    async run(given) {
      const at = await fixture(given)
      const [running, finished] = [await begun(given, at), await begun(given, at)]
      const asked = { ...finished, organizationId: given.make.id() }
      assert.equal(await given.store.redeliveries.get(asked), null)
      assert.equal(await given.store.redeliveries.create(asked), 'listener_not_found')
      assert.equal(await given.store.redeliveries.prune({ before: NOW * 2, limit: 10 }), 0)
      await given.store.redeliveries.step({ limit: 10, now: NOW })
      assert.equal(await given.store.redeliveries.prune({ before: NOW, limit: 10 }), 0)
      assert.equal(await given.store.redeliveries.prune({ before: NOW + 1, limit: 10 }), 1)
      assert.equal(await given.store.redeliveries.get(running), null)
      assert.equal((await given.store.redeliveries.get(finished))?.done, false)
    },
  },
]

export const redeliveryCases = [...one, ...inOrder, ...many]
