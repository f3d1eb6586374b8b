import type { Runtime } from '../runtime.ts'
import { ChangeFollowers, type HeardChange } from '../store/cluster/changes.ts'
import { type Store, StoreUnavailable } from '../store/store.ts'
import { createApiKeyStore } from './api-keys.ts'
import { createClockStore } from './clock.ts'
import { createChangePublisher } from './cluster/change-publisher.ts'
import { startChangeSource } from './cluster/change-source.ts'
import type { ChangeSubscriber } from './cluster/change-subscriber.ts'
import { NodeFeatures } from './cluster/node-features.ts'
import { type Clock, forgetDeadNodes } from './cluster/nodes.ts'
import { createNotify, createPublish, forgetChanges } from './cluster/publish.ts'
import { createRateStore } from './cluster/rates.ts'
import { createCommit } from './commit/batch.ts'
import { createLostCommits } from './commit/lost-commits.ts'
import { createUncertainCommits } from './commit/uncertain-commits.ts'
import { CallOwner } from './connect/call-owner.ts'
import { createPool } from './connect/pool.ts'
import { connect } from './connect/session.ts'
import { nameOf, type PostgresAddress, targetOf } from './connect/target.ts'
import { createDatabase } from './connect/transaction.ts'
import { createBacklog } from './deliveries/backlog.ts'
import { createDeliveryStore } from './deliveries/deliveries.ts'
import { createExpiryStore } from './deliveries/expiries.ts'
import { Leases } from './deliveries/leases.ts'
import { createListenerDeliveryStore } from './deliveries/listener-deliveries.ts'
import { createListenerOwners } from './deliveries/listener-owners.ts'
import { createOrderStore } from './deliveries/order-releases.ts'
import { createPullStore } from './deliveries/pulls.ts'
import { createDiscardStore } from './discards/discards.ts'
import { createDomainStore } from './domains.ts'
import { DatabaseReadOnly, DatabaseRefused } from './errors.ts'
import { createIdempotencyRecordStore } from './idempotency-records.ts'
import { createLedgerStore } from './ledger/ledger.ts'
import { createListenerStore } from './listeners.ts'
import { createLivenessStore } from './liveness.ts'
import { createMessageStore } from './messages/messages.ts'
import { migrate } from './migrate.ts'
import { createOrganizationStore } from './organizations.ts'
import { createQueueStore } from './queues.ts'
import { createRedeliveryStore } from './redeliveries/redeliveries.ts'
import { createRemovalStore } from './removals.ts'
import { readRoutines } from './routines.ts'
import { createScheduleStore } from './schedules/schedules.ts'
import { createSecretStore } from './secrets.ts'
import { createEventStore } from './telemetry/events.ts'
import { createNotificationStore } from './telemetry/notifications.ts'
import { createRollup } from './telemetry/rollup.ts'
import { createStatsStore } from './telemetry/stats.ts'

/** A real write: a server that can only be read would look healthy otherwise. */
const PING = `insert into discue.notes (name, value) values ('pinged', 'yes') on conflict (name) do update set value = 'yes'`

export interface PostgresOptions {
  /** By what clock nodes live and die: the database's, or, where clocks are moved by hand, the caller's. */
  clock: 'database' | 'caller'
  /** Ends the wait for a database that takes no writes; the store is then not opened, and its reason thrown. */
  stop?: AbortSignal
  /** What other nodes call this one where they tell of it. */
  nodeName?: string
}

/**
 * Opens the store in the database at `place`, bringing it up to date where needed.
 * Throws `DatabaseRefused` where it cannot be reached or used.
 */
export async function openPostgresStore(
  place: PostgresAddress,
  runtime: Runtime,
  options: PostgresOptions = { clock: 'database' },
): Promise<Store> {
  const target = targetOf(place)
  const routines = readRoutines()
  const owner = new CallOwner()
  const pool = createPool(() => connect(target, runtime), runtime, {
    max: place.connections,
    ownerOf: () => owner.current,
  })
  const self = runtime.newId()
  const followers = new ChangeFollowers()
  const heard = (change: HeardChange) => followers.tell(change)
  const database = createDatabase(pool, (change) => {
    heard(change)
    // Beside the transactions; see `publish`.
    if (change.kind === 'deliveries_due') for (const id of change.listenerIds) publisher.waiting(id)
  })
  const { db } = database
  const notify = createNotify(self, target.schema)
  const publisher = createChangePublisher(db, notify, runtime)
  const listening = place.listen ? targetOf(place.listen) : null
  let source: ChangeSubscriber
  try {
    source = await onceWritable(runtime, options.stop, async () => {
      const pooled = await pool.use(async (session) => {
        await migrate(session, routines, target.schema)
        return session.pooled
      })
      const open = listening !== null || !pooled ? () => connect(listening ?? target, runtime) : null
      const subscribed = { from: self, channel: target.schema, heard }
      return startChangeSource({ open, apart: listening !== null, ...subscribed, db, notify, runtime })
    })
  } catch (cause) {
    await pool.close()
    if (!(cause instanceof StoreUnavailable)) throw cause
    throw new DatabaseRefused(`the database ${nameOf(target)} cannot be used: ${cause.message}`)
  }
  const clock: Clock = options.clock === 'database' ? () => null : (now) => now
  const publish = createPublish(notify)
  const nodeFeatures = new NodeFeatures()
  const memory = {
    nodeFeatures,
    nodeName: options.nodeName ?? null,
    leases: new Leases(),
    uncertain: createUncertainCommits(runtime.now),
    owners: createListenerOwners(db),
  }
  const parts = { ...memory, clock, notify, publish, publisher, routines }
  const rates = createRateStore(database)
  const rollup = createRollup(database, runtime, async () => {
    await forgetDeadNodes(db, clock(runtime.now()))
    await forgetChanges(db)
    await rates.forget()
  })
  rollup.start()
  return owner.wrapStore({
    organizations: createOrganizationStore(database, parts),
    apiKeys: createApiKeyStore(database, publish),
    queues: createQueueStore(database, parts),
    listeners: createListenerStore(database, parts),
    liveness: createLivenessStore(database, parts),
    messages: createMessageStore(database, parts),
    deliveries: createDeliveryStore(database, createBacklog(database, rollup), { ...parts, runtime }),
    schedules: createScheduleStore(database, parts),
    listenerDeliveries: createListenerDeliveryStore(database),
    expiries: createExpiryStore(database, parts),
    pulls: createPullStore(database, parts),
    removals: createRemovalStore(database, routines),
    orders: createOrderStore(database, parts),
    redeliveries: createRedeliveryStore(database, parts),
    discards: createDiscardStore(database, parts),
    ledger: createLedgerStore(database),
    notifications: createNotificationStore(database, rollup),
    answers: createIdempotencyRecordStore(database),
    domains: createDomainStore(database),
    events: createEventStore(database, runtime),
    stats: createStatsStore(database, rollup),
    clock: createClockStore(database),
    secrets: createSecretStore(database),
    commit: createCommit(db, { ...parts, lostCommits: createLostCommits(db, runtime) }, routines),
    shared: true,
    rates,
    follow: (it) => followers.follow(it),
    tell: publisher.tell,
    nodesWithout: (feature) => nodeFeatures.without(feature),
    ping: async () => void (await db.run(PING)),
    async close() {
      const closeAll = async () => {
        publisher.stop()
        await source.stop()
        await rollup.stop()
        await pool.close()
      }
      await Promise.race([closeAll(), pause(runtime, CLOSE_MS, undefined)])
    },
  })
}

const READ_ONLY_PAUSE_MS = 1_000
/** How long a close waits for a database that may not answer: it ends connections by itself that are gone. */
const CLOSE_MS = 3_000

/** A standby may be promoted any moment, and a node that waits for it is there at once. */
async function onceWritable<Result>(
  runtime: Runtime,
  stop: AbortSignal | undefined,
  open: () => Promise<Result>,
): Promise<Result> {
  for (let told = false; ; told = true) {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof DatabaseReadOnly)) throw error
      if (!told) runtime.log.warn({}, `waiting until a host takes writes, as a promoted standby does. ${error.message}`)
      await pause(runtime, READ_ONLY_PAUSE_MS, stop)
    }
  }
}

function pause(runtime: Runtime, ms: number, stop: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopped = () => {
      cancel()
      reject(stop!.reason)
    }
    const cancel = runtime.after(ms, () => {
      stop?.removeEventListener('abort', stopped)
      resolve()
    })
    if (stop?.aborted) stopped()
    else stop?.addEventListener('abort', stopped, { once: true })
  })
}
