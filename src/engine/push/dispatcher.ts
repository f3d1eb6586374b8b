import type { EngineFollowers } from '../../app/caches/follow-changes.ts'
import type { LeasedDelivery } from '../../core/delivery/delivery.ts'
import { isPushed, type Listener } from '../../core/delivery/listener.ts'
import type { LivenessState } from '../../core/delivery/liveness.ts'
import type { HoldUp } from '../../core/search/wait-reason.ts'
import type { Store } from '../../store/store.ts'
import { Lane, type LaneDeps } from './lane.ts'

/** How long leases hold without a sign of life, and how often one is given. */
export const LEASE_MS = 15_000
export const RENEW_EVERY_MS = 5_000

/** A lane with nothing to do is kept this long, for what a lane knows is cheap to keep and dear to find out. */
const KEEP_IDLE_LANES_MS = 60_000
const PAGE = 500

type LaneFollower = EngineFollowers['lanes']

/** Brings each delivery to the lane of its listener. */
export interface Dispatcher extends LaneFollower {
  /** Keeps a place in the listener's lane; false where the delivery must wait in the store. */
  reserve(listener: Listener, bytes: number): boolean
  unreserve(listenerId: string, bytes: number): void
  /** Takes a leased delivery that a place was reserved for. */
  offer(delivery: LeasedDelivery): void
  /** A delivery of this listener waits in the store, due at this time. */
  waitUntil(listener: Listener, dueAt: number): void
  /** What keeps the listener from being sent more than it is; null where nothing does. */
  holdUpOf(listenerId: string): HoldUp | null
  /** Listeners that something is held in memory for. */
  laneCount(): number
  /** A check of the listener's `livenessUrl` has ended; `isNew`: the state was another before. */
  checked(listenerId: string, state: LivenessState, isNew: boolean): void
  /** Has the lanes discard what they hold and what has expired, however long they cannot send. */
  endExpired(): void
  /** Finds what waits in the store without a lane that knows of it, and drops lanes that are idle. */
  sweep(): Promise<number>
  /** Says that this node lives, so that its leases hold. */
  renewLeases(): Promise<number>
  /** Sends nothing more, resolves when all that is on the wire is settled. */
  stop(): Promise<void>
}

export function createDispatcher(
  given: Omit<LaneDeps, 'leasesHold'> & {
    store: Pick<Store, 'deliveries' | 'discards' | 'expiries' | 'listeners' | 'shared'>
  },
): Dispatcher {
  const { store, runtime, node } = given
  /** Until when no other node can have taken what this node holds: by the clock on the wall, and by the time that passes. */
  let leasesHoldUntil = { wall: Number.POSITIVE_INFINITY, elapsed: Number.POSITIVE_INFINITY }
  // A node that was asleep, or cut off, for longer than its leases would send what other nodes are sending by then. While
  // it sleeps no time passes for it, and a clock that is set back shows the same time again: both must say that they hold.
  const leasesHold = () =>
    !store.shared || (runtime.now() <= leasesHoldUntil.wall && runtime.elapsedMs() <= leasesHoldUntil.elapsed)
  const deps: LaneDeps = { ...given, leasesHold }
  const lanes = new Map<string, Lane>()
  let stopped = false

  function laneOf(listener: Listener): Lane {
    let lane = lanes.get(listener.id)
    if (lane === undefined) {
      lane = new Lane(deps, listener)
      lanes.set(listener.id, lane)
    } else lane.change(listener)
    return lane
  }

  function drop(listenerId: string, lane: Lane): void {
    lanes.delete(listenerId)
    lane.release()
  }

  async function wakeLane(listenerId: string, dueAt: number): Promise<void> {
    const listener = lanes.has(listenerId) ? null : await store.listeners.find(listenerId)
    if (stopped) return
    if (listener !== null && isPushed(listener)) laneOf(listener).resume(dueAt)
    else lanes.get(listenerId)?.resume(dueAt)
  }

  /** Has the lane look into the store at that time, but for one that is paused. */
  async function awaitDue(listenerId: string, dueAt: number): Promise<void> {
    const listener = lanes.has(listenerId) ? null : await store.listeners.find(listenerId)
    if (stopped) return
    if (listener !== null && isPushed(listener)) laneOf(listener).waitUntil(dueAt)
    else lanes.get(listenerId)?.waitUntil(dueAt)
  }

  function resume(listenerId: string): void {
    wakeLane(listenerId, runtime.now()).catch((error: unknown) => {
      runtime.log.warn({ err: error, listenerId }, 'a listener that may go on waits for the next sweep')
    })
  }

  function listenerGone(listenerId: string): void {
    // It stays in the map until the last place in it is given back.
    const lane = lanes.get(listenerId)
    void lane?.close().then(() => drop(listenerId, lane))
  }

  /** Hands back what waits in memory, and claims what there is: paused queues and deleted messages are known to the store. */
  function startOver(lane: Lane): void {
    lane.pause()
    lane.resume(runtime.now())
  }

  /** One after the other: clients are served meanwhile, however many there are. */
  async function rereadAll(): Promise<void> {
    for (const listenerId of [...lanes.keys()]) {
      const listener = await store.listeners.find(listenerId)
      if (stopped) return
      const lane = lanes.get(listenerId)
      if (listener === null) listenerGone(listenerId)
      else if (lane !== undefined) {
        lane.change(listener)
        startOver(lane)
      }
    }
  }

  const reread = createRepeat(rereadAll, (error) => {
    // The news come again once the store is back.
    runtime.log.warn({ err: error }, 'listeners that may have changed could not be read')
  })

  function dropIdleLanes(): void {
    const before = runtime.now() - KEEP_IDLE_LANES_MS
    for (const [listenerId, lane] of lanes) {
      if (lane.idleSince !== null && lane.idleSince < before) drop(listenerId, lane)
    }
  }

  return {
    reserve: (listener, bytes) => !stopped && isPushed(listener) && laneOf(listener).reserve(bytes),
    unreserve: (listenerId, bytes) => lanes.get(listenerId)?.unreserve(bytes),
    offer: (delivery) => lanes.get(delivery.listenerId)?.offer(delivery),
    waitUntil(listener, dueAt) {
      if (!stopped && isPushed(listener)) laneOf(listener).waitUntil(dueAt)
    },
    listenerChanged(listener) {
      if (stopped) return
      // One that was disabled has no lane, or one that has forgotten what waits.
      if (isPushed(listener) && !lanes.has(listener.id)) laneOf(listener).waitUntil(runtime.now())
      else lanes.get(listener.id)?.change(listener)
    },
    listenerGone,
    newsMissed: reread,
    checked(listenerId, state, isNew) {
      lanes.get(listenerId)?.checked(state)
      // One that is back has deliveries waiting that no lane may know of.
      if (isNew && state === 'stable' && !lanes.has(listenerId)) resume(listenerId)
    },
    pause: (listenerId) => lanes.get(listenerId)?.pause(),
    resume,
    messageGone: (listenerId, messageId) => lanes.get(listenerId)?.forget(messageId),
    discarded: (listenerId) => lanes.get(listenerId)?.endDiscarded(),
    due(listenerId, dueAt) {
      awaitDue(listenerId, dueAt).catch((error: unknown) => {
        runtime.log.warn({ err: error, listenerId }, 'what is due for a listener waits for the next sweep')
      })
    },
    holdUpOf: (listenerId) => lanes.get(listenerId)?.holdUp ?? null,
    laneCount: () => lanes.size,
    endExpired() {
      for (const lane of lanes.values()) lane.endExpired()
    },
    async sweep() {
      dropIdleLanes()
      let after: string | null = null
      do {
        const page = await store.deliveries.waiting({ node, after, limit: PAGE, now: runtime.now() })
        for (const { listenerId, nextDueAt } of page) await wakeLane(listenerId, nextDueAt)
        after = page.length < PAGE ? null : page[page.length - 1]!.listenerId
      } while (after !== null && !stopped)
      return 0
    },
    async renewLeases() {
      const until = { wall: runtime.now() + LEASE_MS, elapsed: runtime.elapsedMs() + LEASE_MS }
      await store.deliveries.renew({ node, until: until.wall })
      const ranOut = !leasesHold()
      leasesHoldUntil = until
      // What other nodes have taken meanwhile is lost, and what they have not is claimed again.
      if (ranOut) {
        for (const lane of lanes.values()) startOver(lane)
      }
      return 0
    },
    async stop() {
      stopped = true
      await Promise.all([...lanes.values()].map((lane) => lane.close()))
    },
  }
}

/** Runs `work` when it is called, and once more where it was called meanwhile; never twice at once. */
function createRepeat(work: () => Promise<void>, failed: (error: unknown) => void): () => void {
  let running = false
  let again = false
  async function run(): Promise<void> {
    running = true
    do {
      again = false
      await work().catch(failed)
    } while (again)
    running = false
  }
  return () => {
    if (running) again = true
    else void run()
  }
}
