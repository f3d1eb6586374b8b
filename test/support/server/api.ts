import { after } from 'node:test'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { createKeyRing } from '../../../src/app/caches/api-key-cache.ts'
import { createCronCache } from '../../../src/app/caches/cron-cache.ts'
import { type EngineFollowers, followChanges } from '../../../src/app/caches/follow-changes.ts'
import { createQueueDirectory } from '../../../src/app/caches/queue-directory.ts'
import { createSchemaChecks } from '../../../src/app/caches/schema-checks.ts'
import type { Acceptor, AppDeps, LookUpName, Puller } from '../../../src/app/deps.ts'
import { type CheckReport, PHASES } from '../../../src/core/delivery/preflight.ts'
import { createIdFactory } from '../../../src/core/id.ts'
import { withoutLeftOut } from '../../../src/core/listener-filter/left-out.ts'
import type { Network } from '../../../src/core/network/address.ts'
import { ANY_TARGET, type Targets } from '../../../src/core/network/target.ts'
import { createEngineCounters, type EngineCounters } from '../../../src/core/telemetry/counters.ts'
import { digestOf, prefixOf } from '../../../src/core/tenant/api-key.ts'
import type { DomainVerification } from '../../../src/core/tenant/domain.ts'
import { NO_LIMITS, quotaReached } from '../../../src/core/tenant/organization.ts'
import { CLEAR_BOX, type SecretBox } from '../../../src/core/tenant/secret-box.ts'
import { createCommitter } from '../../../src/engine/commit/committer.ts'
import { createLeaseExpirer } from '../../../src/engine/pull/lease-expirer.ts'
import { createPullCollector } from '../../../src/engine/pull/pull-collector.ts'
import { createPullService } from '../../../src/engine/pull/pull-service.ts'
import { createRequestPreview } from '../../../src/engine/push/request-preview.ts'
import { createApi, type Health } from '../../../src/http/api.ts'
import type { MetricsAccess } from '../../../src/http/deps.ts'
import { createMetrics } from '../../../src/http/metrics/metrics.ts'
import type { Runtime } from '../../../src/runtime.ts'
import type { MessageAccept } from '../../../src/store/commit/batch.ts'
import type { Store } from '../../../src/store/store.ts'
import { refusingOddNumbers } from '../../store/whole-numbers.ts'
import { NO_FOLLOWERS } from '../followers.ts'
import { openMemoryStore } from '../memory-store.ts'
import { predictableBytes } from '../predictable-bytes.ts'

export const START = Date.UTC(2026, 0, 1)
export const OWNER_KEY = 'owner-key-of-the-first-organization'
export const OTHER_OWNER_KEY = 'owner-key-of-the-other-organization'

const NODE = 'test-node'
/** The levels of an engine that there is none of here. */
const IDLE = { attemptsInFlight: 0, lanes: 0, waitingWrites: 0 }

/** What every check of a listener says here. */
const REPORT: CheckReport = {
  passed: true,
  phases: PHASES.map((name) => ({ name, verdict: 'passed', durationMs: 1, error: null })),
  addresses: ['192.0.2.1'],
  status: 200,
  response: 'thanks',
}

/** What was logged, and with which fields. */
export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error'
  fields: Record<string, unknown>
  message: string
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the tests, each with its own idea of them
export type Json = any

/** The HTTP side over a store in memory, with a clock that the test moves. */
export interface TestApi {
  app: FastifyInstance
  deps: AppDeps
  store: Store
  clock: { now: number }
  log: LogLine[]
  /** What the engine was told of changes, in order. */
  carried: unknown[]
  /** Which keys were noted as used, in order. */
  used: { apiKeyId: string; at: number }[]
  health: { state: Awaited<ReturnType<Health['ready']>> }
  /** What the engine would have counted. */
  counters: EngineCounters
  /** Ids of the two organizations. */
  organizations: { first: string; other: string }
  inject(options: InjectOptions): Promise<LightMyRequestResponse>
  /** With the owner key unless told, and JSON both ways. */
  call(method: string, path: string, body?: unknown, key?: string): Promise<{ status: number; body: Json }>
}

/** One API for all tests of a file; it is closed after the last of them. */
export async function sharedApi(options: ApiOptions = {}): Promise<TestApi> {
  const api = await startApi(options)
  after(() => api.app.close())
  return api
}

export interface ApiOptions {
  publicUrl?: string
  rateLimit?: number
  trustedProxies?: Network[]
  tls?: { cert: string; key: string }
  dashboardFolder?: string
  metricsAccess?: MetricsAccess
  /** Wraps the parts that a test wants to misbehave. */
  wrap?: (deps: AppDeps) => Partial<AppDeps>
  targets?: Targets
  /** What names resolve to; nothing is known of any where it is left out. */
  lookUpName?: LookUpName
  secretBox?: SecretBox
  insecureTls?: boolean
  domainVerification?: DomainVerification
  /** One that is empty; one in memory unless told. */
  openStore?: () => Promise<Store>
}

export async function startApi({
  publicUrl,
  rateLimit,
  trustedProxies,
  tls,
  targets,
  lookUpName,
  secretBox,
  insecureTls = false,
  domainVerification,
  dashboardFolder,
  metricsAccess,
  wrap,
  openStore = openMemoryStore,
}: ApiOptions = {}): Promise<TestApi> {
  const store = refusingOddNumbers(await openStore())
  const clock = { now: START }
  const log: LogLine[] = []
  const carried: unknown[] = []
  const used: { apiKeyId: string; at: number }[] = []
  const health: TestApi['health'] = { state: { ready: true } }
  const runtime = createTestRuntime(clock, log)
  const organizations = {
    first: await addOrganization(store, runtime, 'first', OWNER_KEY),
    other: await addOrganization(store, runtime, 'other', OTHER_OWNER_KEY),
  }
  const plain: AppDeps = {
    store,
    runtime,
    acceptor: createDirectAcceptor(store, used),
    recentLiveness: { newsOf: () => null },
    holdUps: { of: () => null },
    preflight: { check: async () => REPORT },
    requestPreview: createRequestPreview({ secretBox: secretBox ?? CLEAR_BOX, userAgent: 'discue/test' }),
    domainChecker: { check: async () => null },
    puller: createTestPuller(store, runtime, clock),
    directory: createQueueDirectory(store),
    schemaChecks: createSchemaChecks(),
    keyRing: createKeyRing({ store, now: runtime.now }),
    cronCache: createCronCache(),
    // Tests move the clock themselves.
    clock: { advance: async () => clock.now },
    eventRetentionMs: 24 * 3_600_000,
    targets: targets ?? ANY_TARGET,
    lookUpName: lookUpName ?? (async () => []),
    secretBox: secretBox ?? CLEAR_BOX,
    insecureTls,
    domainVerification: domainVerification ?? 'optional',
  }
  const deps = { ...plain, ...wrap?.(plain) }
  const { directory, keyRing } = deps
  followChanges({ store, runtime }, { ...NO_FOLLOWERS, ...createNotingFollowers(carried), directory, keyRing })
  const limits = { rateLimit: rateLimit ?? 0, trustedProxies: trustedProxies ?? [] }
  const counters = createEngineCounters()
  const app = createApi({
    ...deps,
    ...limits,
    publicUrl: publicUrl ?? null,
    tls,
    dashboardFolder,
    health: { ready: async () => health.state },
    metrics: createMetrics({ ...deps, counters, gauges: () => IDLE, version: '1.2.3' }),
    metricsAccess: metricsAccess ?? 'open',
  })
  app.addHook('onClose', async () => store.close())
  const inject = (options: InjectOptions) => app.inject(options)
  const call = createCall(inject)
  return { app, deps, store, clock, log, carried, used, health, counters, organizations, inject, call }
}

function createCall(inject: TestApi['inject']): TestApi['call'] {
  return async (method, url, body, key = OWNER_KEY) => {
    const headers = { 'x-api-key': key, ...(body !== undefined && { 'content-type': 'application/json' }) }
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const response = await inject({ method: method as 'GET', url, headers, payload })
    return { status: response.statusCode, body: response.json() }
  }
}

function createTestRuntime(clock: { now: number }, log: LogLine[]): Runtime {
  const now = () => clock.now
  const randomBytes = predictableBytes()
  const line = (level: LogLine['level']) => (fields: object, message: string) =>
    void log.push({ level, fields: fields as Record<string, unknown>, message })
  return {
    now,
    after: () => () => {},
    at: () => () => {},
    onLeap: () => () => {},
    upkeep: () => () => {},
    elapsedMs: now,
    horizon: now,
    random: () => 0.5,
    randomBytes,
    newId: createIdFactory({ now, randomBytes }),
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
  }
}

/** The real pull service, but that a pull which would wait moves the clock instead. */
function createTestPuller(store: Store, runtime: Runtime, clock: { now: number }): Puller {
  const after = (ms: number, run: () => void) => {
    const dueAt = clock.now + ms
    return createImmediate(() => {
      // Standing still, it would never come to what is due later, and a pull that waits for that would go on asking.
      clock.now = Math.max(clock.now, dueAt)
      run()
    })
  }
  const impatient = { ...runtime, after }
  const expirer = createLeaseExpirer({ store, runtime, freed: () => undefined })
  const collector = createPullCollector({ store, runtime })
  const committer = createCommitter({ store, node: NODE, runtime })
  return createPullService({ collector, committer, expirer, runtime: impatient })
}

function createImmediate(run: () => void): () => void {
  const immediate = setImmediate(run)
  return () => clearImmediate(immediate)
}

/** Writes each message at once, by itself. */
function createDirectAcceptor(store: Store, used: TestApi['used']): Acceptor {
  const empty = { node: NODE, settlements: [], keyUses: [] }
  return {
    async accept(given, { queue, listeners }, answer, steps, leftOut) {
      const deliveries = listeners.map(({ id, settings: { ordering } }) => {
        const delivery = { listenerId: id, leased: false }
        return ordering === 'none' ? delivery : { ...delivery, ordering }
      })
      const messages = given.map((message, index): MessageAccept => {
        const bits = leftOut?.[index] ?? null
        if (bits === null) return { message, deliveries }
        return { message, deliveries: [...withoutLeftOut(deliveries, bits)], leftOut: bits }
      })
      const accepts = [{ queueVersion: queue.version, messages, answer: answer ?? null, steps }]
      const result = await store.commit({ ...empty, now: given[0]!.createdAt, accepts })
      const accepted = result.accepts[0]!
      if (accepted.outcome === 'quota') throw quotaReached(accepted)
      return accepted.outcome
    },
    useKey(apiKeyId, at) {
      used.push({ apiKeyId, at })
    },
  }
}

/** The engine's parts, which there are none of here: what they are told is noted. */
function createNotingFollowers(carried: unknown[]): EngineFollowers {
  return {
    ...NO_FOLLOWERS,
    lanes: {
      listenerChanged: (listener) => void carried.push({ changed: listener.id }),
      listenerGone: (listenerId) => void carried.push({ gone: listenerId }),
      pause: (listenerId) => void carried.push({ paused: listenerId }),
      resume: (listenerId) => void carried.push({ resumed: listenerId }),
      messageGone: (listenerId, messageId) => void carried.push({ messageGone: messageId, listenerId }),
      discarded: (listenerId) => void carried.push({ discarded: listenerId }),
      newsMissed: () => void carried.push('news missed'),
      due: (listenerId, dueAt) => void carried.push({ due: listenerId, dueAt }),
    },
    scheduler: { dueAt: (dueAt) => void carried.push({ dueAt }) },
    redeliverer: { wake: () => void carried.push('redelivery') },
    discarder: { wake: () => void carried.push('discard') },
    remover: { wake: () => void carried.push('removal') },
  }
}

async function addOrganization(store: Store, runtime: Runtime, name: string, keyText: string): Promise<string> {
  const now = runtime.now()
  const id = runtime.newId()
  const root = name === 'first'
  await store.organizations.create(
    { id, name, root, status: 'active', limits: NO_LIMITS, createdAt: now, updatedAt: now },
    {
      id: runtime.newId(),
      organizationId: id,
      name: 'owner',
      digest: digestOf(keyText),
      prefix: prefixOf(keyText),
      status: 'enabled',
      scopes: null,
      owner: true,
      createdAt: now,
      updatedAt: now,
      lastUsedAt: null,
    },
  )
  return id
}
