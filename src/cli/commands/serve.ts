import type { Command } from 'commander'
import { describeSettings } from '../../config/config.ts'

/** Only for the help: main.ts starts the server before any of this is loaded. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('start the server; also what discue does without a command')
    .argument('[settings...]', 'flags named like the variables: --port 8080 is DISCUE_PORT=8080')
    .configureHelp({ showGlobalOptions: false })
    .addHelpText(
      'after',
      () => `
Settings, with what holds where they are not given:
${listOfSettings()}

Each is a variable of the environment as well, which its flag wins over: --port is DISCUE_PORT.

Examples:
  discue serve --port 8080
  DISCUE_DATABASE_URL=sqlite:/var/lib/discue/discue.db discue serve`,
    )
}

function listOfSettings(): string {
  const all = describeSettings()
  const width = Math.max(...all.map(({ flag }) => flag.length))
  return all.map(({ flag, summary, unset }) => `  ${flag.padEnd(width)}  ${summary} (${unset})`).join('\n')
}
