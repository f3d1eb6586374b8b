import { setTimeout as sleep } from 'node:timers/promises'
import { startPostgres } from '../contenders/postgres.ts'
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
  /** Messages a second, and CPU seconds for 10,000 of them, of the database too. */
  many: number
  manyCpu: number
  single: number
  singleCpu: number
}

/** A version of discue on one of the databases, and what was measured of it. */
interface Variant {
  name: string
  start(): Promise<Discue>
  rounds: Round[]
}

/** What it costs to let a thousand clients wait, and how fast those are served who need not. */
export const pull: Scenario = {
  name: 'pull',
  about: 'CPU time while a thousand long polls wait, and messages a second that are pulled and acknowledged',

  async run(bench: Bench): Promise<Report> {
    const { rounds, contenders, before } = bench.options
    const variants = variantsOf(before).filter(({ name }) => contenders.test(name))
    for (let turn = 0; turn <= rounds; turn++) {
      for (const { start, rounds: own } of variants) {
        await using discue = await start()
        const round = await measure(discue, bench)
        // The first warms the machine up.
        if (turn > 0) own.push(round)
      }
    }
    return report(variants)
  },
}

/** On both databases, and in turns with the version in the folder `before`, where one is named. */
function variantsOf(before: string | null): Variant[] {
  const versions = [
    { suffix: '', version: undefined },
    ...(before === null ? [] : [{ suffix: ' before', version: before }]),
  ]
  return versions.flatMap(({ suffix, version }) => [
    { name: `SQLite${suffix}`, start: () => startDiscue({ version }), rounds: [] },
    {
      name: `PostgreSQL${suffix}`,
      start: async () => startDiscue({ version, postgres: await startPostgres() }),
      rounds: [],
    },
  ])
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
  return { alone, waiting, many: many.rate, manyCpu: many.cpu, single: single.rate, singleCpu: single.cpu }
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

/**
 * Messages a second, from the first pull to the last acknowledgement, and CPU seconds for 10,000 of them. Every message must
 * come exactly once.
 */
async function drain(discue: Discue, { queue, at, messages, max }: Full): Promise<{ rate: number; cpu: number }> {
  const batch = { messages: Array.from({ length: BATCH }, () => ({ data: DATA })) }
  const batches = Math.ceil(messages / BATCH)
  for (let i = 0; i < batches; i++) await discue.post(`/queues/${queue}/messages/batch`, batch)
  const seen = new Set<string>()
  const [from, cpuBefore] = [performance.now(), discue.cost.cpuSeconds()]
  await Promise.all(Array.from({ length: CLIENTS }, () => drainAlone(discue, at, max, seen)))
  const [elapsed, cpu] = [performance.now() - from, discue.cost.cpuSeconds() - cpuBefore]
  if (seen.size !== batches * BATCH) throw new Refusal(`${batches * BATCH} messages were sent and ${seen.size} pulled`)
  if ((await discue.pendingCount(queue)) > 0) throw new Refusal('messages are pending that were acknowledged')
  return { rate: (seen.size * 1_000) / elapsed, cpu: (cpu * 10_000) / seen.size }
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

function report(variants: readonly Variant[]): Report {
  const measured = variants.map(({ name, rounds }) => {
    const spread = (of: keyof Round) => spreadOf(rounds.map((round) => round[of]))
    const idle = { alone: spread('alone'), waiting: spread('waiting') }
    const drained = { many: spread('many'), manyCpu: spread('manyCpu'), single: spread('single') }
    return { name, ...idle, ...drained, singleCpu: spread('singleCpu') }
  })
  const row = (label: string, of: keyof Round, digits = 0) => [
    label,
    ...measured.map((it) => showSpread(it[of], digits)),
  ]
  return {
    table: [
      ['median (lowest–highest)', ...measured.map(({ name }) => name)],
      row('CPU ms a second, idle', 'alone', 1),
      row(`CPU ms a second, ${POLLS} long polls`, 'waiting', 1),
      row(`messages a second, ${AT_ONCE} at a time`, 'many'),
      row('CPU s per 10,000 of them', 'manyCpu', 2),
      row('messages a second, one at a time', 'single'),
      row('CPU s per 10,000 of them', 'singleCpu', 2),
    ],
    conclusions: [`${CLIENTS} clients, each of which acknowledges what it pulled before it pulls again`],
    figures: { measured, rounds: variants.map(({ name, rounds }) => ({ name, rounds })) },
  }
}
