import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'
import type { Committer } from '../commit/committer.ts'
import type { Delivering } from '../push/delivering.ts'
import { createDeliverySignals, type EngineSignals } from '../push/delivery-signals.ts'
import { createLeaseExpirer, type LeaseExpirer } from './lease-expirer.ts'
import { createPullCollector } from './pull-collector.ts'
import { createPullService, type PullService } from './pull-service.ts'

/** What serves those who come for their messages. */
export interface Pulling {
  pullService: PullService
  expirer: LeaseExpirer
  /** For the use cases and the store's changes, which have something to tell of deliveries. */
  signals: EngineSignals
}

export function createPulling(deps: {
  store: Pick<Store, 'pulls'>
  runtime: Runtime
  committer: Pick<Committer, 'settleLease'>
  delivering: Pick<Delivering, 'dispatcher' | 'signals'>
}): Pulling {
  const { store, runtime, committer } = deps
  const expirer = createLeaseExpirer({ store, runtime, freed: (listenerId, dueAt) => signals.due(listenerId, dueAt) })
  const collector = createPullCollector({ store, runtime })
  const pullService = createPullService({ collector, committer, expirer, runtime })
  const signals = createDeliverySignals(deps.delivering, pullService)
  return { pullService, expirer, signals }
}
