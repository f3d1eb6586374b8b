import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { encodeTime } from '../../core/id.ts'
import { NOTIFICATIONS_QUEUE } from '../../core/notification/notification.ts'
import {
  countAccepted,
  dayOf,
  limitsMessages,
  type MessageLimits,
  type MessageUsage,
  startOf,
} from '../../core/telemetry/message-usage.ts'
import type { Limits } from '../../core/tenant/organization.ts'
import type { QuotaReached } from '../../store/organizations.ts'

const LIMITED = `
  select organization_id as id, limits
    from message_usage join organizations on organizations.id = organization_id`

const READ = `select stored, day, accepted from message_usage where organization_id = ?`
const WRITE = `insert or replace into message_usage (organization_id, stored, day, accepted) values (?, ?, ?, ?)`
const FORGET = `delete from message_usage where organization_id = ?`

/** The organization's queues, and those deleted ones whose messages are still to be removed. */
const QUEUES = `
  select id from queues where organization_id = :id
  union all
  select r.id from removals r
   where r.kind = 'queue' and :id = (select m.organization_id from messages m where m.queue_id = r.id limit 1)`

/** Ids begin with their time, so that the index of messages tells those of a day. */
const COUNT = `
  select count(*) as stored, coalesce(sum(id >= :since), 0) as accepted from messages where queue_id in (${QUEUES})`

/** Notifications count against no quota; they are on a queue of their own, so that no other message is read for this. */
const COUNT_NOTIFICATIONS = `
  select count(*) as stored, coalesce(sum(m.id >= :since), 0) as accepted
    from queues q join messages m on m.queue_id = q.id
   where q.organization_id = :id and q.name = '${NOTIFICATIONS_QUEUE}' and m.headers like '{"discue-notification":%'`

/**
 * Limits on messages. Which organizations have them is kept in memory, so that every other is let through by one look
 * into a map; their counts are in the database, and move in the transactions that store or remove messages.
 */
export class MessageQuotas {
  readonly #limits = new Map<string, MessageLimits>()
  readonly #read: StatementSync
  readonly #write: StatementSync
  readonly #forget: StatementSync
  readonly #count: StatementSync
  readonly #countNotifications: StatementSync

  constructor(db: DatabaseSync) {
    this.#read = db.prepare(READ)
    this.#write = db.prepare(WRITE)
    this.#forget = db.prepare(FORGET)
    this.#count = db.prepare(COUNT)
    this.#countNotifications = db.prepare(COUNT_NOTIFICATIONS)
    for (const { id, limits } of db.prepare(LIMITED).all() as { id: string; limits: string }[]) {
      this.remember(id, JSON.parse(limits))
    }
  }

  /**
   * Begins or ends the counting of an organization whose limits change, within that transaction. The beginning reads
   * the index of all its messages, once. Of this day's messages it counts those that are still stored.
   */
  prepare(organizationId: string, limits: MessageLimits, now: number): void {
    if (!limitsMessages(limits)) {
      this.#forget.run(organizationId)
      return
    }
    if (this.#limits.has(organizationId)) return
    const day = dayOf(now)
    const ask = { id: organizationId, since: encodeTime(startOf(day)) }
    const found = this.#count.get(ask) as { stored: number; accepted: number }
    const free = this.#countNotifications.get(ask) as { stored: number; accepted: number }
    this.#write.run(organizationId, found.stored - free.stored, day, found.accepted - free.accepted)
  }

  /** To be called once the transaction that set the limits is on disk. */
  remember(organizationId: string, { storedMessages = null, messagesPerDay = null }: Partial<Limits>): void {
    const limits = { storedMessages, messagesPerDay }
    if (limitsMessages(limits)) this.#limits.set(organizationId, limits)
    else this.#limits.delete(organizationId)
  }

  /** For one transaction; null where no organization has such limits. */
  begin(): UsageChanges | null {
    return this.#limits.size === 0 ? null : new UsageChanges(this.#limits, this.#read, this.#write)
  }
}

/** What one transaction does to the counts: read once for each organization, written once. */
class UsageChanges {
  readonly #limits: ReadonlyMap<string, MessageLimits>
  readonly #read: StatementSync
  readonly #write: StatementSync
  readonly #usages = new Map<string, MessageUsage>()

  constructor(limits: ReadonlyMap<string, MessageLimits>, read: StatementSync, write: StatementSync) {
    this.#limits = limits
    this.#read = read
    this.#write = write
  }

  /** Counts so many messages that are accepted together; says which limit leaves no room for all of them. */
  accept(
    { organizationId, createdAt }: { organizationId: string; createdAt: number },
    messages: number,
  ): QuotaReached | null {
    const limits = this.#limits.get(organizationId)
    if (limits === undefined) return null
    const limit = countAccepted(this.#usageOf(organizationId), limits, { at: createdAt, messages })
    return limit === null ? null : { outcome: 'quota', limit, value: limits[limit]! }
  }

  write(): void {
    for (const [organizationId, { stored, day, accepted }] of this.#usages) {
      this.#write.run(organizationId, stored, day, accepted)
    }
  }

  #usageOf(organizationId: string): MessageUsage {
    let usage = this.#usages.get(organizationId)
    if (usage === undefined) {
      usage = { ...(this.#read.get(organizationId) as unknown as MessageUsage) }
      this.#usages.set(organizationId, usage)
    }
    return usage
  }
}
