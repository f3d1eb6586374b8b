import { startDiscue } from '../load/discue.ts'
import { watchMemory } from '../measure/memory.ts'
import { runRound } from '../measure/round.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { showMegabytes, showNumber, spreadOf } from '../measure/spread.ts'

const SECONDS = 600
const SHARE_OF_MAXIMUM = 0.5
/** What a process takes in its first minutes is not what it takes in the long run. */
const PARTS = 4

/** Whether memory and latency stay as they are over ten minutes at half of the maximum rate. Asked for by its name. */
export const soak: Scenario = {
  name: 'soak',
  about: 'memory and latency of discue over a long time at half of its maximum rate',

  async run(bench: Bench): Promise<Report> {
    const seconds = bench.options.soak ?? SECONDS
    await using discue = await startDiscue()
    const queueId = await discue.createQueue('soak')
    await discue.addListener(queueId, { name: 'receiver', notify_url: bench.target.ok })
    const inlet = discue.inlet('discue', queueId)
    const maximum = (await runRound(inlet, bench.target, { messages: bench.options.messages, rate: 0 }))
      .messagesPerSecond
    const rate = Math.round(maximum * SHARE_OF_MAXIMUM)
    const parts = []
    for (let part = 1; part <= PARTS; part++) {
      using memory = watchMemory(discue.server)
      const round = await runRound(inlet, bench.target, { messages: Math.ceil((rate * seconds) / PARTS), rate })
      const resident = spreadOf(memory.samples.map(({ bytes }) => bytes))
      bench.note(
        `part ${part} of ${PARTS}: ${showMegabytes(resident.median)}, p99 ${showNumber(round.endToEnd.p99, 1)} ms`,
      )
      parts.push({ part, resident, round, samples: memory.samples })
    }
    const [first, last] = [parts[0]!, parts.at(-1)!]
    return {
      table: [
        ['', 'resident, median', 'resident, most', 'p50 ms', 'p99 ms', 'CPU s per 10,000'],
        ...parts.map(({ part, resident, round }) => [
          `part ${part} of ${PARTS}`,
          showMegabytes(resident.median),
          showMegabytes(resident.max),
          showNumber(round.endToEnd.p50, 2),
          showNumber(round.endToEnd.p99, 2),
          showNumber(round.cpuSecondsPer10k, 2),
        ]),
      ],
      conclusions: [
        `${showNumber(seconds)} s at ${showNumber(rate)} messages/s`,
        `memory, last part / first: ${showNumber(last.resident.median / first.resident.median, 3)}`,
      ],
      figures: { seconds, rate, parts },
    }
  },
}
