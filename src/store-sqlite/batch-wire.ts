import type { Attempt } from '../core/attempt.ts'
import type { Next } from '../core/delivery.ts'
import type { Quota } from '../core/organization.ts'
import type { StoredAnswer } from '../store/answers.ts'
import type {
  Accept,
  AcceptResult,
  Batch,
  BatchResult,
  MessageAccept,
  Settlement,
  SettleResult,
  StoredMessage,
} from '../store/batch.ts'

/**
 * A batch, or what came of it, as one flat array. Between threads an object costs its property names each time, and a
 * commit is hundreds of small ones; an array of texts and numbers is copied in a fraction of that time.
 */
export type Flat = (string | number | boolean | null)[]

/** Everything of the batch, in the order in which `unpackBatch` reads it. */
export function packBatch({ node, now, accepts, settlements, keyUses }: Batch): Flat {
  const flat: Flat = [node, now, accepts.length]
  for (const accept of accepts) packAccept(flat, accept)
  flat.push(settlements.length)
  for (const settlement of settlements) packSettlement(flat, settlement)
  flat.push(keyUses.length)
  for (const { apiKeyId, at } of keyUses) flat.push(apiKeyId, at)
  return flat
}

export function unpackBatch(flat: Flat): Batch {
  const reader = new Reader(flat)
  return {
    node: reader.text(),
    now: reader.number(),
    accepts: reader.list(unpackAccept),
    settlements: reader.list(unpackSettlement),
    keyUses: reader.list(() => ({ apiKeyId: reader.text(), at: reader.number() })),
  }
}

export function packResult({ accepts, settlements }: BatchResult): Flat {
  const flat: Flat = [accepts.length]
  for (const result of accepts) packAcceptResult(flat, result)
  flat.push(settlements.length)
  for (const result of settlements) flat.push(result === 'settled')
  return flat
}

export function unpackResult(flat: Flat): BatchResult {
  const reader = new Reader(flat)
  return { accepts: reader.list(unpackAcceptResult), settlements: reader.list(unpackSettleResult) }
}

/** Organization and queue are the same for all of an accept. */
function packAccept(flat: Flat, { queueVersion, messages, answer }: Accept): void {
  const { organizationId, queueId } = messages[0]!.message
  flat.push(queueVersion, organizationId, queueId, messages.length)
  for (const { message, deliveries } of messages) {
    const { id, name, key, data, createdAt, deliverAt } = message
    flat.push(id, name, key, data, createdAt, deliverAt, deliveries.length)
    for (const { listenerId, leased } of deliveries) flat.push(listenerId, leased)
  }
  flat.push(answer !== null)
  if (answer !== null) packAnswer(flat, answer)
}

function unpackAccept(reader: Reader): Accept {
  const queueVersion = reader.number()
  const organizationId = reader.text()
  const queueId = reader.text()
  const messages = reader.list((): MessageAccept => {
    const message = {
      id: reader.text(),
      organizationId,
      queueId,
      name: reader.textOrNull(),
      key: reader.textOrNull(),
      data: reader.text(),
      createdAt: reader.number(),
      deliverAt: reader.number(),
    }
    const deliveries = reader.list(() => ({ listenerId: reader.text(), leased: reader.yes() }))
    return { message, deliveries }
  })
  return { queueVersion, messages, answer: reader.yes() ? unpackAnswer(reader) : null }
}

function packAnswer(flat: Flat, answer: StoredAnswer): void {
  const { organizationId, target, key, digest, status, body, storedAt, expiresAt } = answer
  flat.push(organizationId, target, key, digest, status, body, storedAt, expiresAt)
}

function unpackAnswer(reader: Reader): StoredAnswer {
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

function packSettlement(flat: Flat, { delivery, attempt, next }: Settlement): void {
  flat.push(delivery.listenerId, delivery.dueAt, delivery.lease, delivery.firstSentAt, delivery.sequence)
  flat.push(attempt.number, attempt.startedAt, attempt.durationMs, attempt.status, attempt.error, attempt.response)
  flat.push(next.state)
  if (next.state === 'pending') flat.push(next.dueAt)
  if (next.state === 'missed') flat.push(next.reason)
}

function unpackSettlement(reader: Reader): Settlement {
  return {
    delivery: {
      listenerId: reader.text(),
      dueAt: reader.number(),
      lease: reader.number(),
      firstSentAt: reader.numberOrNull(),
      sequence: reader.number(),
    },
    attempt: {
      number: reader.number(),
      startedAt: reader.number(),
      durationMs: reader.number(),
      status: reader.numberOrNull(),
      error: reader.textOrNull() as Attempt['error'],
      response: reader.text(),
    },
    next: unpackNext(reader),
  }
}

function unpackNext(reader: Reader): Next {
  const state = reader.text() as Next['state']
  if (state === 'pending') return { state, dueAt: reader.number() }
  if (state === 'missed') return { state, reason: reader.text() }
  return { state }
}

function packAcceptResult(flat: Flat, result: AcceptResult): void {
  flat.push(result.outcome)
  if (result.outcome === 'quota') flat.push(result.limit, result.value)
  if (result.outcome !== 'accepted') return
  flat.push(result.messages.length)
  for (const { sequence, leases } of result.messages) {
    flat.push(sequence, leases.length)
    for (const lease of leases) flat.push(lease)
  }
}

function unpackAcceptResult(reader: Reader): AcceptResult {
  const outcome = reader.text() as AcceptResult['outcome']
  if (outcome === 'quota') return { outcome, limit: reader.text() as Quota, value: reader.number() }
  if (outcome !== 'accepted') return { outcome }
  const messages = reader.list(
    (): StoredMessage => ({ sequence: reader.number(), leases: reader.list(() => reader.numberOrNull()) }),
  )
  return { outcome, messages }
}

function unpackSettleResult(reader: Reader): SettleResult {
  return reader.yes() ? 'settled' : 'lost'
}

/** Reads what was packed, in the same order; the types are the packer's word. */
class Reader {
  readonly #flat: Flat
  #at = 0

  constructor(flat: Flat) {
    this.#flat = flat
  }

  text(): string {
    return this.#flat[this.#at++] as string
  }

  textOrNull(): string | null {
    return this.#flat[this.#at++] as string | null
  }

  number(): number {
    return this.#flat[this.#at++] as number
  }

  numberOrNull(): number | null {
    return this.#flat[this.#at++] as number | null
  }

  yes(): boolean {
    return this.#flat[this.#at++] as boolean
  }

  list<Item>(read: (reader: Reader) => Item): Item[] {
    const count = this.number()
    const items: Item[] = []
    for (let i = 0; i < count; i++) items.push(read(this))
    return items
  }
}
