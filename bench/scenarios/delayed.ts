import { setTimeout as sleep } from 'node:timers/promises'
import { type Discue, startDiscue } from '../load/discue.ts'
import { fillStore } from '../load/filled-store.ts'
import { messageData } from '../load/payload.ts'
import { monotonicMicros } from '../measure/clock.ts'
import type { Quantiles } from '../measure/quantiles.ts'
import { Refusal, takeSequences } from '../measure/round.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { type Spread, showMegabytes, showNumber, showSpread, spreadOf } from '../measure/spread.ts'

const WAITING = 1_000_000
const IN_TIME = 500
const BURST = 100_000
/** From the last post to the first due time. */
const AHEAD_MS = 2_000
const BYTES = 256
const AT_ONCE = 1_000

/** Whether messages for later start when they are due, cost nothing until then, and delay no tenant that has many. */
export const delayed: Scenario = {
  name: 'delayed',
  about:
    'messages for later: how late they are, what waiting costs, and how fast many are drained that are due at once',

  async run(bench: Bench): Promise<Report> {
    const waiting = bench.options.backlog ?? WAITING
    const burst = Math.min(BURST, waiting)
    await using empty = await startDiscue()
    bench.note(`filling a store with ${showNumber(waiting)} messages for later`)
    await using laden = await startDiscue({
      fill: async (path, key) => {
        await fillStore(path, key, [{ name: 'waiting', messages: waiting, listenerUrl: bench.target.ok }])
      },
    })
    const cost = { empty: await idleCost(bench, empty), laden: await idleCost(bench, laden) }
    const late = { empty: await lateness(bench, empty), laden: await lateness(bench, laden) }
    const drained = await drain(bench, laden, burst)
    return {
      table: [
        ['', 'late p50 ms', 'late p99 ms', 'resident, idle', 'CPU s a minute, idle'],
        row('nothing waits', late.empty, cost.empty),
        row(`${showNumber(waiting)} wait`, late.laden, cost.laden),
      ],
      conclusions: [
        `${showNumber(burst)} due in one second: ${showSpread(drained.later)} a second from their due time on`,
        `the same posted at once in batches: ${showSpread(drained.now)} a second; ratio ${showNumber(drained.later.median / drained.now.median, 2)}`,
      ],
      figures: { waiting, burst, late, cost, drained },
    }
  },
}

interface Cost {
  residentBytes: number
  cpuSecondsPerMinute: number
}

function row(name: string, { p50, p99 }: Quantiles, { residentBytes, cpuSecondsPerMinute }: Cost): string[] {
  const figures = [showNumber(p50, 1), showNumber(p99, 1)]
  return [name, ...figures, showMegabytes(residentBytes), showNumber(cpuSecondsPerMinute, 2)]
}

async function idleCost({ options }: Bench, { server }: Discue): Promise<Cost> {
  await sleep(2_000)
  const before = server.cpuSeconds()
  await sleep(options.seconds * 1_000)
  const cpuSecondsPerMinute = ((server.cpuSeconds() - before) / options.seconds) * 60
  return { residentBytes: server.residentBytes(), cpuSecondsPerMinute }
}

/** Messages of an idle server, one every now and then. */
async function lateness(bench: Bench, discue: Discue): Promise<Quantiles> {
  const queueId = await addQueue(bench, discue, 'in-time')
  const everyMs = (bench.options.seconds * 1_000) / IN_TIME
  await postDue(bench, discue, queueId, {
    count: IN_TIME,
    dueAt: (first, index) => Math.round(first + index * everyMs),
  })
  return (await received(bench, IN_TIME)).latency
}

async function drain(bench: Bench, discue: Discue, count: number): Promise<{ later: Spread; now: Spread }> {
  const [later, now] = [[] as number[], [] as number[]]
  for (let round = 0; round <= bench.options.rounds; round++) {
    const queueId = await addQueue(bench, discue, `burst-${round}`)
    const due = await postDue(bench, discue, queueId, { count, dueAt: (first, index) => first + (index % 1_000) })
    const rates = [rateOf(count, due.firstDueMicros, (await received(bench, count)).lastReceivedAt)]
    const startedAt = monotonicMicros()
    await postDue(bench, discue, queueId, { count, dueAt: null })
    rates.push(rateOf(count, startedAt, (await received(bench, count)).lastReceivedAt))
    bench.note(`round ${round}: ${rates.map((rate) => showNumber(rate)).join(' and ')} a second`)
    // The first warms up.
    if (round === 0) continue
    later.push(rates[0]!)
    now.push(rates[1]!)
  }
  return { later: spreadOf(later), now: spreadOf(now) }
}

function rateOf(count: number, from: number, until: number): number {
  return (count / (until - from)) * 1_000_000
}

async function addQueue(bench: Bench, discue: Discue, name: string): Promise<string> {
  const queueId = await discue.createQueue(name)
  await discue.addListener(queueId, { name: 'receiver', notify_url: bench.target.ok })
  return queueId
}

/** Posts messages in batches, each of which says when it is meant to arrive; without `dueAt` that is now. */
async function postDue(
  bench: Bench,
  discue: Discue,
  queueId: string,
  { count, dueAt }: { count: number; dueAt: ((first: number, index: number) => number) | null },
): Promise<{ firstDueMicros: number }> {
  const range = takeSequences(count)
  await bench.target.reset(range, 1)
  // Posting goes on for a while before the first of them is due.
  const first = Date.now() + AHEAD_MS + count / 5
  const microsAt = (time: number) => monotonicMicros() + (time - Date.now()) * 1_000
  for (let from = 0; from < count; from += AT_ONCE) {
    const messages = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, index) => {
      const due = dueAt?.(first, from + index) ?? Date.now()
      const data = messageData(BYTES, range.first + from + index, Math.round(microsAt(due)))
      return { data, ...(dueAt !== null && { deliver_at: Math.round(due) }) }
    })
    await discue.post(`/queues/${queueId}/messages/batch`, { messages })
  }
  if (dueAt !== null && Date.now() > first) throw new Refusal('posting took until the first message was due')
  return { firstDueMicros: microsAt(first) }
}

async function received(bench: Bench, count: number) {
  await sleep(AHEAD_MS)
  await bench.target.untilReceived(count)
  const stats = await bench.target.stats()
  if (stats.distinct !== count || stats.duplicates > 0 || stats.strays > 0) {
    throw new Refusal(`of ${count} messages for later ${stats.distinct} arrived, ${stats.duplicates} of them twice`)
  }
  return stats
}
