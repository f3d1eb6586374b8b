import type { Store } from '../store/store.ts'
import { createAnswerStore } from './answers.ts'
import { createApiKeyStore } from './api-keys.ts'
import { Audiences } from './audiences.ts'
import { createCommit } from './batch.ts'
import { checkpointsAside, checkpointsBySqlite } from './checkpoints.ts'
import { createClockStore } from './clock.ts'
import { type Connection, connect } from './connection.ts'
import { createDeliveryStore } from './deliveries.ts'
import { createDomainStore } from './domains.ts'
import { createEventStore } from './events.ts'
import { ImpliedDeliveries } from './implied.ts'
import { Leases } from './leases.ts'
import { createLedgerStore } from './ledger.ts'
import { createListenerStore } from './listeners.ts'
import { createLivenessStore } from './liveness.ts'
import { MessageMarks } from './message-marks.ts'
import { MessageQuotas } from './message-quotas.ts'
import { createMessageStore } from './messages.ts'
import { createOrderStore } from './order-releases.ts'
import { Orders } from './orders.ts'
import { createOrganizationStore } from './organizations.ts'
import { createPullStore } from './pulls.ts'
import { createQueueStore } from './queues.ts'
import { createRedeliveryStore } from './redeliveries.ts'
import { createRemovalStore } from './removals.ts'
import { createScheduleStore } from './schedules.ts'
import { createSecretStore } from './secrets.ts'
import { createStatsStore } from './stats.ts'
import { TouchedBlocks } from './touched-blocks.ts'
import { createTransact } from './transaction.ts'
import { createUsage } from './usage.ts'

/** A real write: a disk that is full can be read, and would look healthy otherwise. */
const PING = `insert or replace into notes (name, value) values ('pinged', 'yes')`

/**
 * Opens the store in the file at `path`, making or migrating it where needed; `:memory:` for tests.
 * With `aside`, its log is emptied in a thread of its own. Throws `DatabaseRefused` where the file is in use, not ours, or cannot be opened.
 */
export async function openSqliteStore(path: string, { aside } = { aside: false }): Promise<Store> {
  const connection = connect(path)
  try {
    return storeOn(connection, aside ? path : null)
  } catch (error) {
    connection.close()
    throw error
  }
}

/** `aside`: where the database is, whose log is to be emptied in a thread of its own. */
function storeOn({ db, file, close }: Connection, aside: string | null): Store {
  const checkpoints =
    aside !== null && file !== null ? checkpointsAside(db, { path: aside, file }) : checkpointsBySqlite(db)
  const transact = createTransact(db, checkpoints.committed)
  const leases = new Leases()
  const implied = new ImpliedDeliveries(db, transact, leases)
  const audiences = new Audiences(db)
  const marks = new MessageMarks(db)
  const orders = new Orders(db)
  const touched = new TouchedBlocks()
  const quotas = new MessageQuotas(db)
  const usage = createUsage(db, transact)
  const shared = { audiences, implied, leases, marks, orders, quotas, touched, usage }
  const commit = createCommit(db, transact, shared)
  const ping = db.prepare(PING)
  return {
    organizations: createOrganizationStore(db, transact, { leases, quotas }),
    apiKeys: createApiKeyStore(db, transact, usage),
    queues: createQueueStore(db, transact, leases, usage),
    listeners: createListenerStore(db, transact, leases, usage),
    liveness: createLivenessStore(db, transact),
    messages: createMessageStore(db, transact, shared),
    deliveries: createDeliveryStore(db, shared),
    pulls: createPullStore(db, transact, shared),
    removals: createRemovalStore(db, transact, shared),
    answers: createAnswerStore(db, transact),
    domains: createDomainStore(db, transact),
    clock: createClockStore(db, transact),
    schedules: createScheduleStore(db, transact),
    secrets: createSecretStore(db, transact, checkpoints),
    events: createEventStore(db, transact),
    stats: createStatsStore(db, transact, usage),
    orders: createOrderStore(db, transact, orders),
    redeliveries: createRedeliveryStore(db, transact, shared),
    ledger: createLedgerStore(db, touched),
    commit: async (batch) => commit(batch),
    shared: false,
    rates: null,
    follow: () => undefined,
    tell: () => undefined,
    ping: async () => void transact(() => ping.run()),
    close: async () => {
      implied.forgetNote()
      await checkpoints.close()
      close()
    },
  }
}
