import { type Inlet, startRelay } from '../contender.ts'
import { startDiscue } from '../discue.ts'
import { interleave, type Series } from '../interleave.ts'
import { runRound } from '../round.ts'
import type { Bench, Report, Scenario } from '../scenario.ts'
import { showNumber, showSpread, spreadOf } from '../spread.ts'

const SHARE_OF_MAXIMUM = 0.5
const MAXIMUM_ROUNDS = 3

/** How long a message takes where the server is busy, but not too busy. */
export const latency: Scenario = {
  name: 'latency',
  about: 'from the time a message was meant to be sent until it arrived, at half of the maximum rate',

  async run(bench: Bench): Promise<Report> {
    await using relay = await startRelay(bench.target.ok)
    await using discue = await startDiscue()
    const queueId = await discue.createQueue('bench')
    await discue.addListener(queueId, { name: 'receiver', notify_url: bench.target.ok })
    const inlet = discue.inlet('discue', queueId)

    const maximum = await measureMaximum(bench, inlet)
    const rate = Math.round(maximum * SHARE_OF_MAXIMUM)
    const load = { messages: rate * bench.options.seconds, rate }
    const [relayed, carried] = await interleave(bench, [relay.inlet, inlet], load)
    return {
      table: [
        ['', 'p50 ms', 'p99 ms', 'POST p50 ms', 'POST p99 ms', 'generator late p99 ms'],
        ...[relayed, carried].map(row),
      ],
      conclusions: [`at ${showNumber(rate)} messages/s, half of a maximum of ${showNumber(maximum)}`],
      figures: { maximum, rate, relay: relayed, discue: carried },
    }
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

function row(series: Series): string[] {
  const { endToEnd, post, lag } = series
  const figures = [endToEnd.p50, endToEnd.p99, post.p50, post.p99, lag.p99]
  return [series.name, ...figures.map((figure) => showSpread(figure, 2))]
}
