import { chmodSync, closeSync, existsSync, mkdirSync, openSync, realpathSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DatabaseRefused, isBusy, isFull } from '../errors.ts'
import { BUSY_MS } from './busy-wait.ts'

/** Which lock the last server held. Of the lock's file the number is what counts: a path may lead to another file. */
const RECORDED = `select value from notes where name = 'lock'`
const HAS_NOTES = `select count(*) as found from sqlite_schema where type = 'table' and name = 'notes'`
const RECORD = `insert or replace into notes (name, value) values ('lock', ?)`

/** Only a connection that is alone with a database gets this lock, by whatever path the others have opened it. */
const ALONE = 'pragma locking_mode = exclusive; begin exclusive; rollback'

/** Writing shows that the lock can be written: on a file that cannot be, SQLite begins such a transaction without any lock. */
const LOCK = 'pragma journal_mode = memory; pragma locking_mode = exclusive; begin exclusive; pragma user_version = 1'

interface RecordedLock {
  path: string
  inode: string
}

/**
 * A database's file, which this process alone may serve until `release`. SQLite's own file locks are the one kind that
 * Node offers and that vanish with the process, however it dies. The lock is a file beside the database, so that backups and
 * checks may still open the database itself.
 */
export class Claim {
  /** Where the file really is. */
  readonly path: string
  /**
   * The file, for syncing. It must not be closed while the database is open: the system takes all of a process's locks on a
   * file with the first of its descriptors that is closed, and SQLite's are among them.
   */
  readonly file: number
  readonly #lock: DatabaseSync
  readonly #lockFile: RecordedLock
  /** The lock was not there before. */
  readonly #isNew: boolean

  /** Makes the file where there is none. Throws `DatabaseRefused`, or what the system says. */
  constructor(path: string) {
    makeFolder(dirname(path))
    // The database holds secrets: only its owner may read it. SQLite gives its other files the same mode.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
    this.path = realpathSync(path)
    expectOneName(this.path)
    const lockPath = `${this.path}.lock`
    this.#isNew = makeLike(this.path, lockPath)
    const inode = inodeOf(lockPath)
    this.#lock = lockAt(lockPath, path)
    try {
      if (inodeOf(lockPath) !== inode) throw new DatabaseRefused(`the lock ${lockPath} was replaced meanwhile`)
      this.#lockFile = { path: lockPath, inode }
      this.file = openSync(this.path, 'a')
    } catch (cause) {
      this.#unlock()
      throw cause
    }
  }

  /**
   * Whether this claim holds the lock that the database names: then its last server is gone. Servers of older versions
   * name none, and leave their lock behind.
   */
  isRecordedIn(db: DatabaseSync): boolean {
    const recorded = recordedIn(db)
    return recorded === null ? !this.#isNew : recorded.inode === this.#lockFile.inode
  }

  /**
   * Throws `DatabaseRefused` where another process has the database open: where the lock is not the one that the database
   * names, it was deleted, or the database has another path now, and that process may be a server. No connection of
   * this claim may be open.
   */
  expectAlone(): void {
    const probe = new DatabaseSync(this.path, { timeout: BUSY_MS })
    try {
      probe.exec(ALONE)
    } catch (cause) {
      if (!isBusy(cause)) throw cause
      throw new DatabaseRefused(
        `the database ${this.path} is open in another process, and is not locked by the lock that it was opened with the last time: stop that process first`,
        { cause },
      )
    } finally {
      probe.close()
    }
  }

  /**
   * Notes in the database which lock this is, where it does not say so already. A full disk may keep it from that, and not
   * from serving what is stored: the next server then finds another lock named, and looks whether it is alone.
   */
  recordIn(db: DatabaseSync): void {
    const value = JSON.stringify(this.#lockFile satisfies RecordedLock)
    if (JSON.stringify(recordedIn(db)) === value) return
    try {
      db.prepare(RECORD).run(value)
    } catch (error) {
      if (!isFull(error)) throw error
    }
  }

  /** To be called once no connection to the database is open. */
  release(): void {
    closeSync(this.file)
    this.#lock.close()
  }

  /** Releases a claim of which nothing was recorded. */
  withdraw(): void {
    closeSync(this.file)
    this.#unlock()
  }

  /** Leaves no lock behind that was not there before: the next server would take it for that of an older version. */
  #unlock(): void {
    if (this.#isNew) rmSync(`${this.path}.lock`, { force: true })
    this.#lock.close()
  }
}

function recordedIn(db: DatabaseSync): RecordedLock | null {
  if (db.prepare(HAS_NOTES).get()!.found === 0) return null
  const row = db.prepare(RECORDED).get() as { value: string } | undefined
  return row === undefined ? null : (JSON.parse(row.value) as RecordedLock)
}

/**
 * SQLite keeps a database's log under the name by which it was opened: a server by another name of the same file would not
 * see what is in the log, and damage the database.
 */
function expectOneName(path: string): void {
  const { nlink } = statSync(path)
  if (nlink === 1) return
  throw new DatabaseRefused(
    `the database ${path} has ${nlink} names (hard links), and two servers could open it by two of them: remove all but one, or copy it by "discue backup"`,
  )
}

/**
 * Gives the lock the database's mode, also one that an older version made: SQLite would make it with whatever the umask
 * leaves, and who may open the lock can keep the server from starting. An existing one is not opened, for closing it
 * would take this process's locks on it. Answers whether it was made.
 */
function makeLike(database: string, lock: string): boolean {
  const mode = statSync(database).mode & 0o777
  const isNew = !existsSync(lock)
  if (isNew) closeSync(openSync(lock, 'a', mode))
  if ((statSync(lock).mode & 0o777) !== mode) chmodSync(lock, mode)
  return isNew
}

/** `path` is what the operator calls the database. */
function lockAt(lockPath: string, path: string): DatabaseSync {
  const lock = new DatabaseSync(lockPath)
  try {
    lock.exec(LOCK)
    return lock
  } catch (cause) {
    lock.close()
    if (isBusy(cause)) throw new DatabaseRefused(`the database ${path} is in use by another server`, { cause })
    throw new DatabaseRefused(`the lock ${lockPath} cannot be used: ${(cause as Error).message}`, { cause })
  }
}

/** As text: it may be longer than a number is exact. */
function inodeOf(path: string): string {
  return String(statSync(path, { bigint: true }).ino)
}

/** Node's own recursive `mkdir` never ends on a file system that refuses folders as if their parent were missing. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}
