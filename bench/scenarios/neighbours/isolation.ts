import type { Inlet } from '../../load/contender.ts'
import { type Discue, startDiscue } from '../../load/discue.ts'
import { interleave, ratioOf, type Series } from '../../measure/interleave.ts'
import { postAll } from '../../measure/round.ts'
import type { Bench, Report, Scenario } from '../../measure/scenario.ts'
import { showNumber, showSpread } from '../../measure/spread.ts'

const MESSAGES = 100_000

/** Whether a listener waits longer because another one of its queue never answers. */
export const isolation: Scenario = {
  name: 'isolation',
  about: "a listener's latency beside one that never answers and has a backlog, against alone",

  async run(bench: Bench): Promise<Report> {
    const messages = bench.options.backlog ?? MESSAGES
    const { rate, seconds } = bench.options
    await using quiet = await startDiscue()
    await using troubled = await startDiscue()

    const inlets = [await openAlone(bench, quiet), await openBesideStuck(bench, troubled, messages)] as const
    const [alone, beside] = await interleave(bench, [...inlets], { messages: rate * seconds, rate })
    const ratio = beside.endToEnd.p99.median / alone.endToEnd.p99.median
    const ratioByRound = ratioOf(beside, alone, (round) => round.endToEnd.p99)
    return {
      table: [['', 'p50 ms', 'p99 ms', 'generator late p99 ms'], ...[alone, beside].map(row)],
      conclusions: [
        `p99 beside / alone: ${showNumber(ratio, 2)} of the medians; round by round ${showSpread(ratioByRound, 2)}`,
        `at ${showNumber(rate)} messages/s, ${showNumber(messages)} waiting for the listener that never answers`,
      ],
      figures: { messages, rate, alone, beside, ratio, ratioByRound },
    }
  },
}

async function openAlone(bench: Bench, discue: Discue): Promise<Inlet> {
  const queueId = await discue.createQueue('bench')
  await discue.addListener(queueId, { name: 'healthy', notify_url: bench.target.ok })
  return discue.inlet('alone', queueId)
}

// The stuck listener comes first, so that the backlog is its alone; from then on both get each message.
async function openBesideStuck(bench: Bench, discue: Discue, messages: number): Promise<Inlet> {
  const queueId = await discue.createQueue('bench')
  await discue.addListener(queueId, { name: 'stuck', notify_url: bench.target.hang })
  const inlet = discue.inlet('beside', queueId, { drains: false })
  bench.note(`posting ${showNumber(messages)} messages to a listener that hangs`)
  await postAll(inlet, { messages })
  await discue.addListener(queueId, { name: 'healthy', notify_url: bench.target.ok })
  return inlet
}

function row({ name, endToEnd, lag }: Series): string[] {
  return [name, ...[endToEnd.p50, endToEnd.p99, lag.p99].map((figure) => showSpread(figure, 2))]
}
