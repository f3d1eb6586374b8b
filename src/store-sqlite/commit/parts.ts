import type { UsageChanges } from '../../store/commit/usage-changes.ts'
import type { Leases } from '../deliveries/leases.ts'
import type { Orders } from '../deliveries/orders.ts'
import type { RecipientSets } from '../deliveries/recipient-sets.ts'
import type { RowlessDeliveries } from '../deliveries/rowless.ts'
import type { TouchedBlocks } from '../ledger/touched-blocks.ts'
import type { MessageMarks } from '../messages/message-marks.ts'
import type { Usage } from '../telemetry/usage.ts'
import type { CounterChanges } from './listener-counters.ts'
import type { MessageQuotas } from './message-quotas.ts'

/** What a transaction sums up and writes at its end. */
export interface Changes {
  counters: CounterChanges
  usage: UsageChanges
}

/** What the commit shares with other parts of the store, because it is in memory. */
export interface Shared {
  recipientSets: RecipientSets
  rowless: RowlessDeliveries
  leases: Leases
  marks: MessageMarks
  orders: Orders
  quotas: MessageQuotas
  touched: TouchedBlocks
  usage: Usage
}
