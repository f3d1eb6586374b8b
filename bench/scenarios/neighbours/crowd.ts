import type { Inlet } from '../../load/contender.ts'
import { type Discue, startDiscue } from '../../load/discue.ts'
import { interleave, ratioOf, type Series } from '../../measure/interleave.ts'
import { postAll, startLoad } from '../../measure/round.ts'
import type { Bench, Report, Scenario } from '../../measure/scenario.ts'
import { showMegabytes, showNumber, showSpread } from '../../measure/spread.ts'

const HEALTHY = 700
/** Of each kind: those that hang, that refuse, and that answer 500. */
const SICK = 100
/** Messages that wait for each sick listener before anything is measured. */
const WAITING = 30
/** One a second for each of them, while it is. */
const SICK_RATE = 3 * SICK
/** Longer than any run. */
const WITHOUT_END = 100_000_000
const AT_ONCE = 20

/** Whether many dead listeners cost the healthy ones anything. */
export const crowd: Scenario = {
  name: 'crowd',
  about: '700 healthy listeners beside 100 that hang, 100 that refuse and 100 that answer 500, against alone',

  async run(bench: Bench): Promise<Report> {
    const { rate, seconds, messages } = bench.options
    await using quiet = await startDiscue()
    await using troubled = await startDiscue()
    const alone = quiet.inlet('alone', await openQueues(quiet, 'healthy', HEALTHY, bench.target.ok))
    const beside = troubled.inlet('beside', await openQueues(troubled, 'healthy', HEALTHY, bench.target.ok))
    const sick = await openSick(bench, troubled)
    await using trouble = startLoad(sick, { messages: WITHOUT_END, rate: SICK_RATE })

    const inlets: [Inlet, Inlet] = [alone, beside]
    const fast = await interleave(bench, inlets, { messages, rate: 0 })
    const steady = await interleave(bench, inlets, { messages: rate * seconds, rate })
    trouble.mustRun()
    return report(rate, fast, steady)
  },
}

async function openSick(bench: Bench, discue: Discue): Promise<Inlet> {
  const { hang, refuse, fail } = bench.target
  const queueIds: string[] = []
  for (const [name, url] of Object.entries({ hangs: hang, refuses: refuse, fails: fail })) {
    queueIds.push(...(await openQueues(discue, name, SICK, url)))
  }
  const inlet = discue.inlet('sick', queueIds, { drains: false })
  bench.note(`posting ${showNumber(queueIds.length * WAITING)} messages to those that are sick`)
  await postAll(inlet, { messages: queueIds.length * WAITING })
  return inlet
}

/** Queues with one listener each; answers with their ids. */
async function openQueues(discue: Discue, name: string, count: number, notifyUrl: string): Promise<string[]> {
  const open = async (n: number) => {
    const queueId = await discue.createQueue(`${name}-${n}`)
    await discue.addListener(queueId, { name, notify_url: notifyUrl })
    return queueId
  }
  const queueIds: string[] = []
  for (let n = 0; n < count; n += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - n) }, (_, i) => open(n + i))
    queueIds.push(...(await Promise.all(some)))
  }
  return queueIds
}

function report(rate: number, fast: [Series, Series], steady: [Series, Series]): Report {
  const throughput = ratioOf(fast[1], fast[0], (round) => round.messagesPerSecond)
  const p99 = ratioOf(steady[1], steady[0], (round) => round.endToEnd.p99)
  const rows = [0, 1].map((place) => {
    const [quick, even] = [fast[place]!, steady[place]!]
    const figures = [quick.messagesPerSecond, even.endToEnd.p50, even.endToEnd.p99]
    const shown = figures.map((figure, index) => showSpread(figure, index === 0 ? 0 : 2))
    return [quick.name, ...shown, showMegabytes(even.peakResidentBytes)]
  })
  return {
    table: [['', 'messages/s', `p50 ms at ${showNumber(rate)}/s`, 'p99 ms', 'peak RSS'], ...rows],
    conclusions: [
      `throughput beside / alone: ${showSpread(throughput, 2)}`,
      `p99 beside / alone: ${showSpread(p99, 2)}`,
    ],
    figures: { rate, fast, steady, throughput, p99 },
  }
}
