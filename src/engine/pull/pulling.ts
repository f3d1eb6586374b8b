import type { Runtime } from '../../runtime.ts'
import type { Store } from '../../store/store.ts'
import type { Committer } from '../commit/committer.ts'
import type { Dispatcher } from '../push/dispatcher.ts'
import { createLeaseExpirer, type LeaseExpirer } from './lease-expirer.ts'
import { createPullCollector } from './pull-collector.ts'
import { createPullService, type PullService } from './pull-service.ts'

/** What serves clients that come for their messages. */
export interface Pulling {
  pullService: PullService
  expirer: LeaseExpirer
}

/** A delivery whose lease has run out goes to the next client that pulls, or to its lane where its listener does not pull any more. */
export function createPulling(deps: {
  store: Pick<Store, 'pulls'>
  runtime: Runtime
  committer: Pick<Committer, 'settleLease'>
  dispatcher: Pick<Dispatcher, 'due'>
}): Pulling {
  const { store, runtime, committer, dispatcher } = deps
  const expirer = createLeaseExpirer({
    store,
    runtime,
    freed(listenerId, dueAt) {
      pullService.due(listenerId, dueAt)
      dispatcher.due(listenerId, dueAt)
    },
  })
  const collector = createPullCollector({ store, runtime })
  const pullService = createPullService({ collector, committer, expirer, runtime })
  return { pullService, expirer }
}
