import { Problem } from '../../core/problem.ts'
import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { FairQueue } from '../../core/sharing/fair-queue.ts'
import { full } from '../../core/sharing/full.ts'
import type { Runtime } from '../../runtime.ts'
import type { LeaseSettled, LeaseSettlement, PullAsk, Pulled } from '../../store/pulls.ts'
import { type Store, StoreUnavailable } from '../../store/store.ts'

/** Keeps one transaction, and with it every client's waiting time, short. */
const MAX_BATCH = 500
/** Past it the server answers 503 instead of growing; one organization alone has half of it. */
const MAX_WAITING = 20_000
const CALLS = { code: 'overloaded', what: 'pulls and acknowledgements that wait to be written' } as const

interface PendingCall<Write, Result> {
  organizationId: string
  write: Write
  resolve(result: Result): void
  reject(error: unknown): void
}
type PendingLeaseEnd = PendingCall<LeaseSettlement, LeaseSettled>
type PendingPull = PendingCall<PullAsk, Pulled>

/**
 * Collects pulls and settlements and writes them in one transaction, the next one starting when the last is synced:
 * alone, a pull waits for no other; under load, hundreds share one sync, and organizations take turns. Both throw
 * `overloaded` and `store_unavailable`, and then nothing was written.
 */
export interface PullCommitter {
  pull(organizationId: string, ask: PullAsk): Promise<Pulled>
  settle(organizationId: string, settlement: LeaseSettlement): Promise<LeaseSettled>
}

export function createPullCommitter(deps: { store: Pick<Store, 'pulls'>; runtime: Runtime }): PullCommitter {
  const { store, runtime } = deps
  const places = new FairPlaces(MAX_WAITING)
  const settlements = new FairQueue<PendingLeaseEnd>()
  const pulls = new FairQueue<PendingPull>()
  let running = false

  /** Waits for the end of this turn of the event loop, so that requests that arrived together share a commit. */
  function schedule(): void {
    if (running) return
    running = true
    setImmediate(run)
  }

  function run(): void {
    void writeNext().then(() => {
      running = false
      if (settlements.length + pulls.length > 0) schedule()
    })
  }

  async function writeNext(): Promise<void> {
    const batch = { settlements: settlements.take(MAX_BATCH), pulls: pulls.take(MAX_BATCH) }
    for (const { organizationId } of [...batch.settlements, ...batch.pulls]) places.give(organizationId)
    try {
      await write(batch.settlements, batch.pulls)
    } catch (error) {
      if (error instanceof StoreUnavailable) refuse([...batch.settlements, ...batch.pulls], error)
      else {
        runtime.log.error({ err: error }, 'leases could not be written together; they are tried one by one')
        for (const it of batch.settlements) await write([it], []).catch((reason) => refuse([it], reason))
        for (const it of batch.pulls) await write([], [it]).catch((reason) => refuse([it], reason))
      }
    }
  }

  async function write(settling: PendingLeaseEnd[], pulling: PendingPull[]): Promise<void> {
    const result = await store.pulls.commit({
      now: runtime.now(),
      settlements: settling.map((it) => it.write),
      pulls: pulling.map((it) => it.write),
    })
    for (const [index, it] of settling.entries()) it.resolve(result.settlements[index]!)
    for (const [index, it] of pulling.entries()) it.resolve(result.pulls[index]!)
  }

  function refuse(all: (PendingLeaseEnd | PendingPull)[], error: unknown): void {
    const away = error instanceof StoreUnavailable
    if (away) runtime.log.error({ err: error }, 'the store cannot be written')
    for (const it of all) it.reject(away ? new Problem('store_unavailable', { cause: error }) : error)
  }

  /** Resolves when it is written; refused at once where there is no place for it. */
  function wait<Write, Result>(organizationId: string, write: Write, line: FairQueue<PendingCall<Write, Result>>) {
    if (!places.take(organizationId)) throw full(places, organizationId, CALLS)
    schedule()
    return new Promise<Result>((resolve, reject) => {
      line.push(organizationId, { organizationId, write, resolve, reject })
    })
  }

  return {
    async pull(organizationId, ask) {
      return wait(organizationId, ask, pulls)
    },
    async settle(organizationId, settlement) {
      return wait(organizationId, settlement, settlements)
    },
  }
}
