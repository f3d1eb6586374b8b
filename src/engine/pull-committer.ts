import { Problem } from '../core/problem.ts'
import type { Runtime } from '../runtime.ts'
import type { LeaseSettled, LeaseSettlement, PullAsk, Pulled } from '../store/pulls.ts'
import { type Store, StoreUnavailable } from '../store/store.ts'

/** Keeps one transaction, and with it everybody's waiting time, short. */
const MAX_BATCH = 500
/** Past it the server answers 503 instead of growing. */
const MAX_WAITING = 20_000

interface Waiting<Write, Result> {
  write: Write
  resolve(result: Result): void
  reject(error: unknown): void
}
type Settling = Waiting<LeaseSettlement, LeaseSettled>
type Pulling = Waiting<PullAsk, Pulled>

/**
 * Collects what those who pull want and writes it in one transaction, the next one starting when the last is synced:
 * alone, a pull waits for nobody; under load, hundreds share one sync. Both throw `overloaded` and `store_unavailable`,
 * and then nothing was written.
 */
export interface PullCommitter {
  pull(ask: PullAsk): Promise<Pulled>
  settle(settlement: LeaseSettlement): Promise<LeaseSettled>
}

export function createPullCommitter(deps: { store: Pick<Store, 'pulls'>; runtime: Runtime }): PullCommitter {
  const { store, runtime } = deps
  const settlements: Settling[] = []
  const pulls: Pulling[] = []
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
    const batch = { settlements: settlements.splice(0, MAX_BATCH), pulls: pulls.splice(0, MAX_BATCH) }
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

  async function write(settling: Settling[], pulling: Pulling[]): Promise<void> {
    const result = await store.pulls.commit({
      now: runtime.now(),
      settlements: settling.map((it) => it.write),
      pulls: pulling.map((it) => it.write),
    })
    for (const [index, it] of settling.entries()) it.resolve(result.settlements[index]!)
    for (const [index, it] of pulling.entries()) it.resolve(result.pulls[index]!)
  }

  function refuse(all: (Settling | Pulling)[], error: unknown): void {
    const away = error instanceof StoreUnavailable
    if (away) runtime.log.error({ err: error }, 'the store cannot be written')
    for (const it of all) it.reject(away ? new Problem('store_unavailable', { cause: error }) : error)
  }

  function expectRoom(): void {
    if (settlements.length + pulls.length >= MAX_WAITING) throw new Problem('overloaded')
  }

  return {
    async pull(ask) {
      expectRoom()
      schedule()
      return new Promise((resolve, reject) => pulls.push({ write: ask, resolve, reject }))
    },
    async settle(settlement) {
      expectRoom()
      schedule()
      return new Promise((resolve, reject) => settlements.push({ write: settlement, resolve, reject }))
    },
  }
}
