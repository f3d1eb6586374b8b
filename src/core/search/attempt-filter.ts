import { type Attempt, type AttemptError, acknowledges } from '../delivery/attempt.ts'

/** Which attempts are asked for; null asks for nothing. Times are when an attempt began, in epoch ms, both inclusive. */
export interface AttemptFilter {
  outcome: 'ok' | 'failed' | null
  status: { from: number; to: number } | null
  error: string | null
  since: number | null
  until: number | null
}

/** A status such as `503`, or a class of them such as `5xx`; null for any other text. */
export function statusRange(text: string): { from: number; to: number } | null {
  if (/^[1-9]\d\d$/.test(text)) return { from: Number(text), to: Number(text) }
  if (!/^[1-9]xx$/i.test(text)) return null
  const from = Number(text[0]) * 100
  return { from, to: from + 99 }
}

/** Whether an attempt is one of those that are asked for. */
export function fitsFilter(
  attempt: Pick<Attempt, 'startedAt' | 'status'> & { error: AttemptError | null },
  { outcome, status, error, since, until }: AttemptFilter,
): boolean {
  if (outcome !== null && acknowledges(attempt) !== (outcome === 'ok')) return false
  if (status !== null && (attempt.status === null || attempt.status < status.from || attempt.status > status.to)) {
    return false
  }
  if (error !== null && attempt.error !== error) return false
  return (since === null || attempt.startedAt >= since) && (until === null || attempt.startedAt <= until)
}

/** Whether no attempt that acknowledges can be meant. */
export function meansFailures({ outcome, status, error }: AttemptFilter): boolean {
  if (outcome === 'failed' || error !== null) return true
  return status !== null && (status.to < 200 || status.from > 299)
}

/** Whether every attempt is meant. */
export function meansAll({ outcome, status, error, since, until }: AttemptFilter): boolean {
  return [outcome, status, error, since, until].every((value) => value === null)
}
