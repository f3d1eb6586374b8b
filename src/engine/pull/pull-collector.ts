import { FairPlaces } from '../../core/sharing/fair-places.ts'
import { FairQueue } from '../../core/sharing/fair-queue.ts'
import { full } from '../../core/sharing/full.ts'
import type { Runtime } from '../../runtime.ts'
import type { Pulled } from '../../store/pulls.ts'
import { problemOfStore, type Store, StoreUnavailable } from '../../store/store.ts'
import { type PullBatch, refusalOf, takeBatch, type WaitingPull } from './pull-batch.ts'

/** Past it the server answers 503 instead of growing; one organization alone has half of it. */
const MAX_WAITING = 20_000
const CALLS = { code: 'overloaded', what: 'pulls that wait for the store' } as const

interface PendingPull extends WaitingPull {
  resolve(pulled: Pulled): void
  reject(error: unknown): void
}

/**
 * Collects pulls and lets the store lease for them in one transaction, the next one starting when the last is synced:
 * alone, a pull waits for no other; under load, hundreds share one sync, and organizations take turns. Apart from commits,
 * so that no message waits to be accepted until thousands were read. Throws `overloaded`, `too_many_answers` and
 * `store_unavailable`.
 */
export interface PullCollector {
  pull(waiting: WaitingPull): Promise<Pulled>
}

type Served = PullBatch<PendingPull>['served']

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
    const { served, aside } = takeBatch(waiting)
    for (const { pull } of served) places.give(pull.organizationId)
    if (served.length > 0) await pullAll(served)
    for (const pull of aside) {
      const reason = refusalOf(pull)
      if (reason === null) waiting.push(pull.organizationId, pull)
      else {
        places.give(pull.organizationId)
        pull.reject(reason)
      }
    }
  }

  async function pullAll(served: Served): Promise<void> {
    try {
      await pullTogether(served)
    } catch (error) {
      if (error instanceof StoreUnavailable) refuse(served, error)
      else {
        runtime.log.error({ err: error }, 'pulls could not be served together; they are tried one by one')
        for (const it of served) await pullTogether([it]).catch((reason) => refuse([it], reason))
      }
    }
  }

  async function pullTogether(served: Served): Promise<void> {
    const pulled = await store.pulls.pull({ now: runtime.now(), asks: served.map(({ ask }) => ask) })
    for (const [index, { pull }] of served.entries()) {
      const found = pulled[index]!
      pull.room?.keep(bytesOf(found))
      pull.resolve(found)
    }
  }

  function refuse(served: Served, error: unknown): void {
    const away = error instanceof StoreUnavailable
    if (away) runtime.log.error({ err: error }, 'the store cannot be written')
    for (const { pull } of served) {
      pull.room?.keep(0)
      pull.reject(away ? problemOfStore(error) : error)
    }
  }

  return {
    async pull(pull) {
      const { organizationId } = pull
      if (!places.take(organizationId)) throw full(places, organizationId, CALLS)
      schedule()
      return new Promise((resolve, reject) => {
        waiting.push(organizationId, { ...pull, resolve, reject })
      })
    },
  }
}

/** What was found takes until its client has read it, about. */
function bytesOf(pulled: Pulled): number {
  if (pulled.outcome === 'gone') return 0
  return pulled.deliveries.reduce((sum, { message }) => sum + message.data.length, 0)
}
