import { Problem } from '../../core/problem.ts'
import type { Cancel, Runtime } from '../../runtime.ts'
import type { Accept, AcceptResult, BatchResult, Settlement, SettleResult } from '../../store/commit/batch.ts'
import type { LeaseSettlement } from '../../store/pulls.ts'
import { problemOfStore, type Store, StoreUnavailable } from '../../store/store.ts'
import { commitIndividually, type PendingBatch } from './individual-commits.ts'
import { PendingAccepts, type PendingSettlement, type PendingWrite } from './pending-accepts.ts'
import { PendingLeaseSettlements } from './pending-lease-settlements.ts'

/** Of one commit: keeps the transaction, and with it the waiting time of what comes next, short. */
const MAX_SETTLEMENTS = 1_000
/** A settlement that could not be written is tried again until it is: the delivery has happened. */
const RETRY_MS = 250

/**
 * Collects everything that is written often and writes it in one transaction; the next one starts when the last is
 * synced. Alone, a write waits for no other; under load, hundreds share one sync.
 */
export interface Committer {
  /**
   * `resolve` is called when the message is on disk, `reject` with `overloaded`, `stopping` or `store_unavailable`: one
   * of them, once. By callbacks, here and below, because each promise is as much garbage as a small message; they must
   * not throw.
   */
  accept(accept: Accept, resolve: (result: AcceptResult) => void, reject: (error: unknown) => void): void
  /** `resolve` is called when the settlement is on disk, however long the store is away. */
  settle(settlement: Settlement, resolve: (result: SettleResult) => void, reject: (error: unknown) => void): void
  /**
   * What a client that pulls says of its lease. `resolve` is called when it is on disk, `reject` with `overloaded` or
   * `store_unavailable`: the client can say it again.
   */
  settleLease(
    organizationId: string,
    settlement: LeaseSettlement,
    resolve: (result: SettleResult) => void,
    reject: (error: unknown) => void,
  ): void
  useKey(apiKeyId: string, at: number): void
  /** Accepts and settlements that are not on disk yet. */
  waiting(): number
  /** How many accepts clients, and not schedules, have asked for so far. */
  askedFor(): number
  /** Refuses accepts from now on. */
  close(): void
  /** Resolves when nothing is left to write, or when `timeoutMs` are over; answers with what is left. */
  drain(timeoutMs: number): Promise<number>
}

/**
 * With `ahead`, what waits is handed to the store before the callers of the last commit are told, so that the store has
 * work meanwhile. That pays where it does it in a process of its own, and costs where it does it in a thread of ours: a
 * thread takes the processor from the answers.
 */
export function createCommitter(deps: {
  store: Pick<Store, 'commit'>
  node: string
  runtime: Runtime
  ahead?: boolean
}): Committer {
  const { store, node, runtime, ahead = false } = deps
  const accepts = new PendingAccepts()
  const leaseSettlements = new PendingLeaseSettlements()
  let settlements: PendingSettlement[] = []
  let keyUses = new Map<string, number>()
  let inFlight = 0
  let running = false
  let closed = false
  let askedFor = 0
  /** Set while the store is away and settlements wait for another try. */
  let cancelRetry: Cancel | null = null
  const onIdle: (() => void)[] = []

  const left = () => accepts.length + settlements.length + leaseSettlements.length + inFlight

  /** Waits for the end of this turn of the event loop, so that requests that arrived together share a commit. */
  function schedule(): void {
    if (running) return
    running = true
    setImmediate(run)
  }

  function run(): void {
    running = true
    const written = writeNext().then((tell) => {
      running = false
      if (tell === null) return
      if (ahead && worthWriting()) run()
      tell()
    })
    void written.then(() => {
      // Looked at only now: the callers that were just told may have written again.
      if (worthWriting()) schedule()
      else if (left() === 0) for (const resolve of onIdle.splice(0)) resolve()
    })
  }

  /** What a client asks for is always tried, so that it learns how things are; the rest waits while the store is away. */
  function worthWriting(): boolean {
    return (
      accepts.length + leaseSettlements.length > 0 ||
      (cancelRetry === null && (settlements.length > 0 || keyUses.size > 0))
    )
  }

  /** Resolves when the commit has ended, with what tells all callers that wait for it; null where it failed. */
  async function writeNext(): Promise<(() => void) | null> {
    const batch: PendingBatch = {
      accepts: accepts.take(),
      settlements: take(settlements),
      leaseSettlements: leaseSettlements.take(),
    }
    settlements = settlements.slice(batch.settlements.length)
    const uses = keyUses
    keyUses = new Map()
    inFlight = batch.accepts.length + batch.settlements.length + batch.leaseSettlements.length
    let result: BatchResult
    try {
      const write = {
        node,
        now: runtime.now(),
        accepts: batch.accepts.map(written),
        settlements: batch.settlements.map(written),
        leaseSettlements: batch.leaseSettlements.map(written),
      }
      result = await store.commit({ ...write, keyUses: [...uses].map(([apiKeyId, at]) => ({ apiKeyId, at })) })
    } catch (error) {
      if (error instanceof StoreUnavailable) refuse(batch, error)
      else {
        runtime.log.error({ err: error }, 'a commit failed; its writes are tried one by one')
        keep(await commitIndividually({ store, node, runtime }, batch))
      }
      ended(batch.accepts)
      return null
    }
    ended(batch.accepts)
    // Whatever they throw says nothing about the commit.
    return () => {
      answer(batch.accepts, result.accepts)
      answer(batch.settlements, result.settlements)
      answer(batch.leaseSettlements, result.leaseSettlements)
    }
  }

  function ended(accepted: PendingBatch['accepts']): void {
    inFlight = 0
    accepts.release(accepted)
  }

  /** The store is away: clients are told so, settlements of what was sent stay. */
  function refuse(batch: PendingBatch, error: StoreUnavailable): void {
    runtime.log.error({ err: error }, 'the store cannot be written')
    for (const it of [...batch.accepts, ...batch.leaseSettlements]) {
      it.reject(problemOfStore(error))
    }
    keep(batch.settlements)
  }

  /** Puts settlements back to the front, for another try in a while. */
  function keep(unwritten: PendingSettlement[]): void {
    if (unwritten.length === 0) return
    settlements = [...unwritten, ...settlements]
    cancelRetry?.()
    cancelRetry = runtime.after(RETRY_MS, () => {
      cancelRetry = null
      schedule()
    })
  }

  return {
    accept(accept, resolve, reject) {
      if (closed) return reject(new Problem('stopping'))
      const refused = accepts.push({ write: accept, resolve, reject })
      if (refused !== null) return reject(refused)
      if (accept.steps === undefined) askedFor += 1
      schedule()
    },
    settle(settlement, resolve, reject) {
      schedule()
      settlements.push({ write: settlement, resolve, reject })
    },
    settleLease(organizationId, settlement, resolve, reject) {
      const refused = leaseSettlements.push({ organizationId, write: settlement, resolve, reject })
      if (refused !== null) return reject(refused)
      schedule()
    },
    useKey(apiKeyId, at) {
      keyUses.set(apiKeyId, at)
      schedule()
    },
    waiting: left,
    askedFor: () => askedFor,
    close() {
      closed = true
    },
    async drain(timeoutMs) {
      if (left() > 0 || running) {
        schedule()
        await new Promise<void>((resolve) => {
          onIdle.push(resolve)
          runtime.after(timeoutMs, resolve)
        })
      }
      return left()
    },
  }
}

function take<Item>(items: Item[]): Item[] {
  return items.length <= MAX_SETTLEMENTS ? items : items.slice(0, MAX_SETTLEMENTS)
}

function written<Write>(waiting: { write: Write }): Write {
  return waiting.write
}

function answer<Write, Result>(waiting: PendingWrite<Write, Result>[], results: Result[]): void {
  for (let index = 0; index < waiting.length; index++) waiting[index]!.resolve(results[index]!)
}
