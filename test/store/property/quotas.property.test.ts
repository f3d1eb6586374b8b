import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Message } from '../../../src/core/delivery/message.ts'
import type { Queue } from '../../../src/core/delivery/queue.ts'
import { encodeTime } from '../../../src/core/id.ts'
import { openMemoryStore } from '../../support/memory-store.ts'
import { rounds } from '../../support/thorough.ts'
import { acceptFor, commit, idsOf, messageOf, storedFixture, storedQueue } from '../fixture.ts'
import { NOW } from '../make.ts'
import { type Given, withStore } from '../suite.ts'

type Step =
  | { do: 'post'; queue: number; count: number }
  | { do: 'limit'; stored: number | null; perDay: number | null }
  | { do: 'delete message'; pick: number }
  | { do: 'delete queue'; pick: number }
  | { do: 'sweep' }
  | { do: 'pass a day' }

const limit = fc.option(fc.nat(6))
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('post' as const), queue: fc.nat(9), count: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('limit' as const), stored: limit, perDay: limit }) },
  fc.record({ do: fc.constant('delete message' as const), pick: fc.nat(9) }),
  fc.record({ do: fc.constant('delete queue' as const), pick: fc.nat(9) }),
  fc.record({ do: fc.constant('sweep' as const) }),
  fc.record({ do: fc.constant('pass a day' as const) }),
)

/** The least that can keep limits: every message with its day, and whether its queue still stands. */
class LedgerReading {
  limits = { storedMessages: null as number | null, messagesPerDay: null as number | null }
  stored: { message: Message; leaving: boolean }[] = []
  acceptedToday = 0

  room(): number {
    const { storedMessages, messagesPerDay } = this.limits
    const forStored = (storedMessages ?? Infinity) - this.stored.length
    return Math.max(0, Math.min(forStored, (messagesPerDay ?? Infinity) - this.acceptedToday))
  }
}

async function walk(given: Given, steps: Step[]): Promise<void> {
  const { store } = given
  const { organization, queue } = await storedFixture(given, 0)
  let queues: Queue[] = [queue, await storedQueue(given, organization)]
  const ledger = new LedgerReading()
  const day = () => Math.floor(given.now / 86_400_000)
  const ofToday = () => ledger.stored.filter((it) => Math.floor(it.message.createdAt / 86_400_000) === day()).length

  async function take(it: Step): Promise<void> {
    if (it.do === 'post') return post(queues[it.queue % queues.length], it.count)
    if (it.do === 'limit') return setLimits(it)
    if (it.do === 'sweep') {
      while ((await store.removals.sweep({ limit: 2 })) > 0);
      ledger.stored = ledger.stored.filter((one) => !one.leaving)
    } else if (it.do === 'pass a day') {
      given.now += 86_400_000
      ledger.acceptedToday = 0
    } else if (it.do === 'delete message') await deleteMessage(it.pick)
    else await deleteQueue(it.pick)
  }

  async function post(to: Queue | undefined, count: number): Promise<void> {
    if (to === undefined) return
    const accepts = []
    for (let i = 0; i < count; i++) {
      const id = given.make.message(to, { createdAt: given.now }).id
      accepts.push(await acceptFor(given, to, { id: timed(id), createdAt: given.now, deliverAt: given.now }))
    }
    const room = ledger.room()
    const results = (await commit(given, { accepts })).accepts
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      accepts.map((_, i) => (i < room ? 'accepted' : 'quota')),
    )
    for (const [i, accept] of accepts.entries()) {
      if (i < room) ledger.stored.push({ message: { ...messageOf(accept), sequence: 0 }, leaving: false })
    }
    ledger.acceptedToday += Math.min(room, count)
  }

  /** An id of the present time, because the makers' own clock stands still. */
  function timed(id: string): string {
    return encodeTime(given.now) + id.slice(9)
  }

  async function setLimits({ stored, perDay }: { stored: number | null; perDay: number | null }): Promise<void> {
    const limits = { storedMessages: stored, messagesPerDay: perDay }
    await store.organizations.update({ id: organization.id, changes: { limits }, now: given.now })
    const counted = ledger.limits.storedMessages !== null || ledger.limits.messagesPerDay !== null
    // Where nothing was counted before, what was deleted since this morning is not known any more.
    if (!counted) ledger.acceptedToday = ofToday()
    ledger.limits = limits
  }

  async function deleteMessage(pick: number): Promise<void> {
    const visible = ledger.stored.filter((it) => !it.leaving)
    const chosen = visible[pick % Math.max(1, visible.length)]
    if (chosen === undefined) return
    assert.notEqual(await store.messages.delete({ ...idsOf(chosen.message), now: NOW }), 'not_found')
    ledger.stored = ledger.stored.filter((it) => it !== chosen)
  }

  async function deleteQueue(pick: number): Promise<void> {
    const chosen = queues[pick % Math.max(1, queues.length)]
    if (chosen === undefined) return
    await store.queues.delete({ organizationId: organization.id, id: chosen.id, now: NOW })
    queues = queues.filter((it) => it !== chosen)
    for (const it of ledger.stored) if (it.message.queueId === chosen.id) it.leaving = true
    queues.push(await storedQueue(given, organization))
  }

  for (const it of steps) await take(it)
}

test('a message is accepted exactly where a simple count says that there is room', () =>
  fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), (steps) =>
      withStore(openMemoryStore, (given) => walk({ ...given }, steps)),
    ),
    { seed: 48, numRuns: rounds({ quick: 25, long: 60 }) },
  ))
