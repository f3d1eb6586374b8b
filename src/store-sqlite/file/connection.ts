import { DatabaseSync } from 'node:sqlite'
import { DatabaseRefused, sqliteCode } from '../errors.ts'
import { migrate } from '../migrate.ts'
import { BUSY_MS } from './busy-wait.ts'
import type { DatabaseFile } from './checkpoints.ts'
import { Claim } from './claim.ts'
import { overwriting } from './overwriting.ts'

/** "dscu": written into the file's header, so that the server never touches another application's database. */
const APPLICATION_ID = 0x64736375
const MEMORY = ':memory:'

export interface Connection {
  db: DatabaseSync
  /** The database's file, for syncing, and where it really is; null in memory. It is closed with the connection. */
  file: DatabaseFile | null
  close(): void
}

/**
 * Opens or makes the database at `path` (or in memory), alone: a second server on the same file is refused,
 * because leases live in this process's memory. In memory it begins as `image`, of `emptyImage`, where one is given.
 * Throws `DatabaseRefused` with a sentence that says why.
 */
export function connect(path: string, image?: Uint8Array): Connection {
  if (path === MEMORY) return connectInMemory(image)
  try {
    return connectTo(new Claim(path))
  } catch (cause) {
    throw cause instanceof DatabaseRefused ? cause : refusal(path, cause)
  }
}

/** A database in memory after all migrations: another that begins as this one has none of them left to run. */
export function emptyImage(): Uint8Array {
  const { db, close } = connectInMemory()
  try {
    return db.serialize()
  } finally {
    close()
  }
}

function connectInMemory(image?: Uint8Array): Connection {
  const db = open(MEMORY)
  if (image !== undefined) db.deserialize(image)
  prepare(db, MEMORY)
  return { db, file: null, close: () => db.close() }
}

function connectTo(claim: Claim): Connection {
  const { path, file } = claim
  let db: DatabaseSync | null = null
  try {
    db = open(path)
    if (!claim.isRecordedIn(db)) {
      db.close()
      claim.expectAlone()
      db = open(path)
    }
    prepare(db, path)
    claim.recordIn(db)
  } catch (cause) {
    if (db?.isOpen) db.close()
    claim.withdraw()
    throw cause
  }
  const opened = db
  return {
    db,
    file: { path, file },
    close() {
      opened.close()
      claim.release()
    },
  }
}

/** Throws `DatabaseRefused` for a database of another application, and changes nothing. */
function open(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_MS })
  try {
    identify(db, path)
    return db
  } catch (cause) {
    db.close()
    throw cause
  }
}

/** Makes it this server's: its mark, its settings, its tables. */
function prepare(db: DatabaseSync, path: string): void {
  if (!isOurs(db)) db.exec(`pragma application_id = ${APPLICATION_ID}`)
  // FULL syncs the log at every commit: an answered message survives a power cut.
  db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = off')
  db.exec('pragma cache_size = -8000; pragma journal_size_limit = 67108864')
  // A migration may copy a table with secrets.
  overwriting(db, () => migrate(db, path))
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
}

function refusal(path: string, cause: unknown): DatabaseRefused {
  const notADatabase = 26
  if (sqliteCode(cause) === notADatabase) return new DatabaseRefused(`the file ${path} is not a SQLite database`)
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new DatabaseRefused(`the database ${path} cannot be opened: ${reason}`, { cause })
}
