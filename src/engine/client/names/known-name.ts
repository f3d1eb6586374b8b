import type { Found } from './look-up.ts'
import type { NameError } from './name-error.ts'

/** An answer is asked for anew after this at the latest, and not before the other one, whatever its TTL says. */
const [MIN_TTL_MS, MAX_TTL_MS] = [1_000, 60_000]
/** How long the last good answer serves while no new one can be had (RFC 8767). */
const SERVES_MS = 300_000
/** How long it counts that a name does not exist. */
const UNKNOWN_MS = 5_000
/** Until a name that could not be looked up is asked for again: from the one, doubling, to the other (RFC 9520, 3.2). */
const [FIRST_PAUSE_MS, MAX_PAUSE_MS] = [5_000, 30_000]

/** What is known of a name. Times are those of `Runtime.elapsedMs`. */
export interface KnownName {
  good: { addresses: readonly string[]; freshUntil: number; servesUntil: number } | null
  /** What the last look-up has failed with; none is made before `until`. */
  failed: { error: NameError; until: number; inRow: number } | null
}

/** What to do with a caller that wants the addresses. */
export interface Advice {
  /** What there is to answer with now; null: wait for the look-up. */
  answer: readonly string[] | NameError | null
  lookUp: boolean
}

export const NOTHING_KNOWN: KnownName = { good: null, failed: null }

/** `anew`: a failure before does not count. */
export function adviceOn({ good, failed }: KnownName, now: number, anew = false): Advice {
  const serving = good !== null && now < good.servesUntil ? good : null
  if (serving !== null && now < serving.freshUntil) return { answer: serving.addresses, lookUp: false }
  if (failed !== null && now < failed.until && !anew)
    return { answer: serving?.addresses ?? failed.error, lookUp: false }
  return { answer: serving?.addresses ?? null, lookUp: true }
}

export function afterFound({ addresses, ttlMs }: Found, now: number): KnownName {
  const freshUntil = now + Math.min(Math.max(ttlMs, MIN_TTL_MS), MAX_TTL_MS)
  return { good: { addresses, freshUntil, servesUntil: now + SERVES_MS }, failed: null }
}

/** That a name does not exist is an answer, and ends the one before; silence and failures leave it. */
export function afterFailure({ good, failed }: KnownName, error: NameError, now: number): KnownName {
  if (error.code === 'NAME_UNKNOWN') return { good: null, failed: { error, until: now + UNKNOWN_MS, inRow: 0 } }
  const inRow = (failed?.inRow ?? 0) + 1
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (inRow - 1), MAX_PAUSE_MS)
  return { good, failed: { error, until: now + pauseMs, inRow } }
}
