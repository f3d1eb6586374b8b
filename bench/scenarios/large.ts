import type { Scenario } from '../measure/scenario.ts'
import { compare, reportOf } from './compare.ts'

const BYTES = 100 * 1024
/** Each message is four hundred times as large. */
const SHARE = 1 / 20

/** What large messages cost. */
export const large: Scenario = {
  name: 'large',
  about: 'messages of 100 KiB a second',
  async run(bench) {
    const load = { messages: Math.ceil(bench.options.messages * SHARE), rate: 0, bytes: BYTES }
    return reportOf(await compare(bench, { targets: [bench.target.ok], load }))
  },
}
