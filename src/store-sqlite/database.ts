import type { Store } from '../store/store.ts'
import { createAnswerStore } from './answers.ts'
import { createApiKeyStore } from './api-keys.ts'
import { createCommit } from './batch.ts'
import { connect } from './connection.ts'
import { createDeliveryStore } from './deliveries.ts'
import { Leases } from './leases.ts'
import { createListenerStore } from './listeners.ts'
import { MessageMarks } from './message-marks.ts'
import { createMessageStore } from './messages.ts'
import { createOrganizationStore } from './organizations.ts'
import { createQueueStore } from './queues.ts'
import { createRemovalStore } from './removals.ts'
import { createTransact } from './transaction.ts'

/**
 * Opens the store in the file at `path`, making or migrating it where needed; `:memory:` for tests.
 * Throws `DatabaseRefused` where the file is in use, not ours, or cannot be opened.
 */
export async function openSqliteStore(path: string): Promise<Store> {
  const { db, close } = connect(path)
  const transact = createTransact(db)
  const leases = new Leases()
  const marks = new MessageMarks(db)
  const commit = createCommit(db, transact, leases, marks)
  return {
    organizations: createOrganizationStore(db, transact),
    apiKeys: createApiKeyStore(db, transact),
    queues: createQueueStore(db, transact, leases),
    listeners: createListenerStore(db, transact, leases),
    messages: createMessageStore(db, transact, leases, marks),
    deliveries: createDeliveryStore(db, leases),
    removals: createRemovalStore(db, transact),
    answers: createAnswerStore(db, transact),
    commit: async (batch) => commit(batch),
    ping: async () => transact(() => undefined),
    close: async () => close(),
  }
}
