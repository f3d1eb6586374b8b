import type { Feature } from '../core/feature.ts'
import { Problem } from '../core/problem.ts'
import type { ApiKeyStore } from './api-keys.ts'
import type { ClockStore } from './clock.ts'
import type { HeardChange, NodeNews } from './cluster/changes.ts'
import type { RateStore } from './cluster/rates.ts'
import type { Batch, BatchResult } from './commit/batch.ts'
import type { DeliveryStore, ExpiryStore } from './deliveries.ts'
import type { DomainStore } from './domains.ts'
import type { EventStore } from './events.ts'
import type { IdempotencyRecordStore } from './idempotency-records.ts'
import type { DiscardStore } from './jobs/discards.ts'
import type { RedeliveryStore } from './jobs/redeliveries.ts'
import type { LedgerStore } from './ledger.ts'
import type { ListenerStore } from './listeners.ts'
import type { ListenerDeliveryStore } from './listing/listener-deliveries.ts'
import type { LivenessStore } from './liveness.ts'
import type { MessageStore } from './messages.ts'
import type { OrderStore } from './orders.ts'
import type { OrganizationStore } from './organizations.ts'
import type { PullStore } from './pulls.ts'
import type { QueueStore } from './queues.ts'
import type { RemovalStore } from './removals.ts'
import type { ScheduleStore } from './schedules.ts'
import type { SecretStore } from './secrets.ts'
import type { StatsStore } from './stats.ts'
import type { NotificationStore } from './telemetry/notifications.ts'

/**
 * Everything that outlives the process. Each method is one transaction, synced to disk when its promise
 * resolves. Losing a race is an answer; `StoreUnavailable` means that nothing was written.
 * Times are epoch milliseconds, and the store never reads a clock of its own.
 */
export interface Store {
  readonly organizations: OrganizationStore
  readonly apiKeys: ApiKeyStore
  readonly queues: QueueStore
  readonly listeners: ListenerStore
  readonly liveness: LivenessStore
  readonly messages: MessageStore
  readonly deliveries: DeliveryStore
  readonly listenerDeliveries: ListenerDeliveryStore
  readonly expiries: ExpiryStore
  readonly removals: RemovalStore
  readonly events: EventStore
  readonly stats: StatsStore
  readonly answers: IdempotencyRecordStore
  readonly domains: DomainStore
  readonly pulls: PullStore
  readonly clock: ClockStore
  readonly schedules: ScheduleStore
  readonly secrets: SecretStore
  readonly orders: OrderStore
  readonly ledger: LedgerStore
  readonly notifications: NotificationStore
  readonly redeliveries: RedeliveryStore
  readonly discards: DiscardStore
  /** The hot path: everything that is written often, in one transaction. Results are in the batch's order. */
  commit(batch: Batch): Promise<BatchResult>
  /** Whether other processes may use what is stored at the same time. */
  readonly shared: boolean
  /**
   * Has `heard` called with each change until the answer is called: what this process writes, after the commit and before
   * the write's promise resolves, and what other processes write and tell, soon after.
   */
  follow(heard: (change: HeardChange) => void): () => void
  /**
   * Tells other processes of what is in no row, soon and without a promise; does nothing where the store is not shared.
   */
  tell(news: NodeNews): void
  /**
   * Names of other nodes on the same database that live and do not know this: it is to be refused until there are none. What
   * was heard with the last `deliveries.renew`, so that it costs nothing to ask; of nodes that start meanwhile it says
   * nothing yet.
   */
  nodesWithout(feature: Feature): readonly string[]
  /** Limits that processes share; null where the store is this process's own. */
  readonly rates: RateStore | null
  /** Resolves where the store can be written. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** The store cannot be reached or written now: a full disk, a lost connection, a broken device. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreUnavailable'
  }
}

/** As `StoreUnavailable`, but of a write of which it cannot be known whether it is stored. */
export class OutcomeUnknown extends StoreUnavailable {}

const UNKNOWN =
  'the connection to the store was lost while it wrote; the outcome is unknown: it may have been stored, or not'

/** What a caller is told where the store is away: that nothing was stored, or that it cannot be known. */
export function problemOfStore(error: StoreUnavailable): Problem {
  const detail = error instanceof OutcomeUnknown ? { detail: UNKNOWN } : {}
  return new Problem('store_unavailable', { ...detail, cause: error })
}
