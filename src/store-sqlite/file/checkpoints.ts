import type { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { threadModule } from '../thread/thread-module.ts'
import { withoutWaiting } from './busy-wait.ts'

/**
 * So many pages are in the log when the thread moves them into the database. Commits are synced by the same disk, and wait
 * while it takes what was moved.
 */
export const PAGES = 1_000
/**
 * So many pages are in the log when the committing thread moves them itself; calls behind it wait for two syncs anyhow.
 * Of more pages, more are of the same page of the database, which is written once.
 */
const PAGES_OF_COMMITS = 4_000
/** With so many pages SQLite moves them at the end of a commit, because the thread does not. */
const TOO_MANY_PAGES = 16_000

/** Commits in a row that may not look whether it is time. */
const MAX_UNLOOKED = 16

const LOOK = 'pragma wal_checkpoint(noop)'
const MOVE = 'pragma wal_checkpoint(passive)'
const EMPTY = 'pragma wal_checkpoint(truncate)'

interface LogState {
  /** Pages in the log, and how many of them are in the database as well. */
  log: number
  checkpointed: number
}

/** Moves what was committed out of the log into the database. */
export interface Checkpoints {
  /** To be called after each commit; never throws. */
  committed(): void
  /** Resolves when the log holds nothing, unless another connection is reading from it. */
  emptyLog(): Promise<void>
  close(): Promise<void>
}

/** SQLite does it itself, at the end of a commit. */
export function checkpointsBySqlite(db: DatabaseSync): Checkpoints {
  db.exec(`pragma wal_autocheckpoint = ${PAGES_OF_COMMITS}`)
  return { committed: () => undefined, emptyLog: async () => empty(db), close: async () => undefined }
}

/** A connection that reads from the log, a backup say, keeps it from being emptied for as long as it does. */
function empty(db: DatabaseSync): void {
  withoutWaiting(db, () => db.exec(EMPTY))
}

/** What the thread is started with: the database, and its file, open for syncing. */
export interface DatabaseFile {
  path: string
  file: number
}

/**
 * A thread does it, by a connection of its own: a commit that does it as well takes ten milliseconds longer, and every
 * call behind it waits. What is committed meanwhile is little, and moved here once the thread is done, because the log
 * begins anew only where all of it is in the database. The thread starts when there is something to do for the first
 * time; if it dies, SQLite does its work at the end of commits.
 */
export function checkpointsAside(db: DatabaseSync, of: DatabaseFile): Checkpoints {
  db.exec(`pragma wal_autocheckpoint = ${TOO_MANY_PAGES}`)
  const [look, move] = [db.prepare(LOOK), db.prepare(MOVE)]
  let worker: Worker | null = null
  /** Under way in the thread. */
  let moving: PromiseWithResolvers<void> | null = null
  /** Pages that could not be moved the last time, because a connection reads what the database held before them. */
  let stuck = 0
  let isOver = false
  /** Commits that need not look, those since the last look, and what waited then. */
  let unlooked = 0
  let commits = 0
  let waited = 0

  function start(): Worker {
    const thread = new Worker(threadModule('checkpoint-thread', import.meta.url), {
      workerData: of satisfies DatabaseFile,
      resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
    })
    thread.unref()
    thread.on('message', finish)
    thread.on('error', giveUp)
    return thread
  }

  function finish(): void {
    if (isOver) return
    try {
      move.get()
      stuck = waiting()
    } catch {
      // On a full disk, say. SQLite's own checkpoints do not tell either: what is in the log is safe there, and the commit
      // that finds no room any more says so.
      stuck += PAGES
    }
    ended()
  }

  function giveUp(): void {
    if (isOver) return
    isOver = true
    db.exec(`pragma wal_autocheckpoint = ${PAGES_OF_COMMITS}`)
    ended()
  }

  function ended(): void {
    moving?.resolve()
    moving = null
  }

  function waiting(): number {
    const { log, checkpointed } = look.get() as unknown as LogState
    return log - checkpointed
  }

  /** Whether there is something to do. Looking costs a commit of 32 messages two per cent, so that most do without. */
  function isDue(): boolean {
    commits += 1
    if (commits <= unlooked) return false
    const pages = waiting()
    const left = PAGES + stuck - pages
    // Half of what is left, at the pace since the last look: late by as little as the pace has changed.
    const pace = Math.max(1, (pages - waited) / commits)
    unlooked = Math.min(MAX_UNLOOKED, Math.floor(left / pace / 2))
    waited = pages
    commits = 0
    return left <= 0
  }

  return {
    committed() {
      if (moving !== null || isOver) return
      try {
        if (!isDue()) return
        moving = Promise.withResolvers()
        worker ??= start()
        worker.postMessage(null)
      } catch {
        giveUp()
      }
    },
    async emptyLog() {
      // Two cannot do it at once: the second would be sent away.
      while (moving !== null) await moving.promise
      empty(db)
    },
    async close() {
      isOver = true
      ended()
      await worker?.terminate()
    },
  }
}
