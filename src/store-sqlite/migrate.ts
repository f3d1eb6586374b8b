import type { DatabaseSync } from 'node:sqlite'
import { DatabaseRefused } from './errors.ts'
import { namesOfMigrations, readMigration } from './file/migration-files.ts'

/** Throws `DatabaseRefused` where the database is another version's, which a reader cannot change. */
export function expectUpToDate(db: DatabaseSync, path: string): void {
  const { user_version: done } = db.prepare('pragma user_version').get() as { user_version: number }
  const known = namesOfMigrations().length
  if (done === known) return
  const hint = done < known ? 'an older version of discue; start this one on it first' : 'a newer version of discue'
  throw new DatabaseRefused(`the database ${path} was made by ${hint}`)
}

/** Brings the database up to date, one numbered file a transaction; `user_version` remembers how far it is. */
export function migrate(db: DatabaseSync, path: string): void {
  const migrations = namesOfMigrations()
  const { user_version: done } = db.prepare('pragma user_version').get() as { user_version: number }
  if (done > migrations.length) {
    throw new DatabaseRefused(`the database ${path} was made by a newer version of discue`)
  }
  migrations.slice(done).forEach((name, index) => {
    const sql = readMigration(name)
    db.exec(`begin immediate; ${sql}; pragma user_version = ${done + index + 1}; commit`)
  })
}
