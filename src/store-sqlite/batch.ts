import type { DatabaseSync } from 'node:sqlite'
import { acknowledges } from '../core/attempt.ts'
import type { Accept, AcceptResult, Batch, BatchResult, Settlement, SettleResult } from '../store/batch.ts'
import type { QuotaReached } from '../store/organizations.ts'
import { createFigures, FigureChanges } from './figures.ts'
import type { Leases } from './leases.ts'
import type { MessageQuotas } from './message-quotas.ts'
import { createSequence } from './sequence.ts'
import type { Transact } from './transaction.ts'
import type { Usage } from './usage.ts'
import { UsageChanges } from './usage-changes.ts'

const QUEUE_VERSION = `
  select version from queues
   where organization_id = ? and id = ? and exists (select 1 from organizations where id = organization_id)`

const INSERT_MESSAGE = `
  insert into messages (sequence, id, organization_id, queue_id, name, data, created_at, deliver_at, fan_out)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)`

const INSERT_DELIVERY = `
  insert into deliveries (listener_id, due_at, sequence, attempts, first_sent_at, moved) values (?, ?, ?, 0, null, 0)`

const INSERT_ATTEMPT = `
  insert into attempts (sequence, listener_id, number, started_at, duration_ms, status, error, response)
  values (?, ?, ?, ?, ?, ?, ?, ?)`

const DELETE_DELIVERY = `delete from deliveries where listener_id = ? and due_at = ? and sequence = ?`

const MOVE_DELIVERY = `
  update deliveries set due_at = ?, attempts = ?, first_sent_at = ?, moved = 1
   where listener_id = ? and due_at = ? and sequence = ?`

const INSERT_MISSED = `insert into missed (sequence, listener_id, at, reason) values (?, ?, ?, ?)`

const USE_KEY = `
  update api_keys set last_used_at = ? where id = ? and (last_used_at is null or last_used_at < ?)`

/** What is known, and what is summed up, while one transaction runs. */
interface Transaction {
  /** Versions of queues, by organization and queue. */
  seen: Map<string, number>
  changes: Changes
  quota: ReturnType<MessageQuotas['begin']>
}

/** What a transaction sums up and writes at its end. */
interface Changes {
  figures: FigureChanges
  usage: UsageChanges
}

/** Makes the one transaction of the hot path. */
export function createCommit(
  db: DatabaseSync,
  transact: Transact,
  { leases, quotas, usage }: { leases: Leases; quotas: MessageQuotas; usage: Usage },
): (batch: Batch) => BatchResult {
  const [queueVersion, insertMessage] = [db.prepare(QUEUE_VERSION), db.prepare(INSERT_MESSAGE)]
  const [insertDelivery, insertAttempt] = [db.prepare(INSERT_DELIVERY), db.prepare(INSERT_ATTEMPT)]
  const [deleteDelivery, moveDelivery] = [db.prepare(DELETE_DELIVERY), db.prepare(MOVE_DELIVERY)]
  const [insertMissed, useKey] = [db.prepare(INSERT_MISSED), db.prepare(USE_KEY)]
  const figures = createFigures(db)
  const sequences = createSequence(db)
  /** Numbers the transactions, those that fail too. */
  let transaction = 0

  function versionOf({ message }: Accept, seen: Map<string, number>): number {
    // By organization too: a queue's id from another organization must find nothing, whatever else the batch holds.
    const key = message.organizationId + message.queueId
    const known = seen.get(key)
    if (known !== undefined) return known
    const row = queueVersion.get(message.organizationId, message.queueId) as { version: number } | undefined
    const version = row?.version ?? -1
    seen.set(key, version)
    return version
  }

  /** Returns the message's sequence, or 0 where the accept is stale. */
  function accept(
    it: Accept,
    { seen, changes: { figures: changes, usage: used }, quota }: Transaction,
  ): number | QuotaReached {
    if (versionOf(it, seen) !== it.queueVersion) return 0
    const refused = quota === null ? null : quota.accept(it.message)
    if (refused !== null) return refused
    const { id, organizationId, queueId, name, data, createdAt, deliverAt } = it.message
    const sequence = sequences.next()
    const fanOut = it.deliveries.length
    insertMessage.run(sequence, id, organizationId, queueId, name, data, createdAt, deliverAt, fanOut)
    for (const { listenerId } of it.deliveries) {
      insertDelivery.run(listenerId, deliverAt, sequence)
      changes.of(listenerId).pending += 1
    }
    used.added(it.message)
    return sequence
  }

  /** Does what the settlement says to the pending delivery; false where there is none any more. */
  function move({ delivery, attempt, next }: Settlement): boolean {
    const { listenerId, dueAt, sequence } = delivery
    if (next.state === 'pending') {
      const firstSentAt = delivery.firstSentAt ?? attempt.startedAt
      const values = [next.dueAt, attempt.number, firstSentAt, listenerId, dueAt, sequence]
      return moveDelivery.run(...values).changes === 1
    }
    return deleteDelivery.run(listenerId, dueAt, sequence).changes === 1
  }

  function settle(it: Settlement, node: string, { figures: changes, usage: used }: Changes): SettleResult {
    const { delivery, attempt, next } = it
    const { listenerId, sequence } = delivery
    const message = leases.settle(node, listenerId, sequence, delivery.lease, transaction)
    if (message === null || !move(it)) return 'lost'
    const { number, startedAt, durationMs, status, error, response } = attempt
    insertAttempt.run(sequence, listenerId, number, startedAt, durationMs, status, error, response)
    const endedAt = startedAt + durationMs
    const change = changes.of(listenerId)
    const ok = acknowledges(attempt)
    if (ok) change.lastSuccessAt = Math.max(change.lastSuccessAt ?? 0, endedAt)
    else change.lastFailureAt = Math.max(change.lastFailureAt ?? 0, endedAt)
    used.published(message, listenerId, ok ? endedAt - message.deliverAt : null)
    if (next.state !== 'pending') change.pending -= 1
    if (next.state === 'acknowledged') change.acknowledged += 1
    if (next.state === 'missed') {
      change.missed += 1
      insertMissed.run(sequence, listenerId, endedAt, next.reason)
    }
    return 'settled'
  }

  function write(batch: Batch): {
    accepted: (number | QuotaReached)[]
    settlements: SettleResult[]
    counted: () => void
  } {
    const changes = { figures: new FigureChanges(), usage: new UsageChanges() }
    const quota = quotas.begin()
    const running = { seen: new Map<string, number>(), changes, quota }
    const accepted = batch.accepts.map((it) => accept(it, running))
    quota?.write()
    const settlements = batch.settlements.map((it) => settle(it, batch.node, changes))
    for (const [listenerId, change] of changes.figures.entries()) figures.add(listenerId, change)
    const counted = usage.write(changes.usage, batch.now)
    for (const { apiKeyId, at } of batch.keyUses) useKey.run(at, apiKeyId, at)
    return { accepted, settlements, counted }
  }

  // Leases are in memory and know no rollback: they change only once the transaction is on disk.
  return (batch) => {
    transaction += 1
    const { accepted, settlements, counted } = transact(() => write(batch))
    sequences.committed()
    counted()
    for (const { delivery } of batch.settlements) {
      leases.dropSettled(delivery.listenerId, delivery.sequence, transaction)
    }
    return { accepts: batch.accepts.map((it, index) => lease(it, accepted[index]!, batch.node)), settlements }
  }

  function lease(it: Accept, sequence: number | QuotaReached, node: string): AcceptResult {
    if (typeof sequence !== 'number') return sequence
    if (sequence === 0) return { outcome: 'stale' }
    const taken = it.deliveries.map((delivery) =>
      delivery.leased ? leases.take(node, delivery.listenerId, sequence, it.message) : null,
    )
    return { outcome: 'accepted', sequence, leases: taken }
  }
}
