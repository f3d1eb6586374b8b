import { acknowledges } from '../../core/delivery/attempt.ts'
import { bucketStart } from '../../core/telemetry/stats.ts'
import type {
  Accept,
  AcceptResult,
  Batch,
  BatchResult,
  NewDelivery,
  Settlement,
  StoredMessage,
} from '../../store/commit/batch.ts'
import { StoreUnavailable } from '../../store/store.ts'
import type { ChangePublisher } from '../cluster/change-publisher.ts'
import { Changes, changeArrays } from '../cluster/changes.ts'
import type { Db, Value } from '../connect/session.ts'
import { again } from '../connect/transaction.ts'
import type { HeldLease, Leases } from '../deliveries/leases.ts'
import { DatabaseError } from '../errors.ts'
import type { Routines } from '../routines.ts'
import { BatchArrays } from './batch-arrays.ts'
import type { UncertainCommits } from './uncertain-commits.ts'

/** Each try leaves out what the one before it was refused; what is left is then refused only by a race. */
const TRIES = 10

/** What of a batch is still to be written; each part with its place in the batch. */
interface Left {
  accepts: { at: number; accept: Accept }[]
  settlements: { at: number; settlement: Settlement; held: HeldLease; anew: boolean }[]
}

interface Refusal {
  /** Of each accept: 0 fine, 1 stale, 2 answered, 3 and 4 the limits of messages, 5 passed. */
  outcomes: number[]
  /** How large that limit is. */
  values: number[] | null
  /** Which settlements, counted from 1, have found their delivery. */
  settled: number[]
  /** Which of them, counted likewise, belong to a run that has been begun anew meanwhile. */
  anew: number[]
}

/** Makes the one transaction of the hot path. */
export function createCommit(
  db: Db,
  {
    leases,
    uncertain,
    publisher,
  }: { leases: Leases; uncertain: UncertainCommits; publisher: Pick<ChangePublisher, 'waiting'> },
  routines: Routines,
): (batch: Batch) => Promise<BatchResult> {
  const call = callOf(routines)

  /** Only what this process was given itself, and once in a batch: a token is good for one settlement. */
  function held(batch: Batch): Left['settlements'] {
    const seen = new Set<HeldLease>()
    return batch.settlements.flatMap((settlement, at) => {
      const found = leases.find(batch.node, settlement.delivery)
      if (found === null || seen.has(found)) return []
      seen.add(found)
      return [{ at, settlement, held: found, anew: false }]
    })
  }

  async function write(batch: Batch, left: Left, firstLease: number): Promise<Written> {
    return (await db.rows<Written>(call, valuesOf(batch, left, firstLease)))[0]!
  }

  function keepLeases(node: string, left: Left, written: Written, firstLease: number): StoredBatch {
    let [message, delivery] = [0, 0]
    return left.accepts.map(({ accept }) =>
      accept.messages.map((it) => {
        const sequence = written.sequences[message++]!
        const first = delivery
        delivery += it.deliveries.length
        const places = orderPositionsOf(it.deliveries, written, first)
        const taken = it.deliveries.map(({ listenerId, leased }, index) => {
          const number = firstLease + first + index
          if (!leased || places?.[index]?.held) return null
          leases.keep(node, { number, message: it.message, listenerId, sequence, dueAt: it.message.deliverAt })
          return number
        })
        return { sequence, leases: taken, places }
      }),
    )
  }

  /** What is due and was not leased finds no room here. */
  function tellOthers({ messages }: Accept, now: number): void {
    for (const { message, deliveries } of messages) {
      if (message.deliverAt > now) continue
      for (const { listenerId, leased } of deliveries) if (!leased) publisher.waiting(listenerId)
    }
  }

  return async (batch) => {
    const results: BatchResult = { accepts: [], settlements: batch.settlements.map(() => 'lost') }
    const left: Left = { accepts: batch.accepts.map((accept, at) => ({ at, accept })), settlements: held(batch) }
    const owned = left.settlements
    const numbers = leases.reserve(batch.accepts.reduce((sum, { messages }) => sum + deliveriesIn(messages), 0))
    try {
      await writeWhatHolds()
    } catch (error) {
      // It may have been done nevertheless, and then this node holds what it does not know of.
      if (error instanceof StoreUnavailable) uncertain.add(listenersIn(batch))
      throw error
    } finally {
      numbers.settle()
    }
    // Lost or settled, this process has nothing more to do with them.
    for (const { held: lease } of owned) leases.drop(batch.node, lease)
    return results

    async function writeWhatHolds(): Promise<void> {
      for (let tries = 0; tries < TRIES; tries++) {
        if (left.accepts.length + left.settlements.length + batch.keyUses.length === 0) return
        try {
          const written = await again(() => write(batch, left, numbers.first))
          const stored = keepLeases(batch.node, left, written, numbers.first)
          for (const [index, { at }] of left.accepts.entries()) {
            results.accepts[at] = { outcome: 'accepted', messages: stored[index]! }
            tellOthers(left.accepts[index]!.accept, batch.now)
          }
          for (const [index, { at, anew }] of left.settlements.entries()) {
            const nextDueAt = anew ? batch.now : (written.next_due_at?.[index] ?? null)
            results.settlements[at] = nextDueAt === null ? 'settled' : { nextDueAt }
          }
          return
        } catch (error) {
          leaveOut(left, results, refusalIn(error))
        }
      }
      throw new StoreUnavailable('a batch was refused again and again')
    }
  }
}

/** What the routine answers with; the last three are null where nothing is ordered. */
interface Written {
  sequences: number[]
  /** Of each delivery; 0 where its listener wants no order. */
  numbers: number[] | null
  held: boolean[] | null
  next_due_at: (number | null)[] | null
}

function orderPositionsOf(
  deliveries: readonly NewDelivery[],
  { numbers, held }: Written,
  first: number,
): StoredMessage['places'] {
  if (!deliveries.some(({ ordering }) => ordering !== undefined)) return null
  return deliveries.map((_, index) => {
    const number = numbers?.[first + index] ?? 0
    return number === 0 ? null : { number, held: held![first + index]! }
  })
}

/**
 * Writes what came of deliveries that the caller has locked, with their listeners, within its transaction. Answers with
 * when something is due that waited for each; null where nothing did.
 */
export async function settleLocked(
  db: Db,
  routines: Routines,
  { node, now, ends }: { node: string; now: number; ends: readonly { settlement: Settlement; held: HeldLease }[] },
): Promise<(number | null)[]> {
  if (ends.length === 0) return []
  const settlements = ends.map((end, at) => ({ ...end, at, anew: false }))
  const batch = { node, now, accepts: [], settlements: [], keyUses: [] }
  const [row] = await db.rows<Written>(callOf(routines), valuesOf(batch, { accepts: [], settlements }, 0))
  return ends.map((_, index) => row!.next_due_at?.[index] ?? null)
}

type StoredBatch = Extract<AcceptResult, { outcome: 'accepted' }>['messages'][]

function deliveriesIn(messages: Accept['messages']): number {
  return messages.reduce((sum, { deliveries }) => sum + deliveries.length, 0)
}

function listenersIn({ accepts }: Batch): string[] {
  const leased = accepts.flatMap(({ messages }) => messages.flatMap(({ deliveries }) => deliveries))
  return [...new Set(leased.filter((delivery) => delivery.leased).map(({ listenerId }) => listenerId))]
}

function refusalIn(error: unknown): Refusal {
  if (error instanceof DatabaseError && error.refusal !== '') return JSON.parse(error.refusal)
  throw error
}

function leaveOut(
  left: Left,
  results: { accepts: AcceptResult[] },
  { outcomes, values, settled, anew }: Refusal,
): void {
  for (const number of anew) left.settlements[number - 1]!.anew = true
  const found = new Set([...settled, ...anew])
  left.settlements = left.settlements.filter((_, index) => found.has(index + 1))
  for (const [index, { at }] of left.accepts.entries()) {
    const result = refusedBy(outcomes[index]!, values?.[index] ?? 0)
    if (result !== null) results.accepts[at] = result
  }
  left.accepts = left.accepts.filter((_, index) => outcomes[index] === 0)
}

function refusedBy(outcome: number, value: number): AcceptResult | null {
  if (outcome === 0) return null
  if (outcome === 1) return { outcome: 'stale' }
  if (outcome === 2) return { outcome: 'answered' }
  if (outcome === 5) return { outcome: 'passed' }
  return { outcome: 'quota', limit: outcome === 3 ? 'storedMessages' : 'messagesPerDay', value }
}

function callOf({ name }: Routines): string {
  const values = Array.from({ length: BatchArrays.count + 21 }, (_, index) => `$${index + 1}`)
  return `select * from ${name('commit_batch')}(${values.join(', ')})`
}

/** Everything that the routine takes, in its order. */
function valuesOf(batch: Batch, left: Left, firstLease: number): Value[] {
  const arrays = new BatchArrays()
  const changes = new Changes()
  for (const { accept } of left.accepts) {
    arrays.accept(accept)
    for (const { message, deliveries } of accept.messages) {
      changes.usage.added(message)
      for (const { listenerId } of deliveries) changes.of({ ...placeOf(message), listenerId }).pending += 1
    }
  }
  for (const { settlement, held, anew } of left.settlements) {
    arrays.settle(settlement, held, anew)
    count(changes, settlement, held, anew)
  }
  const segments = [...changes.usage.segments()]
  return [
    ...[batch.node, batch.now, bucketStart(batch.now), firstLease],
    ...arrays.values(),
    ...changeArrays(changes.rows()),
    ...BatchArrays.segments(segments),
    ...BatchArrays.keyUses(batch.keyUses),
  ]
}

function placeOf({ organizationId, queueId }: { organizationId: string; queueId: string }) {
  return { organizationId, queueId }
}

function count(
  changes: Changes,
  { attempt, next }: Settlement,
  { message, listenerId }: HeldLease,
  anew: boolean,
): void {
  const endedAt = attempt.startedAt + attempt.durationMs
  const change = changes.of({ ...placeOf(message), listenerId })
  const ok = acknowledges(attempt)
  if (ok) change.lastSuccessAt = Math.max(change.lastSuccessAt ?? 0, endedAt)
  else change.lastFailureAt = Math.max(change.lastFailureAt ?? 0, endedAt)
  changes.usage.published(message, listenerId, ok ? endedAt - message.deliverAt : null)
  // It stays pending, whatever was judged.
  if (anew) return
  if (next.state !== 'pending') change.pending -= 1
  if (next.state === 'acknowledged') change.acknowledged += 1
  if (next.state === 'missed') change.missed += 1
}
