import { type Discue, startDiscue } from '../load/discue.ts'
import { interleave, ratioOf, type Series } from '../measure/interleave.ts'
import { watchMemory } from '../measure/memory.ts'
import { postAll, Refusal } from '../measure/round.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { showMegabytes, showNumber, showSpread } from '../measure/spread.ts'

const MESSAGES = 1_000_000

/** Whether a queue costs more when another has a million messages waiting, and what taking them in costs. */
export const backlog: Scenario = {
  name: 'backlog',
  about: 'messages a second beside a queue whose listener hangs and has a backlog, against a server without it',

  async run(bench: Bench): Promise<Report> {
    const messages = bench.options.backlog ?? MESSAGES
    await using fresh = await startDiscue()
    await using laden = await startDiscue()
    using memory = watchMemory(laden.server)
    const ingest = await fillBacklog(bench, laden, messages)

    const inlets = [await addQueue(bench, fresh, 'without'), await addQueue(bench, laden, 'with backlog')] as const
    const [without, beside] = await interleave(bench, [...inlets], { messages: bench.options.messages, rate: 0 })
    const residentAfter = laden.server.residentBytes()
    const ratio = beside.messagesPerSecond.median / without.messagesPerSecond.median
    const ratioByRound = ratioOf(beside, without, (round) => round.messagesPerSecond)
    return {
      table: [['', 'messages/s', 'CPU s per 10,000', 'peak RSS'], ...[without, beside].map(row)],
      conclusions: [
        `with / without: ${showNumber(ratio, 3)} of the medians; round by round ${showSpread(ratioByRound, 3)}`,
        `taking in ${showNumber(messages)} messages: ${showNumber(ingest.messagesPerSecond)} a second`,
        `resident: ${showMegabytes(ingest.residentBytes)} after that, ${showMegabytes(residentAfter)} after the rounds`,
      ],
      figures: { messages, ingest, without, beside, ratio, ratioByRound, residentAfter, memory: memory.samples },
    }
  },
}

async function fillBacklog(bench: Bench, { server, ...discue }: Discue, messages: number) {
  const queueId = await discue.createQueue('backlog')
  await discue.addListener(queueId, { name: 'stuck', notify_url: bench.target.hang, max_concurrency: 1 })
  bench.note(`posting ${showNumber(messages)} messages to a listener that hangs`)
  const sent = await postAll(discue.inlet('backlog', queueId, { drains: false }), { messages })
  const pending = await discue.pendingCount(queueId)
  if (pending !== messages) throw new Refusal(`the backlog of ${messages} messages has ${pending} pending`)
  const seconds = (sent.lastAnsweredAt - sent.firstSentAt) / 1_000_000
  return { messagesPerSecond: messages / seconds, post: sent.post, residentBytes: server.residentBytes() }
}

async function addQueue(bench: Bench, discue: Discue, name: string) {
  const queueId = await discue.createQueue('bench')
  await discue.addListener(queueId, { name: 'receiver', notify_url: bench.target.ok })
  return discue.inlet(name, queueId)
}

function row(series: Series): string[] {
  return [
    series.name,
    showSpread(series.messagesPerSecond),
    showSpread(series.cpuSecondsPer10k, 2),
    showMegabytes(series.peakResidentBytes),
  ]
}
