import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createQueueDirectory } from '../../../src/app/caches/queue-directory.ts'
import { UNKNOWN_LIVENESS } from '../../../src/core/delivery/liveness.ts'
import type { Queue } from '../../../src/core/delivery/queue.ts'
import { DEFAULT_RETRY_POLICY } from '../../../src/core/delivery/retry-policy.ts'
import { NOTIFICATIONS_QUEUE } from '../../../src/core/notification/notification.ts'
import { createNotifier } from '../../../src/engine/notify/notifier.ts'
import type { Store } from '../../../src/store/store.ts'
import { openTestEngine, type TestEngine } from '../test-engine.ts'

const NOTHING = { ...UNKNOWN_LIVENESS, state: null, stateAt: null }
const MINUTE_MS = 60_000

/** A node on the engine's store, with parts of the store that fail where a test says so. */
function nodeOn(engine: TestEngine, broken: Partial<Store> = {}, node = 'node-1') {
  const store = { ...engine.store, ...broken }
  const directory = createQueueDirectory(engine.store)
  const { acceptor, registry, runtime } = engine
  return createNotifier({ store, node, acceptor, directory, recentLiveness: registry, runtime })
}

/** The noun of a store with some methods in place of its own. */
function over<Noun extends object>(noun: Noun, methods: Partial<Noun>): Noun {
  return new Proxy(noun, { get: (target, name) => Reflect.get(name in methods ? methods : target, name) })
}

async function openTold(t: TestContext) {
  const engine = await openTestEngine(t)
  const queue = await engine.addQueue()
  const { organizationId } = queue
  const makeTold = async () => {
    const made: Queue = { ...(await engine.addQueue()), name: NOTIFICATIONS_QUEUE }
    const changes = { name: NOTIFICATIONS_QUEUE }
    await engine.store.queues.update({ organizationId, id: made.id, changes, now: engine.runtime.now() })
    return made
  }
  const told = await makeTold()
  const dataOn = async (of: Queue) => {
    const ask = { organizationId, queueId: of.id, only: null, before: null, offset: 0, limit: 1_000, full: true }
    const messages = await engine.store.messages.list(ask)
    return messages.map(({ message }) => ({ name: message.name, ...JSON.parse(message.data) })).reverse()
  }
  const notify = nodeOn(engine)
  await notify()
  return {
    ...{ engine, queue, told, makeTold, dataOn, notify, organizationId },
    read: () => dataOn(told),
    async state(listenerId: string, state: 'down' | 'stable') {
      await engine.runtime.advance(1)
      const stateAt = engine.runtime.now()
      const failure = {
        lastFailureAt: stateAt,
        lastFailureStatus: 503,
        lastFailureMsg: 'answered 503',
        failureCount: 1,
      }
      const news = { ...NOTHING, ...(state === 'down' && failure), state, stateAt }
      await engine.store.liveness.note([{ listenerId, news }])
    },
  }
}

test('a listener that goes down and comes back is told on the queue, by names, with what was wrong', async (t) => {
  const { engine, queue, notify, read, state } = await openTold(t)
  const { id, name } = await engine.addListener(queue)
  await notify()
  assert.deepEqual(await read(), [])
  await state(id, 'down')
  await notify()
  await notify()
  const at = engine.runtime.now()
  const of = { queue: { id: queue.id, name: queue.name }, listener: { id, name } }
  const failure = { status: 503, message: 'answered 503', at }
  const down = { name: 'listener.down', type: 'listener.down', at, ...of, failure, pending_count: 0 }
  assert.deepEqual(await read(), [down])
  await state(id, 'stable')
  await notify()
  assert.deepEqual(await read(), [down, { name: 'listener.up', type: 'listener.up', at: at + 1, ...of }])
})

test('missed deliveries are told with their number and the first ids, by way of real attempts', async (t) => {
  const { engine, queue, notify, read } = await openTold(t)
  const retry = { ...DEFAULT_RETRY_POLICY, maxAttempts: 1 }
  const listener = await engine.addListener(queue, { retry, circuitBreaker: false })
  engine.sender.reply = () => 500
  const posted = await engine.postMany(queue, 12)
  await engine.runtime.advance(1_000)
  await notify()
  const [data] = await read()
  assert.deepEqual([data?.type, data?.listener.id, data?.count], ['deliveries.missed', listener.id, 12])
  assert.deepEqual(data?.message_ids, posted.map(({ id }) => id).slice(0, 10))
})

test('a listener that answered 410 is told with that as the reason, one that a client disabled with that', async (t) => {
  const { engine, queue, notify, read } = await openTold(t)
  const gone = await engine.addListener(queue)
  engine.sender.reply = () => 410
  await engine.post(queue)
  await engine.runtime.advance(1_000)
  await notify()
  await engine.runtime.advance(1)
  const off = await engine.addListener(queue)
  await engine.change(off, { settings: { status: 'disabled' } })
  await notify()
  const told = (await read()).map(({ type, listener, reason }) => [type, listener.id, reason])
  assert.deepEqual(told, [
    ['listener.disabled', gone.id, 'the listener answered 410 Gone'],
    ['listener.disabled', off.id, 'an API client disabled it'],
  ])
})

test('notifications are carried to the listeners of their queue, named by a header, past its schema', async (t) => {
  const { engine, queue, told, notify, state, organizationId } = await openTold(t)
  const rules = { order: { type: 'number' } } as never
  const changes = { schema: { id: 'a'.repeat(64), rules } }
  await engine.store.queues.update({ organizationId, id: told.id, changes, now: engine.runtime.now() })
  const pager = await engine.addListener(told)
  const down = await engine.addListener(queue)
  await state(down.id, 'down')
  await notify()
  // The first try was by the queue without its new listener.
  await notify()
  await engine.runtime.advance(100)
  const sent = engine.sender.sent.filter(({ url }) => url === pager.notifyUrl)
  assert.equal(sent.length, 1)
  assert.equal(sent[0]?.header('discue-notification'), 'listener.down')
})

test('a frozen organization is told all the same', async (t) => {
  const { engine, queue, notify, read, state, organizationId: id } = await openTold(t)
  const listener = await engine.addListener(queue)
  await engine.store.organizations.update({ id, changes: { status: 'frozen' }, now: engine.runtime.now() })
  await state(listener.id, 'down')
  await notify()
  assert.equal((await read()).length, 1)
})

test('of its own queue nothing is told: not that its listener is down, missed something or was disabled', async (t) => {
  const { engine, told, notify, read, state } = await openTold(t)
  const listener = await engine.addListener(told)
  await state(listener.id, 'down')
  await engine.change(listener, { settings: { status: 'disabled' } })
  await notify()
  await engine.runtime.advance(10 * MINUTE_MS)
  await notify()
  assert.deepEqual(await read(), [])
})

test('a node that dies after the messages were stored has another one take over what it told', async (t) => {
  const { engine, queue, notify, read, state } = await openTold(t)
  const listener = await engine.addListener(queue)
  await state(listener.id, 'down')
  const dead = new Error('the process is gone')
  const { notifications } = engine.store
  const dying = nodeOn(engine, { notifications: over(notifications, { save: () => Promise.reject(dead) }) })
  await dying()
  assert.equal((await read()).length, 1)
  // Until the record of what was told is taken over, nothing else is; then it goes on as if nothing had been.
  for (let ticks = 0; ticks < 3; ticks++) await notify()
  assert.equal((await read()).length, 1)
  await state(listener.id, 'stable')
  await notify()
  assert.deepEqual(
    (await read()).map(({ type }) => type),
    ['listener.down', 'listener.up'],
  )
})

test('a node that dies before the messages were stored has told nothing, and the next one tells', async (t) => {
  const { engine, queue, notify, read, state } = await openTold(t)
  const listener = await engine.addListener(queue)
  await state(listener.id, 'down')
  engine.store.failCommit = () => new Error('the process is gone')
  await notify().catch(() => undefined)
  engine.store.failCommit = () => null
  assert.deepEqual(await read(), [])
  await nodeOn(engine)()
  assert.equal((await read()).length, 1)
})

test('nodes that decide at the same time tell once', async (t) => {
  const { engine, queue, read, state } = await openTold(t)
  for (let count = 0; count < 5; count++) await state((await engine.addListener(queue)).id, 'down')
  const nodes = [nodeOn(engine), nodeOn(engine), nodeOn(engine)]
  await Promise.all(nodes.map((node) => node()))
  await Promise.all(nodes.map((node) => node()))
  assert.equal((await read()).length, 5)
})

test('of several nodes one sees to an organization', async (t) => {
  const { engine, queue, read, state } = await openTold(t)
  await state((await engine.addListener(queue)).id, 'down')
  let asked = 0
  const { notifications, liveness } = engine.store
  const shared = {
    liveness: over(liveness, { nodes: async () => ['node-1', 'node-2'] }),
    notifications: over(notifications, {
      read: (ask: { organizationId: string }) => {
        asked += 1
        return notifications.read(ask)
      },
    }),
  }
  for (const node of ['node-1', 'node-2']) await nodeOn(engine, shared, node)()
  assert.equal(asked, 1)
  assert.equal((await read()).length, 1)
})

test('what one organization cannot be told keeps no other from being told', async (t) => {
  const { engine, queue, read, state, organizationId } = await openTold(t)
  await state((await engine.addListener(queue)).id, 'down')
  const { notifications } = engine.store
  const broken = {
    notifications: over(notifications, {
      watched: async (ask: Parameters<typeof notifications.watched>[0]) => {
        const all = await notifications.watched(ask)
        return [{ organizationId: 'broken', queueId: all[0]!.queueId }, ...all]
      },
      read: (ask: { organizationId: string }) =>
        ask.organizationId === organizationId ? notifications.read(ask) : Promise.reject(new Error('broken')),
    }),
  }
  await nodeOn(engine, broken)()
  assert.equal((await read()).length, 1)
})

test('a queue of notifications that is made anew tells what goes on, and organizations without one cost nothing', async (t) => {
  const { engine, queue, told, makeTold, dataOn, notify, state, organizationId } = await openTold(t)
  await state((await engine.addListener(queue)).id, 'down')
  await notify()
  await engine.store.queues.delete({ organizationId, id: told.id, now: engine.runtime.now() })
  const { commits } = engine.store
  const before = commits.length
  await notify()
  assert.equal(commits.length, before)
  const again = await makeTold()
  await notify()
  assert.deepEqual(
    (await dataOn(again)).map(({ type }) => type),
    ['listener.down'],
  )
})
