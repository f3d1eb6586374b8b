import type { Store } from '../store/store.ts'
import { createApiKeyStore } from './api-keys.ts'
import { createClockStore } from './clock.ts'
import { createCommit } from './commit/batch.ts'
import { createLeaseSettling } from './commit/lease-settlements.ts'
import { MessageQuotas } from './commit/message-quotas.ts'
import { createSettling } from './commit/settlements.ts'
import { createDeliveryStore } from './deliveries/deliveries.ts'
import { createExpiryStore } from './deliveries/expiries.ts'
import { Leases } from './deliveries/leases.ts'
import { createListenerDeliveryStore } from './deliveries/listener-deliveries.ts'
import { createOrderStore } from './deliveries/order-releases.ts'
import { Orders } from './deliveries/orders.ts'
import { createPullStore } from './deliveries/pulls.ts'
import { RecipientSets } from './deliveries/recipient-sets.ts'
import { RowlessDeliveries } from './deliveries/rowless.ts'
import { createDiscardStore } from './discards/discards.ts'
import { createDomainStore } from './domains.ts'
import { checkpointsAside, checkpointsBySqlite } from './file/checkpoints.ts'
import { type Connection, connect } from './file/connection.ts'
import { createIdempotencyRecordStore } from './idempotency-records.ts'
import { createLedgerStore } from './ledger/ledger.ts'
import { TouchedBlocks } from './ledger/touched-blocks.ts'
import { createListenerStore } from './listeners.ts'
import { createLivenessStore } from './liveness.ts'
import { MessageMarks } from './messages/message-marks.ts'
import { createMessageStore } from './messages/messages.ts'
import { createOrganizationStore } from './organizations.ts'
import { createQueueStore } from './queues.ts'
import { createRedeliveryStore } from './redeliveries/redeliveries.ts'
import { createRemovalStore } from './removals.ts'
import { createScheduleStore } from './schedules/schedules.ts'
import { createSecretStore } from './secrets.ts'
import { createEventStore } from './telemetry/events.ts'
import { createNotificationStore } from './telemetry/notifications.ts'
import { createStatsStore } from './telemetry/stats.ts'
import { createUsage } from './telemetry/usage.ts'
import { ChangeLog, createTransact } from './transaction.ts'

/** A real write: a disk that is full can be read, and would look healthy otherwise. */
const PING = `insert or replace into notes (name, value) values ('pinged', 'yes')`

interface OpenOptions {
  /** Empties its log in a thread of its own. */
  aside?: boolean
  /** What a store in memory begins as; see `emptyImage`. */
  image?: Uint8Array
}

/**
 * Opens the store in the file at `path`, making or migrating it where needed; `:memory:` for tests. Throws
 * `DatabaseRefused` where the file is in use, not ours, or cannot be opened.
 */
export async function openSqliteStore(path: string, { aside = false, image }: OpenOptions = {}): Promise<Store> {
  const connection = connect(path, image)
  try {
    return storeOn(connection, aside)
  } catch (error) {
    connection.close()
    throw error
  }
}

function storeOn({ db, file, close }: Connection, aside: boolean): Store {
  const checkpoints = aside && file !== null ? checkpointsAside(db, file) : checkpointsBySqlite(db)
  const changes = new ChangeLog()
  const transact = createTransact(db, checkpoints.committed, changes)
  const leases = new Leases()
  const rowless = new RowlessDeliveries(db, transact, leases)
  const recipientSets = new RecipientSets(db)
  const marks = new MessageMarks(db)
  const orders = new Orders(db)
  const touched = new TouchedBlocks()
  const quotas = new MessageQuotas(db)
  const usage = createUsage(db, transact)
  const shared = { recipientSets, rowless, leases, marks, orders, quotas, touched, usage, changes }
  const settling = createSettling(db, shared)
  const leaseSettling = createLeaseSettling(db, settling)
  const commit = createCommit(db, transact, { shared, settling, leaseSettling })
  const ping = db.prepare(PING)
  return {
    organizations: createOrganizationStore(db, transact, shared),
    apiKeys: createApiKeyStore(db, transact, shared),
    queues: createQueueStore(db, transact, shared),
    listeners: createListenerStore(db, transact, shared),
    liveness: createLivenessStore(db, transact),
    messages: createMessageStore(db, transact, shared),
    deliveries: createDeliveryStore(db, shared, transact),
    listenerDeliveries: createListenerDeliveryStore(db, shared),
    expiries: createExpiryStore(db, transact, shared),
    pulls: createPullStore(db, transact, { shared, leaseSettling }),
    removals: createRemovalStore(db, transact, shared),
    answers: createIdempotencyRecordStore(db, transact),
    domains: createDomainStore(db, transact),
    clock: createClockStore(db, transact),
    schedules: createScheduleStore(db, transact, shared),
    secrets: createSecretStore(db, transact, checkpoints),
    events: createEventStore(db, transact),
    stats: createStatsStore(db, transact, usage),
    orders: createOrderStore(db, transact, shared),
    redeliveries: createRedeliveryStore(db, transact, shared),
    discards: createDiscardStore(db, transact, shared),
    ledger: createLedgerStore(db, touched),
    notifications: createNotificationStore(db, transact, shared),
    commit: async (batch) => commit(batch),
    shared: false,
    rates: null,
    follow: (heard) => changes.followers.follow(heard),
    tell: () => undefined,
    nodesWithout: () => [],
    ping: async () => void transact(() => ping.run()),
    close: async () => {
      rowless.forgetNote()
      await checkpoints.close()
      close()
    },
  }
}
