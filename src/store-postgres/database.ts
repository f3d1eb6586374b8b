import type { Runtime } from '../runtime.ts'
import { type Store, StoreUnavailable } from '../store/store.ts'
import { createAnswerStore } from './answers.ts'
import { createApiKeyStore } from './api-keys.ts'
import { createBacklog } from './backlog.ts'
import { createCommit } from './batch.ts'
import { createClockStore } from './clock.ts'
import { createDeliveryStore } from './deliveries.ts'
import { createDomainStore } from './domains.ts'
import { createDoubts } from './doubts.ts'
import { DatabaseRefused } from './errors.ts'
import { createEventStore } from './events.ts'
import { createFold } from './fold.ts'
import { createHearing } from './hearing.ts'
import { createHerald } from './herald.ts'
import { Leases } from './leases.ts'
import { createLedgerStore } from './ledger.ts'
import { createListenerStore } from './listeners.ts'
import { createLivenessStore } from './liveness.ts'
import { createMessageStore } from './messages.ts'
import { migrate } from './migrate.ts'
import { type Clock, forgetDeadNodes } from './nodes.ts'
import { createOrderStore } from './order-releases.ts'
import { createOrganizationStore } from './organizations.ts'
import { createPlaces } from './places.ts'
import { createPool } from './pool.ts'
import { createPublish } from './publish.ts'
import { createPullStore } from './pulls.ts'
import { createQueueStore } from './queues.ts'
import { createRateStore } from './rates.ts'
import { createRedeliveryStore } from './redeliveries.ts'
import { createRemovalStore } from './removals.ts'
import { readRoutines } from './routines.ts'
import { createScheduleStore } from './schedules.ts'
import { createSecretStore } from './secrets.ts'
import { connect } from './session.ts'
import { createStatsStore } from './stats.ts'
import { nameOf, type PostgresPlace, targetOf } from './target.ts'
import { createDatabase } from './transaction.ts'

/** A real write: a server that can only be read would look healthy otherwise. */
const PING = `insert into notes (name, value) values ('pinged', 'yes') on conflict (name) do update set value = 'yes'`

export interface PostgresOptions {
  /** By what clock nodes live and die: the database's, or, where clocks are moved by hand, the caller's. */
  clock: 'database' | 'caller'
}

/**
 * Opens the store in the database at `place`, bringing it up to date where needed.
 * Throws `DatabaseRefused` where it cannot be reached or used.
 */
export async function openPostgresStore(
  place: PostgresPlace,
  runtime: Runtime,
  options: PostgresOptions = { clock: 'database' },
): Promise<Store> {
  const target = targetOf(place)
  const routines = readRoutines()
  const pool = createPool(() => connect(target, runtime), runtime)
  const self = runtime.newId()
  const hearing = createHearing(() => connect(target, runtime), self, runtime)
  try {
    await pool.use((session) => migrate(session, routines))
    await hearing.start()
  } catch (cause) {
    await hearing.stop()
    await pool.close()
    if (!(cause instanceof StoreUnavailable)) throw cause
    throw new DatabaseRefused(`the database ${nameOf(target)} cannot be used: ${cause.message}`)
  }
  const database = createDatabase(pool)
  const { db } = database
  const clock: Clock = options.clock === 'database' ? () => null : (now) => now
  const publish = createPublish(self)
  const herald = createHerald(db, publish, runtime)
  const memory = { leases: new Leases(), doubts: createDoubts(runtime.now), places: createPlaces(db) }
  const parts = { ...memory, clock, publish, herald, routines }
  const rates = createRateStore(database)
  const fold = createFold(database, runtime, async () => {
    await forgetDeadNodes(db, clock(runtime.now()))
    await rates.forget()
  })
  fold.start()
  return {
    organizations: createOrganizationStore(database, parts),
    apiKeys: createApiKeyStore(database, publish),
    queues: createQueueStore(database, parts),
    listeners: createListenerStore(database, parts),
    liveness: createLivenessStore(database, parts),
    messages: createMessageStore(database, parts),
    deliveries: createDeliveryStore(database, createBacklog(database, fold), { ...parts, runtime }),
    schedules: createScheduleStore(database, routines),
    pulls: createPullStore(database, parts),
    removals: createRemovalStore(database, routines),
    orders: createOrderStore(database, routines),
    redeliveries: createRedeliveryStore(database, parts),
    ledger: createLedgerStore(database),
    answers: createAnswerStore(database),
    domains: createDomainStore(database),
    events: createEventStore(database),
    stats: createStatsStore(database, fold),
    clock: createClockStore(database),
    secrets: createSecretStore(database),
    commit: createCommit(db, parts, routines),
    shared: true,
    rates,
    follow: hearing.follow,
    tell: herald.tell,
    ping: async () => void (await db.run(PING)),
    async close() {
      herald.stop()
      await hearing.stop()
      await fold.stop()
      await pool.close()
    },
  }
}
