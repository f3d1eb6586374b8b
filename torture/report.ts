import type { Violation } from './judge/evidence.ts'
import { historyOf } from './judge/history.ts'
import type { Judgement } from './judge/judge.ts'
import type { CampaignRecord } from './record/record.ts'

/** What campaigns were and found, summed up. */
export interface Totals {
  campaigns: number
  faults: Record<string, number>
  counts: Record<string, number>
  duplicates: Record<string, number>
  violations: number
}

export function emptyTotals(): Totals {
  return { campaigns: 0, faults: {}, counts: {}, duplicates: {}, violations: 0 }
}

export function addTo(totals: Totals, record: CampaignRecord, judgement: Judgement): void {
  totals.campaigns += 1
  for (const { kind } of record.faults) totals.faults[kind] = (totals.faults[kind] ?? 0) + 1
  addEach(totals.counts, { ...judgement.counts })
  addEach(totals.duplicates, judgement.duplicates)
  totals.violations += judgement.violations.length
}

function addEach(to: Record<string, number>, from: Record<string, number>): void {
  for (const [name, count] of Object.entries(from)) to[name] = (to[name] ?? 0) + count
}

/** The sums in lines of text. */
export function linesOf({ campaigns, faults, counts, duplicates, violations }: Totals): string[] {
  const { accepted = 0, refused = 0, unknown = 0, scheduled = 0, deliveries = 0, arrivals = 0 } = counts
  const again = Object.values(duplicates).reduce((sum, count) => sum + count, 0)
  return [
    `${counted(campaigns, 'campaign')}, ${counted(sum(faults), 'fault')}: ${listed(faults)}`,
    `messages: ${accepted} accepted, ${refused} refused, ${unknown} without an answer, ${scheduled} of schedules`,
    `deliveries: ${deliveries} at the end; ${arrivals} arrivals`,
    `came again after an acknowledgement: ${again}${again === 0 ? '' : ` (${listed(duplicates)})`}`,
    counted(violations, 'violation'),
  ]
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, count) => all + count, 0)
const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

function listed(counts: Record<string, number>): string {
  const most = Object.entries(counts).sort(([, one], [, other]) => other - one)
  return most.length === 0 ? 'none' : most.map(([name, count]) => `${name} ${count}`).join(', ')
}

/** So many violations of each kind are shown with their history. */
const SHOWN = 3

/** The violations of a campaign, the first of each kind with all that is known of the message. */
export function violationLines(record: CampaignRecord, violations: readonly Violation[]): string[] {
  return [...Map.groupBy(violations, ({ kind }) => kind)].flatMap(([kind, all]) => [
    `${kind}: ${all.length}`,
    ...all
      .slice(0, SHOWN)
      .flatMap((violation) => [`  ${violation.text}`, ...historyOf(record, violation).map((line) => `    ${line}`)]),
  ])
}
