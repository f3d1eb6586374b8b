import type { LeaseSettlement } from '../../store/pulls.ts'
import type { Packer, Reader } from './flat.ts'

/** As numbers: a text is copied each time. */
const ENDS: readonly LeaseSettlement['end']['how'][] = [
  'acknowledged',
  'returned',
  'lease_expired',
  'unseen',
  'extended',
]

/** Times are told from `now` on: small numbers are no objects. */
export function packLeaseSettlement(packer: Packer, it: LeaseSettlement, now: number): void {
  const { listenerId, queueId, receipt, end, random } = it
  const { messageId, leaseUntil, attempt } = receipt
  packer.cells.push(packer.shared(listenerId), packer.shared(queueId), messageId, leaseUntil - now, attempt)
  packer.cells.push(ENDS.indexOf(end.how), durationOf(end), random)
}

function durationOf(end: LeaseSettlement['end']): number | null {
  if (end.how === 'extended') return end.leaseMs
  return end.how === 'returned' ? end.delayMs : null
}

export function unpackLeaseSettlement(reader: Reader, now: number): LeaseSettlement {
  const [listenerId, queueId] = [reader.shared(), reader.shared()]
  const receipt = { messageId: reader.text(), leaseUntil: now + reader.number(), attempt: reader.number() }
  const end = endOf(ENDS[reader.number()]!, reader.numberOrNull())
  return { listenerId, queueId, receipt, end, random: reader.number() }
}

function endOf(how: LeaseSettlement['end']['how'], durationMs: number | null): LeaseSettlement['end'] {
  if (how === 'extended') return { how, leaseMs: durationMs! }
  return how === 'returned' ? { how, delayMs: durationMs } : { how }
}
