import { mkdirSync, writeFileSync } from 'node:fs'
import { here } from '../load/place.ts'
import { drawBars } from './chart.ts'
import { type Machine, showMachine } from './machine.ts'
import type { Options, Report, Scenario } from './scenario.ts'
import { showTable } from './table.ts'

/** Keeps what a scenario found in bench/results: all figures as JSON, a table to read, and a chart. */
export function keepResults(scenario: Scenario, machine: Machine, options: Options, report: Report): void {
  mkdirSync(here('..', 'results'), { recursive: true })
  const { contenders: _, ...given } = options
  const { table, conclusions, bars, unit, figures } = report
  const content = { scenario: scenario.name, machine, options: given, table, conclusions, figures }
  write(scenario, 'json', `${JSON.stringify(content, null, 2)}\n`)
  write(scenario, 'txt', `${scenario.about}\n${showMachine(machine)}\n\n${showReport(report)}\n`)
  if (bars !== undefined) write(scenario, 'svg', drawBars({ title: scenario.about, unit: unit ?? '', bars }))
}

/** What a scenario found, for people. */
export function showReport({ table, conclusions }: Report): string {
  return [showTable(table), ...conclusions].join('\n')
}

function write({ name }: Scenario, kind: string, text: string): void {
  writeFileSync(here('..', 'results', `${name}.${kind}`), text)
}
