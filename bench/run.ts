// npm run bench -- [scenario…] [--rounds n] [--messages n] [--seconds n] [--rate n] [--backlog n] [--write]
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { describeMachine, disturbance, type Machine, showMachine } from './machine.ts'
import { here } from './place.ts'
import { Refusal } from './round.ts'
import type { Options, Report, Scenario } from './scenario.ts'
import { backlog } from './scenarios/backlog.ts'
import { crowd } from './scenarios/crowd.ts'
import { endToEnd } from './scenarios/end-to-end.ts'
import { isolation } from './scenarios/isolation.ts'
import { latency } from './scenarios/latency.ts'
import { paging } from './scenarios/paging.ts'
import { start } from './scenarios/start.ts'
import { showTable } from './table.ts'
import { startTarget } from './target.ts'

const scenarios = [endToEnd, latency, backlog, isolation, crowd, paging, start]

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
    const report = await scenario.run({ target, options, note })
    console.log(`\n${[showTable(report.table), ...report.conclusions].join('\n')}`)
    if (write) keep(scenario, machine, options, report)
  }
}

function readArguments() {
  const text = { type: 'string' } as const
  const numbers = { rounds: text, messages: text, seconds: text, rate: text, backlog: text }
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { ...numbers, write: { type: 'boolean', default: false } },
  })
  const options: Options = {
    rounds: count('rounds', values.rounds) ?? 5,
    messages: count('messages', values.messages) ?? 40_000,
    seconds: count('seconds', values.seconds) ?? 10,
    rate: count('rate', values.rate) ?? 500,
    backlog: count('backlog', values.backlog),
  }
  return { chosen: positionals.length === 0 ? scenarios : positionals.map(scenarioNamed), options, write: values.write }
}

function count(name: string, text: string | undefined): number | null {
  if (text === undefined) return null
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} must be a whole number from 1 to 999999999, not ${text}`)
  return Number(text)
}

function scenarioNamed(name: string): Scenario {
  const scenario = scenarios.find((each) => each.name === name)
  if (scenario !== undefined) return scenario
  throw new Error(`there is no scenario ${name}; there are ${scenarios.map((each) => each.name).join(', ')}`)
}

function note(text: string): void {
  console.error(`  ${text}`)
}

function keep(scenario: Scenario, machine: Machine, options: Options, report: Report): void {
  mkdirSync(here('results'), { recursive: true })
  const content = { scenario: scenario.name, machine, options, ...report }
  writeFileSync(here('results', `${scenario.name}.json`), `${JSON.stringify(content, null, 2)}\n`)
}
