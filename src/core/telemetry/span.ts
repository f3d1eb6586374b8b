import type { TraceContext } from './trace.ts'

/** What an operation is to the trace: it answers, it calls, it makes something that is delivered later, or none of it. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer'

export type SpanAttributes = Record<string, string | number>

/** One operation of a trace that is over. */
export interface FinishedSpan {
  context: TraceContext
  parentSpanId: string | null
  name: string
  kind: SpanKind
  startedAt: number
  endedAt: number
  attributes: SpanAttributes
  /** Why it failed, or null where it did not. */
  failure: string | null
}

/** The numbers of the protocol (opentelemetry/proto/trace/v1). */
const KINDS: Record<SpanKind, number> = { internal: 1, server: 2, client: 3, producer: 4 }
const STATUS_ERROR = 2

/** The body of a request to a collector: `ExportTraceServiceRequest` of OTLP 1, in its JSON form. */
export function otlpDocument(spans: readonly FinishedSpan[], from: { service: string; version: string }): string {
  const resource = { attributes: listOf({ 'service.name': from.service, 'service.version': from.version }) }
  const scope = { name: 'discue', version: from.version }
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(otlpSpan) }] }] })
}

function otlpSpan(span: FinishedSpan): object {
  const { context, parentSpanId, name, kind, attributes, failure } = span
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parentSpanId !== null && { parentSpanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanos(span.startedAt),
    endTimeUnixNano: nanos(span.endedAt),
    attributes: listOf(attributes),
    ...(failure !== null && { status: { code: STATUS_ERROR, message: failure } }),
  }
}

/** 64 bits are texts in JSON. */
function nanos(ms: number): string {
  return `${Math.round(ms)}000000`
}

function listOf(attributes: SpanAttributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: String(Math.round(value)) },
  }))
}
