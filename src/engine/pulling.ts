import type { Runtime } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import { type BothWays, createCarrier } from './carrier.ts'
import type { Delivering } from './delivering.ts'
import { createLeaseExpirer, type LeaseExpirer } from './lease-expirer.ts'
import { createPullCommitter } from './pull-committer.ts'
import { createPullDesk, type PullDesk } from './pull-desk.ts'

/** What serves those who come for their messages. */
export interface Pulling {
  desk: PullDesk
  expirer: LeaseExpirer
  /** For everybody who has something to tell of deliveries. */
  carrier: BothWays
}

export function createPulling(deps: {
  store: Pick<Store, 'pulls'>
  runtime: Runtime
  delivering: Pick<Delivering, 'dispatcher' | 'carrier'>
}): Pulling {
  const { store, runtime } = deps
  const expirer = createLeaseExpirer({ store, runtime, freed: (listenerId, dueAt) => carrier.due(listenerId, dueAt) })
  const desk = createPullDesk({ committer: createPullCommitter({ store, runtime }), expirer, runtime })
  const carrier = createCarrier(deps.delivering, desk)
  return { desk, expirer, carrier }
}
