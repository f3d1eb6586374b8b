import { setTimeout as sleep } from 'node:timers/promises'
import { type Discue, startDiscue } from '../load/discue.ts'
import { Refusal } from '../measure/round.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { showSpread, spreadOf } from '../measure/spread.ts'

const POLLS = 1_000
/** As long as a poll may wait, so that none of them ends within a measurement. */
const WAIT_MS = 30_000
const MAX_IDLE_SECONDS = 20
const CLIENTS = 16
const BATCH = 1_000
const AT_ONCE = 100
const DATA = JSON.stringify({ order: 1, note: 'x'.repeat(230) })

interface Round {
  /** CPU milliseconds for a second. */
  alone: number
  waiting: number
  /** Messages a second. */
  many: number
  single: number
}

/** What it costs to let a thousand clients wait, and how fast those are served who need not. */
export const pull: Scenario = {
  name: 'pull',
  about: 'CPU time while a thousand long polls wait, and messages a second that are pulled and acknowledged',

  async run(bench: Bench): Promise<Report> {
    const rounds: Round[] = []
    for (let turn = 0; turn <= bench.options.rounds; turn++) {
      await using discue = await startDiscue()
      const round = await measure(discue, bench)
      // The first warms the machine up.
      if (turn > 0) rounds.push(round)
    }
    return report(rounds)
  },
}

async function measure(discue: Discue, { options }: Bench): Promise<Round> {
  const seconds = Math.min(options.seconds, MAX_IDLE_SECONDS)
  const queue = await discue.createQueue('pull')
  const { listener } = (await discue.post(`/queues/${queue}/listeners`, { name: 'pulls' })) as {
    listener: { id: string }
  }
  const at = `/queues/${queue}/listeners/${listener.id}`
  const alone = await cpuOf(discue, seconds)
  const polls = Array.from({ length: POLLS }, () => discue.post(`${at}/pull`, { wait: WAIT_MS }))
  // Until they have all arrived.
  await sleep(2_000)
  const waiting = await cpuOf(discue, seconds)
  await Promise.all(polls)
  const many = await drain(discue, { queue, at, messages: options.messages, max: AT_ONCE })
  const single = await drain(discue, { queue, at, messages: Math.ceil(options.messages / 10), max: 1 })
  return { alone, waiting, many, single }
}

async function cpuOf({ server }: Discue, seconds: number): Promise<number> {
  const before = server.cpuSeconds()
  await sleep(seconds * 1_000)
  return ((server.cpuSeconds() - before) * 1_000) / seconds
}

interface Full {
  queue: string
  at: string
  messages: number
  max: number
}

/** Messages a second, from the first pull to the last acknowledgement. Every message must come exactly once. */
async function drain(discue: Discue, { queue, at, messages, max }: Full): Promise<number> {
  const batch = { messages: Array.from({ length: BATCH }, () => ({ data: DATA })) }
  const batches = Math.ceil(messages / BATCH)
  for (let i = 0; i < batches; i++) await discue.post(`/queues/${queue}/messages/batch`, batch)
  const seen = new Set<string>()
  const from = performance.now()
  await Promise.all(Array.from({ length: CLIENTS }, () => drainAlone(discue, at, max, seen)))
  const elapsed = performance.now() - from
  if (seen.size !== batches * BATCH) throw new Refusal(`${batches * BATCH} messages were sent and ${seen.size} pulled`)
  if ((await discue.pendingCount(queue)) > 0) throw new Refusal('messages are pending that were acknowledged')
  return (seen.size * 1_000) / elapsed
}

async function drainAlone(discue: Discue, at: string, max: number, seen: Set<string>): Promise<void> {
  for (;;) {
    const { messages } = (await discue.post(`${at}/pull`, { max })) as { messages: { id: string; receipt: string }[] }
    if (messages.length === 0) return
    for (const { id } of messages) {
      if (seen.has(id)) throw new Refusal(`the message ${id} was pulled twice`)
      seen.add(id)
    }
    const { lost } = (await discue.post(`${at}/ack`, { receipts: messages.map(({ receipt }) => receipt) })) as {
      lost: string[]
    }
    if (lost.length > 0) throw new Refusal('a lease was lost')
  }
}

function report(rounds: readonly Round[]): Report {
  const spread = (name: keyof Round) => spreadOf(rounds.map((round) => round[name]))
  const figures = { alone: spread('alone'), waiting: spread('waiting'), many: spread('many'), single: spread('single') }
  return {
    table: [
      ['', 'median (lowest–highest)'],
      ['CPU ms a second, idle', showSpread(figures.alone, 1)],
      [`CPU ms a second, ${POLLS} long polls`, showSpread(figures.waiting, 1)],
      [`messages a second, ${AT_ONCE} at a time`, showSpread(figures.many)],
      ['messages a second, one at a time', showSpread(figures.single)],
    ],
    conclusions: [`${CLIENTS} clients, each of which acknowledges what it pulled before it pulls again`],
    figures,
  }
}
