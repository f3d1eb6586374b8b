import { AsyncLocalStorage } from 'node:async_hooks'
import type { Tracer } from '../../app/tracer.ts'
import { isSampled, type TraceContext } from '../../core/telemetry/trace.ts'
import type { Runtime } from '../../runtime.ts'
import type { SpanExporter } from './span-exporter.ts'

const TRACE_ID_BYTES = 16
const SPAN_ID_BYTES = 8

/** Gives the spans that are sampled to the exporter; those that are not only carry on the caller's context. */
export function createTracer(
  runtime: Pick<Runtime, 'now' | 'randomBytes'>,
  exporter: Pick<SpanExporter, 'take'>,
  ratio: number,
): Tracer {
  const scope = new AsyncLocalStorage<TraceContext>()

  function contextIn(parent: TraceContext | null): TraceContext {
    const spanId = runtime.randomBytes(SPAN_ID_BYTES).toString('hex')
    if (parent !== null) return { ...parent, spanId }
    const traceId = runtime.randomBytes(TRACE_ID_BYTES).toString('hex')
    return { traceId, spanId, sampled: isSampled(traceId, ratio) }
  }

  return {
    begin({ name, kind, parent, attributes }) {
      const context = contextIn(parent)
      const startedAt = runtime.now()
      return {
        context,
        end({ attributes: more = {}, failure = null } = {}) {
          if (!context.sampled) return
          const span = { context, parentSpanId: parent?.spanId ?? null, name, kind, startedAt, failure }
          // A clock that was set back must not make a negative duration.
          const endedAt = Math.max(startedAt, runtime.now())
          exporter.take({ ...span, endedAt, attributes: { ...attributes, ...more } })
        },
      }
    },
    within: (span, work) => scope.run(span.context, work),
    current: () => scope.getStore() ?? null,
  }
}
