import type { DatabaseSync } from 'node:sqlite'

/**
 * Runs writes whose former content must not be left in the file: SQLite then fills with zeros what becomes free. Only
 * rows that hold secrets are worth it; with messages it would double what their removal writes.
 */
export function overwriting<Result>(db: DatabaseSync, write: () => Result): Result {
  db.exec('pragma secure_delete = on')
  try {
    return write()
  } finally {
    db.exec('pragma secure_delete = off')
  }
}
