import type { Quota } from '../core/organization.ts'
import type { StoredAnswer } from '../store/answers.ts'
import type { Accept, AcceptResult, MessageAccept, StoredMessage } from '../store/batch.ts'
import type { Flat, Reader } from './flat.ts'

/** Organization and queue are the same for all of an accept. */
export function packAccept(flat: Flat, { queueVersion, messages, answer }: Accept): void {
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

export function unpackAccept(reader: Reader): Accept {
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

export function packAcceptResult(flat: Flat, result: AcceptResult): void {
  flat.push(result.outcome)
  if (result.outcome === 'quota') flat.push(result.limit, result.value)
  if (result.outcome !== 'accepted') return
  flat.push(result.messages.length)
  for (const { sequence, leases } of result.messages) {
    flat.push(sequence, leases.length)
    for (const lease of leases) flat.push(lease)
  }
}

export function unpackAcceptResult(reader: Reader): AcceptResult {
  const outcome = reader.text() as AcceptResult['outcome']
  if (outcome === 'quota') return { outcome, limit: reader.text() as Quota, value: reader.number() }
  if (outcome !== 'accepted') return { outcome }
  const messages = reader.list(
    (): StoredMessage => ({ sequence: reader.number(), leases: reader.list(() => reader.numberOrNull()) }),
  )
  return { outcome, messages }
}
