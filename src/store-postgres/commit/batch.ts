import type { MessageQuota } from '../../core/telemetry/message-usage.ts'
import type {
  Accept,
  AcceptResult,
  Batch,
  BatchResult,
  NewDelivery,
  SettleResult,
  StoredMessage,
} from '../../store/commit/batch.ts'
import type { LeaseSettlement } from '../../store/pulls.ts'
import { OutcomeUnknown, StoreUnavailable } from '../../store/store.ts'
import type { ChangePublisher } from '../cluster/change-publisher.ts'
import type { Db } from '../connect/session.ts'
import { again } from '../connect/transaction.ts'
import type { HeldLease, Leases } from '../deliveries/leases.ts'
import type { ListenerOwners } from '../deliveries/listener-owners.ts'
import { ConnectionLost, DatabaseError } from '../errors.ts'
import type { Routines } from '../routines.ts'
import type { LeftSettlement } from './batch-arrays.ts'
import { valuesOf, type Written } from './batch-call.ts'
import { callOf } from './batch-parameters.ts'
import { createLeaseReader, type NumberedSettlement } from './lease-settlements.ts'
import type { LostCommits } from './lost-commits.ts'
import type { UncertainCommits } from './uncertain-commits.ts'

/** Each try leaves out what the one before it was refused; what is left is then refused only by a race. */
const TRIES = 10

/** What of a batch is still to be written; each part with its place in the batch. */
interface Left {
  accepts: { at: number; accept: Accept }[]
  settlements: (LeftSettlement & { at: number })[]
}

interface Refusal {
  /** Of each accept: what it would be without the others, or which limit of messages leaves no room for it. */
  outcomes: (Exclude<AcceptResult['outcome'], 'quota'> | MessageQuota)[]
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
    owners,
    lostCommits,
  }: {
    leases: Leases
    uncertain: UncertainCommits
    publisher: Pick<ChangePublisher, 'waiting'>
    owners: ListenerOwners
    lostCommits: LostCommits
  },
  routines: Routines,
): (batch: Batch) => Promise<BatchResult> {
  const call = callOf(routines)
  const readLeases = createLeaseReader(db, owners)

  /** Only what this process was given itself, and once in a batch: a token is good for one settlement. */
  function held(batch: Batch): Left['settlements'] {
    const seen = new Set<HeldLease>()
    return batch.settlements.flatMap((settlement, at) => {
      const found = leases.find(batch.node, settlement.delivery)
      if (found === null || seen.has(found)) return []
      seen.add(found)
      return [{ at, settlement, held: found, pulled: false, anew: false }]
    })
  }

  /** The leases of clients that end, judged; of what no client has seen the result is there already. */
  async function readPulled(
    said: readonly NumberedSettlement[],
    now: number,
    results: BatchResult,
  ): Promise<Left['settlements']> {
    const { ended, handedBack, extended } = await readLeases(said, now).catch((error: unknown) => {
      // An extension is written by a statement of its own.
      const isWritten = error instanceof ConnectionLost && said.some(({ it }) => it.end.how === 'extended')
      throw isWritten ? new OutcomeUnknown(error.message, { cause: error }) : error
    })
    for (const at of handedBack) results.leaseSettlements[at] = { nextDueAt: now }
    for (const { at, dueAt } of extended) results.leaseSettlements[at] = { nextDueAt: dueAt }
    return ended.map(({ at, lease }) => ({ at, ...lease, pulled: true, anew: false }))
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
    const { leaseSettlements = [] } = batch
    const results: BatchResult = {
      accepts: [],
      settlements: batch.settlements.map(() => 'lost'),
      leaseSettlements: leaseSettlements.map(() => 'lost'),
    }
    // Most batches have none, and need not wait for anything.
    const pulled = leaseSettlements.length === 0 ? [] : await readPulled(numbered(leaseSettlements), batch.now, results)
    const owned = held(batch)
    const left: Left = {
      accepts: batch.accepts.map((accept, at) => ({ at, accept })),
      settlements: [...owned, ...pulled],
    }
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

    /** The answer is lost, and what there is of the messages tells of all that was in the transaction. */
    async function findOut(lost: ConnectionLost): Promise<void> {
      const accepts = left.accepts.map(({ accept }) => accept)
      // What a client said of a lease leaves nothing behind by which it could be told from what another node did since.
      if (accepts.length === 0) throw new OutcomeUnknown(lost.message, { cause: lost })
      const stored = await lostCommits.resultsOf(accepts, lost)
      if (stored === null) throw new StoreUnavailable(lost.message, { cause: lost })
      // What is leased to this node, or was held back and is due now, is found by a lane that asks what waits.
      uncertain.add(listenersIn(batch))
      for (const [index, { at }] of left.accepts.entries()) results.accepts[at] = stored[index]!
      for (const { accept } of left.accepts) tellOthers(accept, batch.now)
      for (const it of left.settlements) {
        const of = it.pulled ? results.leaseSettlements : results.settlements
        of[it.at] = settledAs(it, batch.now, batch.now)
      }
    }

    /** Of leases of clients that are not where they were read: those that another node has extended since, read again. */
    async function extendedMeanwhile(lost: Left['settlements']): Promise<Left['settlements']> {
      const before = new Map(lost.filter(({ pulled }) => pulled).map(({ at, held }) => [at, held.dueAt]))
      if (before.size === 0) return []
      const said = numbered(leaseSettlements).filter(({ at }) => before.has(at))
      const found = await readPulled(said, batch.now, results)
      return found.filter(({ at, held }) => held.dueAt !== before.get(at))
    }

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
          for (const [index, it] of left.settlements.entries()) {
            const of = it.pulled ? results.leaseSettlements : results.settlements
            of[it.at] = settledAs(it, written.next_due_at?.[index] ?? null, batch.now)
          }
          return
        } catch (error) {
          if (error instanceof ConnectionLost) {
            await findOut(error)
            return
          }
          const lost = leaveOut(left, results, refusalIn(error))
          left.settlements.push(...(await extendedMeanwhile(lost)))
        }
      }
      throw new StoreUnavailable('a batch was refused again and again')
    }
  }
}

function settledAs(
  { settlement: { next }, pulled, anew }: LeftSettlement,
  waited: number | null,
  now: number,
): SettleResult {
  if (anew) return { nextDueAt: now }
  if (waited !== null) return { nextDueAt: waited }
  // A lane remembers when what it sent is due again; of what was pulled the store tells.
  return pulled && next.state === 'pending' ? { nextDueAt: next.dueAt } : 'settled'
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

function numbered(settlements: readonly LeaseSettlement[]): NumberedSettlement[] {
  return settlements.map((it, at) => ({ at, it }))
}

/** Takes out what was refused; answers with the settlements that have not found their delivery. */
function leaveOut(
  left: Left,
  results: { accepts: AcceptResult[] },
  { outcomes, values, settled, anew }: Refusal,
): Left['settlements'] {
  for (const number of anew) left.settlements[number - 1]!.anew = true
  const found = new Set([...settled, ...anew])
  const lost = left.settlements.filter((_, index) => !found.has(index + 1))
  left.settlements = left.settlements.filter((_, index) => found.has(index + 1))
  for (const [index, { at }] of left.accepts.entries()) {
    const result = refusedBy(outcomes[index]!, values?.[index] ?? 0)
    if (result !== null) results.accepts[at] = result
  }
  left.accepts = left.accepts.filter((_, index) => outcomes[index] === 'accepted')
  return lost
}

function refusedBy(outcome: Refusal['outcomes'][number], value: number): AcceptResult | null {
  if (outcome === 'accepted') return null
  if (outcome === 'storedMessages' || outcome === 'messagesPerDay') return { outcome: 'quota', limit: outcome, value }
  return { outcome }
}
