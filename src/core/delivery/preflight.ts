import { type AttemptError, acknowledges, type Outcome } from './attempt.ts'

/** The steps of an attempt, in the order in which they are taken. */
export const PHASES = ['token', 'resolve', 'target', 'connect', 'tls', 'send'] as const
type PhaseName = (typeof PHASES)[number]

/** `skipped`: a phase before it failed. `not_needed`: an address needs no resolving, plain HTTP no TLS. */
export const VERDICTS = ['passed', 'failed', 'skipped', 'not_needed'] as const
type Verdict = (typeof VERDICTS)[number]

interface Phase {
  name: PhaseName
  verdict: Verdict
  durationMs: number
  error: AttemptError | null
  /** The error in words, which name the setting where one forbids the address. */
  message?: string
}

/** When each phase that came to its end did so; a later phase without an end is the one that failed. */
export interface Marks {
  startedAt: number
  token?: number
  resolve?: number
  target?: number
  connect?: number
  tls?: number
}

/** What one attempt would meet on its way to a listener. */
export interface CheckReport {
  passed: boolean
  phases: Phase[]
  /** Addresses that the target resolved to and that may be connected to. */
  addresses: string[]
  status: number | null
  /** The first KiB of the answer. */
  response: string
}

/** Puts the report together from what was noted on the way and what came of it. */
export function checkReport(
  marks: Marks,
  outcome: Outcome,
  at: { token?: boolean; literal: boolean; secure: boolean; addresses: string[] },
): CheckReport {
  const needed = (name: PhaseName) => (name === 'resolve' ? !at.literal : name !== 'tls' || at.secure)
  const passed = acknowledges(outcome)
  const ends: Partial<Record<PhaseName, number>> = { ...marks, ...(passed && { send: endOf(outcome) }) }
  // Only listeners with tokens have that step.
  const names = PHASES.filter((name) => at.token || name !== 'token')
  const failed = names.find((name) => needed(name) && ends[name] === undefined) ?? null
  let since = marks.startedAt
  let over = false
  const phases = names.map((name): Phase => {
    if (over) return { name, verdict: 'skipped', durationMs: 0, error: null }
    if (!needed(name)) return { name, verdict: 'not_needed', durationMs: 0, error: null }
    over = name === failed
    const end = over ? endOf(outcome) : ends[name]!
    const durationMs = Math.max(0, end - since)
    since = end
    if (!over) return { name, verdict: 'passed', durationMs, error: null }
    const { error, response } = outcome
    return {
      name,
      verdict: 'failed',
      durationMs,
      error,
      ...(error !== null && response !== '' && { message: response }),
    }
  })
  return { passed, phases, addresses: at.addresses, status: outcome.status, response: outcome.response }
}

function endOf({ startedAt, durationMs }: Outcome): number {
  return startedAt + durationMs
}
