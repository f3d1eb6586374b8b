import { startRelay } from '../contenders/relay.ts'
import type { Inlet } from '../load/contender.ts'
import { interleave, type Series } from '../measure/interleave.ts'
import { runRound } from '../measure/round.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { showNumber, showSpread, spreadOf } from '../measure/spread.ts'
import { startContenders } from './compare.ts'

const SHARES = [0.1, 0.5, 0.8]
const MAXIMUM_ROUNDS = 3

/** How long a message takes where the server has little, something or much to do. */
export const latency: Scenario = {
  name: 'latency',
  about: 'milliseconds from the time a message was meant to be sent until it arrived, at shares of the maximum rate',

  async run(bench: Bench): Promise<Report> {
    const targets = [bench.target.ok]
    await using stack = new AsyncDisposableStack()
    const inlets: Inlet[] = [stack.use(await startRelay(targets)).inlet]
    for (const contender of await startContenders(bench, stack)) inlets.push(await contender.open({ targets }))
    const maxima = new Map<string, number>()
    for (const inlet of inlets) maxima.set(inlet.name, await measureMaximum(bench, inlet))

    const levels = []
    for (const share of SHARES) {
      const rateOf = ({ name }: Inlet) => Math.max(1, Math.round(maxima.get(name)! * share))
      const load = (inlet: Inlet) => ({ messages: rateOf(inlet) * bench.options.seconds, rate: rateOf(inlet) })
      levels.push({ share, series: await interleave(bench, [...inlets], load) })
    }
    return reportOf(maxima, levels)
  },
}

async function measureMaximum(bench: Bench, inlet: Inlet): Promise<number> {
  const load = { messages: bench.options.messages, rate: 0 }
  await runRound(inlet, bench.target, load)
  const rates: number[] = []
  for (let turn = 0; turn < MAXIMUM_ROUNDS; turn++) {
    rates.push((await runRound(inlet, bench.target, load)).messagesPerSecond)
  }
  const { median } = spreadOf(rates)
  bench.note(`${inlet.name}, maximum: ${showNumber(median)} messages/s`)
  return median
}

function reportOf(maxima: Map<string, number>, levels: { share: number; series: Series[] }[]): Report {
  const rows = levels.flatMap(({ share, series }) =>
    series.map((one) => row(one, share, maxima.get(one.name)! * share)),
  )
  const half = levels.find(({ share }) => share === 0.5)!
  return {
    table: [['', 'messages/s', 'p50 ms', 'p99 ms', 'POST p50 ms', 'POST p99 ms', 'generator late p99 ms'], ...rows],
    conclusions: [...maxima].map(([name, maximum]) => `${name}: at most ${showNumber(maximum)} messages/s`),
    bars: half.series.map(({ name, endToEnd }) => ({ name, ...endToEnd.p99 })),
    unit: '99th percentile in milliseconds at half of the maximum of each',
    figures: { maxima: Object.fromEntries(maxima), levels },
  }
}

function row({ name, endToEnd, post, lag }: Series, share: number, rate: number): string[] {
  const figures = [endToEnd.p50, endToEnd.p99, post.p50, post.p99, lag.p99]
  return [`${name}, ${share * 100} %`, showNumber(rate), ...figures.map((figure) => showSpread(figure, 2))]
}
