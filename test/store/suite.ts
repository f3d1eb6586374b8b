import { describe, test } from 'node:test'
import type { Store } from '../../src/store/store.ts'
import { answerCases } from './answers.cases.ts'
import { apiKeyCases } from './api-keys.cases.ts'
import { backlogCases } from './backlog.cases.ts'
import { batchCases } from './batch.cases.ts'
import { deliveryCases } from './deliveries.cases.ts'
import { domainCases } from './domains.cases.ts'
import { eventCases } from './events.cases.ts'
import { expiryCases } from './expiry.cases.ts'
import { leaseCases } from './leases.cases.ts'
import { ledgerCases } from './ledger.cases.ts'
import { listenerCases } from './listeners.cases.ts'
import { livenessCases } from './liveness.cases.ts'
import { createMake, type Make, NOW } from './make.ts'
import { messageCases } from './messages.cases.ts'
import { orderCases } from './orders.cases.ts'
import { organizationCases } from './organizations.cases.ts'
import { pagingCases } from './paging.cases.ts'
import { pullCases } from './pulls.cases.ts'
import { queueCases } from './queues.cases.ts'
import { quotaCases } from './quotas.cases.ts'
import { redeliveryCases } from './redeliveries.cases.ts'
import { removalCases } from './removals.cases.ts'
import { scheduleCases } from './schedules.cases.ts'
import { searchCases } from './search.cases.ts'
import { secretCases } from './secrets.cases.ts'
import { settlementCases } from './settlements.cases.ts'
import { statsCases } from './stats.cases.ts'
import { refusingOddNumbers } from './whole-numbers.ts'

/** What a case works with: an empty store of its own, what to put into it, and the time. */
export interface Given {
  store: Store
  make: Make
  now: number
}

/** One promise of the store's interface. */
export interface StoreCase {
  name: string
  run(given: Given): Promise<void>
}

/** Opens a store that nothing else uses and that holds nothing. */
export type OpenStore = () => Store | Promise<Store>

const nouns: Record<string, StoreCase[]> = {
  organizations: organizationCases,
  quotas: quotaCases,
  'api keys': apiKeyCases,
  queues: queueCases,
  listeners: listenerCases,
  liveness: livenessCases,
  messages: messageCases,
  batch: batchCases,
  deliveries: deliveryCases,
  backlog: backlogCases,
  leases: leaseCases,
  settlements: settlementCases,
  removals: removalCases,
  events: eventCases,
  stats: statsCases,
  expiry: expiryCases,
  answers: answerCases,
  orders: orderCases,
  ledger: ledgerCases,
  redeliveries: redeliveryCases,
  paging: pagingCases,
  schedules: scheduleCases,
  search: searchCases,
  secrets: secretCases,
  domains: domainCases,
  pulls: pullCases,
}

/** Registers every case as a test, each with a store of its own that is closed afterwards. */
export function runStoreCases(label: string, openStore: OpenStore): void {
  for (const [noun, cases] of Object.entries(nouns)) {
    describe(`${label}: ${noun}`, () => {
      for (const { name, run } of cases) test(name, () => withStore(openStore, run))
    })
  }
}

/** Runs `use` with a store of its own and closes it, whatever happens. */
export async function withStore(openStore: OpenStore, use: (given: Given) => Promise<void>): Promise<void> {
  const store = refusingOddNumbers(await openStore())
  try {
    await use({ store, make: createMake(), now: NOW })
  } finally {
    await store.close()
  }
}
