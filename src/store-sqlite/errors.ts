import { StoreUnavailable } from '../store/store.ts'

/** The database cannot be used; the message is for the operator who starts the server. */
export class DatabaseRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DatabaseRefused'
  }
}

/** Primary result codes (sqlite.org/rescode.html) that say something about the moment or the device, not the data. */
const BUSY = 5
const FULL = 13
const UNAVAILABLE: ReadonlySet<number> = new Set([BUSY, 6, 7, 8, 10, 11, FULL, 14, 26])
const CONSTRAINT_UNIQUE = 2067

/** The primary result code of an error of SQLite's, or null for any other error. */
export function sqliteCode(error: unknown): number | null {
  const code = extendedCode(error)
  return code === null ? null : code & 0xff
}

export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === BUSY
}

export function isFull(error: unknown): boolean {
  return sqliteCode(error) === FULL
}

/** What `work` gives, or `name_taken` where another row has the name already. */
export function unlessTaken<Result>(work: () => Result): Result | 'name_taken' {
  try {
    return work()
  } catch (error) {
    if (extendedCode(error) === CONSTRAINT_UNIQUE) return 'name_taken'
    throw error
  }
}

/** A full disk, a broken device or a locked file as `StoreUnavailable`; anything else as it is. */
export function translated(error: unknown): unknown {
  const code = sqliteCode(error)
  if (code === null || !UNAVAILABLE.has(code)) return error
  return new StoreUnavailable(`SQLite: ${(error as Error).message}`, { cause: error })
}

function extendedCode(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code : null
}
