import type { QueueDirectory } from '../app/caches/queue-directory.ts'
import type { SchemaChecks } from '../app/caches/schema-checks.ts'
import type { Acceptor, DeliverySignals, DomainChecker, Planner, Preflight, Puller } from '../app/deps.ts'
import type { Targets } from '../core/network/target.ts'
import type { CronCache } from '../core/schedule/schedule.ts'
import { FairPlaces } from '../core/sharing/fair-places.ts'
import { createEngineCounters, type EngineCounters, type EngineGauges } from '../core/telemetry/counters.ts'
import type { SecretBox } from '../core/tenant/secret-box.ts'
import type { Cancel, Runtime } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import type { Activity } from './activity.ts'
import { createDomainChecker } from './client/domain-checker.ts'
import type { Names } from './client/names/names.ts'
import { createPreflight } from './client/preflight.ts'
import { createSender } from './client/sender.ts'
import { createAcceptor } from './commit/acceptor.ts'
import { createCommitter } from './commit/committer.ts'
import { measuredCommits } from './commit/measured-commits.ts'
import { createLoop } from './loop.ts'
import { createPulling } from './pull/pulling.ts'
import { createBehindClock } from './push/behind-clock.ts'
import { createDelivering } from './push/delivering.ts'
import { RENEW_EVERY_MS } from './push/dispatcher.ts'
import { MemoryShare } from './push/memory-share.ts'
import { createBackgroundThrottle, NO_THROTTLE } from './schedule/background-throttle.ts'
import { createScheduler } from './schedule/scheduler.ts'
import type { Traced } from './trace/traced.ts'
import { createPruner, type Retention } from './upkeep/pruner.ts'
import { createRedeliverer } from './upkeep/redeliverer.ts'

/** Attempts in flight over all listeners, of which one organization has half; each is a connection of some 35 kB. */
const MAX_IN_FLIGHT = 4_096
const SWEEP_EVERY_MS = 10_000
/** How often to look for rows of deleted things, and how many to remove at a time: a few milliseconds' work. */
const REMOVE_EVERY_MS = 5_000
const REMOVE_ROWS = 500
/** The pause between two such rounds, so that clients' writes have most of the store. */
const REMOVE_PAUSE_MS = 20
/** How often to look for redeliveries, beside being told of them, and the pause between two steps of one. */
const REDELIVER_EVERY_MS = 10_000
const REDELIVER_PAUSE_MS = 5
const PRUNE_EVERY_MS = 60_000
/** How often to look for answers to repeated requests that have expired. */
const REMOVE_ANSWERS_EVERY_MS = 60_000
/** How often to look for secrets whose overlap is over; they sign nothing from the moment that it is. */
const FORGET_SECRETS_EVERY_MS = 60_000
/** How often to look for listeners that are to be checked and that this node was not told of. */
const SCAN_LIVENESS_EVERY_MS = 60_000
/** A node that dies is missed after its lease (15 s) and this: how long its part of the listeners goes unasked. */
const SHARE_LIVENESS_EVERY_MS = 5_000
const WRITE_LIVENESS_EVERY_MS = 1_000
/**
 * For so long before this node was started, or woke up, another node may have done its work: long enough for one to
 * take another's place.
 */
const OVERLAP_MS = 30_000
/** What a stopping server gives to attempts on the wire, and then to the last commit. */
const FINISH_MS = 10_000
const LAST_COMMIT_MS = 5_000

/** Everything that runs by itself, and what the use cases need of it. */
export interface Engine {
  acceptor: Acceptor
  signals: DeliverySignals
  counters: EngineCounters
  gauges(): EngineGauges
  preflight: Preflight
  domainChecker: DomainChecker
  puller: Puller
  /** Ends what would keep a request waiting for long: checks of listeners, and those who wait for messages. */
  endWaits(): void
  planner: Planner
  start(): Promise<void>
  /** Finishes what is on the wire (10 s at most), writes it, and hands the rest back. */
  stop(): Promise<void>
}

export function createEngine(deps: {
  store: Store
  runtime: Runtime
  userAgent: string
  retention: Retention
  targets: Targets
  secretBox: SecretBox
  directory: QueueDirectory
  schemaChecks: SchemaChecks
  cronCache: CronCache
  names: Names
  /** Counts what the engine does, where a client moves the clock and waits until the engine has come to rest. */
  activity?: Activity | null
  /** Follows messages, where the operator has configured traces. */
  traced?: Traced | null
}): Engine {
  const { runtime, activity = null, traced = null } = deps
  const store = activity?.watchStore(deps.store) ?? deps.store
  const node = runtime.newId()
  const counters = createEngineCounters()
  const measured = measuredCommits(store, { counters, runtime })
  const committer = createCommitter({ store: measured, node, runtime, ahead: store.shared })
  const plainSender = createSender(runtime, deps.targets, { names: deps.names })
  const tracedSender = traced?.watchSender(plainSender) ?? plainSender
  const sender = activity?.watchSender(tracedSender) ?? tracedSender
  const shares = { slots: new FairPlaces(MAX_IN_FLIGHT), memory: new MemoryShare() }
  const claimFailed = () => {
    counters.failedClaims += 1
  }
  const parts = { ...deps, ...shares, store, committer, sender, node, claimFailed }
  const delivering = createDelivering(parts)
  const { dispatcher, checker, registry } = delivering
  const pulling = createPulling({ store, runtime, committer, delivering })
  const { signals, expirer } = pulling
  const preflight = createPreflight(deps)
  const behindClock = createBehindClock({ store, runtime, wake: signals.messageMoved })
  const sweep = async () => {
    sender.dropIdle()
    await behindClock.tick()
    // Of leases that another node gave, or a node before this one, this node does not know when they run out.
    await expirer.look()
    return dispatcher.sweep()
  }
  const remover = createLoop({
    name: 'remover',
    tick: () => store.removals.sweep({ limit: REMOVE_ROWS }),
    idleMs: REMOVE_EVERY_MS,
    busyMs: REMOVE_PAUSE_MS,
    runtime,
  })
  const plainAcceptor = createAcceptor({ committer, dispatcher: signals, runtime })
  const acceptor = traced?.watchAcceptor(plainAcceptor) ?? plainAcceptor
  // Where the clock is moved by hand, the client that moves it waits for all that is due.
  const throttle =
    activity === null ? createBackgroundThrottle({ runtime, othersCount: committer.askedFor }) : NO_THROTTLE
  const overlapMs = store.shared ? OVERLAP_MS : 0
  const scheduler = createScheduler({ ...deps, store, acceptor, overlapMs, throttle })
  const redeliverer = createLoop({
    name: 'redeliverer',
    tick: createRedeliverer({ store, runtime, wake: signals.messageMoved }),
    idleMs: REDELIVER_EVERY_MS,
    busyMs: REDELIVER_PAUSE_MS,
    runtime,
  })
  const scan = () => checker.scan()
  const livenessScan = createLoop({ name: 'liveness-scan', tick: scan, idleMs: SCAN_LIVENESS_EVERY_MS, runtime })
  /** What other nodes have found may not have been heard: the store tells. */
  let missedNews = false
  const share = createLoop({
    name: 'liveness-share',
    async tick() {
      const found = await checker.share()
      // Here, because while the database is away this comes again and again.
      if (missedNews) livenessScan.wake()
      missedNews = false
      return found
    },
    idleMs: SHARE_LIVENESS_EVERY_MS,
    runtime,
  })
  let forgetClock: Cancel = () => undefined
  const loops = [
    createLoop({ name: 'lease-renewal', tick: dispatcher.renewLeases, idleMs: RENEW_EVERY_MS, runtime }),
    createLoop({ name: 'dispatcher', tick: sweep, idleMs: SWEEP_EVERY_MS, runtime }),
    remover,
    redeliverer,
    createLoop({ name: 'pruner', tick: createPruner({ ...deps, store }), idleMs: PRUNE_EVERY_MS, runtime }),
    createLoop({
      name: 'answer-remover',
      tick: () => store.answers.removeExpired({ now: runtime.now(), limit: REMOVE_ROWS }),
      idleMs: REMOVE_ANSWERS_EVERY_MS,
      runtime,
    }),
    createLoop({
      name: 'secret-forgetter',
      tick: () => store.secrets.forgetRetired({ now: runtime.now(), limit: REMOVE_ROWS }),
      idleMs: FORGET_SECRETS_EVERY_MS,
      runtime,
    }),
    livenessScan,
    ...(store.shared ? [share] : []),
    createLoop({ name: 'liveness-writer', tick: () => registry.write(), idleMs: WRITE_LIVENESS_EVERY_MS, runtime }),
  ]
  return {
    acceptor,
    planner: scheduler,
    signals: {
      ...signals,
      listenerChanged(listener) {
        signals.listenerChanged(listener)
        // It may not want to be blocked any more.
        redeliverer.wake()
      },
      redeliveryWaits: redeliverer.wake,
      livenessUncertain() {
        missedNews = true
      },
      queueGone(listenerIds) {
        signals.queueGone(listenerIds)
        remover.wake()
      },
    },
    preflight,
    domainChecker: createDomainChecker({ ...deps, sender: plainSender }),
    puller: pulling.pullService,
    endWaits() {
      preflight.stop()
      pulling.pullService.stop()
    },
    counters,
    gauges: () => ({
      attemptsInFlight: shares.slots.used,
      lanes: dispatcher.laneCount(),
      waitingWrites: committer.waiting(),
    }),
    async start() {
      await dispatcher.renewLeases()
      await behindClock.start()
      // Before anything is sent: who was down is not to be sent anything until it is back.
      await checker.scan()
      for (const loop of loops) loop.start()
      scheduler.start()
      // What goes by the clock is looked at with another one: first of all the leases.
      forgetClock = runtime.onLeap((byMs) => {
        runtime.log.warn({ byMs }, 'the clock was set, or the machine was asleep')
        for (const loop of [...loops, scheduler]) loop.wake()
      })
    },
    async stop() {
      forgetClock()
      behindClock.stop()
      await scheduler.stop()
      committer.close()
      checker.stop()
      const finished = dispatcher.stop()
      await expirer.stop()
      const cancel = runtime.after(FINISH_MS, sender.abort)
      await Promise.all(loops.slice(1).map((loop) => loop.stop()))
      // Settlements wait for the store as long as it takes, which a stop cannot.
      await Promise.race([finished, new Promise<void>((resolve) => runtime.after(FINISH_MS, resolve))])
      cancel()
      const lost = await committer.drain(LAST_COMMIT_MS)
      if (lost > 0) runtime.log.error({ writes: lost }, 'stopped with writes that the store did not take')
      await registry.writeAll().catch((err: unknown) => runtime.log.error({ err }, 'liveness was not written'))
      await loops[0]!.stop()
      await store.deliveries.release({ node })
      await sender.close()
    },
  }
}
