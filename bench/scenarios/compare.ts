import { contenders } from '../contenders/all.ts'
import { startRelay } from '../contenders/relay.ts'
import { type Contender, type Inlet, Missing } from '../load/contender.ts'
import type { Series } from '../measure/interleave.ts'
import { interleave, ratioOf } from '../measure/interleave.ts'
import type { Load } from '../measure/round.ts'
import type { Bench, Report } from '../measure/scenario.ts'
import { showMegabytes, showSpread } from '../measure/spread.ts'

/** Measures the relay and every contender that the machine has what it takes for, in turns, all with the same load. */
export async function compare(
  bench: Bench,
  { targets, queues, load }: { targets: readonly string[]; queues?: number; load: Load },
): Promise<Series[]> {
  await using stack = new AsyncDisposableStack()
  const inlets: Inlet[] = [stack.use(await startRelay(targets)).inlet]
  for (const contender of await startContenders(bench, stack)) inlets.push(await contender.open({ targets, queues }))
  return await interleave(bench, [...inlets], load)
}

/** Starts those that were asked for; says which the machine lacks something for, and goes on without them. */
export async function startContenders(bench: Bench, stack: AsyncDisposableStack): Promise<Contender[]> {
  const started: Contender[] = []
  for (const [name, start] of Object.entries(contenders)) {
    if (!bench.options.contenders.test(name)) continue
    try {
      started.push(stack.use(await start()))
    } catch (error) {
      if (!(error instanceof Missing)) throw error
      bench.note(`without ${name}: ${error.message}`)
    }
  }
  return started
}

/** Each contender's figures, and how they compare with those of the first. */
export function reportOf(series: Series[]): Report {
  const [ceiling, ...others] = series
  if (ceiling === undefined) throw new Error('nothing was measured')
  return {
    table: [
      ['', 'messages/s', 'accepted/s', 'CPU s per 10,000', 'POST p50 ms', 'POST p99 ms', 'peak memory'],
      ...series.map(row),
    ],
    conclusions: others.map((one) => {
      const rate = ratioOf(one, ceiling, (round) => round.messagesPerSecond)
      const cpu = ratioOf(ceiling, one, (round) => round.cpuSecondsPer10k)
      return `${one.name} / ${ceiling.name}: messages/s ${showSpread(rate, 3)}, messages per CPU second ${showSpread(cpu, 3)}`
    }),
    bars: series.map(({ name, messagesPerSecond }) => ({ name, ...messagesPerSecond })),
    unit: 'messages a second',
    figures: { series },
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
