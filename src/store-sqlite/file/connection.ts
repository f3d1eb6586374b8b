import { chmodSync, closeSync, existsSync, fstatSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DatabaseRefused, isBusy, sqliteCode } from '../errors.ts'
import { migrate } from '../migrate.ts'
import { overwriting } from './overwriting.ts'

/** "dscu": written into the file's header, so that the server never touches another application's database. */
const APPLICATION_ID = 0x64736375
const MEMORY = ':memory:'

export interface Connection {
  db: DatabaseSync
  /**
   * The database's file, for syncing; null in memory. It must not be closed while the database is open: the system
   * takes all of a process's locks on a file with the first of its descriptors that is closed, and SQLite's are among
   * them.
   */
  file: number | null
  close(): void
}

/**
 * Opens or makes the database at `path` (or in memory), alone: a second server on the same file is refused,
 * because leases live in this process's memory. Throws `DatabaseRefused` with a sentence that says why.
 */
export function connect(path: string): Connection {
  const taken = path === MEMORY ? null : take(path)
  const release = () => {
    if (taken === null) return
    closeSync(taken.file)
    taken.lock.close()
  }
  try {
    const db = open(path)
    return {
      db,
      file: taken?.file ?? null,
      close() {
        db.close()
        release()
      },
    }
  } catch (cause) {
    release()
    throw cause instanceof DatabaseRefused ? cause : refusal(path, cause)
  }
}

/**
 * Makes the file, and locks it against other servers. SQLite's own file locks are the one kind that Node offers and that
 * vanish with the process, however it dies. The lock is a file beside the database, so that backups and checks may still
 * open the database itself.
 */
function take(path: string): { lock: DatabaseSync; file: number } {
  let file: number | null = null
  try {
    makeFolder(dirname(path))
    // The database holds secrets: only its owner may read it. SQLite gives its other files the same mode.
    file = openSync(path, 'a', 0o600)
    makeLike(file, `${path}.lock`)
    const lock = new DatabaseSync(`${path}.lock`)
    lock.exec('pragma locking_mode = exclusive; begin exclusive')
    return { lock, file }
  } catch (cause) {
    if (file !== null) closeSync(file)
    if (isBusy(cause)) throw new DatabaseRefused(`the database ${path} is in use by another server`, { cause })
    throw refusal(path, cause)
  }
}

/**
 * Gives the lock the database's mode, also one that an older version made: SQLite would make it with whatever the umask
 * leaves, and who may open the lock can keep the server from starting. An existing one is not opened, for closing it
 * would take this process's locks on it.
 */
function makeLike(database: number, lock: string): void {
  const mode = fstatSync(database).mode & 0o777
  if (!existsSync(lock)) closeSync(openSync(lock, 'a', mode))
  if ((statSync(lock).mode & 0o777) !== mode) chmodSync(lock, mode)
}

/** Node's own recursive `mkdir` never ends on a file system that refuses folders as if their parent were missing. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

function open(path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  try {
    identify(db, path)
    // FULL syncs the log at every commit: an answered message survives a power cut.
    db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = off')
    db.exec('pragma cache_size = -8000; pragma journal_size_limit = 67108864')
    // A migration may copy a table with secrets.
    overwriting(db, () => migrate(db, path))
    return db
  } catch (cause) {
    db.close()
    throw cause
  }
}

/** Throws `DatabaseRefused` for a database that is not one of discue's. */
export function expectOurs(db: DatabaseSync, path: string): void {
  if (!isOurs(db)) throw new DatabaseRefused(`the database ${path} is not one of discue's`)
}

function isOurs(db: DatabaseSync): boolean {
  const { application_id: id } = db.prepare('pragma application_id').get() as { application_id: number }
  return id === APPLICATION_ID
}

function identify(db: DatabaseSync, path: string): void {
  if (isOurs(db)) return
  const { application_id: id } = db.prepare('pragma application_id').get() as { application_id: number }
  const { tables } = db.prepare('select count(*) as tables from sqlite_schema').get() as { tables: number }
  if (id !== 0 || tables > 0) throw new DatabaseRefused(`the database ${path} is not one of discue's`)
  db.exec(`pragma application_id = ${APPLICATION_ID}`)
}

function refusal(path: string, cause: unknown): DatabaseRefused {
  const notADatabase = 26
  if (sqliteCode(cause) === notADatabase) return new DatabaseRefused(`the file ${path} is not a SQLite database`)
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new DatabaseRefused(`the database ${path} cannot be opened: ${reason}`, { cause })
}
