import type { Batch } from '../../src/store/commit/batch.ts'
import type { DeliveryStore } from '../../src/store/deliveries.ts'
import type { Store } from '../../src/store/store.ts'

type ClaimAsk = Parameters<DeliveryStore['claimDue']>[0]

/** A real store that says what the engine asked of it, and that a test can slow down or break. */
export interface WatchedStore extends Store {
  /** What commit was called with, failed calls included. */
  commits: Batch[]
  /** What claimDue was called with, failed calls included. */
  claims: ClaimAsk[]
  /** Deliveries that were leased, and neither settled nor handed back since. */
  leased(): number
  /** Says what a commit fails with, before anything is written; null lets it through. */
  failCommit: (batch: Batch) => Error | null
  failClaim: (ask: ClaimAsk) => Error | null
  /** Lets commits wait at the latch from now on, until the answer is called. */
  holdCommits(): () => void
  /** Lets claims wait after they have read, until the answer is called. */
  holdClaims(): () => void
}

export function watch(store: Store): WatchedStore {
  const [commits, claims] = [[] as Batch[], [] as ClaimAsk[]]
  const [commitLatch, claimLatch] = [new Latch(), new Latch()]
  let leased = 0
  const watched: WatchedStore = {
    ...store,
    commits,
    claims,
    leased: () => leased,
    failCommit: () => null,
    failClaim: () => null,
    holdCommits: () => commitLatch.hold(),
    holdClaims: () => claimLatch.hold(),
    async commit(batch) {
      commits.push(batch)
      await commitLatch.passed
      throwIf(watched.failCommit(batch))
      const result = await store.commit(batch)
      for (const it of result.accepts) {
        if (it.outcome === 'accepted')
          leased += it.messages.flatMap(({ leases }) => leases).filter((lease) => lease !== null).length
      }
      leased -= result.settlements.filter((it) => it !== 'lost').length
      return result
    },
    deliveries: Object.assign(Object.create(store.deliveries) as DeliveryStore, {
      async claimDue(ask: ClaimAsk) {
        claims.push(ask)
        throwIf(watched.failClaim(ask))
        const claim = await store.deliveries.claimDue(ask)
        leased += claim.deliveries.length
        await claimLatch.passed
        return claim
      },
      async handBack(ask: Parameters<DeliveryStore['handBack']>[0]) {
        await store.deliveries.handBack(ask)
        leased -= ask.leases.length
      },
    } satisfies Partial<DeliveryStore>),
  }
  return watched
}

function throwIf(error: Error | null): void {
  if (error !== null) throw error
}

class Latch {
  passed: Promise<void> | undefined

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.passed = promise
    return () => {
      this.passed = undefined
      resolve()
    }
  }
}
