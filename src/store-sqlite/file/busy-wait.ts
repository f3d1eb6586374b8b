import type { DatabaseSync } from 'node:sqlite'
import { isBusy } from '../errors.ts'

/**
 * How long SQLite waits where another process, a backup or `sqlite3`, has locked the database. It is less than what a
 * client waits for its answer; meanwhile the thread does nothing else.
 */
export const BUSY_MS = 2_000

/**
 * Begins a transaction that writes, and waits for a lock of another process. Where one was held for longer, the next
 * transactions do not wait: each would hold up everything behind it for two seconds, only to be refused as well. The first
 * that succeeds ends that.
 */
export function createBegin(db: DatabaseSync): () => void {
  const begin = db.prepare('begin immediate')
  let isStuck = false
  return () => {
    try {
      begin.run()
    } catch (error) {
      if (isBusy(error) && !isStuck) {
        isStuck = true
        waitFor(db, 0)
      }
      throw error
    }
    if (!isStuck) return
    isStuck = false
    waitFor(db, BUSY_MS)
  }
}

/** Runs what is to give up at once where another connection is in its way, and is tried again later. */
export function withoutWaiting(db: DatabaseSync, work: () => void): void {
  // It may be 0 already, where another process holds a lock for long (`createBegin`).
  const { timeout } = db.prepare('pragma busy_timeout').get() as { timeout: number }
  waitFor(db, 0)
  try {
    work()
  } finally {
    waitFor(db, timeout)
  }
}

function waitFor(db: DatabaseSync, ms: number): void {
  db.exec(`pragma busy_timeout = ${ms}`)
}
