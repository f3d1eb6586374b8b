import type { Listener, ListenerCounters, SettingsChange } from '../core/delivery/listener.ts'
import type { Liveness } from '../core/delivery/liveness.ts'
import type { IdempotencyRecord } from './idempotency-records.ts'
import type { ExpectedRevisions } from './listing/expected-revision.ts'
import type { Only, Revised, Slice } from './listing/slice.ts'
import type { Refused } from './organizations.ts'

export interface ListenerChanges {
  name?: string
  notifyUrl?: string | null
  livenessUrl?: string | null
  /** A new one, sealed; the one before it retires (`core/tenant/secret-rotation.ts`). */
  secret?: string
  /** A new private key, sealed, which retires the one before it too; null takes it away. */
  privateKey?: string | null
  /** What it leaves out stays as it is in the store, also where two updates come at once. */
  settings?: SettingsChange
}

/** A listener with its counters, as its full form shows it. */
export interface ListenerDetails extends Listener, ListenerCounters {
  /** As it was last written down. */
  liveness: Liveness
}

/** Where a listener is; null: it pulls, or has none. */
export type ListenerUrls = Pick<Listener, 'id' | 'notifyUrl' | 'livenessUrl'>

export interface ListenerStore {
  /**
   * The listener gets every message that is accepted from now on. `answer` is stored together with it; `answered`:
   * there is one already, and nothing was stored. `queue_full`: the queue has `most` listeners (10,000 unless told),
   * counted within the transaction, so that no number of creations at the same time exceeds it. `filters_full`: with this
   * one the filters of its listeners would be longer than `MAX_FILTERS_OF_QUEUE`, counted likewise.
   */
  create(
    listener: Listener,
    answer?: IdempotencyRecord,
    most?: number,
  ): Promise<'created' | 'name_taken' | 'queue_not_found' | 'queue_full' | 'filters_full' | 'answered' | Refused>
  get(ask: { organizationId: string; queueId: string; id: string }): Promise<Revised<ListenerDetails> | null>
  /** Oldest first; of one queue, or of all of the organization's where `queueId` is null. */
  list(ask: { organizationId: string; queueId: string | null; only: Only; slice: Slice }): Promise<ListenerDetails[]>
  /** Where listeners of all organizations are, by id, after the id `after`; for a start, not for a request. */
  urls(ask: { after: string | null; limit: number }): Promise<ListenerUrls[]>
  /** For the engine, which knows a listener by its id alone. */
  find(id: string): Promise<Listener | null>
  /** Answers with the listener as it is now; its `updatedAt` is `now`, or just later than it was. `filters_full` as above. */
  update(ask: {
    organizationId: string
    queueId: string
    id: string
    changes: ListenerChanges
    now: number
    ifMatch?: ExpectedRevisions
  }): Promise<Revised<Listener> | 'not_found' | 'name_taken' | 'filters_full' | 'changed'>
  /**
   * Disables a listener that is enabled and has this `notifyUrl`, and has the event say why; null where it is not so any
   * more. The queue's version grows with it.
   */
  disable(ask: { id: string; notifyUrl: string; reason: string; now: number }): Promise<Listener | null>
  /** What it had waiting is gone with it. */
  delete(ask: {
    organizationId: string
    queueId: string
    id: string
    now: number
    ifMatch?: ExpectedRevisions
  }): Promise<'deleted' | 'not_found' | 'changed'>
}
