import { readdirSync, readFileSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { DatabaseRefused } from './errors.ts'

const FOLDER = new URL('./migrations/', import.meta.url)

/** Brings the database up to date, one numbered file a transaction; `user_version` remembers how far it is. */
export function migrate(db: DatabaseSync, path: string): void {
  const migrations = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  const { user_version: done } = db.prepare('pragma user_version').get() as { user_version: number }
  if (done > migrations.length) {
    throw new DatabaseRefused(`the database ${path} was made by a newer version of discue`)
  }
  migrations.slice(done).forEach((name, index) => {
    const sql = readFileSync(new URL(name, FOLDER), 'utf8')
    db.exec(`begin immediate; ${sql}; pragma user_version = ${done + index + 1}; commit`)
  })
}
