import type { CampaignRecord } from '../record/record.ts'
import { verdictOf } from '../record/record.ts'
import { judgeArrived } from './arrived.ts'
import { judgeDiscarded } from './discarded.ts'
import { type Cause, judgeDuplicates } from './duplicates.ts'
import { evidenceOf, type Violation } from './evidence.ts'
import { judgeExpiry } from './expiry.ts'
import { judgeLeases } from './leases.ts'
import { judgeLedger } from './ledger.ts'
import { judgeOrder } from './order.ts'
import { judgeSchedules } from './schedules.ts'
import { judgeStored } from './stored.ts'

/** How much was done, so that a reader can tell a campaign without violations from one in which nothing happened. */
interface Counts {
  /** Messages, by what the client was told. */
  accepted: number
  refused: number
  unknown: number
  /** Those of schedules. */
  scheduled: number
  deliveries: number
  arrivals: number
}

export interface Judgement {
  violations: Violation[]
  duplicates: Partial<Record<Cause, number>>
  counts: Counts
}

/** What the record proves against the servers. It knows nothing but the record, and asks no server. */
export function judge(record: CampaignRecord): Judgement {
  const evidence = evidenceOf(record)
  const duplicates = judgeDuplicates(evidence)
  // Without an end nothing is known of what is stored, and an incident says why there is none.
  const ended = record.end === null ? [] : [judgeStored, judgeArrived, judgeOrder, judgeSchedules, judgeLedger]
  const violations = [
    ...record.incidents.map(({ at, text }): Violation => ({ kind: 'incident', text: `${Math.round(at)} ms: ${text}` })),
    ...ended.flatMap((part) => part(evidence)),
    ...duplicates.violations,
    ...[judgeExpiry, judgeLeases, judgeDiscarded].flatMap((part) => part(evidence)),
  ]
  return { violations, duplicates: duplicates.counts, counts: countsOf(record) }
}

function countsOf({ posts, arrivals, end, schedules }: CampaignRecord): Counts {
  const counts: Counts = { accepted: 0, refused: 0, unknown: 0, scheduled: 0, deliveries: 0, arrivals: arrivals.length }
  for (const post of posts) counts[verdictOf(post)] += post.tokens.length
  const tokens = new Set(schedules.map(({ token }) => token))
  for (const { token, deliveries } of end?.messages ?? []) {
    counts.deliveries += deliveries.length
    if (tokens.has(token)) counts.scheduled += 1
  }
  return counts
}
