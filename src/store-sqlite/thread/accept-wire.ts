import type { Quota } from '../../core/tenant/organization.ts'
import type {
  Accept,
  AcceptResult,
  MessageAccept,
  NewDelivery,
  OrderPosition,
  StoredMessage,
} from '../../store/commit/batch.ts'
import type { IdempotencyRecord } from '../../store/idempotency-records.ts'
import type { ScheduleRun, ScheduleStep } from '../../store/schedules.ts'
import type { Cell, Packer, Reader } from './flat.ts'

/** Times are told from `now` on: small numbers are no objects. */
export function packAccept(packer: Packer, { queueVersion, messages, answer, steps = [] }: Accept, now: number): void {
  const { cells } = packer
  const { organizationId, queueId } = messages[0]!.message
  // All messages of an accept share these, so they cross once.
  cells.push(queueVersion, packer.shared(organizationId), packer.shared(queueId), messages.length)
  for (const { message, deliveries, leftOut } of messages) {
    const { id, name, key, data, mediaType, createdAt, deliverAt, expiresAt, headers } = message
    cells.push(id, name, key, data, mediaType, createdAt - now, deliverAt - now)
    cells.push(expiresAt === null ? null : expiresAt - now, headers, bitsText(leftOut), deliveries.length)
    for (const delivery of deliveries) cells.push(packer.shared(delivery.listenerId), flagsOf(delivery))
  }
  cells.push(answer !== null)
  if (answer !== null) packRecord(cells, answer)
  cells.push(steps.length)
  for (const step of steps) packStep(cells, step)
}

export function unpackAccept(reader: Reader, now: number): Accept {
  const queueVersion = reader.number()
  const organizationId = reader.shared()
  const queueId = reader.shared()
  const messages = reader.list((): MessageAccept => {
    const message = {
      id: reader.text(),
      organizationId,
      queueId,
      name: reader.textOrNull(),
      key: reader.textOrNull(),
      data: reader.text(),
      mediaType: reader.textOrNull(),
      createdAt: now + reader.number(),
      deliverAt: now + reader.number(),
      expiresAt: timeAfter(now, reader.numberOrNull()),
      headers: reader.textOrNull(),
    }
    const leftOut = reader.textOrNull()
    const deliveries = reader.list(() => deliveryOf(reader.shared(), reader.number()))
    return leftOut === null ? { message, deliveries } : { message, deliveries, leftOut: bitsIn(leftOut) }
  })
  const answer = reader.yes() ? unpackRecord(reader) : null
  const steps = reader.list(unpackStep)
  return { queueVersion, messages, answer, ...(steps.length > 0 && { steps }) }
}

/** A short text crosses for less than an array of bytes. */
function bitsText(bits: MessageAccept['leftOut']): string | null {
  return bits === undefined ? null : Buffer.from(bits).toString('latin1')
}

function bitsIn(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

function timeAfter(now: number, ms: number | null): number | null {
  return ms === null ? null : now + ms
}

function packStep(cells: Cell[], { scheduleId, revision, from, messageBefore, nextAt, runs }: ScheduleStep): void {
  cells.push(scheduleId, revision, from, messageBefore, nextAt, runs.length)
  for (const { dueAt, ranAt, messageId, error, skipped } of runs) {
    cells.push(dueAt, ranAt, messageId, error, skipped?.count ?? null, skipped?.firstAt ?? null)
  }
}

function unpackStep(reader: Reader): ScheduleStep {
  return {
    scheduleId: reader.text(),
    revision: reader.number(),
    from: reader.number(),
    messageBefore: reader.textOrNull() as ScheduleStep['messageBefore'],
    nextAt: reader.numberOrNull(),
    runs: reader.list(() => ({
      dueAt: reader.number(),
      ranAt: reader.number(),
      messageId: reader.textOrNull(),
      error: reader.textOrNull(),
      skipped: skippedOf(reader.numberOrNull(), reader.numberOrNull()),
    })),
  }
}

function skippedOf(count: number | null, firstAt: number | null): ScheduleRun['skipped'] {
  return count === null || firstAt === null ? null : { count, firstAt }
}

const [LEASED, QUEUE_ORDER, KEY_ORDER] = [1, 2, 4]

/** What is asked for a delivery, as one number. */
function flagsOf({ leased, ordering }: NewDelivery): number {
  return (leased ? LEASED : 0) + (ordering === undefined ? 0 : ordering === 'queue' ? QUEUE_ORDER : KEY_ORDER)
}

function deliveryOf(listenerId: string, flags: number): NewDelivery {
  const leased = (flags & LEASED) !== 0
  if (flags <= LEASED) return { listenerId, leased }
  return { listenerId, leased, ordering: (flags & QUEUE_ORDER) !== 0 ? 'queue' : 'key' }
}

function packRecord(cells: Cell[], answer: IdempotencyRecord): void {
  const { organizationId, target, key, digest, status, body, storedAt, expiresAt } = answer
  cells.push(organizationId, target, key, digest, status, body, storedAt, expiresAt)
}

function unpackRecord(reader: Reader): IdempotencyRecord {
  return {
    organizationId: reader.text(),
    target: reader.text(),
    key: reader.text(),
    digest: reader.text(),
    status: reader.number(),
    body: reader.text(),
    storedAt: reader.number(),
    expiresAt: reader.number(),
  }
}

/** As numbers: a text is copied each time. */
const OUTCOMES: readonly AcceptResult['outcome'][] = ['accepted', 'stale', 'quota', 'answered', 'passed']

export function packAcceptResult(cells: Cell[], result: AcceptResult): void {
  cells.push(OUTCOMES.indexOf(result.outcome))
  if (result.outcome === 'quota') cells.push(result.limit, result.value)
  if (result.outcome !== 'accepted') return
  cells.push(result.messages.length)
  for (const { sequence, leases, places } of result.messages) {
    cells.push(sequence, leases.length)
    for (const lease of leases) cells.push(lease)
    cells.push(places?.length ?? null)
    for (const place of places ?? []) cells.push(place?.number ?? null, place?.held ?? false)
  }
}

export function unpackAcceptResult(reader: Reader): AcceptResult {
  const outcome = OUTCOMES[reader.number()]!
  if (outcome === 'quota') return { outcome, limit: reader.text() as Quota, value: reader.number() }
  if (outcome !== 'accepted') return { outcome }
  const messages = reader.list(
    (): StoredMessage => ({
      sequence: reader.number(),
      leases: reader.list(() => reader.numberOrNull()),
      places: unpackPositions(reader),
    }),
  )
  return { outcome, messages }
}

function unpackPositions(reader: Reader): (OrderPosition | null)[] | null {
  const count = reader.numberOrNull()
  if (count === null) return null
  return Array.from({ length: count }, () => {
    const [number, held] = [reader.numberOrNull(), reader.yes()]
    return number === null ? null : { number, held }
  })
}
