// npm run bench -- [scenario…] [--only contenders] [--rounds n] [--messages n] [--seconds n] [--rate n] [--backlog n]
//   [--queues n] [--soak seconds] [--share percent] [--before folder] [--write]
import { parseArgs } from 'node:util'
import { Missing } from './load/contender.ts'
import { startTarget } from './load/target.ts'
import { describeMachine, disturbance, showMachine } from './measure/machine.ts'
import { keepResults, showReport } from './measure/results.ts'
import { Refusal } from './measure/round.ts'
import type { Options, Scenario } from './measure/scenario.ts'
import { backlog } from './scenarios/backlog.ts'
import { delayed } from './scenarios/delayed.ts'
import { drain } from './scenarios/drain.ts'
import { endToEnd } from './scenarios/end-to-end.ts'
import { fanOut } from './scenarios/fan-out.ts'
import { filters } from './scenarios/filters.ts'
import { growth } from './scenarios/growth.ts'
import { batchIngest, ingest } from './scenarios/ingest.ts'
import { large } from './scenarios/large.ts'
import { latency } from './scenarios/latency.ts'
import { abuse } from './scenarios/neighbours/abuse.ts'
import { crowd } from './scenarios/neighbours/crowd.ts'
import { isolation } from './scenarios/neighbours/isolation.ts'
import { manyQueues } from './scenarios/neighbours/many-queues.ts'
import { names } from './scenarios/neighbours/names.ts'
import { nodes } from './scenarios/nodes.ts'
import { paging } from './scenarios/paging.ts'
import { posts } from './scenarios/posts.ts'
import { pull } from './scenarios/pull.ts'
import { schedules } from './scenarios/schedules.ts'
import { soak } from './scenarios/soak.ts'
import { start } from './scenarios/start.ts'

const scenarios = [
  ...[endToEnd, fanOut, filters, ingest, batchIngest, latency, manyQueues, large],
  ...[drain, backlog, isolation, crowd, names, abuse, nodes, paging, posts, pull, delayed, schedules, start],
]
/** They take long, or much room on the disk. */
const onlyByName = [soak, growth]

process.on('SIGINT', () => process.exit(130))
process.on('SIGTERM', () => process.exit(143))
try {
  await main()
} catch (error) {
  const refused = error instanceof Refusal
  console.error(
    refused ? `bench: no figures: ${error.message}` : `bench: ${error instanceof Error ? error.message : error}`,
  )
  process.exit(1)
}

async function main(): Promise<void> {
  if (process.platform !== 'linux') throw new Error('CPU time and memory are read from /proc, which only Linux has')
  const { chosen, options, write } = readArguments()
  const machine = describeMachine()
  console.log(showMachine(machine))
  const warning = disturbance(machine)
  if (warning !== null) note(warning)
  for (const scenario of chosen) {
    await using target = await startTarget()
    console.log(`\n${scenario.name}: ${scenario.about}`)
    const report = await scenario.run({ target, options, note }).catch(leftOut)
    if (report === null) continue
    console.log(`\n${showReport(report)}`)
    if (write) keepResults(scenario, machine, options, report)
    for (const what of report.broken ?? []) console.error(`bench: not as it should be: ${what}`)
    if (report.broken?.length) process.exitCode = 1
  }
}

/** The other scenarios run without it. */
function leftOut(error: unknown): null {
  if (!(error instanceof Missing)) throw error
  note(`is left out: ${error.message}`)
  return null
}

function readArguments() {
  const text = { type: 'string' } as const
  const numbers = {
    rounds: text,
    messages: text,
    seconds: text,
    rate: text,
    backlog: text,
    queues: text,
    soak: text,
    share: text,
  }
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ...numbers,
      before: text,
      only: { type: 'string', default: '' },
      write: { type: 'boolean', default: false },
    },
  })
  const options: Options = {
    rounds: count('rounds', values.rounds) ?? 5,
    messages: count('messages', values.messages) ?? 40_000,
    seconds: count('seconds', values.seconds) ?? 10,
    rate: count('rate', values.rate) ?? 500,
    backlog: count('backlog', values.backlog),
    queues: count('queues', values.queues),
    soak: count('soak', values.soak),
    share: count('share', values.share),
    before: values.before ?? null,
    contenders: new RegExp(values.only, 'i'),
  }
  return { chosen: positionals.length === 0 ? scenarios : positionals.map(scenarioNamed), options, write: values.write }
}

function count(name: string, text: string | undefined): number | null {
  if (text === undefined) return null
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} must be a whole number from 1 to 999999999, not ${text}`)
  return Number(text)
}

function scenarioNamed(name: string): Scenario {
  const all = [...scenarios, ...onlyByName]
  const scenario = all.find((each) => each.name === name)
  if (scenario !== undefined) return scenario
  throw new Error(`there is no scenario ${name}; there are ${all.map((each) => each.name).join(', ')}`)
}

function note(text: string): void {
  console.error(`  ${text}`)
}
