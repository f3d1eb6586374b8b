import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { migratePostgres } from '../../database-file.ts'
import { createRuntime } from '../../runtime.ts'
import { silent } from '../client/context.ts'
import { Failure, UsageFailure } from '../client/failure.ts'
import { createTerminal } from '../client/terminal.ts'

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring the schema of a PostgreSQL up to date, where the server itself may not change it')
    .option('--database-url <url>', 'the database, with a role that may change the schema; else DISCUE_DATABASE_URL')
    .option('--grant-to <role>', 'the role of the servers, which gets what a server needs and no more')
    .addHelpText(
      'after',
      `
A server does this at its start by itself, where its role may. Run it before the servers of a new version start; those of
the version before go on meanwhile. DISCUE_DATABASE_SCHEMA names the schema.

Examples:
  discue migrate --database-url postgres://admin@db1/discue --grant-to discue_server`,
    )
    .action(async (_, command) => {
      const { databaseUrl, grantTo, json } = command.optsWithGlobals()
      const { database } = readConfig(databaseUrl === undefined ? [] : ['--database-url', databaseUrl])
      if (database.kind !== 'postgres')
        throw new UsageFailure('this is for PostgreSQL; a file is kept up to date by itself')
      const { schema } = await migratePostgres(database, createRuntime(silent), grantTo ?? null).catch(
        (cause: Error) => {
          throw new Failure(cause.message, { cause })
        },
      )
      const granted = grantTo === undefined ? '' : `, and ${grantTo} may run servers on it`
      createTerminal(json === true).print(
        json ? JSON.stringify({ schema, granted_to: grantTo ?? null }) : `the schema ${schema} is up to date${granted}`,
      )
    })
}
