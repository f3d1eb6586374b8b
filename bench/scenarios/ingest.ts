import { startRelay } from '../contenders/relay.ts'
import type { HeldInlet, Inlet } from '../load/contender.ts'
import { type Load, postAll, Refusal } from '../measure/round.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { showMegabytes, showNumber, showSpread, spreadOf } from '../measure/spread.ts'
import { startContenders } from './compare.ts'

const BATCH = 100
/** As many requests of a batch at a time as keep a server busy; each holds a hundred messages. */
const BATCH_CONNECTIONS = 8

interface Taken {
  messagesPerSecond: number
  cpuSecondsPer10k: number
}

/** How fast messages are taken in and stored while nothing is carried, next to a route that stores nothing. */
export const ingest: Scenario = {
  name: 'ingest',
  about: 'messages a second that are taken in, one by one, and kept for a listener; the relay keeps nothing',
  run: (bench) => measure(bench, { messages: bench.options.messages }),
}

/** How many messages a second are accepted in batches of a hundred. */
export const batchIngest: Scenario = {
  name: 'batch-ingest',
  about: `messages a second that are taken in by ${BATCH} at a time and kept for a listener; the relay keeps nothing`,
  run(bench) {
    const messages = Math.ceil((bench.options.messages * 5) / BATCH) * BATCH
    return measure(bench, { messages, batch: BATCH, connections: BATCH_CONNECTIONS })
  },
}

async function measure(bench: Bench, load: Omit<Load, 'rate'>): Promise<Report> {
  await using stack = new AsyncDisposableStack()
  const { inlet } = stack.use(await startRelay([]))
  const inlets: (Inlet | HeldInlet)[] = [inlet]
  for (const contender of await startContenders(bench, stack)) {
    inlets.push(await contender.hold({ targets: [bench.target.ok] }))
  }
  const rounds = inlets.map((): Taken[] => [])
  for (let turn = 0; turn <= bench.options.rounds; turn++) {
    for (const [place, one] of inlets.entries()) {
      const taken = await takeIn(one, load)
      bench.note(`${one.name}: ${showNumber(taken.messagesPerSecond)} messages/s${turn === 0 ? ' (warm-up)' : ''}`)
      if (turn > 0) rounds[place]!.push(taken)
    }
  }
  return report(inlets, rounds)
}

/** Throws a Refusal where not exactly what was posted is kept. */
async function takeIn(inlet: Inlet | HeldInlet, load: Omit<Load, 'rate'>): Promise<Taken> {
  const kept = async () => ('pending' in inlet ? await inlet.pending() : 0)
  const [before, cpuBefore] = [await kept(), inlet.cost.cpuSeconds()]
  const sent = await postAll(inlet, load)
  const cpuSeconds = inlet.cost.cpuSeconds() - cpuBefore
  const grown = (await kept()) - before
  if ('pending' in inlet && grown !== load.messages) {
    throw new Refusal(`${inlet.name}: of ${load.messages} messages that were taken, ${grown} are kept`)
  }
  return {
    messagesPerSecond: (load.messages / (sent.lastAnsweredAt - sent.firstSentAt)) * 1_000_000,
    cpuSecondsPer10k: (cpuSeconds / load.messages) * 10_000,
  }
}

function report(inlets: readonly Inlet[], rounds: Taken[][]): Report {
  const series = inlets.map(({ name, cost }, place) => ({
    name,
    messagesPerSecond: spreadOf(rounds[place]!.map((it) => it.messagesPerSecond)),
    cpuSecondsPer10k: spreadOf(rounds[place]!.map((it) => it.cpuSecondsPer10k)),
    peakBytes: cost.peakBytes(),
    rounds: rounds[place]!,
  }))
  const [ceiling, ...others] = series
  return {
    table: [
      ['', 'messages/s', 'CPU s per 10,000', 'peak memory'],
      ...series.map(({ name, messagesPerSecond, cpuSecondsPer10k, peakBytes }) => [
        name,
        showSpread(messagesPerSecond),
        showSpread(cpuSecondsPer10k, 3),
        showMegabytes(peakBytes),
      ]),
    ],
    conclusions: others.map(({ name, messagesPerSecond }) => {
      return `${name} / relay: ${showNumber(messagesPerSecond.median / ceiling!.messagesPerSecond.median, 3)} of the medians`
    }),
    bars: series.map(({ name, messagesPerSecond }) => ({ name, ...messagesPerSecond })),
    unit: 'messages a second',
    figures: { series },
  }
}
