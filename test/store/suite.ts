import { describe, test } from 'node:test'
import type { Store } from '../../src/store/store.ts'
import { backlogCases } from './cases/delivery/backlog.cases.ts'
import { batchCases } from './cases/delivery/batch.cases.ts'
import { behindClockCases } from './cases/delivery/behind-clock.cases.ts'
import { deliveryCases } from './cases/delivery/deliveries.cases.ts'
import { discardCases } from './cases/delivery/discards.cases.ts'
import { expiryCases } from './cases/delivery/expiry.cases.ts'
import { leaseCases } from './cases/delivery/leases.cases.ts'
import { leftOutCases } from './cases/delivery/left-out.cases.ts'
import { livenessCases } from './cases/delivery/liveness.cases.ts'
import { messageExpiryCases } from './cases/delivery/message-expiry.cases.ts'
import { orderCases } from './cases/delivery/orders.cases.ts'
import { pullCases } from './cases/delivery/pulls.cases.ts'
import { redeliveryCases } from './cases/delivery/redeliveries.cases.ts'
import { removalCases } from './cases/delivery/removals.cases.ts'
import { settlementCases } from './cases/delivery/settlements.cases.ts'
import { eventCases } from './cases/reading/events.cases.ts'
import { ledgerCases } from './cases/reading/ledger.cases.ts'
import { listenerDeliveryCases } from './cases/reading/listener-deliveries.cases.ts'
import { messageCases } from './cases/reading/messages.cases.ts'
import { notificationCases } from './cases/reading/notifications.cases.ts'
import { pagingCases } from './cases/reading/paging.cases.ts'
import { scheduleOverlapCases } from './cases/reading/schedule-overlap.cases.ts'
import { scheduleCases } from './cases/reading/schedules.cases.ts'
import { searchCases } from './cases/reading/search.cases.ts'
import { statsCases } from './cases/reading/stats.cases.ts'
import { apiKeyCases } from './cases/tenant/api-keys.cases.ts'
import { domainCases } from './cases/tenant/domains.cases.ts'
import { answerCases } from './cases/tenant/idempotency-records.cases.ts'
import { listenerCases } from './cases/tenant/listeners.cases.ts'
import { organizationCases } from './cases/tenant/organizations.cases.ts'
import { queueCases } from './cases/tenant/queues.cases.ts'
import { quotaCases } from './cases/tenant/quotas.cases.ts'
import { secretCases } from './cases/tenant/secrets.cases.ts'
import { createMake, type Make, NOW } from './make.ts'
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
  'a clock that went back': behindClockCases,
  backlog: backlogCases,
  leases: leaseCases,
  'listeners that are left out': leftOutCases,
  settlements: settlementCases,
  removals: removalCases,
  events: eventCases,
  stats: statsCases,
  notifications: notificationCases,
  expiry: expiryCases,
  'messages that expire': messageExpiryCases,
  'deliveries that are discarded': discardCases,
  answers: answerCases,
  orders: orderCases,
  ledger: ledgerCases,
  redeliveries: redeliveryCases,
  paging: pagingCases,
  schedules: scheduleCases,
  'overlap of schedules': scheduleOverlapCases,
  search: searchCases,
  'deliveries of a listener': listenerDeliveryCases,
  secrets: secretCases,
  domains: domainCases,
  pulls: pullCases,
}

/**
 * Registers every case as a test, each with a store of its own that is closed afterwards. Where there are several ways to
 * open one, nouns are dealt to them in turn, and each has its cases run beside those of the others.
 */
export function runStoreCases(label: string, ...ways: OpenStore[]): void {
  describe(label, { concurrency: ways.length }, () => {
    for (const [at, openStore] of ways.entries()) {
      const dealt = Object.entries(nouns).filter((_, index) => index % ways.length === at)
      describe(`${at + 1} of ${ways.length}`, { concurrency: 1 }, () => {
        for (const [noun, cases] of dealt) {
          describe(`${label}: ${noun}`, { concurrency: 1 }, () => {
            for (const { name, run } of cases) test(name, () => withStore(openStore, run))
          })
        }
      })
    }
  })
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
