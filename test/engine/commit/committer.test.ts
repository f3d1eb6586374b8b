import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Queue } from '../../../src/core/delivery/queue.ts'
import { Problem, type ProblemCode } from '../../../src/core/problem.ts'
import { type Committer, createCommitter } from '../../../src/engine/commit/committer.ts'
import type { Accept, AcceptResult, Settlement, SettleResult } from '../../../src/store/commit/batch.ts'
import type { LeaseSettlement } from '../../../src/store/pulls.ts'
import { StoreUnavailable } from '../../../src/store/store.ts'
import {
  ACKNOWLEDGED,
  accepted,
  acceptFor,
  idsOf,
  messageOf,
  settlementOf,
  storedFixture,
  withMessage,
} from '../../store/fixture.ts'
import { createMake, NOW } from '../../store/make.ts'
import type { Given } from '../../store/suite.ts'
import { createManualRuntime } from '../../support/manual-runtime.ts'
import { openMemoryStore } from '../../support/memory-store.ts'
import { watch } from '../watched-store.ts'

const NODE = 'a'
const RETRY_MS = 250
const AWAY = new StoreUnavailable('the disk is full')

async function openCommitter(t: TestContext, { ahead = false } = {}) {
  const store = watch(await openMemoryStore())
  t.after(() => store.close())
  const runtime = createManualRuntime(NOW)
  const given: Given = { store, make: createMake(), now: NOW }
  const { queue } = await storedFixture(given)
  const leased = () => leasedSettlement(given, queue)
  const commits = () => store.commits.map((batch) => [batch.accepts.length, batch.settlements.length])
  const committer = createCommitter({ store, node: NODE, runtime, ahead })
  return { store, runtime, given, queue, leased, commits, committer }
}

/** A delivery that this node holds, with a good end that is not written yet. */
async function leasedSettlement(given: Given, queue: Queue): Promise<Settlement> {
  const { deliveries } = await accepted(given, queue, { leased: true, node: NODE })
  return settlementOf(given, deliveries[0]!, ACKNOWLEDGED)
}

function problem(code: ProblemCode) {
  return (error: unknown) => error instanceof Problem && error.code === code
}

const acceptBy = (committer: Committer, it: Accept) =>
  new Promise<AcceptResult>((resolve, reject) => committer.accept(it, resolve, reject))
const settleBy = (committer: Committer, it: Settlement) =>
  new Promise<SettleResult>((resolve, reject) => committer.settle(it, resolve, reject))

/** Says when a promise has ended, for those that must not have. */
function watchEnd<Result>(promise: Promise<Result>): { ended: boolean; result: Promise<Result> } {
  const seen = { ended: false, result: promise }
  const end = () => {
    seen.ended = true
  }
  promise.then(end, end)
  return seen
}

test('a write that is alone waits for nobody: it is written in the turn after it came', async (t) => {
  const { given, queue, committer, store } = await openCommitter(t)
  const accept = await acceptFor(given, queue)
  const waiting = acceptBy(committer, accept)
  assert.equal(store.commits.length, 0)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(store.commits.length, 1)
  assert.equal((await waiting).outcome, 'accepted')
})

test('writes that come in one turn share one commit', async (t) => {
  const { given, queue, committer, store, leased } = await openCommitter(t)
  const accepts = [await acceptFor(given, queue), await acceptFor(given, queue), await acceptFor(given, queue)]
  const settlement = await leased()
  store.commits.length = 0
  committer.useKey('some-key', NOW)
  await Promise.all([...accepts.map((it) => acceptBy(committer, it)), settleBy(committer, settlement)])
  assert.deepEqual(
    store.commits.map((batch) => ({ ...batch, accepts: batch.accepts.length, settlements: batch.settlements.length })),
    [
      {
        ...{ node: NODE, now: NOW, accepts: 3, settlements: 1, leaseSettlements: [] },
        keyUses: [{ apiKeyId: 'some-key', at: NOW }],
      },
    ],
  )
})

/** Of a lease that never was: `lost`, as soon as it is asked for. */
const LEASE_SETTLEMENT: LeaseSettlement = {
  ...{ listenerId: 'nobody', queueId: 'none', random: 0, end: { how: 'acknowledged' } },
  receipt: { messageId: 'none', leaseUntil: NOW, attempt: 1 },
}

function settleLeaseBy(committer: Committer, organizationId = 'some'): Promise<SettleResult> {
  return new Promise((resolve, reject) => committer.settleLease(organizationId, LEASE_SETTLEMENT, resolve, reject))
}

test('what clients that pull say of their leases shares the commit of everything else', async (t) => {
  const { given, queue, committer, store, leased } = await openCommitter(t)
  const [accept, settlement] = [await acceptFor(given, queue), await leased()]
  store.commits.length = 0
  const lease = settleLeaseBy(committer)
  await Promise.all([acceptBy(committer, accept), settleBy(committer, settlement)])
  assert.equal(await lease, 'lost')
  const [batch, ...more] = store.commits
  assert.deepEqual(more, [])
  assert.deepEqual([batch?.accepts.length, batch?.settlements.length, batch?.leaseSettlements?.length], [1, 1, 1])
})

test('of twenty thousand places for what is said of leases one organization has half, and the next some too', async (t) => {
  const { committer, store } = await openCommitter(t)
  const release = store.holdCommits()
  const waiting = Array.from({ length: 10_000 }, () => settleLeaseBy(committer, 'greedy'))
  await assert.rejects(settleLeaseBy(committer, 'greedy'), problem('overloaded'))
  const other = settleLeaseBy(committer, 'other')
  release()
  assert.equal(await other, 'lost')
  assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['lost']))
  // In turns: the other one did not wait until all of the first one's were written.
  const [first] = store.commits
  assert.equal(first?.leaseSettlements?.length, 500)
})

test('while the store is away, what is said of leases is refused with the cause', async (t) => {
  const { committer, store } = await openCommitter(t)
  store.failCommit = () => new StoreUnavailable('the disk is full')
  await assert.rejects(settleLeaseBy(committer), problem('store_unavailable'))
  store.failCommit = () => null
  assert.equal(await settleLeaseBy(committer), 'lost')
})

test('what is said of a lease and cannot be written takes nothing else along', async (t) => {
  const { given, queue, committer, store } = await openCommitter(t)
  store.failCommit = ({ leaseSettlements = [] }) => (leaseSettlements.length > 0 ? new Error('a bug') : null)
  const accepted = acceptBy(committer, await acceptFor(given, queue))
  await assert.rejects(settleLeaseBy(committer), /a bug/)
  assert.equal((await accepted).outcome, 'accepted')
})

test('the next commit starts when the last has ended, and takes all that came meanwhile', async (t) => {
  const { given, queue, committer, store, runtime, commits } = await openCommitter(t)
  const release = store.holdCommits()
  const first = acceptBy(committer, await acceptFor(given, queue))
  await runtime.rest()
  const second = acceptBy(committer, await acceptFor(given, queue))
  await runtime.rest()
  const third = acceptBy(committer, await acceptFor(given, queue))
  await runtime.advance(60_000)
  assert.deepEqual(commits(), [[1, 0]])
  release()
  await Promise.all([first, second, third])
  assert.deepEqual(commits(), [
    [1, 0],
    [2, 0],
  ])
})

for (const ahead of [true, false]) {
  const when = ahead ? 'before' : 'after'
  test(`what waits is handed to the store ${when} the last commit is told of, where ahead is ${ahead}`, async (t) => {
    const { given, queue, committer, store, runtime, commits } = await openCommitter(t, { ahead })
    const release = store.holdCommits()
    const first = acceptBy(committer, await acceptFor(given, queue)).then(() => commits().length)
    await runtime.rest()
    const second = acceptBy(committer, await acceptFor(given, queue))
    await runtime.rest()
    release()
    assert.equal(await first, ahead ? 2 : 1)
    assert.equal((await second).outcome, 'accepted')
    assert.equal(await committer.drain(1_000), 0)
  })
}

test('a flood is written in commits of at most a thousand', async (t) => {
  const { given, queue, committer, commits } = await openCommitter(t)
  const accept = await acceptFor(given, queue)
  const flood = Array.from({ length: 2_500 }, () => acceptBy(committer, withMessage(accept, given.make.message(queue))))
  await Promise.all(flood)
  assert.deepEqual(commits(), [
    [1_000, 0],
    [1_000, 0],
    [500, 0],
  ])
})

/** An accept of many messages. */
async function batchFor(given: Given, queue: Queue, count: number, data = 'x') {
  const accept = await acceptFor(given, queue)
  const { deliveries } = accept.messages[0]!
  const messages = Array.from({ length: count }, () => ({ message: given.make.message(queue, { data }), deliveries }))
  return { ...accept, messages }
}

test('single messages do not wait behind batches, nor batches for ever; commits count messages', async (t) => {
  const { given, queue, committer, store } = await openCommitter(t)
  const [accept, batch] = [await acceptFor(given, queue), await batchFor(given, queue, 600)]
  const single = () => acceptBy(committer, withMessage(accept, given.make.message(queue)))
  const another = async () => acceptBy(committer, await batchFor(given, queue, 600))
  const batches = [acceptBy(committer, batch), another(), another()]
  await Promise.resolve()
  const singles = Array.from({ length: 300 }, single)
  await Promise.all([...batches, ...singles])
  const sizes = store.commits.map(({ accepts }) => accepts.map(({ messages }) => messages.length))
  assert.deepEqual(sizes[0], Array(300).fill(1), 'no single message waits behind a batch')
  // Two of them would be more than a commit should hold.
  assert.deepEqual(sizes.slice(1), [[600], [600], [600]])
})

test('while single messages keep coming, every other commit has a batch too', async (t) => {
  const { given, queue, committer, store } = await openCommitter(t)
  const accept = await acceptFor(given, queue)
  const single = () => acceptBy(committer, withMessage(accept, given.make.message(queue)))
  const batches = await Promise.all([1, 2, 3].map(() => batchFor(given, queue, 600)))
  let left = 3
  const waiting = batches.map((batch) => acceptBy(committer, batch).then(() => left--))
  while (left > 0) await single()
  await Promise.all(waiting)
  const sizes = store.commits.map(({ accepts }) => accepts.map(({ messages }) => messages.length))
  assert.deepEqual(sizes.slice(0, 6), [[1], [1, 600], [1], [1, 600], [1], [1, 600]])
})

test('batches leave half of the room to single messages', async (t) => {
  const { given, queue, committer, store, runtime } = await openCommitter(t)
  const release = store.holdCommits()
  const waiting = [acceptBy(committer, await acceptFor(given, queue))]
  await runtime.rest()
  for (let i = 0; i < 5; i++) waiting.push(acceptBy(committer, await batchFor(given, queue, 1_000)))
  await assert.rejects(acceptBy(committer, await batchFor(given, queue, 2)), problem('overloaded'))
  waiting.push(acceptBy(committer, await acceptFor(given, queue)))
  release()
  assert.ok((await Promise.all(waiting)).every((it) => it.outcome === 'accepted'))
  assert.equal((await acceptBy(committer, await batchFor(given, queue, 2))).outcome, 'accepted')
})

test('a batch that cannot be stored is not stored in part, and takes no other along', async (t) => {
  const { given, queue, committer } = await openCommitter(t)
  const [good, bad] = [await batchFor(given, queue, 3), await batchFor(given, queue, 3)]
  bad.messages.push(good.messages[0]!)
  const [stored, refused] = await Promise.allSettled([acceptBy(committer, good), acceptBy(committer, bad)])
  assert.deepEqual([stored.status, refused.status], ['fulfilled', 'rejected'])
  for (const { message } of good.messages) assert.ok(await given.store.messages.get(idsOf(message)))
  for (const { message } of bad.messages.slice(0, 3)) assert.equal(await given.store.messages.get(idsOf(message)), null)
})

test('everybody gets the result of their own write', async (t) => {
  const { given, queue, committer, leased } = await openCommitter(t)
  const [good, other] = [await acceptFor(given, queue), await acceptFor(given, queue)]
  const stale = { ...(await acceptFor(given, queue)), queueVersion: 999 }
  const [held, lost] = [await leased(), await leased()]
  const results = await Promise.all([
    acceptBy(committer, good),
    settleBy(committer, { ...lost, delivery: { ...lost.delivery, lease: 999 } }),
    acceptBy(committer, stale),
    settleBy(committer, held),
    acceptBy(committer, other),
  ])
  const [first, , , , last] = results
  assert.ok(typeof first === 'object' && first.outcome === 'accepted')
  assert.ok(typeof last === 'object' && last.outcome === 'accepted')
  assert.equal(last.messages[0]!.sequence, first.messages[0]!.sequence + 1)
  assert.deepEqual([results[1], results[2], results[3]], ['lost', { outcome: 'stale' }, 'settled'])
})

test('a write that is made in answer to another one is written too', async (t) => {
  const { given, queue, committer, runtime } = await openCommitter(t)
  const [first, second] = [await acceptFor(given, queue), await acceptFor(given, queue)]
  const both = watchEnd(acceptBy(committer, first).then(() => acceptBy(committer, second)))
  await runtime.advance(60_000)
  assert.equal(both.ended, true)
})

test('a key use that is noted during a commit is written without waiting for other writes', async (t) => {
  const { given, queue, committer, store, runtime } = await openCommitter(t)
  const release = store.holdCommits()
  const accept = acceptBy(committer, await acceptFor(given, queue))
  await runtime.rest()
  committer.useKey('some-key', NOW + 1)
  committer.useKey('some-key', NOW + 2)
  release()
  await accept
  await runtime.advance(60_000)
  assert.deepEqual(store.commits.at(-1)!.keyUses, [{ apiKeyId: 'some-key', at: NOW + 2 }])
})

test('past ten thousand waiting messages the next one is refused and not stored, until there is room', async (t) => {
  const { given, queue, committer, store, runtime } = await openCommitter(t)
  const accept = await acceptFor(given, queue)
  const next = () => withMessage(accept, given.make.message(queue))
  const release = store.holdCommits()
  const waiting = [acceptBy(committer, next())]
  await runtime.rest()
  for (let i = 0; i < 10_000; i++) waiting.push(acceptBy(committer, next()))
  const refused = next()
  await assert.rejects(acceptBy(committer, refused), problem('overloaded'))
  release()
  const results = await Promise.all(waiting)
  assert.ok(results.every((it) => it.outcome === 'accepted'))
  assert.equal(await given.store.messages.get(idsOf(messageOf(refused))), null)
  assert.equal((await acceptBy(committer, refused)).outcome, 'accepted')
})

test('past 64 MiB of waiting data the next message is refused, until there is room', async (t) => {
  const { given, queue, committer, store, runtime } = await openCommitter(t)
  const accept = await acceptFor(given, queue)
  const data = 'x'.repeat(1024 * 1024)
  const next = () => withMessage(accept, given.make.message(queue, { data }))
  const release = store.holdCommits()
  const waiting = [acceptBy(committer, next())]
  await runtime.rest()
  while (waiting.length < 64) waiting.push(acceptBy(committer, next()))
  const small = withMessage(accept, given.make.message(queue))
  await assert.rejects(acceptBy(committer, small), problem('overloaded'))
  release()
  await Promise.all(waiting)
  assert.equal((await acceptBy(committer, small)).outcome, 'accepted')
})

test('room is given back when the store refuses, too', async (t) => {
  const { given, queue, committer, store } = await openCommitter(t)
  const accept = await acceptFor(given, queue)
  const data = 'x'.repeat(1024 * 1024)
  store.failCommit = () => AWAY
  const refused = Array.from({ length: 64 }, () =>
    acceptBy(committer, withMessage(accept, given.make.message(queue, { data }))),
  )
  await Promise.all(refused.map((it) => assert.rejects(it, problem('store_unavailable'))))
  store.failCommit = () => null
  assert.equal((await acceptBy(committer, accept)).outcome, 'accepted')
})

test('while the store is away, messages are refused with the cause and not stored', async (t) => {
  const { given, queue, committer, store, runtime } = await openCommitter(t)
  const accept = await acceptFor(given, queue)
  store.failCommit = () => AWAY
  await assert.rejects(acceptBy(committer, accept), (error: unknown) => {
    assert.ok(problem('store_unavailable')(error))
    assert.equal((error as Error).cause, AWAY)
    return true
  })
  store.failCommit = () => null
  await runtime.advance(60_000)
  assert.equal(await given.store.messages.get(idsOf(messageOf(accept))), null)
  assert.equal((await acceptBy(committer, accept)).outcome, 'accepted')
})

test('while the store is away, settlements are kept, and written when it is back', async (t) => {
  const { committer, store, runtime, leased, commits } = await openCommitter(t)
  const settlements = [await leased(), await leased()]
  store.commits.length = 0
  store.failCommit = () => AWAY
  const waiting = settlements.map((it) => watchEnd(settleBy(committer, it)))
  await runtime.advance(10 * RETRY_MS)
  assert.equal(store.commits.length, 11, 'one try and ten more, a quarter of a second apart')
  assert.deepEqual(commits().at(-1), [0, 2])
  assert.ok(waiting.every((it) => !it.ended))
  store.failCommit = () => null
  await runtime.advance(RETRY_MS)
  assert.deepEqual(await Promise.all(waiting.map((it) => it.result)), ['settled', 'settled'])
})

test('messages that come while the store is away get their answer at once and take no settlement along', async (t) => {
  const { given, queue, committer, store, runtime, leased } = await openCommitter(t)
  const settlement = await leased()
  const accept = await acceptFor(given, queue)
  store.failCommit = () => AWAY
  const kept = watchEnd(settleBy(committer, settlement))
  await runtime.rest()
  await assert.rejects(acceptBy(committer, accept), problem('store_unavailable'))
  store.failCommit = () => null
  await runtime.advance(RETRY_MS)
  assert.equal(await kept.result, 'settled')
})

test('a message that cannot be stored does not take others along', async (t) => {
  const { given, queue, committer, runtime, leased } = await openCommitter(t)
  const [first, last] = [await acceptFor(given, queue), await acceptFor(given, queue)]
  const settlement = await leased()
  const [one, again, other, settled] = await Promise.allSettled([
    acceptBy(committer, first),
    acceptBy(committer, first),
    acceptBy(committer, last),
    settleBy(committer, settlement),
  ])
  assert.equal(one.status === 'fulfilled' && one.value.outcome, 'accepted')
  assert.equal(again.status, 'rejected', 'an id is stored once')
  assert.equal(other.status === 'fulfilled' && other.value.outcome, 'accepted')
  assert.equal(settled.status === 'fulfilled' && settled.value, 'settled')
  assert.deepEqual(runtime.errors(), ['a commit failed; its writes are tried one by one'])
})

test('a settlement that cannot be written does not take others along', async (t) => {
  const { given, queue, committer, store, leased } = await openCommitter(t)
  const [bad, good] = [await leased(), await leased()]
  const accept = await acceptFor(given, queue)
  store.failCommit = (batch) => (batch.settlements.includes(bad) ? new Error('does not fit') : null)
  const [poisoned, settled, stored] = await Promise.allSettled([
    settleBy(committer, bad),
    settleBy(committer, good),
    acceptBy(committer, accept),
  ])
  assert.equal(poisoned.status, 'rejected')
  assert.equal(settled.status === 'fulfilled' && settled.value, 'settled')
  assert.equal(stored.status === 'fulfilled' && stored.value.outcome, 'accepted')
})

test('a settlement is kept where the store goes away while writes are tried one by one', async (t) => {
  const { committer, store, runtime, leased } = await openCommitter(t)
  const settlements = [await leased(), await leased()]
  store.failCommit = (batch) => (batch.settlements.length > 1 ? new Error('does not fit') : AWAY)
  const results = Promise.allSettled(settlements.map((it) => settleBy(committer, it)))
  await runtime.rest()
  store.failCommit = () => null
  await runtime.advance(10 * RETRY_MS)
  assert.deepEqual(
    (await results).map((it) => (it.status === 'fulfilled' ? it.value : it.reason)),
    ['settled', 'settled'],
  )
})

test('after closing, messages are refused, and what came before and settlements are still written', async (t) => {
  const { given, queue, committer, leased } = await openCommitter(t)
  const settlement = await leased()
  const refused = await acceptFor(given, queue)
  const before = acceptBy(committer, await acceptFor(given, queue))
  committer.close()
  const rejected = assert.rejects(acceptBy(committer, refused), problem('stopping'))
  const settled = settleBy(committer, settlement)
  await rejected
  assert.deepEqual([(await before).outcome, await settled], ['accepted', 'settled'])
  assert.equal(await given.store.messages.get(idsOf(messageOf(refused))), null)
})

test('draining resolves when everything is written', async (t) => {
  const { given, queue, committer, store, runtime } = await openCommitter(t)
  const release = store.holdCommits()
  const accept = watchEnd(acceptBy(committer, await acceptFor(given, queue)))
  const drained = watchEnd(committer.drain(5_000))
  await runtime.advance(4_999)
  assert.deepEqual([accept.ended, drained.ended], [false, false])
  release()
  assert.equal(await drained.result, 0)
  assert.equal(accept.ended, true)
})

test('draining an idle committer resolves at once', async (t) => {
  const { committer } = await openCommitter(t)
  assert.equal(await committer.drain(5_000), 0)
})

test('draining waits for the store to come back, and gives up in time with the number of what is left', async (t) => {
  const { committer, store, runtime, leased } = await openCommitter(t)
  const settlements = [await leased(), await leased(), await leased()]
  store.failCommit = () => AWAY
  for (const it of settlements) void settleBy(committer, it)
  const drained = watchEnd(committer.drain(5_000))
  await runtime.advance(4_999)
  assert.equal(drained.ended, false)
  await runtime.advance(1)
  assert.equal(await drained.result, 3)
  store.failCommit = () => null
  assert.equal(await drainWithTime(committer, runtime), 0)
})

async function drainWithTime(committer: Committer, runtime: { advance(ms: number): Promise<void> }): Promise<number> {
  const drained = committer.drain(5_000)
  await runtime.advance(RETRY_MS)
  return drained
}
