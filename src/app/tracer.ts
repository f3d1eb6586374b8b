import type { SpanAttributes, SpanKind } from '../core/telemetry/span.ts'
import type { TraceContext } from '../core/telemetry/trace.ts'

/** An operation that is going on. */
export interface Span {
  readonly context: TraceContext
  /** Ends the span; `failure` says in a word why, where the operation did not succeed. */
  end(outcome?: { attributes?: SpanAttributes; failure?: string | null }): void
}

/** Records where time goes, where the operator has configured a collector for it. */
export interface Tracer {
  /** Begins an operation, within `parent` or as a trace of its own. */
  begin(ask: { name: string; kind: SpanKind; parent: TraceContext | null; attributes: SpanAttributes }): Span
  /** Runs `work` within a span; what it begins finds it by `current`. */
  within(span: Span, work: () => void): void
  current(): TraceContext | null
}
