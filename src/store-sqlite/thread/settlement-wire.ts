import type { Attempt } from '../../core/delivery/attempt.ts'
import type { Next } from '../../core/delivery/delivery.ts'
import type { Settlement, SettleResult } from '../../store/commit/batch.ts'
import type { Cell, Packer, Reader } from './flat.ts'

/** As numbers: a text is copied each time. */
const STATES: readonly Next['state'][] = ['acknowledged', 'pending', 'missed']
const [SETTLED, LOST, NEXT_DUE_AT] = [0, 1, 2]

/** Times are told from `now` on: small numbers are no objects. */
export function packSettlement(packer: Packer, { delivery, attempt, next }: Settlement, now: number): void {
  const { cells } = packer
  const { listenerId, dueAt, lease, firstSentAt, sequence, attemptsBefore } = delivery
  cells.push(packer.shared(listenerId), dueAt - now, lease, firstSentAt, sequence, attemptsBefore)
  const { number, startedAt, durationMs, status, error, response } = attempt
  cells.push(number, startedAt - now, durationMs, status, error, response)
  cells.push(STATES.indexOf(next.state))
  if (next.state === 'pending') cells.push(next.dueAt, next.anew === true)
  if (next.state === 'missed') cells.push(next.reason)
}

export function unpackSettlement(reader: Reader, now: number): Settlement {
  return {
    delivery: {
      listenerId: reader.shared(),
      dueAt: now + reader.number(),
      lease: reader.number(),
      firstSentAt: reader.numberOrNull(),
      sequence: reader.number(),
      attemptsBefore: reader.number(),
    },
    attempt: {
      number: reader.number(),
      startedAt: now + reader.number(),
      durationMs: reader.number(),
      status: reader.numberOrNull(),
      error: reader.textOrNull() as Attempt['error'],
      response: reader.text(),
    },
    next: unpackNext(reader),
  }
}

function unpackNext(reader: Reader): Next {
  const state = STATES[reader.number()]!
  if (state === 'pending') {
    const dueAt = reader.number()
    return reader.yes() ? { state, dueAt, anew: true } : { state, dueAt }
  }
  if (state === 'missed') return { state, reason: reader.text() }
  return { state }
}

export function packSettleResult(cells: Cell[], result: SettleResult): void {
  if (typeof result === 'object') cells.push(NEXT_DUE_AT, result.nextDueAt)
  else cells.push(result === 'settled' ? SETTLED : LOST)
}

export function unpackSettleResult(reader: Reader): SettleResult {
  const outcome = reader.number()
  if (outcome === NEXT_DUE_AT) return { nextDueAt: reader.number() }
  return outcome === SETTLED ? 'settled' : 'lost'
}
