import type { EngineFollowers } from '../app/caches/follow-changes.ts'
import type { QueueDirectory } from '../app/caches/queue-directory.ts'
import type { SchemaChecks } from '../app/caches/schema-checks.ts'
import type {
  Acceptor,
  DomainChecker,
  HoldUps,
  Preflight,
  Puller,
  RecentLiveness,
  RequestPreview,
} from '../app/deps.ts'
import type { Egress } from '../core/network/egress.ts'
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
import { createAuthorizedSender } from './client/tokens/authorized-sender.ts'
import { createTokens } from './client/tokens/tokens.ts'
import { createAcceptor } from './commit/acceptor.ts'
import { createCommitter } from './commit/committer.ts'
import { measuredCommits } from './commit/measured-commits.ts'
import { Deadline } from './deadline.ts'
import { createLoops } from './loops.ts'
import { createMoments } from './notify/moments.ts'
import { createNotifier } from './notify/notifier.ts'
import { createPulling } from './pull/pulling.ts'
import { createBehindClock } from './push/behind-clock.ts'
import { ClaimFailures } from './push/claim-failures.ts'
import { createDelivering } from './push/delivering.ts'
import { MemoryShare } from './push/memory-share.ts'
import { createRequestPreview } from './push/request-preview.ts'
import { createBackgroundThrottle, NO_THROTTLE } from './schedule/background-throttle.ts'
import { createScheduler } from './schedule/scheduler.ts'
import type { Traced } from './trace/traced.ts'
import type { Retention } from './upkeep/pruner.ts'

/** Attempts in flight over all listeners, of which one organization has half; each is a connection of some 35 kB. */
const MAX_IN_FLIGHT = 4_096
/** What a stopping server gives to attempts on the wire, and then to the last commit. */
const FINISH_MS = 10_000
const LAST_COMMIT_MS = 5_000
/** What is cut off after that needs to be told to its lane, which hands it back. */
const CUT_OFF_MS = 1_000
/** What it gives, in all, to telling the store that it is gone. */
const LEAVE_MS = 3_000

/** Everything that runs by itself, and what the use cases need of it. */
export interface Engine {
  acceptor: Acceptor
  recentLiveness: RecentLiveness
  holdUps: HoldUps
  /** Its parts that are to be told of changes, from before its start. */
  followers: EngineFollowers
  counters: EngineCounters
  gauges(): EngineGauges
  /** Why nothing that is due is sent, in words for strangers; null while nothing is wrong. */
  claimFault(): string | null
  preflight: Preflight
  requestPreview: RequestPreview
  domainChecker: DomainChecker
  puller: Puller
  /** Ends what would keep a request waiting for long: checks of listeners, and those who wait for messages. */
  endWaits(): void
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
  /** Whether listeners may have certificates taken that no authority vouches for. */
  insecureTls: boolean
  /** The way out through a proxy; null: there is none. */
  egress: Egress | null
  /** Counts what the engine does, where a client moves the clock and waits until the engine has come to rest. */
  activity?: Activity | null
  /** Follows messages, where the operator has configured traces. */
  traced?: Traced | null
}): Engine {
  const { runtime, activity = null, traced = null } = deps
  const store = activity?.watchStore(deps.store) ?? deps.store
  const node = runtime.newId()
  const counters = createEngineCounters()
  const moments = createMoments({ ...deps, store, counters })
  const measured = measuredCommits(store, { counters, runtime, moments })
  const committer = createCommitter({ store: measured, node, runtime, ahead: store.shared })
  const bareSender = createSender(runtime, deps.targets, {
    names: deps.names,
    insecureTls: deps.insecureTls,
    egress: deps.egress,
  })
  const tokens = createTokens({ ...deps, sender: bareSender })
  const plainSender = createAuthorizedSender(bareSender, { tokens, runtime })
  const tracedSender = traced?.watchSender(plainSender) ?? plainSender
  const sender = activity?.watchSender(tracedSender) ?? tracedSender
  const shares = { slots: new FairPlaces(MAX_IN_FLIGHT), memory: new MemoryShare() }
  const claims = new ClaimFailures(runtime, counters)
  const delivering = createDelivering({ ...deps, moments, ...shares, store, committer, sender, node, claims })
  const { dispatcher, checker, registry } = delivering
  const { pullService: pulls, expirer } = createPulling({ store, runtime, committer, dispatcher })
  const preflight = createPreflight({ ...deps, tokens })
  const behindClock = createBehindClock({ store, runtime })
  const plainAcceptor = createAcceptor({ committer, dispatcher, pulls, runtime, moments })
  const acceptor = traced?.watchAcceptor(plainAcceptor) ?? plainAcceptor
  // Where the clock is moved by hand, the client that moves it waits for all that is due.
  const throttle =
    activity === null ? createBackgroundThrottle({ runtime, othersCount: committer.askedFor }) : NO_THROTTLE
  const scheduler = createScheduler({ ...deps, moments, store, node, acceptor, throttle })
  const { retention } = deps
  const notify = createNotifier({ ...deps, store, node, acceptor, recentLiveness: registry })
  const loops = createLoops({
    ...delivering,
    store,
    runtime,
    node,
    retention,
    sender,
    expirer,
    behindClock,
    claims,
    notify,
    moments,
  })
  let forgetClock: Cancel = () => undefined
  return {
    acceptor,
    recentLiveness: registry,
    holdUps: { of: dispatcher.holdUpOf },
    followers: {
      checks: {
        listenerAdded: (listener) => checker.listenerChanged(listener),
        listenerChanged: (listener) => checker.listenerChanged(listener),
        listenerGone: (listenerId) => checker.listenerGone(listenerId),
        told: (listenerId, state) => checker.told(listenerId, state),
        newsMissed: loops.newsMissed,
      },
      lanes: dispatcher,
      pulls,
      remover: loops.remover,
      redeliverer: loops.redeliverer,
      discarder: loops.discarder,
      scheduler,
    },
    claimFault: () => claims.reason(),
    preflight,
    requestPreview: createRequestPreview(deps),
    domainChecker: createDomainChecker({ ...deps, sender: plainSender }),
    puller: pulls,
    endWaits() {
      preflight.stop()
      pulls.stop()
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
      loops.start()
      scheduler.start()
      // What goes by the clock is looked at with another one: first of all the leases.
      forgetClock = runtime.onLeap((byMs) => {
        runtime.log.warn({ byMs }, 'the clock was set, or the machine was asleep')
        loops.wake()
        scheduler.wake()
      })
    },
    async stop() {
      forgetClock()
      behindClock.stop()
      // What waits for a store that does not answer is not waited for: leases run out by themselves.
      const finishing = new Deadline(runtime, FINISH_MS + CUT_OFF_MS)
      await finishing.wait('the last schedules', scheduler.stop())
      committer.close()
      checker.stop()
      const finished = dispatcher.stop()
      const cancel = runtime.after(FINISH_MS, sender.abort)
      await finishing.wait('the last leases of pulls', expirer.stop())
      await finishing.wait('the last rounds of what runs by itself', loops.stopWork())
      await finishing.wait('what is on the wire', finished)
      cancel()
      const lost = await committer.drain(LAST_COMMIT_MS)
      if (lost > 0) runtime.log.error({ writes: lost }, 'stopped with writes that the store did not take')
      const leaving = new Deadline(runtime, LEAVE_MS)
      await leaving.wait('the liveness of listeners', registry.writeAll())
      await leaving.wait('the renewal of leases', loops.leaseRenewal.stop())
      await leaving.wait('handing back leases', store.deliveries.release({ node }))
      await sender.close()
    },
  }
}
