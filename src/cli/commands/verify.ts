import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { addTally, emptyTally, type Tally } from '../../core/delivery/ledger.ts'
import { type Verification, verifyDatabase } from '../../database-file.ts'
import { createRuntime } from '../../runtime.ts'
import type { Ledger } from '../../store/ledger.ts'
import { silent } from '../client/context.ts'
import { Failure, UsageFailure } from '../client/failure.ts'
import { createTerminal, type Terminal } from '../client/terminal.ts'

export function addVerify(program: Command): void {
  program
    .command('verify [file]')
    .description('the ledger of a database: every delivery that was accepted has an end or a next step')
    .option('--database-url <url>', 'the database; else DISCUE_DATABASE_URL, else sqlite:./data/discue.db')
    .addHelpText(
      'after',
      `
Runs on the server's machine, as its user; needs no API key, and the server may run or not. It reads the database
and changes nothing. Exits 1 and says which deliveries it means where the ledger does not balance.

Examples:
  discue verify
  discue verify /backups/discue-2026-01-31.db`,
    )
    .action(async (file: string | undefined, _, command) => {
      const { databaseUrl, json } = command.optsWithGlobals()
      const verification = await verifyDatabase(pathOf(file, databaseUrl), createRuntime(silent).now()).catch(
        (cause: Error) => {
          throw new Failure(cause.message, { cause })
        },
      )
      showVerification(createTerminal(json === true), verification)
      const { length } = verification.faults
      if (length > 0) throw new Failure(`the ledger does not balance: ${length} ${length === 1 ? 'fault' : 'faults'}`)
    })
}

function pathOf(file: string | undefined, databaseUrl: string | undefined): string {
  if (file !== undefined) return file
  const { database } = readConfig(databaseUrl === undefined ? [] : ['--database-url', databaseUrl])
  if (database.kind !== 'sqlite') throw new UsageFailure('this reads SQLite databases; ask the server: discue ledger')
  return database.path
}

function showVerification(terminal: Terminal, { ledger, faults }: Verification): void {
  if (terminal.json) {
    terminal.print(JSON.stringify({ ...sumOf(ledger.queues), queues: ledger.queues, faults }, null, 2))
    return
  }
  for (const queue of ledger.queues) terminal.print(`${queue.name}: ${words(sumOf([queue]))}`)
  terminal.print(`in all: ${words(sumOf(ledger.queues))}`)
  for (const line of faults) terminal.print(terminal.paint('red', line))
}

function sumOf(queues: Ledger['queues']): Tally {
  const sum = emptyTally()
  for (const { listeners } of queues) for (const { tally } of listeners) addTally(sum, tally)
  return sum
}

function words({ accepted, ...rest }: Tally): string {
  const became = Object.entries(rest).filter(([name, count]) => count > 0 || name === 'unaccounted')
  const named = became.map(
    ([name, count]) => `${count} ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`,
  )
  return `${accepted} accepted: ${named.join(', ')}`
}
