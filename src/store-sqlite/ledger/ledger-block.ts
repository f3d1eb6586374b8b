import type { DatabaseSync } from 'node:sqlite'
import { MAX_PAIRS, STANDINGS, type Standing, type StandingCounts, standingOf } from '../../core/delivery/ledger.ts'
import { isForLater } from '../../core/delivery/message.ts'
import type { RecipientRow, RecipientSets } from '../deliveries/recipient-sets.ts'
import { rowlessSince } from '../deliveries/rowless.ts'
import { createLedgerRows, type DiscardRow, type LedgerRows, type MessageRow } from './ledger-rows.ts'
import { MESSAGES_A_BLOCK } from './touched-blocks.ts'

/** Of the counts of a listener: how many deliveries there are, and then how many stand in each way. */
const COUNTED = ['accepted', ...STANDINGS] as const
const PLACES = Object.fromEntries(COUNTED.map((name, place) => [name, place])) as Record<keyof StandingCounts, number>

/** The messages of one block, counted. */
export interface Block {
  /** For each listener, how many deliveries stand in each way that the ledger counts. */
  counts: Map<string, Uint32Array>
  /** The first deliveries that stand in no way or in two. */
  faults: { sequence: number; listenerId: string; standing: 'nothing' | 'twice' }[]
  /** Of the messages' acceptance. */
  firstAt: number
  lastAt: number
  /** When the first of what is scheduled is due, and counts as pending. */
  nextDueAt: number
}

/** Only messages that were accepted at `since` or later and before `until`. */
export interface TimeRange {
  since: number
  until: number
}

/** Counts a block from its rows, in one read. Notes of each listener whose queue it is, or was. */
export function createBlockReader(db: DatabaseSync, recipientSets: RecipientSets, queueOf: Map<string, string>) {
  const rows = createLedgerRows(db)
  let since = Infinity

  function meant(row: RecipientRow): readonly string[] {
    const { queueId } = recipientSets.read(row.recipientSet)
    const listenerIds = recipientSets.recipientsOf(row)
    for (const listenerId of listenerIds) if (!queueOf.has(listenerId)) queueOf.set(listenerId, queueId)
    return listenerIds
  }

  /** The delivery has no row yet: one would be written before a reader looks for it; see `rowless.ts`. */
  function isRowless(listenerId: string, sequence: number): boolean {
    return sequence >= since && !rows.isOrdered(sequence, listenerId)
  }

  function countMessage(message: MessageRow, found: LedgerRows, block: Block, now: number): void {
    const { sequence } = message
    const ended = new Map(found.attempts.of(sequence).map(({ listenerId, ok }) => [listenerId, ok === 1]))
    const moved = new Map(found.moved.of(sequence).map((row) => [row.listenerId, row]))
    const held = new Set(found.held.of(sequence).map(({ listenerId }) => listenerId))
    const missed = new Set(found.missed.of(sequence).map(({ listenerId }) => listenerId))
    const reasons = new Map(found.ended.of(sequence).map(({ listenerId, reason }) => [listenerId, reason]))
    for (const listenerId of meant(message)) {
      const reason = reasons.get(listenerId)
      const [isExpired, isDiscarded] = [reason === 'expired', reason === 'discarded']
      const [isMissed, isHeld, row] = [missed.has(listenerId), held.has(listenerId), moved.get(listenerId)]
      const delivered = ended.get(listenerId) === true
      // A delivery that was tried is either moved or gone: most need no look at where untouched ones wait.
      const mayWait = !delivered && !isHeld && row === undefined
      const isTouched = isMissed || reason !== undefined || ended.has(listenerId)
      const waits = mayWait && (rows.waits(listenerId, message) || (!isTouched && isRowless(listenerId, sequence)))
      const pending = (row === undefined ? 0 : 1) + (isHeld ? 1 : 0) + (waits ? 1 : 0)
      const untouched = waits || (isHeld && !ended.has(listenerId)) || (row?.attempts === 0 && row.dueAt > now)
      const scheduled = untouched && isForLater(message, now)
      const rowsSay = { pending, isMissed, isExpired, isDiscarded, isDelivered: delivered, isScheduled: scheduled }
      const standing = standingOf(rowsSay)
      if (scheduled) block.nextDueAt = Math.min(block.nextDueAt, message.deliverAt)
      count(block, listenerId, standing)
      if (standing === 'nothing' || standing === 'twice') fault(block, { sequence, listenerId, standing })
    }
  }

  function countDiscard(discard: DiscardRow, block: Block): void {
    const { reason, delivered, expired, discarded } = discard
    const standings = new Map<string, Standing>()
    for (const [standing, ids] of [
      ['deleted', discarded],
      ['expired', expired],
      ['delivered', delivered],
    ] as const) {
      for (const id of JSON.parse(ids) as string[]) standings.set(id, standing)
    }
    const rest = reason === 'deleted' ? 'deleted' : 'retention'
    for (const listenerId of meant(discard)) count(block, listenerId, standings.get(listenerId) ?? rest)
  }

  return (number: number, now: number, range: TimeRange | null = null): Block => {
    const block: Block = { counts: new Map(), faults: [], firstAt: Infinity, lastAt: -Infinity, nextDueAt: Infinity }
    since = rowlessSince(db) ?? Infinity
    const found = rows.between(number * MESSAGES_A_BLOCK, (number + 1) * MESSAGES_A_BLOCK - 1)
    const isMeant = ({ createdAt }: { createdAt: number }) =>
      range === null || (createdAt >= range.since && createdAt < range.until)
    for (const message of found.messages) {
      noteTime(block, message)
      if (isMeant(message)) countMessage(message, found, block, now)
    }
    for (const discard of found.discards) {
      noteTime(block, discard)
      if (isMeant(discard)) countDiscard(discard, block)
    }
    for (const rest of [found.attempts, found.moved, found.held, found.missed, found.ended]) rest.end()
    return block
  }
}

function noteTime(block: Block, { createdAt }: { createdAt: number }): void {
  block.firstAt = Math.min(block.firstAt, createdAt)
  block.lastAt = Math.max(block.lastAt, createdAt)
}

/** What was counted of a listener, by name. */
export function countsByName(counts: ArrayLike<number> = []): StandingCounts {
  return Object.fromEntries(COUNTED.map((name, place) => [name, counts[place] ?? 0])) as StandingCounts
}

function count(block: Block, listenerId: string, standing: Standing): void {
  let counts = block.counts.get(listenerId)
  if (counts === undefined) {
    counts = new Uint32Array(COUNTED.length)
    block.counts.set(listenerId, counts)
  }
  counts[PLACES.accepted]! += 1
  counts[PLACES[standing]]! += 1
}

function fault(block: Block, it: Block['faults'][number]): void {
  if (block.faults.length < MAX_PAIRS) block.faults.push(it)
}
