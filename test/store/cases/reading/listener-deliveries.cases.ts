import assert from 'node:assert/strict'
import type { Attempt } from '../../../../src/core/delivery/attempt.ts'
import type { LeasedDelivery, Next } from '../../../../src/core/delivery/delivery.ts'
import type { Listener } from '../../../../src/core/delivery/listener.ts'
import type { Message } from '../../../../src/core/delivery/message.ts'
import { AFTER_EVERY_ID } from '../../../../src/core/id.ts'
import { type AttemptFilter, fitsFilter, statusRange } from '../../../../src/core/search/attempt-filter.ts'
import type {
  ListenerAttempt,
  PendingDelivery,
  PendingPosition,
  RetriedPosition,
} from '../../../../src/store/listing/listener-deliveries.ts'
import {
  ACKNOWLEDGED,
  accepted,
  claimedOne,
  MISSED,
  settled,
  storedFixture,
  storedListener,
  storedOrganization,
  storedQueue,
} from '../../fixture.ts'
import type { Given, StoreCase } from '../../suite.ts'

const ALL: AttemptFilter = { outcome: null, status: null, error: null, since: null, until: null }
const LATEST = Number.MAX_SAFE_INTEGER
const HIGHEST_NUMBER = 999_999_999
const FAILED = { status: 503, response: 'later' }

type Of = { organizationId: string; queueId: string; listenerId: string }

function of(listener: Listener): Of {
  return { organizationId: listener.organizationId, queueId: listener.queueId, listenerId: listener.id }
}

/** What a listing of attempts tells of each. */
function told({ message, attempt }: ListenerAttempt): string {
  const { number, startedAt, status, error } = attempt
  return `${message.name} #${number} at ${startedAt}: ${status ?? error}`
}

/** Everything in the index of attempts that a filter finds, call by call. */
async function retried(given: Given, listener: Listener, filter: AttemptFilter, cut: Cut): Promise<string[]> {
  const found: string[] = []
  let before: RetriedPosition = { startedAt: LATEST, sequence: LATEST, number: HIGHEST_NUMBER }
  for (let calls = 0; calls < 200; calls++) {
    const page = await given.store.listenerDeliveries.attempts({ ...of(listener), filter, before, ...cut })
    assert.ok(page.entries.length <= Math.min(cut.limit, cut.examine))
    found.push(...page.entries.map(told))
    if (page.next === null) return found
    before = page.next
  }
  return assert.fail('the listing does not end')
}

/** Every first attempt that was acknowledged and that a filter finds, call by call. */
async function first(given: Given, listener: Listener, filter: AttemptFilter, cut: Cut): Promise<string[]> {
  const found: string[] = []
  let before = AFTER_EVERY_ID
  for (let calls = 0; calls < 200; calls++) {
    const place = { ...of(listener), filter, from: '', before }
    const page = await given.store.listenerDeliveries.firstAttempts({ ...place, ...cut })
    assert.ok(page.entries.length <= Math.min(cut.limit, cut.examine))
    found.push(...page.entries.map(told))
    if (page.next === null) return found
    assert.ok(page.next < before, 'the listing goes down')
    before = page.next
  }
  return assert.fail('the listing does not end')
}

interface Cut {
  limit: number
  examine: number
}

const CUTS: Cut[] = [
  { limit: 1, examine: 1 },
  { limit: 2, examine: 5 },
  { limit: 100, examine: 100 },
]

/** Ends an attempt at a delivery that is due, and tells how it is listed. */
async function tried(
  given: Given,
  delivery: LeasedDelivery,
  next: Next,
  attempt: Partial<Attempt>,
): Promise<ListenerAttempt> {
  const { message, attempts } = delivery
  const whole = { durationMs: 0, error: null, response: '', startedAt: given.now, status: 200, ...attempt }
  assert.equal(await settled(given, delivery, next, whole), 'settled')
  return { message, attempt: { ...whole, number: attempts + 1 } }
}

/** Messages of which one in three fails, one in three fails and is acknowledged then, and one in three at once. */
async function withAttempts(given: Given) {
  const { queue, listeners } = await storedFixture(given, 2)
  const [listener, other] = listeners as [Listener, Listener]
  const attempts: ListenerAttempt[] = []
  for (let index = 0; index < 12; index++) {
    await accepted(given, queue, { name: `m${index}` })
    const begun = { startedAt: given.now + 10 * index }
    const delivery = await claimedOne(given, { listenerId: listener.id })
    if (index % 3 === 2) attempts.push(await tried(given, delivery, ACKNOWLEDGED, { ...begun, status: 204 }))
    else {
      const failure = index % 2 === 0 ? FAILED : { status: null, error: 'timeout' as const, response: 'too slow' }
      attempts.push(await tried(given, delivery, { state: 'pending', dueAt: given.now }, { ...begun, ...failure }))
      const again = await claimedOne(given, { listenerId: listener.id })
      const later = { startedAt: given.now + 10 * index + 5 }
      if (index % 3 === 1) attempts.push(await tried(given, again, ACKNOWLEDGED, later))
      else attempts.push(await tried(given, again, MISSED, { ...later, status: 500 }))
    }
    // What another listener of the queue gets must not show.
    await settled(given, await claimedOne(given, { listenerId: other.id }), MISSED)
  }
  return { queue, listener, attempts }
}

export const listenerDeliveryCases: StoreCase[] = [
  {
    name: 'attempts at a listener are listed by filter, the latest first, however they are cut into calls',
    async run(given) {
      const { listener, attempts } = await withAttempts(given)
      const filters: Partial<AttemptFilter>[] = [
        {},
        { outcome: 'failed' },
        { outcome: 'ok' },
        { status: statusRange('503') },
        { status: statusRange('5xx') },
        { error: 'timeout' },
        { since: given.now + 30, until: given.now + 75 },
      ]
      for (const what of filters) {
        const filter = { ...ALL, ...what }
        const fitting = attempts.filter(({ attempt }) => fitsFilter(attempt, filter)).reverse()
        const isFirst = ({ attempt }: ListenerAttempt) => attempt.number === 1 && attempt.status === 204
        for (const cut of CUTS) {
          const expected = fitting.filter((it) => !isFirst(it)).map(told)
          assert.deepEqual(await retried(given, listener, filter, cut), expected, JSON.stringify(what))
          assert.deepEqual(await first(given, listener, filter, cut), fitting.filter(isFirst).map(told))
        }
      }
      const before = { startedAt: LATEST, sequence: LATEST, number: HIGHEST_NUMBER }
      const ask = { ...of(listener), filter: { ...ALL, error: 'timeout' }, before, limit: 1, examine: 100 }
      const [timeout] = (await given.store.listenerDeliveries.attempts(ask)).entries
      assert.equal(timeout?.attempt.response, 'too slow')
    },
  },
  {
    name: 'attempts that begin at the same time are all listed, page by page',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const listener = listeners[0]!
      for (let index = 0; index < 5; index++) {
        await accepted(given, queue, { name: `m${index}` })
        const delivery = await claimedOne(given, { listenerId: listener.id })
        await settled(given, delivery, MISSED, { startedAt: given.now })
      }
      const found = await retried(given, listener, ALL, { limit: 2, examine: 2 })
      assert.deepEqual(
        found.map((text) => text.slice(0, 2)),
        ['m4', 'm3', 'm2', 'm1', 'm0'],
      )
    },
  },
  {
    name: 'what waits for a listener is listed by due time, and behind it what is held in an order, with its head',
    async run(given) {
      const organization = await storedOrganization(given)
      const queue = await storedQueue(given, organization)
      const listener = await storedListener(given, queue, { ordering: 'key' })
      const ids = new Map<string, string>()
      const post = async (name: string, what: Partial<Message> = {}) => {
        ids.set(name, (await accepted(given, queue, { name, ...what })).id)
      }
      await post('head', { key: 'ä\u0000' })
      await post('held', { key: 'ä\u0000' })
      await post('other-head', { key: 'b' })
      await post('other-held', { key: 'b' })
      await post('scheduled', { deliverAt: given.now + 60_000 })
      await settled(given, await claimedOne(given, { listenerId: listener.id, limit: 1 }), {
        ...{ state: 'pending', dueAt: given.now + 5_000 },
      })
      const pages: PendingDelivery[] = []
      let after: PendingPosition | null = null
      for (let calls = 0; calls < 10; calls++) {
        const page: PendingDelivery[] = await given.store.listenerDeliveries.pending({
          ...of(listener),
          after,
          limit: 2,
        })
        pages.push(...page)
        const last = page.at(-1)
        if (last === undefined) break
        const { sequence } = last.message
        after = last.dueAt === null ? { key: last.heldKey!, sequence } : { dueAt: last.dueAt, sequence }
      }
      assert.deepEqual(
        pages.map(({ message, dueAt, attempts, behind, lastAttempt }) => {
          return [
            message.name,
            dueAt === null ? null : dueAt - given.now,
            attempts,
            behind?.messageId,
            lastAttempt?.status,
          ]
        }),
        [
          ['other-head', pages[0]!.message.deliverAt - given.now, 0, undefined, undefined],
          ['head', 5_000, 1, undefined, 500],
          ['scheduled', 60_000, 0, undefined, undefined],
          ...[
            ['other-held', null, 0, ids.get('other-head'), undefined],
            ['held', null, 0, ids.get('head'), undefined],
          ],
        ],
      )
      assert.equal(pages.at(-1)!.message.key, 'ä\u0000')
    },
  },
  {
    name: 'a message that was missed and blocks is told of to those that wait behind it',
    async run(given) {
      const queue = await storedQueue(given, await storedOrganization(given))
      const listener = await storedListener(given, queue, { ordering: 'queue', onMissed: 'block' })
      const head = await accepted(given, queue)
      await accepted(given, queue)
      await settled(given, await claimedOne(given, { listenerId: listener.id }), MISSED)
      const ask = { ...of(listener), after: null, limit: 10 }
      const [held, ...others] = await given.store.listenerDeliveries.pending(ask)
      assert.deepEqual(held?.behind, { messageId: head.id, isMissed: true })
      assert.deepEqual(others, [])
    },
  },
  {
    name: 'what is on its way since it was accepted waits as well',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const message = await accepted(given, queue, { leased: true })
      const ask = { ...of(listeners[0]!), after: null, limit: 10 }
      const found = await given.store.listenerDeliveries.pending(ask)
      assert.deepEqual(
        found.map((it) => [it.message.id, it.attempts, it.pulledAt]),
        [[message.id, 0, null]],
      )
    },
  },
  {
    name: 'what was missed is listed by message, the newest first, with its reason and last attempt, until it is redelivered',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const listener = listeners[0]!
      const ids: string[] = []
      for (let index = 0; index < 3; index++) {
        ids.unshift((await accepted(given, queue)).id)
        await settled(given, await claimedOne(given, { listenerId: listener.id }), MISSED, { status: 500 + index })
      }
      const read = async (before: number) =>
        given.store.listenerDeliveries.missed({ ...of(listener), before, limit: 2 })
      const page = await read(LATEST)
      assert.deepEqual(
        page.map(({ message, reason, lastAttempt }) => [message.id, reason, lastAttempt?.status]),
        [
          [ids[0], 'retries_used_up', 502],
          [ids[1], 'retries_used_up', 501],
        ],
      )
      const rest = await read(page.at(-1)!.message.sequence)
      assert.deepEqual(
        rest.map(({ message }) => message.id),
        [ids[2]],
      )
      const { organizationId, queueId } = of(listener)
      const again = { listenerIds: null, immediately: true, now: given.now }
      await given.store.redeliveries.ofMessage({ organizationId, queueId, id: ids[0]!, ...again })
      assert.deepEqual(
        (await read(LATEST)).map(({ message }) => message.id),
        [ids[1], ids[2]],
      )
    },
  },
  {
    name: 'what was delivered is listed by message, without what is missed, waits, or is to be delivered again',
    async run(given) {
      const { queue, listeners } = await storedFixture(given)
      const listener = listeners[0]!
      const ids: string[] = []
      for (let index = 0; index < 9; index++) {
        const { id } = await accepted(given, queue)
        const delivery = await claimedOne(given, { listenerId: listener.id })
        const later: Next = { state: 'pending', dueAt: given.now + 60_000 }
        await settled(given, delivery, index % 3 === 0 ? ACKNOWLEDGED : index % 3 === 1 ? MISSED : later)
        if (index % 3 === 0) ids.unshift(id)
      }
      const again = { listenerIds: null, immediately: true, now: given.now }
      const { organizationId, queueId } = of(listener)
      await given.store.redeliveries.ofMessage({ organizationId, queueId, id: ids[1]!, ...again })
      for (const { limit, examine } of CUTS) {
        const found: string[] = []
        let before: string | null = AFTER_EVERY_ID
        while (before !== null) {
          const part = { ...of(listener), before, limit, examine }
          const page: { entries: { message: { id: string } }[]; next: string | null } =
            await given.store.listenerDeliveries.delivered(part)
          found.push(...page.entries.map(({ message }) => message.id))
          before = page.next
        }
        assert.deepEqual(found, [ids[0], ids[2]])
      }
    },
  },
]
