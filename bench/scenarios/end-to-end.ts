import { startRelay } from '../contender.ts'
import { startDiscue } from '../discue.ts'
import { interleave, ratioOf, type Series } from '../interleave.ts'
import type { Bench, Report, Scenario } from '../scenario.ts'
import { showMegabytes, showNumber, showSpread } from '../spread.ts'

/** How many messages a second get from a client, through the server, to a listener. */
export const endToEnd: Scenario = {
  name: 'end-to-end',
  about: 'messages a second from the first POST to the last message received',

  async run(bench: Bench): Promise<Report> {
    await using relay = await startRelay(bench.target.ok)
    await using discue = await startDiscue()
    const queueId = await discue.createQueue('bench')
    await discue.addListener(queueId, { name: 'receiver', notify_url: bench.target.ok })

    const load = { messages: bench.options.messages, rate: 0 }
    const [relayed, carried] = await interleave(bench, [relay.inlet, discue.inlet('discue', queueId)], load)
    return report(relayed, carried)
  },
}

function report(relayed: Series, carried: Series): Report {
  const ratio = carried.messagesPerSecond.median / relayed.messagesPerSecond.median
  const ratioByRound = ratioOf(carried, relayed, (round) => round.messagesPerSecond)
  const heads = ['', 'messages/s', 'accepted/s', 'CPU s per 10,000', 'POST p50 ms', 'POST p99 ms', 'peak RSS']
  return {
    table: [heads, row(relayed), row(carried)],
    conclusions: [
      `discue / relay: ${showNumber(ratio, 3)} of the medians; round by round ${showSpread(ratioByRound, 3)}`,
    ],
    figures: { relay: relayed, discue: carried, ratio, ratioByRound },
  }
}

function row(series: Series): string[] {
  return [
    series.name,
    showSpread(series.messagesPerSecond),
    showSpread(series.acceptedPerSecond),
    showSpread(series.cpuSecondsPer10k, 2),
    showSpread(series.post.p50, 1),
    showSpread(series.post.p99, 1),
    showMegabytes(series.peakResidentBytes),
  ]
}
