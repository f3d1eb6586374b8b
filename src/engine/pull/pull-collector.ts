import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { FairQueue } from '../../core/sharing/fair-queue.ts'
import { full } from '../../core/sharing/full.ts'
import type { Runtime } from '../../runtime.ts'
import type { PullAsk, Pulled } from '../../store/pulls.ts'
import { problemOfStore, type Store, StoreUnavailable } from '../../store/store.ts'

/** Of one transaction: both keep it, and with it every client's waiting time, short. */
const MAX_PULLS = 500
const MAX_DELIVERIES = 5_000
/** Past it the server answers 503 instead of growing; one organization alone has half of it. */
const MAX_WAITING = 20_000
const CALLS = { code: 'overloaded', what: 'pulls that wait for the store' } as const

interface PendingPull {
  organizationId: string
  ask: PullAsk
  resolve(pulled: Pulled): void
  reject(error: unknown): void
}

/**
 * Collects pulls and lets the store lease for them in one transaction, the next one starting when the last is synced:
 * alone, a pull waits for no other; under load, hundreds share one sync, and organizations take turns. Apart from commits,
 * so that no message waits to be accepted until thousands were read. Throws `overloaded` and `store_unavailable`.
 */
export interface PullCollector {
  pull(organizationId: string, ask: PullAsk): Promise<Pulled>
}

export function createPullCollector(deps: { store: Pick<Store, 'pulls'>; runtime: Runtime }): PullCollector {
  const { store, runtime } = deps
  const places = new FairPlaces(MAX_WAITING)
  const waiting = new FairQueue<PendingPull>()
  let running = false

  /** Waits for the end of this turn of the event loop, so that requests that arrived together share a transaction. */
  function schedule(): void {
    if (running) return
    running = true
    setImmediate(run)
  }

  function run(): void {
    void pullNext().then(() => {
      running = false
      if (waiting.length > 0) schedule()
    })
  }

  async function pullNext(): Promise<void> {
    const pulls = take(waiting)
    for (const { organizationId } of pulls) places.give(organizationId)
    try {
      await pullTogether(pulls)
    } catch (error) {
      if (error instanceof StoreUnavailable) refuse(pulls, error)
      else {
        runtime.log.error({ err: error }, 'pulls could not be served together; they are tried one by one')
        for (const it of pulls) await pullTogether([it]).catch((reason) => refuse([it], reason))
      }
    }
  }

  async function pullTogether(pulls: readonly PendingPull[]): Promise<void> {
    const pulled = await store.pulls.pull({ now: runtime.now(), asks: pulls.map(({ ask }) => ask) })
    for (const [index, it] of pulls.entries()) it.resolve(pulled[index]!)
  }

  function refuse(pulls: readonly PendingPull[], error: unknown): void {
    const away = error instanceof StoreUnavailable
    if (away) runtime.log.error({ err: error }, 'the store cannot be written')
    for (const it of pulls) it.reject(away ? problemOfStore(error) : error)
  }

  return {
    async pull(organizationId, ask) {
      if (!places.take(organizationId)) throw full(places, organizationId, CALLS)
      schedule()
      return new Promise((resolve, reject) => {
        waiting.push(organizationId, { organizationId, ask, resolve, reject })
      })
    },
  }
}

/** As many as one transaction serves, in turns; at least one that waits. */
function take(waiting: FairQueue<PendingPull>): PendingPull[] {
  const taken: PendingPull[] = []
  let deliveries = 0
  for (let next = waiting.peek(); next !== undefined && taken.length < MAX_PULLS; next = waiting.peek()) {
    deliveries += next.ask.limit
    if (taken.length > 0 && deliveries > MAX_DELIVERIES) break
    taken.push(waiting.shift()!)
  }
  return taken
}
