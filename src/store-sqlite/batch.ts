import type { DatabaseSync } from 'node:sqlite'
import { acknowledges } from '../core/attempt.ts'
import type {
  Accept,
  AcceptResult,
  Batch,
  BatchResult,
  MessageAccept,
  Settlement,
  SettleResult,
} from '../store/batch.ts'
import { UsageChanges } from '../store/usage-changes.ts'
import { createEffectAnswers } from './answers.ts'
import { createFigures, FigureChanges } from './figures.ts'
import type { Leases } from './leases.ts'
import type { MessageMarks } from './message-marks.ts'
import type { MessageQuotas } from './message-quotas.ts'
import { createSequence } from './sequence.ts'
import type { Transact } from './transaction.ts'
import type { Usage } from './usage.ts'

const QUEUE_VERSION = `
  select version from queues
   where organization_id = ? and id = ? and exists (select 1 from organizations where id = organization_id)`

const INSERT_MESSAGE = `
  insert into messages (sequence, id, organization_id, queue_id, name, key, data, created_at, deliver_at, fan_out)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

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
  { leases, marks, quotas, usage }: { leases: Leases; marks: MessageMarks; quotas: MessageQuotas; usage: Usage },
): (batch: Batch) => BatchResult {
  const [queueVersion, insertMessage] = [db.prepare(QUEUE_VERSION), db.prepare(INSERT_MESSAGE)]
  const [insertDelivery, insertAttempt] = [db.prepare(INSERT_DELIVERY), db.prepare(INSERT_ATTEMPT)]
  const [deleteDelivery, moveDelivery] = [db.prepare(DELETE_DELIVERY), db.prepare(MOVE_DELIVERY)]
  const [insertMissed, useKey] = [db.prepare(INSERT_MISSED), db.prepare(USE_KEY)]
  const figures = createFigures(db)
  const answers = createEffectAnswers(db)
  const sequences = createSequence(db)
  /** Numbers the transactions, those that fail too. */
  let transaction = 0

  function versionOf({ message }: MessageAccept, seen: Map<string, number>): number {
    // By organization too: a queue's id from another organization must find nothing, whatever else the batch holds.
    const key = message.organizationId + message.queueId
    const known = seen.get(key)
    if (known !== undefined) return known
    const row = queueVersion.get(message.organizationId, message.queueId) as { version: number } | undefined
    const version = row?.version ?? -1
    seen.set(key, version)
    return version
  }

  /** Returns the first message's sequence, from which the others count up. What refuses it comes before any write. */
  function accept(it: Accept, { seen, changes, quota }: Transaction): Accepted {
    const first = it.messages[0]!
    if (versionOf(first, seen) !== it.queueVersion) return { outcome: 'stale' }
    if (answers.has(it.answer)) return { outcome: 'answered' }
    const refused = quota === null ? null : quota.accept(first.message, it.messages.length)
    if (refused !== null) return refused
    answers.write(it.answer)
    const sequence = insert(first, changes)
    for (let i = 1; i < it.messages.length; i++) insert(it.messages[i]!, changes)
    return sequence
  }

  function insert({ message, deliveries }: MessageAccept, { figures: changes, usage: used }: Changes): number {
    const { id, organizationId, queueId, name, key, data, createdAt, deliverAt } = message
    const sequence = sequences.next()
    insertMessage.run(sequence, id, organizationId, queueId, name, key, data, createdAt, deliverAt, deliveries.length)
    marks.added(queueId, id)
    for (const { listenerId } of deliveries) {
      insertDelivery.run(listenerId, deliverAt, sequence)
      changes.of(listenerId).pending += 1
    }
    used.added(message)
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

  function write(batch: Batch): { accepted: Accepted[]; settlements: SettleResult[]; counted: () => void } {
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
    const { accepted, settlements, counted } = written(batch)
    sequences.committed()
    counted()
    for (const { delivery } of batch.settlements) {
      leases.dropSettled(delivery.listenerId, delivery.sequence, transaction)
    }
    return { accepts: batch.accepts.map((it, index) => lease(it, accepted[index]!, batch.node)), settlements }
  }

  function written(batch: Batch): ReturnType<typeof write> {
    try {
      return transact(() => write(batch))
    } catch (error) {
      marks.forget()
      throw error
    }
  }

  function lease(it: Accept, accepted: Accepted, node: string): AcceptResult {
    if (typeof accepted !== 'number') return accepted
    const messages = it.messages.map(({ message, deliveries }, index) => {
      const sequence = accepted + index
      const taken = deliveries.map(({ listenerId, leased }) =>
        leased ? leases.take(node, listenerId, sequence, message) : null,
      )
      return { sequence, leases: taken }
    })
    return { outcome: 'accepted', messages }
  }
}

/** The sequence of the first message that was stored, or why none was. */
type Accepted = number | Exclude<AcceptResult, { outcome: 'accepted' }>
