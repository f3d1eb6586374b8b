import type { Contender } from '../load/contender.ts'
import { untilNonePending } from '../load/contender.ts'
import { monotonicMicros } from '../measure/clock.ts'
import { nextMessage, postAll, Refusal, refusalOf } from '../measure/round.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { showMegabytes, showNumber } from '../measure/spread.ts'
import { startContenders } from './compare.ts'

const MESSAGES = 1_000_000
const BATCH = 100
const CONNECTIONS = 8

/** How fast a backlog is carried once that is allowed. Each contender once: a million messages are many rounds. */
export const drain: Scenario = {
  name: 'drain',
  about: 'messages a second of a backlog that waited, from its release to the last message received',

  async run(bench: Bench): Promise<Report> {
    const messages = Math.ceil((bench.options.backlog ?? MESSAGES) / BATCH) * BATCH
    await using stack = new AsyncDisposableStack()
    const drained = []
    for (const contender of await startContenders(bench, stack)) {
      const figures = await drainOnce(bench, contender, messages)
      bench.note(`${contender.name}: ${showNumber(figures.messagesPerSecond)} messages/s`)
      drained.push({ name: contender.name, ...figures })
    }
    return {
      table: [
        ['', 'messages/s', 'CPU s per 10,000', 'peak memory'],
        ...drained.map((it) => [
          it.name,
          showNumber(it.messagesPerSecond),
          showNumber(it.cpuSecondsPer10k, 2),
          showMegabytes(it.peakBytes),
        ]),
      ],
      conclusions: [`a backlog of ${showNumber(messages)} messages`],
      bars: drained.map(({ name, messagesPerSecond: rate }) => ({ name, median: rate, min: rate, max: rate })),
      unit: 'messages a second',
      figures: { messages, drained },
    }
  },
}

async function drainOnce({ target }: Bench, contender: Contender, messages: number) {
  const inlet = await contender.hold({ targets: [target.ok] })
  await target.reset({ first: nextMessage(), count: messages }, 1)
  await postAll(inlet, { messages, batch: BATCH, connections: CONNECTIONS })
  const kept = await inlet.pending()
  if (kept !== messages) throw new Refusal(`${inlet.name}: of ${messages} messages that were taken, ${kept} are kept`)
  const [from, cpuBefore] = [monotonicMicros(), inlet.cost.cpuSeconds()]
  await inlet.release()
  await target.untilReceived(messages)
  const settled = await untilNonePending(inlet.pending)
  const received = await target.stats()
  const refusal = refusalOf(inlet, { expected: messages, received, settled })
  if (refusal !== null) throw refusal
  return {
    messagesPerSecond: (messages / (received.lastReceivedAt - from)) * 1_000_000,
    cpuSecondsPer10k: ((inlet.cost.cpuSeconds() - cpuBefore) / messages) * 10_000,
    peakBytes: inlet.cost.peakBytes(),
  }
}
