import { startPostgres } from '../contenders/postgres.ts'
import type { Inlet } from '../load/contender.ts'
import { type Discue, type DiscueStart, startDiscue } from '../load/discue.ts'
import { measureCost } from '../measure/cost.ts'
import { type CpuGroup, groupCpu } from '../measure/cpu-share.ts'
import { interleave, ratioOf, type Series } from '../measure/interleave.ts'
import { type Load, runRound } from '../measure/round.ts'
import type { Bench, Report, Scenario } from '../measure/scenario.ts'
import { showSpread } from '../measure/spread.ts'

/** So little that three nodes, their database, the generator and the receiver find room on two cores. */
const SHARE_PERCENT = 20
const WHOLE_CORE = 100
const CONNECTIONS_PER_NODE = 64
const NAMES = ['one node', 'two nodes', 'three nodes']

/**
 * What nodes on one database carry together, in turns with one node on a database of its own. Each has the same share of
 * a core, so that what is compared is nodes, and not how many cores the machine has left for them.
 */
export const nodes: Scenario = {
  name: 'nodes',
  about: 'messages a second of one, two and three nodes on one PostgreSQL, each node with the same share of a core',

  async run(bench: Bench): Promise<Report> {
    const percent = bench.options.share ?? SHARE_PERCENT
    await using stack = new AsyncDisposableStack()
    const clusters: Cluster[] = []
    for (const [index, name] of NAMES.entries())
      clusters.push(await startCluster(stack, bench, { name, nodes: index + 1, limited: percent < WHOLE_CORE }))

    const { messages } = bench.options
    const loadOf = ({ urls }: Inlet): Load => ({ messages, rate: 0, connections: CONNECTIONS_PER_NODE * urls.length })
    // Compiling takes what a share would be used up by for the whole run: it is done with before it is given.
    for (const { inlet } of clusters) await runRound(inlet, bench.target, loadOf(inlet))
    for (const { groups } of clusters) for (const group of groups) group.limit(percent / 100)
    const inlets = clusters.map(({ inlet }) => inlet)
    const series: Series[] = await interleave(bench, inlets, loadOf)
    const [single, ...others] = series as [Series, ...Series[]]
    const ratios = others.map((of) => ({
      name: of.name,
      rate: ratioOf(of, single, (round) => round.messagesPerSecond),
      cpu: ratioOf(of, single, (round) => round.cpuSecondsPer10k),
    }))
    const shown = ratios.map(
      ({ name, rate, cpu }) => `messages/s ${showSpread(rate, 2)}, CPU ${showSpread(cpu, 2)} (${name})`,
    )
    return {
      table: [['', 'messages/s', 'CPU s per 10,000', 'POST p50 ms', 'POST p99 ms'], ...series.map(row)],
      conclusions: [
        `each node has ${percent} % of a core`,
        ...shown.map((line) => `against one node, round by round: ${line}`),
      ],
      bars: series.map(({ name, messagesPerSecond }) => ({ name, ...messagesPerSecond })),
      unit: 'messages a second',
      figures: { percent, series, ratios },
    }
  },
}

interface Cluster {
  inlet: Inlet
  /** One for each node; none where they are not limited. */
  groups: CpuGroup[]
}

/** Nodes on a PostgreSQL of their own, all of which take the messages of one queue, in turn. */
async function startCluster(
  stack: AsyncDisposableStack,
  bench: Bench,
  { name, nodes: count, limited }: { name: string; nodes: number; limited: boolean },
): Promise<Cluster> {
  const postgres = await startPostgres()
  const first = await startNode(stack, limited, { postgres })
  const queueId = await queueFor(first.discue, bench)
  const all = [first]
  const joins = { url: postgres.url, key: first.discue.key }
  while (all.length < count) all.push(await startNode(stack, limited, { joins }))
  const cost = stack.use(measureCost([...all.map(({ discue }) => discue.server), postgres.process]))
  const urls = all.flatMap(({ discue }) => discue.inlet(name, queueId).urls)
  return { inlet: { ...first.discue.inlet(name, queueId), cost, urls }, groups: all.flatMap(({ groups }) => groups) }
}

async function startNode(stack: AsyncDisposableStack, limited: boolean, how: DiscueStart) {
  const discue = await startDiscue(how)
  // Disposed of in the other order: the group must be empty when it goes.
  const groups = limited ? [stack.use(groupCpu(discue.server.pid))] : []
  stack.use(discue)
  return { discue, groups }
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
