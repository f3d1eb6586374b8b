/**
 * Where an operation stands in a trace, by the W3C Trace Context recommendation: the trace, and the span that what
 * follows belongs to. Ids are lower-case hexadecimal: 32 and 16 digits, not all zero.
 */
export interface TraceContext {
  traceId: string
  spanId: string
  /** Whether the caller that began the trace wants it recorded (the `sampled` flag of W3C Trace Context). */
  sampled: boolean
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const NOTHING = /^0+$/
const SAMPLED = 0b1

/** What a `traceparent` says, or null where it says nothing that can be relied on. */
export function parseTraceparent(text: string | undefined): TraceContext | null {
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(text ?? '') ?? []
  if (version === undefined || version === 'ff' || NOTHING.test(traceId!) || NOTHING.test(spanId!)) return null
  // Later versions may say more behind it; version 00 may not.
  if (version === '00' && more !== undefined) return null
  return { traceId: traceId!, spanId: spanId!, sampled: (Number.parseInt(flags!, 16) & SAMPLED) === SAMPLED }
}

/** As the header has it. */
export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}

/** Whether a trace that begins here is recorded, for a share of 0 to 1; the same on every node that sees its id. */
export function isSampled(traceId: string, ratio: number): boolean {
  // 52 bits: as many as a number holds exactly, and the last ones, which the recommendation asks to be random.
  return Number.parseInt(traceId.slice(-13), 16) < ratio * 2 ** 52
}
