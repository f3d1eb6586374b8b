import type { FastifyRequest, RouteOptions } from 'fastify'
import type { Span, Tracer } from '../../app/tracer.ts'
import { parseTraceparent } from '../../core/telemetry/trace.ts'

/** What puts messages on queues; everything else is in the metrics. */
const TRACED = /\/messages(\/batch)?$/

/** Traces requests that bring messages, within the trace that the caller names; every other route stays as it is. */
export function traceRequests(tracer: Tracer): (route: RouteOptions) => void {
  const spans = new WeakMap<FastifyRequest, Span>()
  return (route) => {
    if (!TRACED.test(route.url) || ![route.method].flat().includes('POST')) return
    const name = `POST ${route.url}`
    route.onRequest = [
      (request, _reply, done) => {
        const parent = parseTraceparent(textOf(request.headers.traceparent))
        const attributes = { 'http.request.method': 'POST', 'http.route': route.url, 'discue.request_id': request.id }
        spans.set(request, tracer.begin({ name, kind: 'server', parent, attributes }))
        done()
      },
      ...[route.onRequest ?? []].flat(),
    ]
    // Only around the handler: reading the body comes from the socket, which knows nothing of the request's scope.
    route.preHandler = [
      ...[route.preHandler ?? []].flat(),
      (request, _reply, done) => tracer.within(spans.get(request)!, done),
    ]
    route.onResponse = [
      ...[route.onResponse ?? []].flat(),
      (request, reply, done) => {
        const { statusCode } = reply
        const failure = statusCode >= 500 ? String(statusCode) : null
        spans.get(request)?.end({ failure, attributes: { 'http.response.status_code': statusCode } })
        done()
      },
    ]
  }
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? undefined : header
}
