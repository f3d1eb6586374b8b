import type { Scenario } from '../../measure/scenario.ts'
import { compare, reportOf } from '../compare.ts'

const QUEUES = 10_000

/** Whether it matters that messages go to many queues, each with a listener of its own. */
export const manyQueues: Scenario = {
  name: 'many-queues',
  about: `messages a second to ${QUEUES} queues with a listener each`,
  async run(bench) {
    const queues = bench.options.queues ?? QUEUES
    const load = { messages: bench.options.messages, rate: 0 }
    return reportOf(await compare(bench, { targets: [bench.target.ok], queues, load }))
  },
}
