import type { Listener, Pushed } from '../core/delivery/listener.ts'
import type { LivenessNews } from '../core/delivery/liveness.ts'
import type { Message } from '../core/delivery/message.ts'
import type { CheckReport } from '../core/delivery/preflight.ts'
import type { LeaseEnd, Receipt } from '../core/delivery/pull.ts'
import type { LeftOut } from '../core/listener-filter/left-out.ts'
import type { QueueFilters } from '../core/listener-filter/queue-filters.ts'
import type { Targets } from '../core/network/target.ts'
import type { Problem } from '../core/problem.ts'
import type { CronCache } from '../core/schedule/schedule.ts'
import type { HoldUp } from '../core/search/wait-reason.ts'
import type { Domain, DomainVerification } from '../core/tenant/domain.ts'
import type { SecretBox } from '../core/tenant/secret-box.ts'
import type { Runtime } from '../runtime.ts'
import type { IdempotencyRecord } from '../store/idempotency-records.ts'
import type { PulledDelivery } from '../store/pulls.ts'
import type { QueueRoute } from '../store/queues.ts'
import type { ScheduleStep } from '../store/schedules.ts'
import type { Store } from '../store/store.ts'
import type { KeyRing } from './caches/api-key-cache.ts'
import type { QueueDirectory } from './caches/queue-directory.ts'
import type { SchemaChecks } from './caches/schema-checks.ts'
import type { MovableClock } from './clock.ts'

/** The engine's side of accepting: resolves when the messages are on disk. */
export interface Acceptor {
  /**
   * Stores messages of one queue, all or none, together with the answer that was made for them. `stale`: the queue has
   * changed since the route was read; read it again. `answered`: the request has an answer already. `passed`: a
   * schedule that the messages are made by has not the revision or due time that its step expects. `leftOut`: of each message
   * the listeners that it does not fit; needed where the route has filters. Throws the problems
   * `quota_reached`, `overloaded`, `stopping` or `store_unavailable` where nothing was stored.
   */
  accept(
    messages: readonly Omit<Message, 'sequence'>[],
    route: QueueRoute & { filters?: QueueFilters | null },
    answer?: IdempotencyRecord,
    steps?: readonly ScheduleStep[],
    leftOut?: readonly (LeftOut | null)[],
  ): Promise<'accepted' | 'stale' | 'answered' | 'passed'>
  /** Remembers that a key was used; written with some later commit. */
  useKey(apiKeyId: string, at: number): void
}

/** What is known of listeners before it is written down. */
export interface RecentLiveness {
  /** What the store does not know yet of how the listener is doing, or null. */
  newsOf(listenerId: string): LivenessNews | null
}

/** What keeps listeners from being sent more than they are, as far as this node knows. */
export interface HoldUps {
  /** Null where nothing does, or nothing is sent from here. */
  of(listenerId: string): HoldUp | null
}

/**
 * All addresses of a name, as the server's own connections would find them. Rejects where they cannot be found. Look-ups are
 * shared fairly by the organization that they are for.
 */
export type LookUpName = (hostname: string, ask: { organizationId: string }) => Promise<readonly string[]>

/** Tries a listener without storing anything. */
export interface Preflight {
  /** Takes no longer than the listener's timeout. Throws `too_many_checks`, `overloaded` and `stopping`. */
  check(listener: Pushed): Promise<CheckReport>
}

/** A request as answers show it. */
export interface ShownRequest {
  method: string
  url: string
  /** By name; values that are never shown are `***`. */
  headers: Record<string, string>
}

/** Shows what would be sent, and sends nothing. */
export interface RequestPreview {
  /** The first attempt of a message, signed; null where this node cannot read what it would be signed with. */
  first(listener: Pushed, message: Omit<Message, 'sequence'>, now: number): ShownRequest | null
}

/** Looks for the files of challenges. */
export interface DomainChecker {
  /** Why the challenge is not met, or null where it is. Throws `too_many_checks`, `overloaded` and `stopping`. */
  check(domain: Domain): Promise<string | null>
}

/** What an answer holds of the memory for answers that clients have not read yet. */
export interface AnswerHold {
  /** Holds this many bytes, in place of what it held; false, and nothing changed, where they are more than its organization's share. */
  take(bytes: number): boolean
  /** Holds this many bytes, whatever the share is: they are in memory. */
  keep(bytes: number): void
  /** Why `take` answered false: `too_many_answers` or `overloaded`. */
  refusal(): Problem
}

/** What a client that pulls asks for. */
export interface PullRequest {
  listener: Listener
  max: number
  /** How long to wait where there is nothing; 0: not at all. */
  waitMs: number
  leaseMs: number
  /** Aborted when the client has hung up; null where the transport cannot tell. */
  client: AbortSignal | null
  /** Room for the answer; null where its transport bounds what is not read by itself. */
  room: AnswerHold | null
}

/** The engine's side of listeners that pull. */
export interface Puller {
  /**
   * Leases what is due, at least one message where there is any, and no more than there is `room` for. Throws `listener_not_found` where the listener is gone
   * or does not pull, `too_many_polls`, `too_many_answers`, `overloaded`, `store_unavailable` and `stopping`.
   */
  pull(request: PullRequest): Promise<PulledDelivery[]>
  /** Ends leases, each by itself; in the order of the receipts. Throws `overloaded` and `store_unavailable`. */
  settle(ask: {
    listener: Pick<Listener, 'id' | 'queueId' | 'organizationId'>
    receipts: readonly Receipt[]
    end: LeaseEnd
  }): Promise<('settled' | 'lost')[]>
  /** Begins leases anew, each by itself, for `leaseMs`; otherwise like `settle`. */
  extend(ask: {
    listener: Pick<Listener, 'id' | 'queueId' | 'organizationId'>
    receipts: readonly Receipt[]
    leaseMs: number
  }): Promise<('settled' | 'lost')[]>
}

/** What every use case may ask for. */
export interface AppDeps {
  store: Store
  runtime: Runtime
  acceptor: Acceptor
  recentLiveness: RecentLiveness
  holdUps: HoldUps
  preflight: Preflight
  requestPreview: RequestPreview
  domainChecker: DomainChecker
  puller: Puller
  directory: QueueDirectory
  schemaChecks: SchemaChecks
  cronCache: CronCache
  keyRing: KeyRing
  /** Null where the clock runs by itself. */
  clock: MovableClock | null
  /** How long events are kept. */
  eventRetentionMs: number
  /** Where listeners may be. */
  targets: Targets
  lookUpName: LookUpName
  /** Whether listeners must be on verified domains. */
  domainVerification: DomainVerification
  /** Encrypts listeners' secrets. */
  secretBox: SecretBox
  /** Whether listeners may have certificates taken that no authority vouches for. */
  insecureTls: boolean
}
