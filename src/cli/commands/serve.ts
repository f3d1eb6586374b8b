import type { Command } from 'commander'

/** Only for the help: main.ts starts the server before any of this is loaded. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('start the server; also what discue does without a command')
    .argument('[settings...]', 'flags named like the variables: --port 8080 is DISCUE_PORT=8080')
    .addHelpText(
      'after',
      `
Examples:
  discue serve --port 8080
  DISCUE_DATABASE_URL=sqlite:/var/lib/discue/discue.db discue serve`,
    )
}
