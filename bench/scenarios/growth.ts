import { startDiscue } from '../load/discue.ts'
import { fillStore } from '../load/filled-store.ts'
import { interleave, ratioOf, type Series } from '../measure/interleave.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { showNumber, showSpread } from '../measure/spread.ts'

const MESSAGES = 10_000_000

/** Whether a message costs more where many are stored already. Asked for by its name. */
export const growth: Scenario = {
  name: 'growth',
  about: 'CPU seconds and messages a second with ten million messages stored, against an empty database',

  async run(bench: Bench): Promise<Report> {
    const messages = bench.options.backlog ?? MESSAGES
    bench.note(`storing ${showNumber(messages)} messages`)
    await using empty = await startDiscue()
    await using full = await startDiscue({
      fill: async (path, key) => void (await fillStore(path, key, [{ name: 'old', messages }])),
    })
    const inlets = []
    for (const [name, discue] of [['empty', empty] as const, ['full', full] as const]) {
      const queueId = await discue.createQueue('bench')
      await discue.addListener(queueId, { name: 'receiver', notify_url: bench.target.ok })
      inlets.push(discue.inlet(name, queueId))
    }
    const [without, beside] = await interleave(bench, [inlets[0]!, inlets[1]!], {
      messages: bench.options.messages,
      rate: 0,
    })
    const cpu = ratioOf(beside, without, (round) => round.cpuSecondsPer10k)
    const rate = ratioOf(beside, without, (round) => round.messagesPerSecond)
    return {
      table: [['', 'messages/s', 'CPU s per 10,000', 'POST p99 ms'], ...[without, beside].map(row)],
      conclusions: [
        `${showNumber(messages)} stored / empty, round by round: CPU ${showSpread(cpu, 3)}, messages/s ${showSpread(rate, 3)}`,
      ],
      figures: { messages, without, beside, cpu, rate },
    }
  },
}

function row({ name, messagesPerSecond, cpuSecondsPer10k, post }: Series): string[] {
  return [name, showSpread(messagesPerSecond), showSpread(cpuSecondsPer10k, 2), showSpread(post.p99, 1)]
}
