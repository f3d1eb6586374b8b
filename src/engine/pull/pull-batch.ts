import type { AnswerHold } from '../../app/deps.ts'
import { MAX_DATA_BYTES } from '../../core/delivery/message.ts'
import type { Problem } from '../../core/problem.ts'
import type { FairQueue } from '../../core/sharing/fair-queue.ts'
import type { PullAsk } from '../../store/pulls.ts'

/** Of one transaction: both keep it, and with it every client's waiting time, short. */
const MAX_PULLS = 500
const MAX_DELIVERIES = 5_000
/** Data of one answer. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024
/** Data of one transaction, where many pulls wait; but each may have a message of any size that is accepted. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024

/** A pull that waits for the store; how much data it may be given is decided with those that are served beside it. */
export interface WaitingPull {
  organizationId: string
  ask: Omit<PullAsk, 'maxBytes'>
  /** Null where nothing bounds what is not read. */
  room: AnswerHold | null
}

export interface PullBatch<Pull> {
  served: { pull: Pull; ask: PullAsk }[]
  /** Those for whose answer there is no room beside those of the others: to be judged once these have what they need. */
  aside: Pull[]
}

/**
 * Takes as many pulls as one transaction serves, in turns by organization, each with the room for its answer: what no
 * client could be told is not leased. At least one that waits is taken.
 */
export function takeBatch<Pull extends WaitingPull>(waiting: FairQueue<Pull>): PullBatch<Pull> {
  const batch: PullBatch<Pull> = { served: [], aside: [] }
  const organizations = new Set<string>()
  const mostBytes = Math.min(MAX_ANSWER_BYTES, MAX_BATCH_BYTES / waiting.length)
  let deliveries = 0
  for (let next = waiting.peek(); next !== undefined && batch.served.length < MAX_PULLS; next = waiting.peek()) {
    if (batch.served.length > 0 && deliveries + next.ask.limit > MAX_DELIVERIES) break
    const maxBytes = makeRoom(next, mostBytes)
    // Most of the room that this transaction has taken is free again when it has read: the next one may have enough.
    if (maxBytes === null && organizations.has(next.organizationId)) break
    waiting.shift()
    if (maxBytes === null) batch.aside.push(next)
    else {
      organizations.add(next.organizationId)
      batch.served.push({ pull: next, ask: { ...next.ask, maxBytes } })
      deliveries += next.ask.limit
    }
  }
  return batch
}

/** Why a pull that was put aside is refused; null where there is room by now, and it may wait for its turn again. */
export function refusalOf({ room }: WaitingPull): Problem | null {
  if (room === null) return null
  if (!room.take(MAX_DATA_BYTES)) return room.refusal()
  room.keep(0)
  return null
}

/** How much data a pull may be given, its room being taken; null where there is not even room for one message. */
function makeRoom({ ask, room }: WaitingPull, mostBytes: number): number | null {
  let bytes = Math.max(MAX_DATA_BYTES, Math.floor(Math.min(ask.limit * MAX_DATA_BYTES, mostBytes)))
  if (room === null) return bytes
  for (;;) {
    if (room.take(bytes)) return bytes
    if (bytes === MAX_DATA_BYTES) return null
    bytes = Math.max(MAX_DATA_BYTES, Math.floor(bytes / 2))
  }
}
