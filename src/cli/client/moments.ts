import { UsageFailure } from './failure.ts'

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/

/** `1500`, `250ms`, `15s`, `10m`, `2h` or `7d` in milliseconds; throws `UsageFailure` for anything else. */
export function durationMs(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  const [, count, unit] = DURATION.exec(text) ?? []
  if (count === undefined) throw new UsageFailure(`"${text}" is no duration; write 250ms, 15s, 10m, 2h or 7d`)
  return Math.round(Number(count) * UNITS[unit!]!)
}

/**
 * A point in time in milliseconds since 1970: such a number, a date by ISO 8601, or a distance from now such as
 * `-1h` or `+30m`. Throws `UsageFailure` for anything else.
 */
export function momentMs(text: string, now: number): number {
  if (/^\d{11,16}$/.test(text)) return Number(text)
  if (/^[+-]/.test(text)) return now + (text.startsWith('-') ? -1 : 1) * durationMs(text.slice(1))
  const parsed = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(parsed)) return parsed
  throw new UsageFailure(`"${text}" is no time; write 2026-01-31T09:00:00Z, +10m, -1h or milliseconds since 1970`)
}

/** To the second, in UTC, as ISO 8601 has it. */
export function momentText(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '-' : new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
