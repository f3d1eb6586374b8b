import type { DatabaseSync } from 'node:sqlite'
import { ChangeFollowers, type StoreChange } from '../store/cluster/changes.ts'
import { StoreUnavailable } from '../store/store.ts'
import { translated } from './errors.ts'
import { createBegin } from './file/busy-wait.ts'

/** Runs `work` as one synced transaction, or not at all. */
export type Transact = <Result>(work: () => Result) => Result

/** What transactions change, told to those who follow it once it is written. */
export class ChangeLog {
  readonly followers = new ChangeFollowers()
  #noted: StoreChange[] = []

  /** Within a transaction: told after its commit, or never. */
  note(change: StoreChange): void {
    this.#noted.push(change)
  }

  /**
   * Before the promise of the write resolves, but not within it: what a follower then does to the store must not come
   * before the end of the call that wrote.
   */
  committed(): void {
    if (this.#noted.length === 0) return
    const told = this.#noted
    this.#noted = []
    queueMicrotask(() => {
      for (const change of told) this.followers.tell(change)
    })
  }

  rolledBack(): void {
    if (this.#noted.length > 0) this.#noted = []
  }
}

/** `committed` is called after each of them that was written, and must not throw: written is written. */
export function createTransact(
  db: DatabaseSync,
  committed: () => void = () => undefined,
  changes: ChangeLog = new ChangeLog(),
): Transact {
  const begin = createBegin(db)
  const commit = db.prepare('commit')
  const rollback = db.prepare('rollback')
  function written<Result>(work: () => Result): Result {
    try {
      begin()
      const result = work()
      commit.run()
      return result
    } catch (error) {
      // SQLite has rolled back by itself after some errors, such as a full disk.
      if (db.isTransaction) rollback.run()
      changes.rolledBack()
      throw translated(error)
    }
  }

  return (work) => {
    const result = written(work)
    committed()
    changes.committed()
    return result
  }
}

/**
 * Transactions without a sync of their own: on disk with the next one that is synced, because the log is synced as a
 * whole. For what can be told from the rest after a crash.
 */
export function unsynced(db: DatabaseSync, transact: Transact): Transact {
  return (work) => {
    db.exec('pragma synchronous = normal')
    try {
      return transact(work)
    } finally {
      db.exec('pragma synchronous = full')
    }
  }
}

/** Runs a read outside a transaction, with SQLite's errors translated. */
export function reading<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw translated(error)
  }
}

/**
 * Runs a read that is done in pieces, with SQLite's errors translated. Between the pieces other calls write, and the
 * database may be closed.
 */
export async function readingLong<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_INVALID_STATE') throw translated(error)
    throw new StoreUnavailable('the database was closed meanwhile', { cause: error })
  }
}
