import { type FaultKind, type FaultWeights, planOf } from './plan/plan.ts'
import { emptyRecord } from './record/record.ts'
import { addTo, emptyTotals, linesOf, type Totals, violationLines } from './report.ts'
import { runCampaign } from './run/campaign.ts'
import { startClock } from './run/clock.ts'
import type { Ended, Servers } from './servers/servers.ts'

export interface TortureOptions {
  store: 'sqlite' | 'postgres'
  /** Of the first campaign; each further one has the next number. */
  seed: number
  /** Faults of each campaign. */
  faults: number
  /** How many campaigns; where `minutes` is given, as many as begin within these. */
  campaigns: number
  minutes: number | null
  /** Servers on one database; PostgreSQL alone can have more than one. */
  nodes: number
  /** The kinds of faults; null: all that the store and the machine can have. */
  only: readonly FaultKind[] | null
  /** Where the files of the servers go: the disk that is to be tested. Null: where the system has its temporary files. */
  folder: string | null
  /** Results. */
  print: (line: string) => void
  /** What happens meanwhile. */
  note: (line: string) => void
}

/** Every so manyth seed has a standby, which makes each commit slower and every start of a campaign longer. */
const WITH_STANDBY = 3

/**
 * Starts real servers, does to them what the seeds say, and judges by its own record whether they kept what they promised.
 * Each campaign has servers and a database of its own. Prints what it did; the answer's `violations` must be 0.
 */
export async function torture(options: TortureOptions): Promise<Totals> {
  const clock = startClock()
  const totals = emptyTotals()
  const goesOn = (count: number) =>
    options.minutes === null ? count < options.campaigns : count === 0 || clock() < options.minutes * 60_000
  for (let count = 0; goesOn(count); count++) await one(options, options.seed + count, totals)
  if (totals.campaigns > 1) for (const line of ['in all:', ...linesOf(totals)]) options.print(line)
  return totals
}

async function one(options: TortureOptions, seed: number, totals: Totals): Promise<void> {
  const own = emptyTotals()
  const record = emptyRecord()
  const clock = startClock()
  const servers = await startServers(options, seed, (text) => record.incidents.push({ at: clock(), text }))
  try {
    for (const reason of seed === options.seed ? servers.leftOut : []) options.note(reason)
    const weights = chosen(servers.weights, options.only)
    const plan = planOf({ seed, faults: options.faults, nodes: servers.nodes.length, weights })
    const judgement = await runCampaign({ plan, servers, record, say: options.note })
    for (const sums of [own, totals]) addTo(sums, record, judgement)
    for (const line of [`seed ${seed}`, ...linesOf(own)]) options.print(line)
    for (const line of violationLines(record, judgement.violations)) options.print(line)
  } finally {
    await servers.close()
  }
}

/** The weights of these kinds. Throws where none is left: a campaign without faults is asked for by their number. */
function chosen(weights: FaultWeights, only: readonly FaultKind[] | null): FaultWeights {
  const left = Object.entries(weights).filter(([kind]) => only === null || only.includes(kind as FaultKind))
  if (left.length > 0) return Object.fromEntries(left)
  throw new Error(`none of ${only!.join(', ')} can be done here, but ${Object.keys(weights).join(', ')}`)
}

async function startServers({ store, nodes, folder }: TortureOptions, seed: number, ended: Ended): Promise<Servers> {
  if (store === 'sqlite') {
    const { startOnSqlite } = await import('./servers/sqlite.ts')
    return startOnSqlite({ inFolder: folder ?? undefined }, ended)
  }
  // Only here, for it needs programs and files that lie beside a checkout alone.
  const { startOnPostgres } = await import('./servers/postgres.ts')
  return startOnPostgres({ nodes, standby: seed % WITH_STANDBY === 0 }, ended)
}
