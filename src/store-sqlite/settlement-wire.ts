import type { Attempt } from '../core/attempt.ts'
import type { Next } from '../core/delivery.ts'
import type { Settlement, SettleResult } from '../store/batch.ts'
import type { Flat, Reader } from './flat.ts'

export function packSettlement(flat: Flat, { delivery, attempt, next }: Settlement): void {
  flat.push(delivery.listenerId, delivery.dueAt, delivery.lease, delivery.firstSentAt, delivery.sequence)
  flat.push(delivery.attemptsBefore)
  flat.push(attempt.number, attempt.startedAt, attempt.durationMs, attempt.status, attempt.error, attempt.response)
  flat.push(next.state)
  if (next.state === 'pending') flat.push(next.dueAt, next.anew === true)
  if (next.state === 'missed') flat.push(next.reason)
}

export function unpackSettlement(reader: Reader): Settlement {
  return {
    delivery: {
      listenerId: reader.text(),
      dueAt: reader.number(),
      lease: reader.number(),
      firstSentAt: reader.numberOrNull(),
      sequence: reader.number(),
      attemptsBefore: reader.number(),
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
  if (state === 'pending') {
    const dueAt = reader.number()
    return reader.yes() ? { state, dueAt, anew: true } : { state, dueAt }
  }
  if (state === 'missed') return { state, reason: reader.text() }
  return { state }
}

export function packSettleResult(flat: Flat, result: SettleResult): void {
  if (typeof result === 'object') flat.push('nextDueAt', result.nextDueAt)
  else flat.push(result)
}

export function unpackSettleResult(reader: Reader): SettleResult {
  const outcome = reader.text() as 'settled' | 'lost' | 'nextDueAt'
  return outcome === 'nextDueAt' ? { nextDueAt: reader.number() } : outcome
}
