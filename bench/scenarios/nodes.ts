import { startPostgres } from '../contenders/postgres.ts'
import { measureCost } from '../cost.ts'
import { type Discue, startDiscue } from '../discue.ts'
import { interleave, ratioOf, type Series } from '../interleave.ts'
import type { Bench, Report, Scenario } from '../scenario.ts'
import { showSpread } from '../spread.ts'

/** Whether two nodes on one database carry more than one. On as many cores as they and the generator can use, they should. */
export const nodes: Scenario = {
  name: 'nodes',
  about: 'messages a second of two nodes on one PostgreSQL, against one node on another',

  async run(bench: Bench): Promise<Report> {
    await using stack = new AsyncDisposableStack()
    const one = await startOn(stack)
    const pair = await startOn(stack)
    const second = stack.use(await startDiscue({ joins: pair.place }))
    const together = stack.use(measureCost([pair.discue.server, second.server, pair.process]))

    const alone = one.discue.inlet('one node', await queueFor(one.discue, bench))
    const queueId = await queueFor(pair.discue, bench)
    const first = pair.discue.inlet('two nodes', queueId)
    const both = { ...first, cost: together, urls: [...first.urls, ...second.inlet('two nodes', queueId).urls] }

    const load = { messages: bench.options.messages, rate: 0 }
    const [single, double] = await interleave(bench, [alone, both], load)
    const rate = ratioOf(double, single, (round) => round.messagesPerSecond)
    const cpu = ratioOf(double, single, (round) => round.cpuSecondsPer10k)
    return {
      table: [['', 'messages/s', 'CPU s per 10,000', 'POST p50 ms', 'POST p99 ms'], ...[single, double].map(row)],
      conclusions: [`two / one, round by round: messages/s ${showSpread(rate, 3)}, CPU ${showSpread(cpu, 3)}`],
      bars: [single, double].map(({ name, messagesPerSecond }) => ({ name, ...messagesPerSecond })),
      unit: 'messages a second',
      figures: { single, double, rate, cpu },
    }
  },
}

async function startOn(stack: AsyncDisposableStack) {
  const postgres = await startPostgres()
  const discue = stack.use(await startDiscue({ postgres }))
  return { discue, process: postgres.process, place: { url: postgres.url, key: discue.key } }
}

async function queueFor(discue: Discue, { target }: Bench): Promise<string> {
  const queueId = await discue.createQueue('bench')
  await discue.addListener(queueId, { name: 'receiver', notify_url: target.ok })
  return queueId
}

function row({ name, messagesPerSecond, cpuSecondsPer10k, post }: Series): string[] {
  const quantiles = [showSpread(post.p50, 1), showSpread(post.p99, 1)]
  return [name, showSpread(messagesPerSecond), showSpread(cpuSecondsPer10k, 2), ...quantiles]
}
