import type { Inlet } from '../load/contender.ts'
import { type Discue, startDiscue } from '../load/discue.ts'
import { interleave, ratioOf } from '../measure/interleave.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { showSpread } from '../measure/spread.ts'
import { reportOf } from './compare.ts'

const MANY = 1_000
/** Of so many listeners one gets each message. */
const ONE_IN = 100
const FITTING = MANY / ONE_IN

/** Three conditions, which the messages of the benchmark all fit where their number ends like this. */
const filterOf = (end: string) => ({
  data: { sequence: { $endsWith: end }, sentAt: { $gte: '0' }, pad: { $startsWith: 'x' } },
})

/** What filters cost: one listener with and without, and a thousand of which a hundredth fits, beside so many without. */
export const filters: Scenario = {
  name: 'filters',
  about: `one listener with and without a filter, and ${MANY} with filters of three conditions of which one in ${ONE_IN} fits`,

  async run(bench: Bench): Promise<Report> {
    await using discue = await startDiscue({})
    const places = bench.target.places(FITTING)
    const inlets = [
      await carrying(discue, 'one listener', [{ notify_url: bench.target.ok }]),
      await carrying(discue, 'one with a filter', [{ notify_url: bench.target.ok, filter: filterOf('') }]),
      await carrying(
        discue,
        `${FITTING} listeners`,
        places.map((url) => ({ notify_url: url })),
      ),
      await carrying(
        discue,
        `${MANY} with filters`,
        Array.from({ length: MANY }, (_, place) => manyth(places, place)),
        FITTING,
      ),
    ] as [Inlet, Inlet, Inlet, Inlet]
    const { messages } = bench.options
    const series = await interleave(bench, inlets, ({ lanes }) => ({ messages: Math.ceil(messages / lanes), rate: 0 }))
    const [one, filtered, few, many] = series
    const cpu = (of: typeof one, to: typeof one) =>
      showSpread(
        ratioOf(of, to, (round) => round.cpuSecondsPer10k),
        3,
      )
    const conclusions = [
      `CPU a message, ${filtered.name} / ${one.name}: ${cpu(filtered, one)}`,
      `CPU a message, ${many.name} / ${few.name}: ${cpu(many, few)}`,
    ]
    return { ...reportOf(series), conclusions }
  },
}

function manyth(places: readonly string[], place: number) {
  const end = String(place % ONE_IN).padStart(2, '0')
  return { notify_url: places[Math.floor(place / ONE_IN)]!, filter: filterOf(end) }
}

async function carrying(
  discue: Discue,
  name: string,
  listeners: readonly { notify_url: string; filter?: object }[],
  lanes = listeners.length,
): Promise<Inlet> {
  const queueId = await discue.createQueue(name.replaceAll(' ', '-'))
  for (const [place, listener] of listeners.entries()) {
    await discue.addListener(queueId, { name: `receiver-${place}`, ...listener })
  }
  return discue.inlet(name, queueId, { lanes })
}
