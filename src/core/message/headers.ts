import { type FixedHeaders, fixedHeaderFaults } from '../delivery/fixed-headers.ts'
import type { Fault } from '../problem.ts'

const LIMITS = { headers: 16, characters: 4_096 }

/** What is wrong with the headers of a message, as faults of the body's `headers`; `path` leads to the message in the body. */
export function messageHeaderFaults(headers: FixedHeaders | undefined, path = ''): Fault[] {
  return headers === undefined ? [] : fixedHeaderFaults(headers, { ...LIMITS, path: `${path}/headers` })
}

/** As a message keeps them: as JSON, for most have none and few readers look. Null where there are none. */
export function writtenHeaders(headers: FixedHeaders | undefined): string | null {
  return headers === undefined || Object.keys(headers).length === 0 ? null : JSON.stringify(headers)
}

/** The headers of a message that has some. */
export function headersOf(written: string): FixedHeaders {
  return JSON.parse(written) as FixedHeaders
}

/** Whether there is a header of this name, which is in lower case. */
export function hasHeader(headers: Readonly<Record<string, unknown>>, name: string): boolean {
  return Object.keys(headers).some((it) => it.toLowerCase() === name)
}

/**
 * Alternating names and values of what is sent with a delivery: the listener's own, and of the message's those that the
 * listener has not set itself; upper and lower case are the same (RFC 9110, 5.1).
 */
export function withMessageHeaders(own: readonly string[], written: string | null): readonly string[] {
  if (written === null) return own
  const taken = new Set(own.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()))
  const added = Object.entries(headersOf(written)).filter(([name]) => !taken.has(name.toLowerCase()))
  return [...own, ...added.flat()]
}
