import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { createKeyRing } from './app/caches/api-key-cache.ts'
import { createCronCache } from './app/caches/cron-cache.ts'
import { followChanges } from './app/caches/follow-changes.ts'
import { createQueueDirectory } from './app/caches/queue-directory.ts'
import { createSchemaChecks } from './app/caches/schema-checks.ts'
import type { MovableClock } from './app/clock.ts'
import { createLockOut } from './app/limits/lock-out.ts'
import { tellTargetPolicy } from './app/limits/target-policy.ts'
import { ensureRootKey } from './app/tenant/root-key.ts'
import { sealAllSecrets } from './app/tenant/secrets.ts'
import type { Config } from './config/config.ts'
import { lockOutWarning } from './core/network/exposure.ts'
import { createSecretBox } from './core/tenant/secret-box.ts'
import { Activity } from './engine/activity.ts'
import { createLookUpName } from './engine/client/look-up-name.ts'
import type { Names } from './engine/client/names/names.ts'
import { createNodeHealth } from './engine/node-health.ts'
import { createMovableClock } from './engine/schedule/movable-clock.ts'
import type { MetricsAccess } from './http/deps.ts'
import { createMetrics } from './http/metrics/metrics.ts'
import { createManualRuntime, createRuntime, type Log, type Runtime } from './runtime.ts'
import type { Store } from './store/store.ts'
import { readTlsFiles } from './tls.ts'
import { VERSION } from './version.ts'

/** Made by scripts/build-dashboard.mjs, which a start runs where it is missing or old. */
const DASHBOARD = fileURLToPath(new URL('../build/dashboard', import.meta.url))

/** A database of this process alone, which no setting of a server names. */
export const IN_MEMORY = ':memory:'

/** A server that answers. */
export interface Server {
  /** Where it listens, such as http://127.0.0.1:3000. */
  url: string
  /** A root API key that was made at this start and was not shown yet; null at any other start. */
  newRootKey: string | null
  /** Tell it once the key was shown: it is never shown again. */
  rootKeyShown(): Promise<void>
  /** The clock that a caller moves; null where the machine's counts. */
  clock: MovableClock | null
  /** Takes nothing more, finishes what is in flight, hands back the rest. What of that fails is logged; it never rejects. */
  stop(): Promise<void>
}

/**
 * Opens the store, starts the engine and listens. What it has started is stopped again where a later step fails. `stop`
 * ends a start that waits for its database; its reason is then thrown.
 */
export async function startServer(config: Config, log: Log, stop?: AbortSignal): Promise<Server> {
  // Before anything is opened: a wrong path costs nothing.
  const tls = readTlsFiles(config.tls)
  // The database opens, an embedded one in its own thread, while this one loads the rest.
  const [store, { createEngine }, { createSystemNames }, { createApi }] = await Promise.all([
    openStore(config, log, stop),
    import('./engine/engine.ts'),
    import('./engine/client/names/system-names.ts'),
    import('./http/api.ts'),
  ])
  const undo: (() => Promise<void>)[] = [() => store.close()]
  try {
    const time = await createTime(config, log, store)
    const { runtime, activity, clock } = time
    const newRootKey = await ensureRootKey({ store, runtime }, config.rootApiKey)
    const { retention, targets, insecureTls, egress } = config
    const secretBox = createSecretBox(config.secretKeys, runtime.randomBytes)
    const sealed = await sealAllSecrets({ store, secretBox })
    if (sealed > 0) runtime.log.info({ listeners: sealed }, 'secrets were encrypted with the newest key')
    const userAgent = `discue/${VERSION}`
    const shared = {
      // The scheduler reads of it: a clock that is moved by hand must not go on meanwhile.
      directory: createQueueDirectory(activity?.watchStore(store) ?? store),
      schemaChecks: createSchemaChecks(),
      cronCache: createCronCache(),
    }
    const names = createSystemNames(runtime, config.dnsServers)
    const tracing = await createTracing(config, { runtime, names })
    if (tracing !== null) undo.push(tracing.close)
    const traced = tracing?.traced
    const engine = createEngine({
      store,
      runtime,
      activity,
      traced,
      retention,
      targets,
      names,
      secretBox,
      insecureTls,
      egress,
      userAgent,
      ...shared,
    })
    const { counters, gauges } = engine
    const metrics = createMetrics({ counters, gauges, store, runtime, version: VERSION, databasePath: pathOf(config) })
    const health = createNodeHealth({ store, reasonAgainst: engine.claimFault, log })
    const keyRing = createKeyRing({ store, now: runtime.now })
    const lockOut = createLockOut({ now: runtime.now })
    const { directory } = shared
    followChanges({ store, runtime }, { ...engine.followers, lockOut, directory, keyRing })
    const api = createApi({
      store,
      runtime,
      acceptor: engine.acceptor,
      recentLiveness: engine.recentLiveness,
      holdUps: engine.holdUps,
      preflight: engine.preflight,
      requestPreview: engine.requestPreview,
      domainChecker: engine.domainChecker,
      puller: engine.puller,
      ...shared,
      keyRing,
      lockOut,
      clock,
      eventRetentionMs: retention.eventsMs,
      targets,
      lookUpName: createLookUpName(names, egress),
      secretBox,
      insecureTls,
      domainVerification: config.domainVerification,
      publicUrl: config.publicUrl,
      rateLimit: config.rateLimit,
      trustedProxies: config.trustedProxies,
      tls,
      health,
      metrics,
      tracer: tracing?.tracer,
      metricsAccess: metricsAccess(config),
      dashboardFolder: DASHBOARD,
    })
    undo.push(() => engine.stop())
    await engine.start()
    undo.push(async () => {
      health.stopping()
      time.release()
      engine.endWaits()
      await api.close()
    })
    if (config.metricsPort !== null) {
      // Loaded where it is wanted: importing Node's own HTTP as a module loads its HTTP client as well, at every start.
      const { serveMetrics } = await import('./http/metrics/server.ts')
      const watched = await serveMetrics(metrics, { host: config.host, port: config.metricsPort, log })
      undo.push(watched.close)
      log.info({ url: watched.url }, 'metrics are served')
    }
    const url = await api.listen({ host: config.host, port: config.port })
    const warning = lockOutWarning(config.exposedBy, config.trustedProxies)
    if (warning !== null) log.warn({}, warning)
    undo.push(tellPolicy(config, log, store))
    const rootKeyShown = () => store.apiKeys.markRootKeyShown()
    return { url, newRootKey, rootKeyShown, clock, stop: once(() => inReverse(undo, log)) }
  } catch (error) {
    await inReverse(undo, log)
    throw error
  }
}

/** The path of the database's file; null where it is none. */
function pathOf({ database }: Config): string | null {
  return database.kind === 'sqlite' && database.path !== IN_MEMORY ? database.path : null
}

/** Metrics name queues of every organization: clients from elsewhere need a key for them. */
function metricsAccess({ metricsPort, exposedBy }: Config): MetricsAccess {
  if (metricsPort !== null) return 'elsewhere'
  return exposedBy === null ? 'open' : 'key'
}

/** Tells where deliveries may go, beside what the server does already. Answers with what waits for its end. */
function tellPolicy(config: Config, log: Log, store: Store): () => Promise<void> {
  const stop = new AbortController()
  const told = tellTargetPolicy({ store, log }, config, stop.signal).catch((error: unknown) => {
    log.warn({ err: error }, 'how many listeners DISCUE_TARGETS forbids is not known: the store could not be read')
  })
  return async () => {
    stop.abort()
    await told
  }
}

/** The clock that was asked for, and what moves it where the machine does not. */
async function createTime({ clock }: Config, log: Log, store: Store) {
  if (clock === 'system') {
    return { runtime: createRuntime(log), activity: null, clock: null, release: () => undefined }
  }
  const runtime = createManualRuntime(log, await store.clock.read())
  const activity = new Activity(runtime)
  return { runtime, activity, clock: createMovableClock({ runtime, activity, store }), release: runtime.release }
}

/** Makes what records traces, loaded only where they are configured; a server without traces does nothing for them. */
async function createTracing({ tracing, egress }: Config, { runtime, names }: { runtime: Runtime; names: Names }) {
  if (tracing === null) return null
  const [{ createCollectorSender }, { createSpanExporter }, { createTracer }, { Traced }] = await Promise.all([
    import('./engine/trace/collector-sender.ts'),
    import('./engine/trace/span-exporter.ts'),
    import('./engine/trace/tracer.ts'),
    import('./engine/trace/traced.ts'),
  ])
  const exporter = createSpanExporter(runtime, tracing, VERSION, createCollectorSender(runtime, { egress, names }))
  const tracer = createTracer(runtime, exporter, tracing.ratio)
  return { tracer, traced: new Traced(tracer), close: exporter.close }
}

/** Each database's code is loaded only where it is used: the other one would cost every start its time. */
async function openStore({ database, clock, port }: Config, log: Log, stop?: AbortSignal): Promise<Store> {
  if (database.kind === 'sqlite') {
    if (database.path === IN_MEMORY) {
      const { openSqliteStore } = await import('./store-sqlite/database.ts')
      return openSqliteStore(IN_MEMORY)
    }
    const { openThreadedSqliteStore } = await import('./store-sqlite/thread/threaded.ts')
    return openThreadedSqliteStore(database.path)
  }
  const { openPostgresStore } = await import('./store-postgres/database.ts')
  // Its connections, and what they wait for, live by the machine's clock, even where a client moves the server's.
  return openPostgresStore(database, createRuntime(log), {
    clock: clock === 'system' ? 'database' : 'caller',
    stop,
    nodeName: `${hostname()}:${port}`,
  })
}

/** Ends what was begun, the last first. A step that fails is logged: those before it are there to be ended all the same. */
async function inReverse(steps: (() => Promise<void>)[], log: Log): Promise<void> {
  for (const step of steps.reverse()) {
    await step().catch((err: unknown) => log.error({ err }, 'a part of the server could not be stopped in order'))
  }
}

/** Runs it at the first call; each later caller waits for that. */
function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => {
    running ??= run()
    return running
  }
}
