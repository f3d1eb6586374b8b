import type { ReachedQuota } from '../../core/notification/notification.ts'
import type { ListenerStanding, QueueStanding, ScheduleStanding } from '../../core/notification/standing.ts'

/** An organization that has a queue of notifications. */
export interface WatchedOrganization {
  organizationId: string
  queueId: string
}

/** What an organization was told, as `told.ts` writes it; `version` grows by one with each write. */
export interface ToldRecord {
  version: number
  told: string
}

/** A page of what is worth telling; null as `after`: it was the last one. */
export interface StandingPage<One> {
  found: One[]
  after: string | null
}

/** Where the records of what was told lie among those of requests, by its version: no request has such a target. */
export const TOLD_TARGET = 'discue/notifications'
/**
 * Versions whose records are kept, for a node that has decided by an older one and finds that another was faster: some
 * minutes' worth, where each of them may be as long as all that an organization knows.
 */
export const KEPT_TOLD_RECORDS = 20

/** Reads how organizations stand that want to be told of it, and keeps what they have been told. */
export interface NotificationStore {
  /**
   * Those with a queue of the name `NOTIFICATIONS_QUEUE`, by their ids; organizations without one cost nothing. Where the
   * first page (`after` is null) has any, what the others read counts all that was committed before it was asked for.
   */
  watched(ask: { after: string | null; limit: number }): Promise<WatchedOrganization[]>
  /** Null where it was told nothing yet. */
  read(ask: { organizationId: string }): Promise<ToldRecord | null>
  /**
   * Puts it in the place of the version before it, and removes the record of the one that is `KEPT_TOLD_RECORDS` older.
   * `passed`: another one is there, or the organization is gone.
   */
  save(ask: { organizationId: string; version: number; told: string }): Promise<'saved' | 'passed'>
  /**
   * Of up to `limit` listeners of the organization, those that are down, disabled or have missed something, and those whose
   * ids are `known`; none of the queue `exceptQueueId`.
   */
  listeners(
    ask: StandingAsk & { known: readonly string[]; after: string; limit: number },
  ): Promise<StandingPage<ListenerStanding>>
  /**
   * Queues with deliveries to up to `limit` listeners of the organization that were due by `dueBy`. Pages go by listeners: one
   * queue may be on several of them, each time with what its listeners there tell.
   */
  queues(ask: StandingAsk & { dueBy: number; after: string; limit: number }): Promise<StandingPage<QueueStanding>>
  /** Of up to `limit` schedules, those whose latest run failed. */
  schedules(ask: StandingAsk & { after: string; limit: number }): Promise<StandingPage<ScheduleStanding>>
  /** Limits of what is stored, and of messages a day at `now`, that have no room left. */
  reachedQuotas(ask: { organizationId: string; now: number }): Promise<ReachedQuota[]>
}

interface StandingAsk {
  organizationId: string
  exceptQueueId: string
}
