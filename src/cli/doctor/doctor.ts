import type { Command } from 'commander'
import { type Context, openContext } from '../client/context.ts'
import { Failure } from '../client/failure.ts'
import { numberOf } from '../client/listener-options.ts'
import { type Finding, lineOf } from './finding.ts'
import { listenerFindings } from './listener-findings.ts'
import { machineFindings } from './machine-findings.ts'
import { serverFindings } from './server-findings.ts'

const STYLES = { ok: 'green', warn: 'yellow', bad: 'red' } as const

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('what is wrong with the server, this machine and each listener, and what to do about it')
    .option('--listeners <n>', 'ask so many listeners at most; 0: none', '100')
    .addHelpText(
      'after',
      `
Each enabled listener gets one signed test message (discue-test: true), which nothing is stored of. The settings are those of
this shell: run it where the server runs. Exits 1 where something is wrong.

Examples:
  discue doctor
  discue doctor --listeners 0 --json`,
    )
    .action(async ({ listeners }: { listeners: string }, command) => {
      const context = openContext(command)
      const most = numberOf('--listeners', listeners)!
      const key = context.apiKey
      const findings = [...(await serverFindings({ ...context, key })), ...(await machineFindings())]
      const isReached = !findings.some(({ check, verdict }) => /server|API key/.test(check) && verdict === 'bad')
      if (isReached && most > 0) findings.push(...(await listenerFindings(context, most)))
      show(context, findings)
      const bad = findings.filter(({ verdict }) => verdict === 'bad').length
      if (bad > 0) throw new Failure(`${bad} of ${findings.length} checks failed`)
    })
}

function show({ terminal }: Context, findings: readonly Finding[]): void {
  if (terminal.json) terminal.print(JSON.stringify(findings, null, 2))
  else for (const finding of findings) terminal.print(terminal.paint(STYLES[finding.verdict], lineOf(finding)))
}
