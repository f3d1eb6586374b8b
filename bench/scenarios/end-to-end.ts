import type { Scenario } from '../measure/scenario.ts'
import { compare, reportOf } from './compare.ts'

/** How many messages a second get from a client, through the server, to a listener. */
export const endToEnd: Scenario = {
  name: 'end-to-end',
  about: 'messages a second from the first POST to the last message received',
  async run(bench) {
    const load = { messages: bench.options.messages, rate: 0 }
    return reportOf(await compare(bench, { targets: [bench.target.ok], load }))
  },
}
