import { randomOf } from './random.ts'

/** What is done to the servers, to the disk, to the network and to the database. */
export const FAULTS = {
  kill: 'a node is killed (SIGKILL) and started again',
  'kill in start': 'a node is killed, and again while it starts',
  stop: 'a node stands still (SIGSTOP) and goes on (SIGCONT)',
  'stop beyond leases': 'a node stands still for longer than its leases',
  terminate: 'a node is asked to stop (SIGTERM), must exit with 0, and is started again',
  'full disk': 'the disk takes no more for a while',
  'failing disk': 'writes and syncs fail for a while, some in the middle',
  'power cut': 'a node is killed, and of what it had not synced a part is lost, in any order and torn',
  'clock jump': 'the clock of a node is set, back or forth',
  stall: 'nothing passes between a node and the database, and nothing says so',
  reset: 'the connections between a node and the database are reset',
  'half-open': 'what a node sends arrives at the database, and no answer comes back',
  'kill backends': 'the database ends connections of the nodes',
  'restart the database': 'the database stops in order and starts again',
  'crash the database': 'the database ends without a checkpoint and recovers',
  promote: 'the primary dies, and its synchronous standby takes its place',
} as const

export type FaultKind = keyof typeof FAULTS

export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[]

export interface PlannedFault {
  kind: FaultKind
  /** How long after the one before it. */
  afterMs: number
  /** Which node it strikes, counted from 0. */
  node: number
  /** How long it lasts, for those that last; else how long until the node is started again. */
  forMs: number
  /** For what the fault itself leaves to chance. */
  chance: number
}

export interface Plan {
  seed: number
  faults: PlannedFault[]
}

/** How often each kind comes; those that are left out do not. */
export type FaultWeights = Partial<Record<FaultKind, number>>

/** Longer than a lease of a node (15 s). */
const BEYOND_LEASES_MS = 17_000

/** The plan of a campaign: the seed, how many faults, on how many nodes and of which kinds say all of it. */
export function planOf(ask: { seed: number; faults: number; nodes: number; weights: FaultWeights }): Plan {
  const random = randomOf(ask.seed, 'faults')
  const { promote, ...weights } = ask.weights
  const count = Object.keys(weights).length === 0 ? 0 : ask.faults
  const faults = Array.from({ length: count }, (): PlannedFault => {
    const kind = random.weighted(weights as Record<FaultKind, number>)
    const afterMs = random.percent(20) ? random.between(20, 200) : random.between(300, 2_500)
    const forMs = kind === 'stop beyond leases' ? BEYOND_LEASES_MS : random.between(20, 1_500)
    return { kind, afterMs, node: random.between(0, ask.nodes - 1), forMs, chance: random.next() }
  })
  // There is one standby, and so one promotion, after everything else.
  if (promote) faults.push({ kind: 'promote', afterMs: 1_000, node: 0, forMs: random.between(0, 1_000), chance: 0 })
  return { seed: ask.seed, faults }
}
