import type { RequestListener } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { AnswerRoom } from './body/answer-room.ts'
import { expectNoBody, MAX_BODY_BYTES, parseBody } from './body/body.ts'
import { lazyCompilers } from './body/compilers.ts'
import { invalidBody } from './body/faults.ts'
import { validatorFormats } from './body/formats.ts'
import { closeIdleConnections } from './connection/closing.ts'
import { createDueAnswers, type DueAnswers } from './connection/due-answers.ts'
import { allowHalfOpen, HALF_OPEN } from './connection/half-open.ts'
import { type Handovers, readHandedOver } from './connection/handover.ts'
import { endIdleStreams, expectHeadWithinLimit, HTTP2_LIMITS } from './connection/http2-limits.ts'
import { createClientErrorHandler, hearErrors, ignoreExpectations, refuseConnect } from './connection/raw-errors.ts'
import { createRestReader } from './connection/rest-of-body.ts'
import { readByStream } from './connection/tls-reading.ts'
import type { TypeBoxProvider } from './contract.ts'
import { dashboardRoutes } from './dashboard/routes.ts'
import type { ApiDeps } from './deps.ts'
import { healthRoutes } from './health.ts'
import { createMetricsEntrance } from './metrics/access.ts'
import { metricsRoutes } from './metrics/routes.ts'
import { createRouteList } from './openapi/described.ts'
import { openApiRoutes } from './openapi/routes.ts'
import { type Admission, createAdmission } from './pipeline/admission.ts'
import { API_HEADERS } from './pipeline/api-fields.ts'
import { expectHost } from './pipeline/base.ts'
import { createMethodTable, isImplemented, refuseUnrouted } from './pipeline/methods.ts'
import { createRequestChecks } from './pipeline/request-checks.ts'
import { createRequestIds } from './pipeline/request-id.ts'
import { traceRequests } from './pipeline/traced-requests.ts'
import { createUnversioned, type Unversioned, VERSION_ONE } from './pipeline/unversioned.ts'
import { createPlainPosts, ROUTE } from './plain-posts/handler.ts'
import { createErrorHandler } from './present/problems.ts'
import { referenceRoutes } from './reference/routes.ts'
import { listenerAttemptRoutes } from './v1/listeners/listener-attempts.ts'
import { listenerCheckRoutes } from './v1/listeners/listener-checks.ts'
import { listenerDeliveryRoutes } from './v1/listeners/listener-deliveries.ts'
import { listenerRoutes } from './v1/listeners/listeners.ts'
import { livenessChangeRoutes } from './v1/listeners/liveness-changes.ts'
import { pullRoutes } from './v1/listeners/pulls.ts'
import { redeliveryRoutes } from './v1/listeners/redeliveries.ts'
import { redeliveryCountRoutes } from './v1/listeners/redelivery-count.ts'
import { attemptRoutes } from './v1/messages/attempts.ts'
import { discardRoutes } from './v1/messages/discards.ts'
import { messageBatchRoutes } from './v1/messages/message-batches.ts'
import { messageRoutes } from './v1/messages/messages.ts'
import { queueRoutes } from './v1/queues/queues.ts'
import { schemaRoutes } from './v1/queues/schemas.ts'
import { clockRoutes } from './v1/schedules/clock.ts'
import { schedulePreviewRoutes } from './v1/schedules/schedule-preview.ts'
import { scheduleRunRoutes } from './v1/schedules/schedule-runs.ts'
import { scheduleRoutes } from './v1/schedules/schedules.ts'
import { eventStreamRoutes } from './v1/telemetry/event-stream.ts'
import { eventRoutes } from './v1/telemetry/events.ts'
import { ledgerRoutes } from './v1/telemetry/ledger.ts'
import { statsRoutes } from './v1/telemetry/stats.ts'
import { apiClientRoutes } from './v1/tenant/api-clients.ts'
import { apiKeyRoutes } from './v1/tenant/api-keys.ts'
import { domainRoutes } from './v1/tenant/domains.ts'
import { VERSION_TWO, versionTwo } from './v2/routes.ts'

export type { Health } from './health.ts'

/** Sixteen mebibytes over half a megabit a second. */
const REQUEST_ARRIVES_WITHIN_MS = 300_000

/** The whole HTTP side, not listening yet. Unexpected errors go to `runtime.log`, never to the caller. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const handleError = createErrorHandler(deps.runtime.log)
  const due = createDueAnswers()
  const unversioned = createUnversioned()
  const app = Fastify({ ...options(deps, due, unversioned), ...served(deps), frameworkErrors: handleError })
  hearErrors(app.server, deps.runtime.log)
  const admission = createAdmission(deps)
  const handovers: Handovers = new WeakMap()
  allowHalfOpen(app.server)
  readByStream(app.server)
  due.watch(app.server, takeRequests(app, deps, { admission, handovers }))
  endIdleStreams(app.server, REQUEST_ARRIVES_WITHIN_MS)
  refuseConnect(app.server, deps.runtime.newId, due)
  ignoreExpectations(app.server)
  // A DELETE may carry a body that no route asks for; reading it could only fail.
  app.addHttpMethod('DELETE', { hasBody: false, overrideExisting: true })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', parseBody)
  app.addContentTypeParser('*', expectNoBody)
  app.setErrorHandler(handleError)
  app.decorateRequest('principal')
  app.decorateRequest('base', '')
  app.decorateRequest('turn', null)
  app.decorateRequest('bodyDigest', null)
  app.decorateRequest('ifMatch', null)
  app.decorateRequest('known', null)
  app.decorateRequest('answerBytes', 0)
  app.decorateRequest('answerHold', null)
  app.decorate('answerRoom', new AnswerRoom())
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(API_HEADERS).header('x-request-id', request.id)
    if (request.is404) deps.metrics.requests.unrouted(request.method, isImplemented(request.method) ? 404 : 501)
    expectHeadWithinLimit(request)
    refuseUnrouted(request)
    expectHost(request)
    done()
  })
  app.addHook('onSend', app.answerRoom.onSend)
  app.addHook('onSend', createRestReader(deps.runtime))
  closeIdleConnections(app, deps.runtime)
  app.addHook('onRoute', unversioned.note)
  addRoutes(app, deps, { admission, handovers })
  return app
}

/** What all ways into the API share. */
interface Shared {
  admission: Admission
  handovers: Handovers
}

/** Takes the routes off Node's own event; answers with what requests are for: plain posts in front of the routes. */
function takeRequests({ server }: FastifyInstance, deps: ApiDeps, shared: Shared): RequestListener {
  const [routes] = server.listeners('request') as [RequestListener]
  server.off('request', routes)
  // A trace begins where a request does.
  return deps.tracer ? routes : createPlainPosts(deps, { ...shared, server, routes })
}

function addRoutes(app: FastifyInstance, deps: ApiDeps, { admission, handovers }: Shared): void {
  const table = createMethodTable()
  const described = createRouteList()
  app.decorate('described', described)
  app.addHook('onRoute', createRequestChecks(deps, admission, handovers))
  const readCollected = readHandedOver(handovers)
  app.addHook('onRoute', (route) => {
    if (route.url === ROUTE && [route.method].flat().includes('POST')) readCollected(route)
  })
  app.addHook('onRoute', table.note)
  app.addHook('onRoute', deps.metrics.requests.watch)
  app.addHook('onRoute', described.note)
  if (deps.tracer) app.addHook('onRoute', traceRequests(deps.tracer))
  app.register(async (scope) => versionOne(scope, deps), { prefix: VERSION_ONE })
  app.register(async (scope) => versionTwo(scope, deps), { prefix: VERSION_TWO })
  app.register(async (scope) => healthRoutes(scope, deps.health))
  if (deps.metricsAccess !== 'elsewhere') {
    const entrance = deps.metricsAccess === 'key' ? createMetricsEntrance({ keyRing: deps.keyRing, admission }) : null
    app.register(async (scope) => metricsRoutes(scope, deps.metrics, entrance))
  }
  app.register(async (scope) => openApiRoutes(scope, described, deps.publicUrl))
  app.register(async (scope) => referenceRoutes(scope))
  app.register(async (scope) => dashboardRoutes(scope, { folder: deps.dashboardFolder ?? null, runtime: deps.runtime }))
  app.register(async (scope) => table.refuseOthers(scope))
}

function versionOne(scope: FastifyInstance, deps: ApiDeps): void {
  const api = scope.withTypeProvider<TypeBoxProvider>()
  apiClientRoutes(api, deps)
  apiKeyRoutes(api, deps)
  queueRoutes(api, deps)
  schemaRoutes(api, deps)
  listenerRoutes(api, deps)
  listenerCheckRoutes(api, deps)
  listenerAttemptRoutes(api, deps)
  listenerDeliveryRoutes(api, deps)
  pullRoutes(api, deps)
  messageRoutes(api, deps)
  messageBatchRoutes(api, deps)
  attemptRoutes(api, deps)
  scheduleRoutes(api, deps)
  scheduleRunRoutes(api, deps)
  schedulePreviewRoutes(api, deps)
  redeliveryRoutes(api, deps)
  discardRoutes(api, deps)
  redeliveryCountRoutes(api, deps)
  livenessChangeRoutes(api, deps)
  domainRoutes(api, deps)
  eventRoutes(api, deps)
  eventStreamRoutes(api, deps)
  statsRoutes(api, deps)
  ledgerRoutes(api, deps)
  clockRoutes(api, deps)
}

/** Node's own answer to a request without `Host` has another shape than every error of ours. */
const LENIENT = { requireHostHeader: false }

/** The type tells nothing of it, because the routes need not know: requests of HTTP/2 look like those of HTTP/1.1. */
function served({ tls }: ApiDeps): object {
  return tls
    ? { http2: true, https: { ...tls, ...LENIENT, ...HALF_OPEN, ...HTTP2_LIMITS, allowHTTP1: true } }
    : { http: LENIENT }
}

function options({ runtime }: ApiDeps, due: DueAnswers, unversioned: Unversioned) {
  return {
    bodyLimit: MAX_BODY_BYTES,
    // Fastify's default is none, which lets a connection keep what it takes for ever.
    requestTimeout: REQUEST_ARRIVES_WITHIN_MS,
    rewriteUrl: unversioned.routed,
    requestIdHeader: false,
    genReqId: createRequestIds(runtime.newId),
    // Fastify's own answer while closing has another shape; the acceptor says no to what it cannot take any more.
    return503OnClosing: false,
    clientErrorHandler: createClientErrorHandler(runtime, due),
    schemaErrorFormatter: invalidBody,
    schemaController: { compilersFactory: lazyCompilers() },
    ajv: {
      customOptions: {
        allErrors: true,
        // The faults quote the offending value's schema.
        verbose: true,
        coerceTypes: false,
        useDefaults: false,
        removeAdditional: false,
        allowUnionTypes: true,
        formats: validatorFormats(),
      },
    },
  } satisfies FastifyServerOptions
}
