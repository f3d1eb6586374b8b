import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type Followers, followChanges } from '../../src/app/caches/follow-changes.ts'
import type { Acceptor } from '../../src/app/deps.ts'
import type { DeliverySummary } from '../../src/core/delivery/delivery-summary.ts'
import { DEFAULT_SETTINGS, type DeliverySettings, type Listener } from '../../src/core/delivery/listener.ts'
import type { Message } from '../../src/core/delivery/message.ts'
import type { Queue } from '../../src/core/delivery/queue.ts'
import { FairPlaces } from '../../src/core/sharing/fair-places.ts'
import { createEngineCounters, type EngineCounters } from '../../src/core/telemetry/counters.ts'
import { CLEAR_BOX, type SecretBox } from '../../src/core/tenant/secret-box.ts'
import { createAcceptor } from '../../src/engine/commit/acceptor.ts'
import { type Committer, createCommitter } from '../../src/engine/commit/committer.ts'
import { measuredCommits } from '../../src/engine/commit/measured-commits.ts'
import { type Moments, NO_MOMENTS } from '../../src/engine/notify/moments.ts'
import { ClaimFailures } from '../../src/engine/push/claim-failures.ts'
import { createDelivering, type Delivering } from '../../src/engine/push/delivering.ts'
import { MemoryShare } from '../../src/engine/push/memory-share.ts'
import type { ListenerDetails } from '../../src/store/listeners.ts'
import type { Store } from '../../src/store/store.ts'
import { aroundCalls, callOn } from '../store/around-calls.ts'
import { createMake, type Make, NOW } from '../store/make.ts'
import { refusingOddNumbers } from '../store/whole-numbers.ts'
import { NO_FOLLOWERS } from '../support/followers.ts'
import { createManualRuntime, type ManualRuntime } from '../support/manual-runtime.ts'
import { openMemoryStore } from '../support/memory-store.ts'
import { createFakeSender, type FakeSender } from './fake-sender.ts'
import { type WatchedStore, watch } from './watched-store.ts'

type Posted = Omit<Message, 'sequence'>

/** All of the engine that carries messages, real but for the clock and the wire. */
export interface TestEngine extends Delivering {
  store: WatchedStore
  runtime: ManualRuntime
  sender: FakeSender
  committer: Committer
  acceptor: Acceptor
  claims: ClaimFailures
  counters: EngineCounters
  /** From now on it is told of no change. */
  unfollow(): void
  addQueue(): Promise<Queue>
  /** With a `livenessUrl`, which is checked only where the test asks for it, or with none. */
  addListener(
    queue: Queue,
    settings?: Partial<DeliverySettings>,
    what?: { livenessUrl: string | null },
  ): Promise<Listener>
  change(
    listener: Listener,
    changes: { settings?: Partial<DeliverySettings>; notifyUrl?: string | null },
  ): Promise<void>
  /** Pauses or resumes the queue. */
  pause(queue: Queue, paused: boolean): Promise<void>
  /** Resolves when the message is stored. */
  post(queue: Queue, what?: Partial<Message>): Promise<Posted>
  postMany(queue: Queue, count: number, what?: Partial<Message>): Promise<Posted[]>
  /** How the message stands, one entry for each listener. */
  deliveriesOf(message: Posted): Promise<DeliverySummary[]>
  /** Everything that waits for this listener in the store, leased or not. */
  countersOf(listener: Listener): Promise<ListenerDetails>
}

export interface OfficeOptions {
  node?: string
  store?: Store
  /** Continues with another office's things, as a server does that is started on the same database. */
  after?: TestEngine
  startAt?: number
  maxInFlight?: number
  secretBox?: SecretBox
  /** Told what happens to listeners. */
  moments?: Partial<Moments>
}

const makes = new WeakMap<TestEngine, { make: Make; organizationId: string; store: Store }>()

/** Closes the store when the test ends, unless it was handed in. */
export async function openTestEngine(t: TestContext, options: OfficeOptions = {}): Promise<TestEngine> {
  const before = options.after && makes.get(options.after)
  const opened = options.store ?? before?.store ?? (await openMemoryStore())
  if (options.store === undefined && before === undefined) t.after(() => opened.close())
  let underWay = 0
  const checked = refusingOddNumbers(opened)
  const counted = aroundCalls(opened, async (name, asks) => {
    underWay += 1
    try {
      return await callOn(checked, name, asks)
    } finally {
      underWay -= 1
    }
  })
  const store = watch(counted)
  const runtime = createManualRuntime(options.startAt ?? NOW, 1, () => underWay > 0)
  const sender = createFakeSender(runtime)
  const node = options.node ?? 'node-1'
  const moments = { ...NO_MOMENTS, ...options.moments }
  const counters = createEngineCounters()
  const measured = measuredCommits(store, { counters, runtime, moments })
  const committer = createCommitter({ store: measured, node, runtime, ahead: store.shared })
  const shares = {
    secretBox: options.secretBox ?? CLEAR_BOX,
    // One organization has half of them.
    slots: new FairPlaces(2 * (options.maxInFlight ?? 8_192)),
    memory: new MemoryShare(),
  }
  const claims = new ClaimFailures(runtime, counters)
  const parts = { store, committer, sender, runtime, node, claims, ...shares, moments, userAgent: 'discue/test' }
  const { dispatcher, checker, registry } = createDelivering(parts)
  const followers: Followers = { ...NO_FOLLOWERS, lanes: dispatcher, checks: checksOf(checker) }
  const unfollow = followChanges({ store, runtime }, followers)
  const acceptor = createAcceptor({ committer, dispatcher, pulls: NO_FOLLOWERS.pulls, runtime })
  const make = before?.make ?? createMake()
  const organizationId = before?.organizationId ?? (await addOrganization(store, make))
  const staff = {
    store,
    runtime,
    sender,
    committer,
    dispatcher,
    checker,
    registry,
    acceptor,
    unfollow,
    claims,
    counters,
  }
  const engine: TestEngine = { ...staff, ...setUp(staff, make, organizationId) }
  makes.set(engine, { make, organizationId, store: opened })
  return engine
}

function checksOf(checker: Delivering['checker']): Followers['checks'] {
  return {
    // It is checked only where the test asks for it.
    listenerAdded: () => undefined,
    listenerChanged: (listener) => checker.listenerChanged(listener),
    listenerGone: (listenerId) => checker.listenerGone(listenerId),
    told: (listenerId, state) => checker.told(listenerId, state),
    newsMissed: () => undefined,
  }
}

async function addOrganization(store: Store, make: Make): Promise<string> {
  const organization = make.organization()
  await store.organizations.create(organization, make.ownerKey(organization))
  return organization.id
}

type Parts = Pick<TestEngine, 'store' | 'runtime' | 'acceptor'>
type Furniture = Pick<
  TestEngine,
  'addQueue' | 'addListener' | 'change' | 'pause' | 'post' | 'postMany' | 'deliveriesOf' | 'countersOf'
>

function setUp({ store, runtime, acceptor }: Parts, make: Make, organizationId: string): Furniture {
  const post: TestEngine['post'] = async (queue, what) => {
    const now = runtime.now()
    const message = make.message(queue, { createdAt: now, deliverAt: now, ...what })
    const accept = async () => {
      const route = await store.queues.route({ organizationId, id: queue.id })
      assert.ok(route)
      return acceptor.accept([message], route)
    }
    // As the use case does it: the route may be another by the time of the commit.
    if ((await accept()) === 'stale') assert.equal(await accept(), 'accepted')
    return message
  }
  return {
    post,
    postMany: (queue, count, what) => Promise.all(Array.from({ length: count }, () => post(queue, what))),
    async addQueue() {
      const queue = make.queue({ id: organizationId })
      assert.equal(await store.queues.create(queue), 'created')
      return queue
    },
    async addListener(queue, settings, what) {
      const { id, ...rest } = make.listener(queue, { settings: { ...DEFAULT_SETTINGS, ...settings }, ...what })
      const listener = { ...rest, id, notifyUrl: `http://listener.test/${id}` }
      assert.equal(await store.listeners.create(listener), 'created')
      return listener
    },
    async change(listener, { settings, ...rest }) {
      const { queueId, id } = listener
      const changes = { ...rest, settings: { ...listener.settings, ...settings } }
      const changed = await store.listeners.update({ organizationId, queueId, id, changes, now: runtime.now() })
      assert.ok(typeof changed === 'object')
    },
    async pause({ id }, paused) {
      const changed = await store.queues.update({ organizationId, id, changes: { paused }, now: runtime.now() })
      assert.ok(typeof changed === 'object')
    },
    async deliveriesOf({ queueId, id }) {
      const found = await store.messages.get({ organizationId, queueId, id })
      assert.ok(found)
      return found.deliveries
    },
    async countersOf({ queueId, id }) {
      const found = await store.listeners.get({ organizationId, queueId, id })
      assert.ok(found)
      return found
    },
  }
}

export function idsOf(things: readonly { id: string }[]): string[] {
  return things.map(({ id }) => id)
}
