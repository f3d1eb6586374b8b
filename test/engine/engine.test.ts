import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { type TestContext, test } from 'node:test'
import { createCronCache } from '../../src/app/caches/cron-cache.ts'
import { followChanges } from '../../src/app/caches/follow-changes.ts'
import { createQueueDirectory } from '../../src/app/caches/queue-directory.ts'
import { createSchemaChecks } from '../../src/app/caches/schema-checks.ts'
import { UNKNOWN_LIVENESS } from '../../src/core/delivery/liveness.ts'
import type { Message } from '../../src/core/delivery/message.ts'
import { ANY_TARGET } from '../../src/core/network/target.ts'
import { Problem } from '../../src/core/problem.ts'
import { CLEAR_BOX } from '../../src/core/tenant/secret-box.ts'
import { createSystemNames } from '../../src/engine/client/names/system-names.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import { LEASE_MS } from '../../src/engine/push/dispatcher.ts'
import { type Store, StoreUnavailable } from '../../src/store/store.ts'
import { storedOrganization, storedQueue } from '../store/fixture.ts'
import { createMake, NOW } from '../store/make.ts'
import { NO_FOLLOWERS } from '../support/followers.ts'
import { createManualRuntime, type ManualRuntime } from '../support/manual-runtime.ts'
import { openMemoryStore } from '../support/memory-store.ts'
import { type Received, startReceiver } from '../support/server/receiver.ts'
import { waitFor } from '../support/wait-for.ts'
import { type WatchedStore, watch } from './watched-store.ts'

/** What a stopping server gives to attempts on the wire, and then to the last commit. */
const FINISH_MS = 10_000
const LAST_COMMIT_MS = 5_000
const CUT_OFF_MS = 1_000
const DAY_MS = 86_400_000
const RETENTION = { messagesMs: 7 * DAY_MS, eventsMs: DAY_MS }
/** For tests that talk to a real receiver: long enough for any machine, reached only where something is wrong. */
const timeout = 120_000

type Answer = (request: Received, response: ServerResponse) => void

/** A whole engine with a real wire and a real listener at its other end; only the clock is the test's. */
async function openEngine(t: TestContext, answer?: Answer) {
  const store = watch(await openMemoryStore())
  const receiver = await startReceiver(answer)
  const make = createMake()
  const queue = await storedQueue({ store, make, now: NOW }, await storedOrganization({ store, make, now: NOW }))
  const listener = make.listener(queue, { notifyUrl: `${receiver.url}/in` })
  await store.listeners.create(listener)
  const { engine, runtime } = startedEngine(store)
  await engine.start()
  t.after(async () => {
    await receiver.close()
    await store.close()
  })
  const post = (what?: Partial<Message>) => posted(store, engine, make.message(queue, what))
  return { store, receiver, queue, listener, engine, runtime, post }
}

function startedEngine(store: Store): { engine: Engine; runtime: ManualRuntime } {
  const runtime = createManualRuntime(NOW)
  const directory = createQueueDirectory(store)
  const engine = createEngine({
    store,
    runtime,
    userAgent: 'discue/test',
    retention: RETENTION,
    targets: ANY_TARGET,
    secretBox: CLEAR_BOX,
    insecureTls: false,
    egress: null,
    directory,
    schemaChecks: createSchemaChecks(),
    cronCache: createCronCache(),
    names: createSystemNames(runtime),
  })
  followChanges({ store, runtime }, { ...NO_FOLLOWERS, ...engine.followers, directory })
  return { engine, runtime }
}

async function posted(store: Store, { acceptor }: Engine, message: Omit<Message, 'sequence'>) {
  const route = await store.queues.route({ organizationId: message.organizationId, id: message.queueId })
  assert.equal(await acceptor.accept([message], route!), 'accepted')
  return message
}

function settled(store: WatchedStore): boolean {
  return store.commits.some(({ settlements }) => settlements.length > 0)
}

async function deliveryOf(store: Store, { organizationId, queueId, id }: Awaited<ReturnType<typeof posted>>) {
  const found = await store.messages.get({ organizationId, queueId, id })
  return found!.deliveries[0]!
}

test('a message that is accepted arrives at its listener, and is then delivered', { timeout }, async (t) => {
  const { store, receiver, engine, runtime, post } = await openEngine(t)
  const message = await post()
  await waitFor('a settlement', () => settled(store))
  assert.deepEqual(
    receiver.received.map(({ path, body, headers }) => [path, body, headers['webhook-id'], headers['user-agent']]),
    [['/in', message.data, message.id, 'discue/test']],
  )
  await engine.stop()
  assert.equal((await deliveryOf(store, message)).status, 'delivered')
  runtime.assertNoErrors()
})

test('what a stopped engine left in the store is found and sent when the next one starts', { timeout }, async (t) => {
  let answers = false
  const { store, receiver, engine, runtime, post } = await openEngine(
    t,
    (_, response) => void (answers && response.end()),
  )
  const message = await post()
  await receiver.until(1)
  const stopping = engine.stop()
  await runtime.advance(FINISH_MS)
  await stopping
  answers = true
  const next = startedEngine(store)
  await next.engine.start()
  await next.runtime.advance(0)
  await waitFor('a settlement', () => settled(store))
  await next.engine.stop()
  const { status, attempts } = await deliveryOf(store, message)
  assert.deepEqual([status, attempts, receiver.received.length], ['delivered', 1, 2])
  next.runtime.assertNoErrors()
})

test('a node that lives keeps what it holds, however long it takes', { timeout }, async (t) => {
  const { store, receiver, listener, engine, runtime, post } = await openEngine(t, () => {})
  const { organizationId, queueId, id } = listener
  const changes = { settings: { ...listener.settings, timeoutMs: 300_000 } }
  await store.listeners.update({ organizationId, queueId, id, changes, now: NOW })
  await post()
  await receiver.until(1)
  await runtime.advance(4 * LEASE_MS)
  const waiting = await store.deliveries.waiting({ node: 'other', after: null, limit: 10, now: runtime.now() })
  assert.deepEqual(waiting, [])
  const stopping = engine.stop()
  await runtime.advance(FINISH_MS)
  await stopping
})

test('stopping waits for an answer that is on its way and writes it', { timeout }, async (t) => {
  let response: ServerResponse | null = null
  const { store, engine, runtime, post } = await openEngine(t, (_, late) => {
    response = late
  })
  const message = await post()
  await waitFor('a request', () => response !== null)
  const stopping = engine.stop()
  await runtime.advance(FINISH_MS - 1)
  response!.end()
  await stopping
  assert.deepEqual((await deliveryOf(store, message)).status, 'delivered')
  runtime.assertNoErrors()
})

test('stopping gives up on a listener that does not answer, counts no attempt and hands it back', {
  timeout,
}, async (t) => {
  const { store, receiver, engine, runtime, post } = await openEngine(t, () => {})
  const message = await post()
  await receiver.until(1)
  const stopping = engine.stop()
  await runtime.advance(FINISH_MS)
  await stopping
  const { status, attempts } = await deliveryOf(store, message)
  assert.deepEqual([status, attempts], ['pending', 0])
  const waiting = await store.deliveries.waiting({ node: 'next', after: null, limit: 10, now: runtime.now() })
  assert.equal(waiting.length, 1)
  runtime.assertNoErrors()
})

test('a stopped engine takes no message', { timeout }, async (t) => {
  const { engine, post } = await openEngine(t)
  await engine.stop()
  await assert.rejects(post(), (error: unknown) => error instanceof Problem && error.code === 'stopping')
})

test('stopping ends in time while the store cannot be written, and says what was lost', { timeout }, async (t) => {
  const { store, engine, runtime, post } = await openEngine(t)
  store.failCommit = ({ settlements }) => (settlements.length > 0 ? new StoreUnavailable('the disk is full') : null)
  await post()
  await waitFor('a settlement', () => settled(store))
  let stopped = false
  const stopping = engine.stop().then(() => {
    stopped = true
  })
  await runtime.advance(FINISH_MS + CUT_OFF_MS + LAST_COMMIT_MS)
  const inTime = stopped
  store.failCommit = () => null
  await runtime.advance(60_000)
  await stopping
  assert.equal(inTime, true)
  assert.ok(runtime.errors().includes('stopped with writes that the store did not take'))
})

test('what was waiting for a deleted listener is removed in the background', { timeout }, async (t) => {
  const { store, listener, engine, runtime, post } = await openEngine(t)
  for (let i = 0; i < 5; i++) await post({ deliverAt: NOW + 86_400_000 })
  const { organizationId, queueId, id } = listener
  await store.listeners.delete({ organizationId, queueId, id, now: NOW })
  await runtime.advance(10_000)
  assert.equal(await store.removals.sweep({ limit: 10 }), 0)
  await engine.stop()
  runtime.assertNoErrors()
})

test('a deleted queue is removed at once and in small rounds, with a pause between them', { timeout }, async (t) => {
  const { store, listener, engine, runtime, post } = await openEngine(t)
  for (let i = 0; i < 700; i++) await post({ deliverAt: NOW + 86_400_000 })
  await runtime.advance(1_000)
  const { organizationId, queueId } = listener
  const rounds: { at: number; removed: number }[] = []
  const { sweep } = store.removals
  store.removals.sweep = async (ask) => {
    const removed = await sweep(ask)
    rounds.push({ at: runtime.now(), removed })
    return removed
  }
  const outcome = await store.queues.delete({ organizationId, id: queueId, now: NOW })
  const deletedAt = runtime.now()
  assert.ok(typeof outcome === 'object')
  await runtime.advance(1_000)
  assert.equal(await store.queues.isDeleting({ organizationId, id: queueId }), false)
  assert.equal(rounds[0]!.at, deletedAt)
  // 700 deliveries and what the listener became; 700 messages, for whom they were, and the listener's and queue's own.
  assert.deepEqual(
    rounds.map(({ removed }) => removed),
    [500, 201, 1, 500, 201, 1, 0],
  )
  for (const [i, { at }] of rounds.slice(1).entries())
    assert.ok(at > rounds[i]!.at, 'others have their turn in between')
  await engine.stop()
  runtime.assertNoErrors()
})

test('a listener that answers 410 over the wire is disabled', { timeout }, async (t) => {
  const { store, listener, engine, runtime, post } = await openEngine(t, (_, response) => response.writeHead(410).end())
  await post()
  await waitFor('a settlement', () => settled(store))
  await runtime.rest()
  assert.equal((await store.listeners.find(listener.id))?.settings.status, 'disabled')
  await engine.stop()
  runtime.assertNoErrors()
})

test('a listener that was down when the server stopped is sent nothing until a check says otherwise', {
  timeout,
}, async (t) => {
  const { store, receiver, engine, runtime, queue, listener } = await openEngine(t)
  const { organizationId, queueId, id } = listener
  const changes = { livenessUrl: `${receiver.url}/alive` }
  const now = runtime.now()
  const changed = await store.listeners.update({ organizationId, queueId, id, changes, now })
  assert.ok(typeof changed === 'object')
  await engine.stop()
  await store.liveness.note([{ listenerId: id, news: { ...UNKNOWN_LIVENESS, state: 'down', stateAt: now } }])

  const heir = startedEngine(store)
  await heir.engine.start()
  await posted(store, heir.engine, createMake().message(queue))
  await heir.runtime.rest()
  assert.equal(receiver.received.length, 0)
  await heir.runtime.advance(1_000)
  await receiver.until(2)
  assert.deepEqual(
    receiver.received.slice(0, 2).map(({ path }) => path),
    ['/alive', '/in'],
  )
  await heir.engine.stop()
  assert.equal((await store.listeners.get({ organizationId, queueId, id }))?.liveness.state, 'stable')
})
