/** A receiver can put off a delivery no longer than this with one answer. */
export const MAX_RETRY_AFTER_MS = 3_600_000

/** Whole seconds by the specification; fractions and powers of ten are what programs make of a time in floating point. */
const SECONDS = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i
/** The three forms of RFC 9110, 5.6.7 begin with the name of a day; `Date.parse` would take much else. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /

/**
 * What a `Retry-After` (RFC 9110, 10.2.3) asks for, in whole ms from now, an hour at most; null where it says nothing,
 * which a negative number does as well. A date in the past is now.
 */
export function retryAfterMs(text: string, now: number): number | null {
  const value = text.trim()
  if (SECONDS.test(value)) return Math.min(Math.ceil(Number(value) * 1_000), MAX_RETRY_AFTER_MS)
  if (!HTTP_DATE.test(value)) return null
  const at = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`)
  return Number.isNaN(at) ? null : Math.min(Math.max(0, at - now), MAX_RETRY_AFTER_MS)
}
