import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { backUpDatabase } from '../../database-file.ts'
import { Failure, UsageFailure } from '../client/failure.ts'
import { createTerminal } from '../client/terminal.ts'

export function addBackup(program: Command): void {
  program
    .command('backup <file>')
    .description('copy the database into a file while the server runs; the copy is checked before this says so')
    .option('--database-url <url>', 'the database; else DISCUE_DATABASE_URL, else sqlite:./data/discue.db')
    .addHelpText(
      'after',
      `
Runs on the server's machine, as its user; needs no API key. The copy is of one moment, holds everything that was
acknowledged before it, and holds secrets: only you may read it. To restore it, stop the server, put it in the
database's place without the -wal and -shm files that lie there, and start. What was delivered after that moment is
delivered again.

Examples:
  discue backup /backups/discue-$(date +%F).db
  discue verify --database-url sqlite:/backups/discue-2026-01-31.db`,
    )
    .action(async (file: string, _, command) => {
      const { databaseUrl, json } = command.optsWithGlobals()
      const { database } = readConfig(databaseUrl === undefined ? [] : ['--database-url', databaseUrl])
      if (database.kind !== 'sqlite') throw new UsageFailure('this copies SQLite databases; for PostgreSQL use pg_dump')
      const { bytes } = await backUpDatabase(database.path, file).catch((cause: Error) => {
        throw new Failure(cause.message, { cause })
      })
      const terminal = createTerminal(json === true)
      terminal.print(json ? JSON.stringify({ file, bytes }) : `${file}: ${bytes} bytes, checked`)
    })
}
