import type { LedgerCounts } from '../record/record.ts'
import type { Evidence, Violation } from './evidence.ts'

/** The ledger balances, agrees with the messages that it counts, and `discue verify` agrees with it. */
export function judgeLedger({ record, stored }: Evidence): Violation[] {
  if (record.end === null) return []
  const { ledger, verification } = record.end
  const verified = verification === null ? [] : [...unbalanced(verification.counts, 'verify'), ...verification.faults]
  const shown = countsOf([...stored.values()].flatMap(({ deliveries }) => deliveries.map(({ status }) => status)))
  const texts = [
    ...unbalanced(ledger, 'the ledger'),
    ...differences('the ledger', ledger, 'verify', verification?.counts ?? ledger),
    ...(['pending', 'missed'] as const)
      .filter((name) => ledger[name] !== (shown[name] ?? 0))
      .map((name) => `the ledger has ${ledger[name]} ${name}, the messages show ${shown[name] ?? 0}`),
    ...(ledger.delivered < (shown.delivered ?? 0)
      ? [`the ledger has ${ledger.delivered} delivered, the messages show ${shown.delivered}`]
      : []),
    ...verified,
  ]
  return texts.map((text) => ({ kind: 'ledger', text }))
}

/** What is wrong with the sums of a ledger by themselves. */
export function unbalanced(counts: LedgerCounts, who: string): string[] {
  const { accepted, delivered, pending, scheduled, missed, discarded, unaccounted } = counts
  const sum = delivered + pending + scheduled + missed + discarded + unaccounted
  return [
    ...(unaccounted === 0 ? [] : [`${who} has ${unaccounted} unaccounted`]),
    ...(accepted === sum ? [] : [`${who} has ${accepted} accepted, and ${sum} of which it says what became of them`]),
  ]
}

function differences(who: string, one: LedgerCounts, what: string, other: LedgerCounts): string[] {
  return (Object.keys(one) as (keyof LedgerCounts)[])
    .filter((name) => one[name] !== other[name])
    .map((name) => `${who} has ${one[name]} ${name}, ${what} ${other[name]}`)
}

function countsOf(statuses: readonly string[]): Record<string, number | undefined> {
  return Object.fromEntries([...Map.groupBy(statuses, (status) => status)].map(([status, all]) => [status, all.length]))
}
