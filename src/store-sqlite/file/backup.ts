import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { DatabaseRefused } from '../errors.ts'
import { BUSY_MS } from './busy-wait.ts'
import { expectOurs } from './connection.ts'

/**
 * All pages in one step: a copy in several would begin anew whenever the server writes in between, and never end under
 * load. In one step it reads one snapshot, which keeps no call from writing; it runs on another thread.
 */
const ALL_PAGES = 2 ** 31 - 1

/**
 * Copies the database at `from`, whether or not a server has it open, into a new file at `to`; resolves when the copy
 * has been checked and is on disk. It holds everything that was committed before the call. Until then, and where it
 * fails, there is no file at `to`. Throws `DatabaseRefused` with a sentence that says why.
 */
export async function backUpDatabase(from: string, to: string): Promise<{ bytes: number }> {
  if (!existsSync(from)) throw new DatabaseRefused(`there is no database at ${from}`)
  if (existsSync(to)) throw new DatabaseRefused(`${to} exists already; nothing was written`)
  const partial = `${to}.partial`
  try {
    makePrivate(partial)
    await copy(from, partial)
    check(partial)
    sync(partial)
    renameSync(partial, to)
    sync(dirname(to))
    return { bytes: statSync(to).size }
  } catch (cause) {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(partial + suffix, { force: true })
    if (cause instanceof DatabaseRefused) throw cause
    throw new DatabaseRefused(`the backup failed: ${(cause as Error).message}`, { cause })
  }
}

/** The copy holds the secrets that the database holds. */
function makePrivate(path: string): void {
  // Of a backup that was killed.
  rmSync(path, { force: true })
  closeSync(openSync(path, 'wx', 0o600))
}

async function copy(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: BUSY_MS })
  try {
    expectOurs(source, from)
    await backup(source, to, { rate: ALL_PAGES })
  } finally {
    source.close()
  }
}

/** Verifies the copy: one that cannot be restored is worse than none, as the operator relies on it. */
function check(path: string): void {
  const db = new DatabaseSync(path)
  try {
    const faults = db.prepare('pragma integrity_check').all() as { integrity_check: string }[]
    const [first] = faults
    if (first?.integrity_check !== 'ok') throw new DatabaseRefused(`the copy is damaged: ${first?.integrity_check}`)
    expectOurs(db, path)
    // Without a write-ahead log beside it the copy is one file, which can be moved.
    db.exec('pragma journal_mode = delete')
  } finally {
    db.close()
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
