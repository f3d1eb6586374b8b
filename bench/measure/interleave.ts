import type { Inlet } from '../load/contender.ts'
import { type Load, type Round, runRound } from './round.ts'
import type { Bench } from './scenario.ts'
import { type Spread, showNumber, spreadOf } from './spread.ts'

/** The rounds of one inlet, and what they say together. */
export interface Series {
  name: string
  rounds: Round[]
  messagesPerSecond: Spread
  acceptedPerSecond: Spread
  cpuSecondsPer10k: Spread
  /** Milliseconds. */
  post: { p50: Spread; p99: Spread }
  endToEnd: { p50: Spread; p99: Spread }
  lag: { p50: Spread; p99: Spread }
  /** Of all processes that it needs, the most that was seen since they started. */
  peakResidentBytes: number
}

/**
 * One warm-up round each, then `rounds` rounds each, in turns (A B A B …): what disturbs the machine for a while
 * then disturbs both.
 */
export async function interleave<Inlets extends Inlet[]>(
  bench: Bench,
  inlets: [...Inlets],
  given: Load | ((inlet: Inlet) => Load),
): Promise<{ [Place in keyof Inlets]: Series }> {
  const rounds = inlets.map((): Round[] => [])
  const loadOf = typeof given === 'function' ? given : () => given
  for (let turn = 0; turn <= bench.options.rounds; turn++) {
    for (const [place, inlet] of inlets.entries()) {
      const load = loadOf(inlet)
      const round = await runRound(inlet, bench.target, load)
      const label = turn === 0 ? 'warm-up' : `round ${turn} of ${bench.options.rounds}`
      bench.note(`${inlet.name}, ${label}: ${describeRound(round, load)}`)
      if (turn > 0) rounds[place]!.push(round)
    }
  }
  return inlets.map((inlet, place) => summarize(inlet, rounds[place]!)) as { [Place in keyof Inlets]: Series }
}

/** One figure of two series, divided round by round: rounds that ran side by side are compared. */
export function ratioOf(of: Series, to: Series, figure: (round: Round) => number): Spread {
  return spreadOf(of.rounds.map((round, turn) => figure(round) / figure(to.rounds[turn]!)))
}

function describeRound(round: Round, load: Load): string {
  if (load.rate === 0) return `${showNumber(round.messagesPerSecond)} messages/s`
  return `p50 ${showNumber(round.endToEnd.p50, 2)} ms, p99 ${showNumber(round.endToEnd.p99, 2)} ms`
}

function summarize(inlet: Inlet, rounds: Round[]): Series {
  const spread = (figure: (round: Round) => number) => spreadOf(rounds.map(figure))
  const quantiles = (which: 'post' | 'endToEnd' | 'lag') => ({
    p50: spread((round) => round[which].p50),
    p99: spread((round) => round[which].p99),
  })
  return {
    name: inlet.name,
    rounds,
    messagesPerSecond: spread((round) => round.messagesPerSecond),
    acceptedPerSecond: spread((round) => round.acceptedPerSecond),
    cpuSecondsPer10k: spread((round) => round.cpuSecondsPer10k),
    post: quantiles('post'),
    endToEnd: quantiles('endToEnd'),
    lag: quantiles('lag'),
    peakResidentBytes: inlet.cost.peakBytes(),
  }
}
