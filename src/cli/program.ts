import { Command, CommanderError } from 'commander'
import { VERSION } from '../version.ts'
import { EXIT, explain, Failure } from './client/failure.ts'
import { endWithReader } from './client/terminal.ts'
import { addBackup } from './commands/backup.ts'
import { addCompletion } from './commands/completion.ts'
import { addDeliveries } from './commands/deliveries.ts'
import { addDomains } from './commands/domains.ts'
import { addKeys } from './commands/keys.ts'
import { addLedger } from './commands/ledger.ts'
import { addListeners } from './commands/listeners.ts'
import { addMessages } from './commands/messages.ts'
import { addMigrate } from './commands/migrate.ts'
import { addOrganizations } from './commands/organizations.ts'
import { addQueues } from './commands/queues.ts'
import { addSchedules } from './commands/schedules.ts'
import { addSend } from './commands/send.ts'
import { addServe } from './commands/serve.ts'
import { addTail } from './commands/tail.ts'
import { addTorture } from './commands/torture.ts'
import { addVerify } from './commands/verify.ts'
import { addDemo } from './demo/demo.ts'
import { addDoctor } from './doctor/doctor.ts'
import { addListen } from './listen/listen.ts'

const AFTER = `
Names and ids: wherever a queue, listener, schedule, message, key, domain or organization is
asked for, its name does as well as its id.

Environment:
  DISCUE_URL           address of the server (http://127.0.0.1:3000)
  DISCUE_API_KEY       the API key
  DISCUE_API_KEY_FILE  a file that holds it, readable by you alone
  NO_COLOR             no colours, as when the output is no terminal

Exit codes:
  0  done
  1  the server refused it or could not be reached, a check failed, or the ledger does not balance
  2  the command line is wrong; nothing was sent
  130  interrupted a second time

Examples:
  discue                                     starts the server, as "discue serve" does
  discue queues create orders
  discue listen orders --to http://localhost:4000/hook
  discue send orders '{"order":1}'
  discue tail`

/** The whole command line, without running anything. */
export function createProgram(): Command {
  const program = new Command('discue')
    .description('A scheduling and queueing server, and the commands to use one.')
    .version(VERSION)
    .option('--url <url>', 'address of the server; else DISCUE_URL')
    .option('--api-key-file <path>', 'file that holds the API key; else DISCUE_API_KEY_FILE')
    .option('--api-key <key>', 'the API key itself, which others may then see; else DISCUE_API_KEY')
    .option('--json', 'results as JSON')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(add --help for what is allowed)')
    .exitOverride()
    .configureOutput({
      writeOut: printHelp,
      outputError: (text, write) => write(`discue: ${text.replace(/^error: /, '')}`),
    })
    .addHelpText('after', AFTER)
  program.commandsGroup('The server:')
  addServe(program)
  program.commandsGroup('What is on it:')
  for (const add of [addQueues, addListeners, addMessages, addSchedules]) add(program)
  program.commandsGroup('Who may use it:')
  for (const add of [addKeys, addDomains, addOrganizations]) add(program)
  program.commandsGroup('Messages and what becomes of them:')
  for (const add of [addSend, addListen, addTail, addDeliveries]) add(program)
  program.commandsGroup('Care:')
  for (const add of [addDemo, addDoctor, addLedger, addVerify, addBackup, addMigrate, addTorture, addCompletion])
    add(program)
  return program
}

/** Help, or the version: a program that reads it, such as `head`, may end before all of it is written. */
function printHelp(text: string): void {
  endWithReader(process.stdout)
  process.stdout.write(text)
}

/** Runs one command line; resolves with the exit code, having said on standard error what went wrong. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync([...args], { from: 'user' })
    return EXIT.ok
  } catch (error) {
    // Commander has printed what it has to say: help, the version, or what is wrong with the command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (!(error instanceof Failure && error.message === '')) process.stderr.write(`discue: ${explain(error)}\n`)
    return error instanceof Failure ? error.exitCode : EXIT.failure
  }
}
