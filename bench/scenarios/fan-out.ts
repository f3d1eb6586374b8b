import type { Scenario } from '../measure/scenario.ts'
import { compare, reportOf } from './compare.ts'

const LISTENERS = 10

/** End to end with ten listeners, each of which gets every message. */
export const fanOut: Scenario = {
  name: 'fan-out',
  about: `messages a second that each reach ${LISTENERS} listeners`,
  async run(bench) {
    const load = { messages: Math.ceil(bench.options.messages / LISTENERS), rate: 0 }
    return reportOf(await compare(bench, { targets: bench.target.places(LISTENERS), load }))
  },
}
