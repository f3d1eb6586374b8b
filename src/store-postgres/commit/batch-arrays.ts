import { orderKeyOf } from '../../core/delivery/listener.ts'
import { endOf, judgedChange, restartedChange } from '../../core/delivery/settlement.ts'
import { isNotification } from '../../core/notification/notification.ts'
import type { Accept, Batch, MessageAccept, Settlement } from '../../store/commit/batch.ts'
import type { SegmentText } from '../../store/commit/usage-changes.ts'
import type { IdempotencyRecord } from '../../store/idempotency-records.ts'
import { changeRow, type UsageRow } from '../cluster/changes.ts'
import { lockOf } from '../cluster/locks.ts'
import { texts } from '../connect/arrays.ts'
import { Columns } from '../connect/columns.ts'
import type { Value } from '../connect/session.ts'
import { stored } from '../connect/text.ts'
import type { HeldLease } from '../deliveries/leases.ts'
import { stepJson } from '../schedules/schedule-steps.ts'
import { TABLES, type TableName } from './batch-parameters.ts'

/** A settlement that is still to be written. */
export interface LeftSettlement {
  settlement: Settlement
  held: HeldLease
  /** The lease is a client's that pulled, and no node's. */
  pulled: boolean
  /** Its run was begun anew meanwhile: whatever was judged, the new one goes on. */
  anew: boolean
}

/** A listener that something is settled or ordered of. */
interface BatchListener {
  organizationId: string
  ordered: boolean
}

/** The tables that `routines/commit_batch.sql` takes. */
export class BatchArrays {
  readonly #tables = {
    queue: new Columns(TABLES.queue),
    recipientSet: new Columns(TABLES.recipientSet),
    accept: new Columns(TABLES.accept),
    answer: new Columns(TABLES.answer),
    message: new Columns(TABLES.message),
    delivery: new Columns(TABLES.delivery),
    attempt: new Columns(TABLES.attempt),
  }
  readonly #locks = new Set<number>()
  readonly #queueNumbers = new Map<string, number>()
  /** By id. */
  readonly #listeners = new Map<string, BatchListener>()
  readonly #settled: { it: LeftSettlement; now: number }[] = []

  accept({ queueVersion, messages, answer, steps }: Accept): void {
    const { message } = messages[0]!
    const queue = this.#queueOf(message, queueVersion, messages[0]!)
    // What counts against no quota has no size there.
    const size = isNotification(message.headers) ? 0 : messages.length
    this.#tables.accept.add({
      ...{ queue, size, at: message.createdAt, answer: this.#answerOf(answer), steps: stepsText(steps) },
    })
    for (const it of messages) this.#message(queue, it)
  }

  #message(queue: number, { message: it, deliveries, leftOut: bits }: MessageAccept): void {
    const { organizationId, id, name, mediaType, createdAt, deliverAt, expiresAt, headers } = it
    const key = it.key === null ? null : stored(it.key)
    const leftOut = bits === undefined ? null : Buffer.from(bits).toString('hex')
    const options = { expiresAt, headers, mediaType, leftOut }
    const row = { queue, id, name, key, data: stored(it.data), createdAt, deliverAt, ...options }
    const message = this.#tables.message.add(row)
    for (const { listenerId, leased, ordering } of deliveries) {
      const ordered = ordering !== undefined
      if (ordered) this.#listenerOf(listenerId, organizationId).ordered = true
      const orderKey = ordering === undefined ? null : orderKeyOf(ordering, key)
      this.#tables.delivery.add({ message, listener: listenerId, leased, ordered, key: orderKey })
    }
  }

  settle(it: LeftSettlement, now: number): void {
    const { organizationId, queueId } = it.held.message
    this.#locks.add(lockOf(queueId))
    this.#listenerOf(it.settlement.delivery.listenerId, organizationId)
    this.#settled.push({ it, now })
    const { number, startedAt, durationMs, status, error, response } = it.settlement.attempt
    this.#tables.attempt.add({ number, startedAt, durationMs, status, error, response: stored(response) })
  }

  /** Everything, in the order of the parameters. */
  values(rest: { changes: readonly UsageRow[]; segments: Iterable<[string, SegmentText]>; keyUses: Batch['keyUses'] }) {
    const { listener, numbers } = this.#sortedListeners()
    const tables: Record<TableName, { values(): Value[] }> = {
      ...this.#tables,
      lock: this.#sortedLocks(),
      listener,
      settled: this.#settledBy(numbers),
      change: changesOf(rest.changes),
      segment: segmentsOf(rest.segments),
      key: keysOf(rest.keyUses),
    }
    return Object.keys(TABLES).flatMap((name) => tables[name as TableName].values())
  }

  /** So that commits do not wait for each other in a circle. */
  #sortedLocks() {
    const locks = new Columns(TABLES.lock)
    for (const number of [...this.#locks].sort((a, b) => a - b)) locks.add({ number })
    return locks
  }

  #settledBy(numbers: ReadonlyMap<string, number>) {
    const settled = new Columns(TABLES.settled)
    for (const { it, now } of this.#settled) {
      const { delivery, attempt, next } = it.settlement
      const { listenerId, dueAt, sequence, lease } = delivery
      const { ofRun, row } = it.anew
        ? restartedChange(it.settlement, now)
        : judgedChange(delivery.attemptsBefore, it.settlement)
      const isMissed = row === null && next.state === 'missed'
      settled.add({
        ...{ listener: numbers.get(listenerId)!, dueAt, sequence, lease, pulled: it.pulled },
        ...{ ofRun, nextDueAt: row?.dueAt ?? null, nextBefore: row?.attemptsBefore ?? null },
        firstSentAt: delivery.firstSentAt ?? attempt.startedAt,
        ...{ missedAt: isMissed ? endOf(attempt) : null, reason: isMissed ? next.reason : null },
      })
    }
    return settled
  }

  #listenerOf(listenerId: string, organizationId: string) {
    let known = this.#listeners.get(listenerId)
    if (known === undefined) {
      known = { organizationId, ordered: false }
      this.#listeners.set(listenerId, known)
    }
    return known
  }

  /** In one order in every commit, since they are locked; with the number of each. */
  #sortedListeners() {
    const listener = new Columns(TABLES.listener)
    const numbers = new Map<string, number>()
    for (const [id, { organizationId, ordered }] of [...this.#listeners].sort(([a], [b]) => (a < b ? -1 : 1))) {
      numbers.set(id, listener.add({ organization: organizationId, id, ordered }))
    }
    return { listener, numbers }
  }

  /** The number of a queue in the batch. */
  #queueOf(
    { organizationId, queueId }: { organizationId: string; queueId: string },
    version: number,
    { deliveries, leftOut }: MessageAccept,
  ): number {
    const key = `${organizationId} ${queueId} ${version}`
    const known = this.#queueNumbers.get(key)
    if (known !== undefined) return known
    this.#locks.add(lockOf(queueId))
    const listeners = leftOut === undefined ? texts(deliveries.map(({ listenerId }) => listenerId)) : null
    this.#tables.recipientSet.add({ listeners })
    const number = this.#tables.queue.add({ organization: organizationId, id: queueId, version })
    this.#queueNumbers.set(key, number)
    return number
  }

  /** 0 where there is none to keep. */
  #answerOf(answer: IdempotencyRecord | null): number {
    if (answer === null) return 0
    const { target, digest, status, storedAt, expiresAt } = answer
    const [key, body] = [stored(answer.key), stored(answer.body)]
    return this.#tables.answer.add({ target, key, digest, status, body, storedAt, expiresAt })
  }
}

function stepsText(steps: Accept['steps']): string | null {
  return steps === undefined || steps.length === 0 ? null : JSON.stringify(steps.map(stepJson))
}

function changesOf(rows: readonly UsageRow[]) {
  const changes = new Columns(TABLES.change)
  for (const row of rows) changes.add(changeRow(row))
  return changes
}

function segmentsOf(texts: Iterable<[string, SegmentText]>) {
  const segments = new Columns(TABLES.segment)
  for (const [organization, { events, entries }] of texts) segments.add({ organization, events, entries })
  return segments
}

/** In the order of their ids, so that two nodes never wait for each other. */
function keysOf(uses: Batch['keyUses']) {
  const keys = new Columns(TABLES.key)
  const sorted = [...uses].sort((a, b) => (a.apiKeyId < b.apiKeyId ? -1 : 1))
  for (const { apiKeyId, at } of sorted) keys.add({ id: apiKeyId, usedAt: at })
  return keys
}
