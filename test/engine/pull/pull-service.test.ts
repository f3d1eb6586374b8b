import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { followChanges } from '../../../src/app/caches/follow-changes.ts'
import type { PullRequest } from '../../../src/app/deps.ts'
import type { Listener } from '../../../src/core/delivery/listener.ts'
import type { Receipt } from '../../../src/core/delivery/pull.ts'
import type { Queue } from '../../../src/core/delivery/queue.ts'
import { Problem } from '../../../src/core/problem.ts'
import { createAcceptor } from '../../../src/engine/commit/acceptor.ts'
import { createPulling } from '../../../src/engine/pull/pulling.ts'
import type { PulledDelivery } from '../../../src/store/pulls.ts'
import { StoreUnavailable } from '../../../src/store/store.ts'
import { NO_FOLLOWERS } from '../../support/followers.ts'
import { openTestEngine } from '../test-engine.ts'

const LEASE_MS = 30_000

/** An office with a desk, where messages are accepted in a way that tells it. */
async function openDesk(t: TestContext) {
  const engine = await openTestEngine(t)
  const { store, runtime, dispatcher, committer } = engine
  const { pullService, expirer } = createPulling({ store, runtime, committer, dispatcher })
  followChanges({ store, runtime }, { ...NO_FOLLOWERS, pulls: pullService })
  const acceptor = createAcceptor({ committer, dispatcher, pulls: pullService, runtime })

  async function addPuller(queue: Queue): Promise<Listener> {
    const listener = await engine.addListener(queue)
    await engine.change(listener, { notifyUrl: null } as never)
    return { ...listener, notifyUrl: null }
  }

  async function post(queue: Queue, what: { data?: string; deliverAt?: number } = {}): Promise<string> {
    const route = await store.queues.route({ organizationId: queue.organizationId, id: queue.id })
    const now = runtime.now()
    const message = { id: runtime.newId(), organizationId: queue.organizationId, queueId: queue.id, name: null }
    const rest = {
      key: null,
      data: 'x',
      createdAt: now,
      deliverAt: now,
      expiresAt: null,
      headers: null,
      mediaType: null,
      ...what,
    }
    assert.equal(await acceptor.accept([{ ...message, ...rest }], route!), 'accepted')
    return message.id
  }

  /** A poll, of which can be seen whether it has been answered. */
  function poll(listener: Listener, what: Partial<PullRequest> = {}) {
    const state: { ids: string[] | null; deliveries: PulledDelivery[]; error: unknown } = {
      ids: null,
      deliveries: [],
      error: null,
    }
    const request = { listener, max: 1, waitMs: 20_000, leaseMs: LEASE_MS, client: null, room: null, ...what }
    pullService.pull(request).then(
      (deliveries) => {
        state.deliveries = deliveries
        state.ids = deliveries.map(({ message }) => message.id)
      },
      (error: unknown) => {
        state.error = error
      },
    )
    return state
  }

  return { ...engine, pullService, expirer, addPuller, post, poll }
}

const receiptOf = ({ message, leaseUntil, attempt }: PulledDelivery): Receipt => {
  return { messageId: message.id, leaseUntil, attempt }
}

const isProblem = (error: unknown, code: string) => error instanceof Problem && error.code === code

test('who waits gets a message at the moment that it is accepted', async (t) => {
  const { addQueue, addPuller, poll, post, runtime } = await openDesk(t)
  const queue = await addQueue()
  const listener = await addPuller(queue)
  const waiting = poll(listener)
  await runtime.rest()
  assert.equal(waiting.ids, null)
  const id = await post(queue)
  await runtime.rest()
  assert.deepEqual(waiting.ids, [id])
})

test('who waits in vain is answered with nothing at the end of the time, and not before', async (t) => {
  const { addQueue, addPuller, poll, runtime } = await openDesk(t)
  const waiting = poll(await addPuller(await addQueue()), { waitMs: 5_000 })
  await runtime.advance(4_999)
  assert.equal(waiting.ids, null)
  await runtime.advance(1)
  assert.deepEqual(waiting.ids, [])
})

test('who does not wait is answered at once', async (t) => {
  const { addQueue, addPuller, poll, runtime } = await openDesk(t)
  const waiting = poll(await addPuller(await addQueue()), { waitMs: 0 })
  await runtime.rest()
  assert.deepEqual(waiting.ids, [])
})

test('first come, first served; one message wakes one, and nobody is left with a message that waits', async (t) => {
  const { addQueue, addPuller, poll, post, runtime } = await openDesk(t)
  const queue = await addQueue()
  const listener = await addPuller(queue)
  const waiting = []
  for (let i = 0; i < 4; i++) {
    waiting.push(poll(listener))
    await runtime.rest()
  }
  const first = await post(queue)
  await runtime.rest()
  assert.deepEqual(
    waiting.map(({ ids }) => ids),
    [[first], null, null, null],
  )
  const more = await Promise.all([post(queue), post(queue), post(queue)])
  await runtime.rest()
  assert.deepEqual(
    waiting
      .slice(1)
      .flatMap(({ ids }) => ids)
      .toSorted(),
    more.toSorted(),
  )
})

test('where more is due than those who were woken can take, others are woken', async (t) => {
  const { addQueue, addPuller, poll, post, runtime, store } = await openDesk(t)
  const queue = await addQueue()
  const listener = await addPuller(queue)
  const pause = (paused: boolean) =>
    store.queues.update({ organizationId: queue.organizationId, id: queue.id, changes: { paused }, now: runtime.now() })
  await pause(true)
  const ids = await Promise.all(Array.from({ length: 30 }, () => post(queue)))
  const waiting = Array.from({ length: 30 }, () => poll(listener))
  await runtime.rest()
  assert.ok(waiting.every((it) => it.ids === null))
  await pause(false)
  await runtime.until(() => waiting.every((it) => it.ids !== null), 'everybody is served')
  assert.deepEqual(waiting.flatMap((it) => it.ids).toSorted(), ids.toSorted())
})

test('a message that is due later is handed out when it is due', async (t) => {
  const { addQueue, addPuller, poll, post, runtime } = await openDesk(t)
  const queue = await addQueue()
  const listener = await addPuller(queue)
  const early = await post(queue, { deliverAt: runtime.now() + 3_000 })
  const first = poll(listener)
  const second = poll(listener)
  await runtime.rest()
  const late = await post(queue, { deliverAt: runtime.now() + 1_000 })
  await runtime.advance(999)
  assert.deepEqual([first.ids, second.ids], [null, null])
  await runtime.advance(1)
  assert.deepEqual([first.ids, second.ids], [[late], null])
  await runtime.advance(2_000)
  assert.deepEqual(second.ids, [early])
})

test('what is returned, or leased for too long, goes to who waits', async (t) => {
  const { addQueue, addPuller, poll, post, runtime, pullService } = await openDesk(t)
  const queue = await addQueue()
  const listener = await addPuller(queue)
  const id = await post(queue)
  const first = poll(listener)
  await runtime.rest()
  const second = poll(listener)
  await runtime.rest()
  const receipts = first.deliveries.map(receiptOf)
  assert.deepEqual(await pullService.settle({ listener, receipts, end: { how: 'returned', delayMs: 100 } }), [
    'settled',
  ])
  await runtime.advance(99)
  assert.equal(second.ids, null)
  await runtime.advance(1)
  assert.deepEqual([second.ids, second.deliveries[0]!.attempt], [[id], 2])
  const third = poll(listener, { waitMs: LEASE_MS })
  await runtime.advance(LEASE_MS - 1)
  assert.equal(third.ids, null)
  await runtime.advance(1)
  assert.deepEqual([third.ids, third.deliveries[0]!.attempt], [[id], 3])
})

test('a lease that runs out while nobody pulls is ended all the same', async (t) => {
  const { addQueue, addPuller, poll, post, runtime, deliveriesOf, store } = await openDesk(t)
  const queue = await addQueue()
  const listener = await addPuller(queue)
  const ids = { organizationId: queue.organizationId, queueId: queue.id, id: listener.id }
  await store.listeners.update({ ...ids, changes: { settings: { retry: { maxAttempts: 1 } } }, now: runtime.now() })
  const id = await post(queue)
  poll(listener)
  await runtime.advance(LEASE_MS + 1_000)
  const [delivery] = await deliveriesOf({ queueId: queue.id, id } as never)
  assert.equal(delivery!.status, 'missed')
})

test('who hangs up while waiting loses nothing: the message goes to the next one, or stays', async (t) => {
  const { addQueue, addPuller, poll, post, runtime } = await openDesk(t)
  const queue = await addQueue()
  const listener = await addPuller(queue)
  const controller = new AbortController()
  const gone = poll(listener, { client: controller.signal })
  await runtime.rest()
  const waiting = poll(listener)
  await runtime.rest()
  controller.abort()
  const id = await post(queue)
  await runtime.rest()
  assert.deepEqual([gone.ids, waiting.ids], [[], [id]])
})

test('who hangs up while messages are leased to it hands them back without an attempt', async (t) => {
  const { addQueue, addPuller, poll, post, runtime, store } = await openDesk(t)
  const queue = await addQueue()
  const listener = await addPuller(queue)
  const id = await post(queue)
  for (const waitMs of [0, 10_000]) {
    const controller = new AbortController()
    const { pull } = store.pulls
    store.pulls.pull = async (batch) => {
      const result = await pull(batch)
      controller.abort()
      return result
    }
    const gone = poll(listener, { client: controller.signal, waitMs })
    await runtime.until(() => gone.ids !== null, 'the answer that nobody reads')
    store.pulls.pull = pull
    assert.deepEqual(gone.ids, [])
  }
  const next = poll(listener)
  await runtime.rest()
  assert.deepEqual([next.ids, next.deliveries[0]!.attempt], [[id], 1])
})

test('a stop answers everybody with nothing, and serves nobody after that', async (t) => {
  const { addQueue, addPuller, poll, runtime, pullService, post } = await openDesk(t)
  const queue = await addQueue()
  const listener = await addPuller(queue)
  const waiting = [poll(listener), poll(listener)]
  await runtime.rest()
  pullService.stop()
  await runtime.rest()
  assert.deepEqual(
    waiting.map(({ ids }) => ids),
    [[], []],
  )
  await post(queue)
  const late = poll(listener)
  await runtime.rest()
  assert.ok(isProblem(late.error, 'stopping'))
})

test('who waits for a listener that is deleted, or is sent things from now on, is told', async (t) => {
  const { addQueue, addPuller, poll, runtime, store } = await openDesk(t)
  const queue = await addQueue()
  const [deleted, pushed] = [await addPuller(queue), await addPuller(queue)]
  const waiting = [poll(deleted), poll(deleted), poll(pushed)]
  await runtime.rest()
  const { organizationId, id: queueId } = queue
  await store.listeners.delete({ organizationId, queueId, id: deleted.id, now: runtime.now() })
  const changes = { notifyUrl: 'http://listener.test/' }
  const changed = await store.listeners.update({ organizationId, queueId, id: pushed.id, changes, now: runtime.now() })
  assert.ok(typeof changed === 'object')
  await runtime.rest()
  for (const { error } of waiting) assert.ok(isProblem(error, 'listener_not_found'))
})

test('an organization can have 2,000 wait, and another one can wait beside them', async (t) => {
  const { addQueue, addPuller, poll, runtime } = await openDesk(t)
  const listener = await addPuller(await addQueue())
  const waiting = Array.from({ length: 2_000 }, () => poll(listener))
  await runtime.rest()
  const late = poll(listener)
  const other = poll({ ...listener, organizationId: 'other' })
  await runtime.rest()
  assert.ok(isProblem(late.error, 'too_many_polls'))
  assert.equal(other.error, null)
  await runtime.advance(20_000)
  assert.ok(waiting.every(({ ids }) => ids?.length === 0))
  assert.equal(poll(listener).error, null)
})

test('while the store is away pulls and acknowledgements are told so, and nothing is lost', async (t) => {
  const { addQueue, addPuller, poll, post, runtime, store, pullService } = await openDesk(t)
  const queue = await addQueue()
  const listener = await addPuller(queue)
  const id = await post(queue)
  const first = poll(listener)
  await runtime.rest()
  const { pull } = store.pulls
  store.pulls.pull = () => Promise.reject(new StoreUnavailable('gone'))
  store.failCommit = () => new StoreUnavailable('gone')
  const failed = poll(listener)
  const receipts = first.deliveries.map(receiptOf)
  const settling = pullService.settle({ listener, receipts, end: { how: 'acknowledged' } })
  await assert.rejects(settling, (error) => isProblem(error, 'store_unavailable'))
  await runtime.rest()
  assert.ok(isProblem(failed.error, 'store_unavailable'))
  store.pulls.pull = pull
  store.failCommit = () => null
  assert.deepEqual(await pullService.settle({ listener, receipts, end: { how: 'acknowledged' } }), ['settled'])
  assert.deepEqual(first.ids, [id])
})

test('a pull that the store cannot do does not take the others along', async (t) => {
  const { addQueue, addPuller, poll, post, runtime, store } = await openDesk(t)
  const queue = await addQueue()
  const [listener, faulty] = [await addPuller(queue), await addPuller(queue)]
  const id = await post(queue)
  const { pull } = store.pulls
  store.pulls.pull = async (batch) => {
    if (batch.asks.some(({ listenerId }) => listenerId === faulty.id)) throw new Error('a bug')
    return pull(batch)
  }
  const polls = [poll(listener), poll(faulty)]
  await runtime.rest()
  assert.deepEqual(polls[0]!.ids, [id])
  assert.match(String(polls[1]!.error), /a bug/)
})
